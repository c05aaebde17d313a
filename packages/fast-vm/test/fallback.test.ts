import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { blake3 } from '@commute/machine';
import { describe, expect, test } from 'vitest';
import { createFastVM, type Fallback, type TranslationStatistics } from '../src/index.ts';
import { createMachine } from '../src/machine.ts';
import { assemble, codeBytes } from './assemble.ts';
import { difference, stateOf } from './states.ts';

/** Runs `run-refused.ts` in a process of its own. */
function inHost(
  flags: readonly string[],
  word = '',
): {
  readonly counted: number;
  readonly translation: TranslationStatistics;
  readonly fallbacks: readonly Fallback[];
} {
  const script = join(import.meta.dirname, 'run-refused.ts');
  const { stdout, stderr } = spawnSync(process.execPath, [...flags, '--conditions=@commute/source', script, word], {
    encoding: 'utf8',
  });
  if (stdout === '') throw new Error(stderr);
  return JSON.parse(stdout) as ReturnType<typeof inHost>;
}

describe('a machine that translates', () => {
  // Hosts as they are: one without the object, a realm that may not compile, and an engine that allows 4 MiB of linear memory.
  test.for([
    ['webassembly-missing', [], 'missing', 'undefined'],
    ['module-refused', [], 'forbidden', 'disallowed by embedder'],
    ['memory-refused', ['--wasm-max-mem-pages=64'], '', 'could not allocate'],
  ] as const)('says once that it interprets everything: %s', ([reason, flags, word, text]) => {
    const { counted, translation, fallbacks } = inHost(flags, word);
    expect(counted).toBe(2_500_000);
    expect(translation).toMatchObject({ steps: 0, modules: 0, fallback: { reason } });
    expect(translation.fallback?.detail).toContain(text);
    expect(fallbacks).toEqual([translation.fallback]);
  });

  test('says nothing where the host allows it', () => {
    const { counted, translation, fallbacks } = inHost([]);
    expect(counted).toBe(2_500_000);
    expect(translation.steps).toBeGreaterThan(1_000_000);
    expect(translation.modules).toBeGreaterThan(0);
    expect(translation.fallback).toBeUndefined();
    expect(fallbacks).toEqual([]);
  });

  test('interprets everything once a module was too large for the host, and comes to the same state', () => {
    const first = codeBytes([assemble('addi', { rd: 7, rs1: 7, immediate: 1 }), assemble('jal', { immediate: -4 })]);
    // More code than hosts take in one function, in one line.
    const line = new Array<number>(70_000).fill(assemble('sd', { rs1: 8, rs2: 7 }));
    const code = codeBytes([...line, assemble('addi', { rd: 7, rs1: 7, immediate: 1 }), assemble('jalr', { rs1: 9 })]);
    const state = (pc: number) =>
      stateOf({
        fields: { personality: 1, pc },
        registers: { 8: 0x800_0000, 9: 0x10_0000 },
        memory: [
          [0x1_0000, first],
          [0x10_0000, code],
        ],
      });
    const fallbacks: Fallback[] = [];
    const { vm } = createMachine(
      { hasher: blake3, implementation: 'translator', onFallback: (fallback) => fallbacks.push(fallback) },
      { warmUp: 100_000, trace: 200_000, maximumInstructions: 100_000 },
    );
    const interpreting = createFastVM({ hasher: blake3 });
    vm.restore(state(0x1_0000));
    vm.advance(1_000_000);
    const before = vm.translation()!;
    expect(before.steps).toBeGreaterThan(500_000);
    for (const machine of [vm, interpreting]) {
      machine.restore(state(0x10_0000));
      machine.advance(1_000_000);
    }
    expect(fallbacks).toMatchObject([{ reason: 'module-refused' }]);
    expect(vm.translation()).toEqual({ ...before, fallback: fallbacks[0] });
    expect(difference(vm.snapshot(), interpreting.snapshot())).toEqual([]);
    // Nothing of the earlier program's translation is left to be entered.
    for (const machine of [vm, interpreting]) {
      machine.restore(state(0x1_0000));
      machine.advance(100_000);
    }
    expect(vm.translation()?.steps).toBe(before.steps);
    expect(difference(vm.snapshot(), interpreting.snapshot())).toEqual([]);
  });

  test('has taken the steps that it counts when the one who is told throws', () => {
    const loop = [assemble('addi', { rd: 7, rs1: 7, immediate: 1 }), assemble('jal', { immediate: -4 })];
    const host = globalThis as { WebAssembly?: unknown };
    const before = host.WebAssembly;
    delete host.WebAssembly;
    const vm = createFastVM({
      hasher: blake3,
      implementation: 'translator',
      onFallback: ({ reason }) => {
        throw new Error(reason);
      },
    });
    vm.restore(stateOf({ fields: { personality: 1, pc: 0x1_0000 }, memory: [[0x1_0000, codeBytes(loop)]] }));
    try {
      expect(() => {
        vm.advance(10_000_000);
      }).toThrow('webassembly-missing');
    } finally {
      host.WebAssembly = before;
    }
    const steps = vm.time();
    expect(steps).toBeGreaterThan(1_000_000n);
    expect(vm.register(7)).toBe((steps + 1n) / 2n);
    vm.advance(Number(10_000_000n - steps));
    expect(vm.register(7)).toBe(5_000_000n);
  });

  test('is the only one that has anything to say about translation', () => {
    expect(createFastVM().translation()).toBeUndefined();
    expect(createFastVM({ implementation: 'reference' }).translation()).toBeUndefined();
    expect(createFastVM({ implementation: 'translator' }).translation()).toEqual({
      steps: 0,
      modules: 0,
      fallback: undefined,
    });
  });
});
