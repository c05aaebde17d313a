import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseElf } from '@commute/elf';
import { guestCases, readGuest } from '@commute-tools/guests';
import { Memory } from '@commute/machine';
import { machineConformance } from '@commute/machine/conformance';
import { createMicroRiscv, type CustomInstruction, proveStep, step, verifyStep } from '../src/index.ts';
import { word } from './arbitraries.ts';
import { asm, call, differingWords, hasher, hex, li, runs, stateOf } from './support.ts';

const machine = createMicroRiscv({ hasher, multiply: true });
const memory = new Memory({ hasher });
const names = ['mul', 'mulh', 'mulhsu', 'mulhu', 'div', 'divu', 'rem', 'remu'] as const;

/** From the unprivileged specification, volume I, 20191213, chapter 7 and table 7.1, on bigints. */
function expected(name: (typeof names)[number], a: number, b: number): number {
  const signed = (value: number): bigint => BigInt.asIntN(32, BigInt(value));
  const [x, y] = [BigInt(a), BigInt(b)];
  const word = (value: bigint): number => Number(BigInt.asUintN(32, value));
  const isOverflow = a === 0x8000_0000 && b === 0xffff_ffff;
  switch (name) {
    case 'mul':
      return word(x * y);
    case 'mulh':
      return word((signed(a) * signed(b)) >> 32n);
    case 'mulhsu':
      return word((signed(a) * y) >> 32n);
    case 'mulhu':
      return word((x * y) >> 32n);
    case 'div':
      return b === 0 ? 0xffff_ffff : isOverflow ? 0x8000_0000 : word(signed(a) / signed(b));
    case 'divu':
      return b === 0 ? 0xffff_ffff : word(x / y);
    case 'rem':
      return b === 0 ? a : isOverflow ? 0 : word(signed(a) % signed(b));
    default:
      return b === 0 ? a : word(x % y);
  }
}

describe.for(names.map((name, funct3) => [name, funct3] as const))('%s', ([name, funct3]) => {
  test('does what the specification says, quick and slow', () => {
    fc.assert(
      fc.property(word, word, fc.constantFrom(7, 5, 6, 0), (a, b, rd) => {
        const instruction = asm.register(funct3, 1, rd, 5, 6);
        const before = stateOf({
          registers: [0, 0, 0, 0, 0, a, b, 9],
          fields: { pc: 0x1000 },
          words: [[0x1000, instruction]],
        });
        machine.restore(before);
        machine.advance(1);
        expect(machine.halt).toBeUndefined();
        expect(machine.register(rd)).toBe(rd === 0 ? 0 : expected(name, a, b));
        memory.restore(before);
        step(memory, machine.parameters);
        expect(differingWords(memory.snapshot(), machine.snapshot())).toEqual([]);
      }),
      {
        numRuns: runs(300),
        examples: [
          [0x8000_0000, 0xffff_ffff, 7],
          [0x8000_0000, 0, 7],
          [0xffff_ffff, 0xffff_ffff, 7],
          [7, 0xffff_fffe, 7],
          [0xffff_fff9, 2, 7],
        ],
      },
    );
  });

  test('is illegal without the extension', () => {
    const plain = createMicroRiscv({ hasher });
    plain.restore(stateOf({ fields: { pc: 0x1000 }, words: [[0x1000, asm.register(funct3, 1, 7, 5, 6)]] }));
    plain.advance(1);
    expect(plain.halt).toMatchObject({ kind: 'trap', cause: 'illegal instruction' });
  });

  test('is verified from a proof, by a verifier that knows of the extension and no other', () => {
    machine.restore(
      stateOf({
        registers: [0, 0, 0, 0, 0, 0x8765_4321, 0xffff_ff85],
        fields: { pc: 0x1000 },
        words: [[0x1000, asm.register(funct3, 1, 7, 5, 6)]],
      }),
    );
    const before = machine.root();
    const proof = proveStep(machine);
    machine.advance(1);
    const verdict = verifyStep(machine.parameters, before, proof);
    expect(verdict.ok && hex(verdict.rootAfter)).toBe(hex(machine.root()));
    const { multiply: _, ...others } = machine.parameters;
    expect(verifyStep(others, before, proof).ok).toBe(false);
  });
});

const factorial = [
  ...li(5, 1),
  ...li(6, 12),
  asm.register(0, 1, 5, 5, 6),
  asm.addi(6, 6, -1),
  asm.branch(1, 6, 0, -8),
  ...li(7, 1000),
  asm.register(7, 1, 8, 5, 7),
  asm.register(5, 1, 9, 5, 7),
];

machineConformance({
  name: 'a program that multiplies',
  create: () => createMicroRiscv({ hasher, multiply: true }),
  prepare: (prepared) => {
    const bytes = new Uint8Array(Uint32Array.from([...factorial, ...call(93, 0)]).buffer);
    prepared.load({ entry: 0x1000, segments: [{ address: 0x1000, bytes }] });
  },
  steps: 60,
});

test('a factorial, and its last digits', () => {
  const bytes = new Uint8Array(Uint32Array.from([...factorial, ...call(93, 0)]).buffer);
  machine.load({ entry: 0x1000, segments: [{ address: 0x1000, bytes }] });
  machine.run(1000);
  expect([machine.register(5), machine.register(8), machine.register(9)]).toEqual([479_001_600, 600, 479_001]);
});

describe('sample programs for RV32IM write what they should', () => {
  test.for(guestCases().filter(({ weight }) => weight === 'light'))(
    '$program: $name',
    ({ program, input, output, exitCode }) => {
      const parsed = parseElf(readGuest(program, 'multiply'));
      if (!parsed.ok) throw new Error(parsed.reason);
      machine.load(parsed.elf, { input });
      machine.run(1e9);
      expect(machine.halt).toEqual({ kind: 'exit', code: exitCode });
      expect(machine.output()).toEqual(new Uint8Array(output));
    },
  );
});

describe('instructions of the user', () => {
  // custom-0 with funct3 1: adds the words at rs1 and rs2, stores the sum at rs1, and returns what was there.
  const custom: CustomInstruction = {
    mask: 0xfe00_707f,
    match: 0x0000_100b,
    execute: (left, right, words) => {
      const before = words.loadWord(left);
      words.storeWord(left, (before + words.loadWord(right)) >>> 0);
      return before;
    },
  };
  const instruction = 0x0000_100b | (7 << 7) | (5 << 15) | (6 << 20);
  const before = stateOf({
    registers: [0, 0, 0, 0, 0, 0x2000, 0x3000],
    fields: { pc: 0x1000 },
    words: [
      [0x1000, instruction],
      [0x2000, 0xffff_fffe],
      [0x3000, 5],
    ],
  });

  test('are executed, proved and verified; without them the encoding is illegal', () => {
    const extended = createMicroRiscv({ hasher, custom: [custom] });
    extended.restore(before);
    const root = extended.root();
    const proof = proveStep(extended);
    extended.advance(1);
    expect(extended.register(7)).toBe(0xffff_fffe);
    expect(extended.memory.loadWord(0x2000)).toBe(3);
    expect(extended.pc).toBe(0x1004);
    const verdict = verifyStep(extended.parameters, root, proof);
    expect(verdict.ok && hex(verdict.rootAfter)).toBe(hex(extended.root()));

    machine.restore(before);
    machine.advance(1);
    expect(machine.halt).toMatchObject({ kind: 'trap', cause: 'illegal instruction' });
  });

  test('do not take the place of others', () => {
    const greedy = createMicroRiscv({ hasher, custom: [{ ...custom, mask: 0, match: 0 }] });
    greedy.restore(stateOf({ fields: { pc: 0x1000 }, words: [[0x1000, asm.addi(7, 0, 5)]] }));
    greedy.advance(1);
    expect(greedy.register(7)).toBe(5);
  });
});
