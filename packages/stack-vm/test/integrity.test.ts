import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isDigestRegister, readState } from '../src/index.ts';
import { randomRun } from './random-program.ts';
import { machineWith, programOf } from './run.ts';
import { fcRuns } from './support.ts';

const NAMES = ['swap', 'pick', 'place'] as const;

/** How an instruction ends on a stack of `size` elements. */
function outcome(size: number, instruction: string, programIntegrity = true): 'moved' | 'refused' {
  const machine = machineWith(`${'push 1 '.repeat(size - 16)}${instruction} halt`, {}, { programIntegrity });
  machine.run(size);
  if (machine.halt?.kind === 'exit') return 'moved';
  expect(machine.halt).toMatchObject({ kind: 'trap', cause: 'program digest moved' });
  expect(machine.stackSize).toBe(size);
  return 'refused';
}

describe('the program-digest rule', () => {
  // design: st_i is a digest word exactly when i >= n - 5, so it is reachable only for 16 <= n <= 20.
  test('refuses swap, pick and place exactly where st_i is a word of the digest', () => {
    for (const name of NAMES) {
      for (let size = 16; size <= 24; size++) {
        for (let index = 0; index < 16; index++) {
          const expected = index >= size - 5 ? 'refused' : 'moved';
          expect(outcome(size, `${name} ${String(index)}`), `${name} ${String(index)} at ${String(size)}`).toBe(
            expected,
          );
          expect(isDigestRegister(size, index)).toBe(index >= size - 5);
        }
      }
    }
  });

  test('allows all of them from 21 elements on, and on deep stacks', () => {
    for (const name of NAMES) {
      for (const size of [21, 22, 1000]) {
        for (let index = 0; index < 16; index++) expect(outcome(size, `${name} ${String(index)}`)).toBe('moved');
      }
    }
  });

  test('refuses st15 alone at 20 elements', () => {
    for (const name of NAMES) {
      expect(outcome(20, `${name} 15`)).toBe('refused');
      expect(outcome(20, `${name} 14`)).toBe('moved');
    }
  });

  test('is a mode: without it everything moves, as on Triton VM', () => {
    for (const name of NAMES) expect(outcome(16, `${name} 15`, false)).toBe('moved');
  });

  test('does not forbid to read the digest', () => {
    const program = programOf('dup 15 dup 15 dup 15 dup 15 dup 15 write_io 5 halt');
    const machine = machineWith(program, {}, { programIntegrity: true });
    machine.run(20);
    expect(machine.outputElements()).toEqual(program.digest());
  });

  test('keeps the digest at the bottom of the stack in every state of every program', () => {
    fc.assert(
      fc.property(randomRun, (run) => {
        const machine = machineWith(run.program, run.inputs, { programIntegrity: true });
        const bottom = [...run.program.digest()].reverse();
        for (let turn = 0; turn < 12; turn++) {
          machine.advance(7);
          expect(readState(machine.snapshot()).stack.slice(0, 5)).toEqual(bottom);
        }
      }),
      { numRuns: fcRuns(60) },
    );
  });

  test('is needed: without it a program exists that moves the digest away', () => {
    const program = programOf('swap 15 halt');
    const machine = machineWith(program);
    machine.run(5);
    expect(readState(machine.snapshot()).stack.slice(0, 5)).not.toEqual([...program.digest()].reverse());
  });
});
