import { seeded } from '@commute-tools/build/seed';
import type { Snapshot, WordAccess } from '@commute/machine';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { flipBit, type Layer } from '../src/index.ts';
import { Random, assertFastForward, diagramDifference, findCounterexample } from '../src/kit.ts';
import { ACCUMULATOR, HALTED, OPERATIONS, PC, PROGRAM, accumulator, programAddress } from './support/accumulator.ts';
import { bitSerial } from './support/bit-serial.ts';
import { randomFrom, randomState } from './support/random.ts';
import { StepMachine, type StepDefinition } from './support/step-machine.ts';
import { testStack } from './support/stack.ts';

const { stack } = testStack(2);
const layer = stack[0]!;
const cases = Number(process.env['FC_NUM_RUNS'] ?? 200);
const generate = (random: Random): Snapshot => randomState(() => random.word());

/** The layer with a mistake in its upper machine. */
const mistaken = (step: (access: WordAccess) => void): Layer => {
  const definition: StepDefinition = { ...accumulator, step };
  return { ...layer, upper: () => new StepMachine(definition) };
};
/** Adding an immediate forgets the carry from bit 15, which matters to few numbers. */
const forgetsCarry = mistaken((access) => {
  const instruction = access.loadWord(programAddress(access.loadWord(PC)));
  const before = access.loadWord(ACCUMULATOR);
  const running = access.loadWord(HALTED) === 0;
  accumulator.step(access);
  if (!running || (instruction & 255) !== OPERATIONS.addImmediate) return;
  const argument = instruction >>> 8;
  const low = (before & 0xffff) + (argument & 0xffff);
  access.storeWord(ACCUMULATOR, ((before & 0xffff0000) + (argument & 0xffff0000)) | (low & 0xffff));
});

test('the diagram commutes for each layer', () => {
  assertFastForward({ layer, generate, cases, seed: seeded(1) });
});

test('the diagram commutes from top to bottom, for some steps', () => {
  assertFastForward({ layer: stack, generate, cases: cases / 10, steps: 3, seed: seeded(1) });
});

test('the diagram commutes from any state of fast-check too', () => {
  fc.assert(
    fc.property(fc.integer(), (seed) => {
      expect(diagramDifference(layer, randomState(randomFrom(seed)))).toBeUndefined();
    }),
    { numRuns: cases },
  );
});

describe('a counterexample', () => {
  test('is found and made small', () => {
    const found = findCounterexample({ layer: forgetsCarry, generate, cases, steps: 5 });
    expect(found).toBeDefined();
    const { difference, words, state } = found!;
    if (difference.kind !== 'word') throw new Error('unreachable');
    expect(difference.address).toBe(ACCUMULATOR);
    // The instruction with one carrying bit set, the accumulator with another; pc perhaps, if it cannot be 0.
    expect(words.length).toBeLessThanOrEqual(3);
    const instruction = words.find(({ address }) => address >= PROGRAM)!.value;
    expect(instruction & 255).toBe(OPERATIONS.addImmediate);
    expect(difference.lower - difference.upper).toBe(0x10000);
    expect(state.word(ACCUMULATOR)).toBeGreaterThan(0);
    expect(diagramDifference(forgetsCarry, state)).toEqual(difference);
  });

  test('is the same for the same seed', () => {
    const one = findCounterexample({ layer: forgetsCarry, generate, cases, seed: 5 });
    const two = findCounterexample({ layer: forgetsCarry, generate, cases, seed: 5 });
    expect(one!.state.root()).toEqual(two!.state.root());
    expect(one!.index).toBe(two!.index);
  });

  test('is in the message', () => {
    expect(() => {
      assertFastForward({ layer: forgetsCarry, generate, cases });
    }).toThrow(
      /0x00000004 is 0x\w+ on the upper machine.*\(seed 1, case \d+, step 0\):\n {2}0x0000.*SWAP_DIAGRAM_MISMATCH/s,
    );
  });

  test('tells a halted state that does not rest', () => {
    const restless: Layer = {
      ...layer,
      upper: () => {
        const machine = layer.upper();
        const { advance } = machine;
        return Object.assign(machine, {
          advance: (count: number) => {
            if (machine.halt === undefined) advance(count);
            else machine.restore(flipBit(machine.snapshot(), { address: 0x9000, bit: 0 }));
          },
        });
      },
    };
    const found = findCounterexample({ layer: restless, generate, cases });
    expect(found!.difference).toEqual({ kind: 'fixed-point', address: 0x9000, before: 0, after: 1 });
    expect(found!.words).toHaveLength(1);
    expect(found!.words[0]!.address).toBe(HALTED);
  });

  test('tells an auxiliary state that is not clean', () => {
    const untidy = bitSerial();
    const dirty: Layer = {
      ...layer,
      lower: () =>
        new StepMachine({
          ...untidy,
          step: (access) => {
            untidy.step(access);
            access.storeWord(untidy.auxiliary.region.base + 0x800, 5);
          },
        }),
    };
    const found = findCounterexample({ layer: dirty, generate, cases: 3 });
    expect(found!.difference).toMatchObject({ kind: 'auxiliary', address: 0xf000_0800 });
    expect(found!.words).toEqual([]);
  });

  test('tells a machine that fails', () => {
    const failing = mistaken((access) => {
      if ((access.loadWord(ACCUMULATOR) & 1) === 1) throw new RangeError('odd');
      accumulator.step(access);
    });
    const found = findCounterexample({ layer: failing, generate, cases });
    expect(found!.difference).toEqual({ kind: 'error', machine: 'upper', code: 'RangeError', message: 'odd' });
    expect(found!.words).toEqual([{ address: ACCUMULATOR, value: 1 }]);
  });
});

test('random numbers depend on the seed and the stream, and on nothing else', () => {
  const numbers = (seed: number, stream: number): number[] => {
    const random = new Random(seed, stream);
    return Array.from({ length: 4 }, () => random.word());
  };
  expect(numbers(1, 0)).toEqual(numbers(1, 0));
  expect(numbers(1, 1)).not.toEqual(numbers(1, 0));
  expect(numbers(2, 0)).not.toEqual(numbers(1, 0));
  const random = new Random(9);
  const counts = new Array<number>(8).fill(0);
  for (let i = 0; i < 8000; i++) counts[random.below(8)]!++;
  for (const count of counts) expect(count).toBeGreaterThan(800);
  expect(new Set(Array.from({ length: 100 }, () => random.pick(['a', 'b', 'c'])))).toEqual(new Set(['a', 'b', 'c']));
  expect(random.bytes(5)).toHaveLength(5);
});
