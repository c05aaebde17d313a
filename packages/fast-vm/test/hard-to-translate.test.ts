import { Memory, blake3 } from '@commute/machine';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { CodeCache } from '../src/code-cache.ts';
import { createFastVM } from '../src/index.ts';
import { createMachine } from '../src/machine.ts';
import { collectRegion } from '../src/translate/region.ts';
import { structureOf } from '../src/translate/structure.ts';
import { assemble, codeBytes } from './assemble.ts';
import { difference, stateOf } from './states.ts';

const runs = Number(process.env['FC_NUM_RUNS'] ?? 100);
const CODE = 0x1_0000;
const add = (rd: number, immediate = 1): number => assemble('addi', { rd, rs1: rd, immediate });
/** x5 is 1 and x7 is 0, so that this is never taken. */
const unless = (immediate: number): number => assemble('beq', { rs1: 5, rs2: 7, immediate });
/** x5 equals x6, so that this is always taken. */
const always = (immediate: number): number => assemble('beq', { rs1: 5, rs2: 6, immediate });

/** Runs a loop over `body`, translated as users have it but sooner, beside the interpreter; gives the steps that were translated. */
function loopOver(body: readonly number[], steps = 400_000): number {
  const code = [...body, assemble('jal', { immediate: -4 * body.length })];
  const state = stateOf({
    fields: { pc: CODE, personality: 1 },
    registers: { 5: 1, 6: 1 },
    memory: [[CODE, codeBytes(code)]],
  });
  const interpreting = createFastVM({ hasher: blake3 });
  const { vm, translator } = createMachine(
    { hasher: blake3, implementation: 'translator' },
    { warmUp: 20_000, slice: 1000 },
  );
  for (const machine of [interpreting, vm]) {
    machine.restore(state);
    machine.advance(steps);
  }
  expect(difference(interpreting.snapshot(), vm.snapshot())).toEqual([]);
  return translator!.steps;
}

const times = (count: number, one: (i: number) => readonly number[]): number[] =>
  Array.from({ length: count }, (_, i) => one(i)).flat();

describe('programs made to be hard to translate', () => {
  // Code that two edges go to must be written once: else each of these branches doubles what follows it.
  test.for([
    ['branches to the next instruction', times(1500, () => [always(4)])],
    ['branches to the next instruction, not taken', times(1500, () => [unless(4)])],
    ['branches over one instruction', times(950, () => [unless(8), add(8)])],
    ['branches that are nested', [...times(1900, (i) => [unless(4 * (1901 - i))]), add(8)]],
    ['branches that cross', times(1900, (i) => [unless(4 * (1899 - 2 * i) || 4)])],
    ['branches back from each place', times(1900, (i) => [unless(-4 * Math.min(i, 900) || 4)])],
    ['branches into the middle of loops', times(1900, (i) => [unless(i % 3 === 0 ? -8 : 12)])],
    ['calls of the next instruction', times(1900, () => [assemble('jal', { rd: 1, immediate: 4 })])],
    ['more instructions in a line than a region has', times(9000, (i) => [add(8 + (i % 4))])],
  ] as const)('%s', ([, body]) => {
    expect(loopOver(body)).toBeGreaterThan(50_000);
  });
});

/** Memory of random bytes, every halfword of which was decoded. */
function decoded(bytes: Uint8Array): CodeCache {
  const memory = new Memory();
  memory.write(CODE, bytes);
  const cache = new CodeCache(memory);
  for (let offset = 0; offset + 4 <= bytes.length; offset += 2) {
    const index = (CODE + offset) >>> 12;
    cache.decode(cache.page(index).code, index, offset % 4096, true);
  }
  return cache;
}

describe('a region', () => {
  // Branches into halves of instructions, so that the same instructions are come to in several ways.
  const overlapping = fc
    .array(
      fc.oneof(
        fc
          .integer({ min: -40, max: 40 })
          .map((half) => codeBytes([assemble('beq', { rs1: 5, rs2: 6, immediate: 2 * half })])),
        fc.constant(codeBytes([assemble('lui', { rd: 7, immediate: 0x0001_0000 })])),
        fc.uint8Array({ minLength: 2, maxLength: 8 }).filter(({ length }) => length % 2 === 0),
      ),
      { minLength: 20, maxLength: 300 },
    )
    .map((parts) => Uint8Array.from(parts.flatMap((part) => [...part])));

  test('has each instruction once, and no more than it may', () => {
    fc.assert(
      fc.property(overlapping, fc.integer({ min: 1, max: 400 }), (bytes, limit) => {
        const region = collectRegion(decoded(bytes), CODE, limit);
        const all = [...region.blocks.values()].flatMap(({ instructions }) => instructions.map(({ pc }) => pc));
        expect(new Set(all).size).toBe(all.length);
        expect(region.instructionCount).toBe(all.length);
        expect(all.length).toBeLessThanOrEqual(limit);
        for (const node of structureOf(region).nodes) expect(node.bound).toBeLessThanOrEqual(limit);
      }),
      { numRuns: runs },
    );
  });

  test('has instructions at marked entries, also where they go on on the next page', () => {
    const memory = new Memory();
    const cache = new CodeCache(memory);
    memory.write(CODE + 0xffe, codeBytes([add(7), add(8)]));
    const page = cache.page(CODE >>> 12);
    cache.mark(CODE, 1 << 16);
    cache.decode(page.marked!, page.index, 0xffe, true);
    cache.mark(CODE + 0xffe, 2 << 16);
    const { blocks } = collectRegion(cache, CODE + 0xffe, 10);
    const word = blocks.get(CODE + 0xffe)!.instructions[0]!.word;
    expect(word & 255).toBe(25);
    expect(page.code[0xffe]).toBe(word);
  });
});
