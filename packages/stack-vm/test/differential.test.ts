import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createStackVM, readState, referenceStep } from '../src/index.ts';
import { randomRun } from './random-program.ts';
import { comparable, comparableOf, machineWith, referenceOf } from './run.ts';
import { fcRuns } from './support.ts';

describe('the interpreter', () => {
  test('goes through the same states as the reference', () => {
    let steps = 0;
    const seen = new Set<bigint>();
    fc.assert(
      fc.property(
        randomRun,
        fc.boolean(),
        fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 4, maxLength: 4 }),
        (run, programIntegrity, cuts) => {
          const machine = machineWith(run.program, run.inputs, { programIntegrity });
          const reference = referenceOf(readState(machine.snapshot()));
          for (let turn = 0; turn < 40 && reference.stopped === 0; turn++) {
            const count = cuts[turn % cuts.length]!;
            for (let i = 0; i < count && reference.stopped === 0; i++) {
              seen.add(reference.program[Number(reference.ip)] ?? -1n);
              referenceStep(reference);
              steps++;
            }
            machine.advance(count);
            expect(comparableOf(machine)).toEqual(comparable(reference));
          }
        },
      ),
      { numRuns: fcRuns(150) },
    );
    expect(steps).toBeGreaterThan(fcRuns(150) * 10);
    expect(seen.size).toBeGreaterThan(40);
  });

  test('comes to the same state when it is stopped and restored anywhere, also on another machine', () => {
    fc.assert(
      fc.property(randomRun, fc.integer({ min: 1, max: 60 }), fc.integer({ min: 1, max: 60 }), (run, first, second) => {
        const whole = machineWith(run.program, run.inputs);
        whole.advance(first + second);
        const machine = machineWith(run.program, run.inputs);
        machine.advance(first);
        const middle = machine.snapshot();
        machine.advance(second);
        expect(machine.root()).toEqual(whole.root());
        const other = createStackVM();
        other.restore(middle);
        other.advance(second);
        expect(other.root()).toEqual(whole.root());
        machine.restore(middle);
        machine.advance(second);
        expect(machine.root()).toEqual(whole.root());
      }),
      { numRuns: fcRuns(40) },
    );
  });
});
