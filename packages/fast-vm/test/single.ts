import type { Snapshot } from '@commute/machine';
import { codeBytes } from './assemble.ts';
import { createPair, fieldIn, registerIn, stateOf, type StateOptions } from './states.ts';

/** Where the instructions of single-step tests stand. */
export const CODE = 0x1_0100;
const ALL_ONES = (1n << 64n) - 1n;
const pair = createPair();

/** The state after executing `instructions` on both implementations, one step for each unless told. */
export function after(
  instructions: readonly number[],
  options: StateOptions & { readonly steps?: number } = {},
): Snapshot {
  const { fields = {}, memory = [], registers = {}, steps = instructions.length } = options;
  pair.restore(
    stateOf({
      fields: { pc: CODE, personality: 1, mstatus: 0x1800, mtvec: 0x2_0000, mtimecmp: ALL_ONES, ...fields },
      registers,
      memory: [...memory, [Number(fields.pc ?? CODE), codeBytes(instructions)]],
    }),
  );
  pair.advance(steps);
  return pair.vm.snapshot();
}

/** Executes `instruction` with rs1 = x5, rs2 = x6 and rd = x7 and returns x7. */
export function result(instruction: number, a: bigint, b = 0n): bigint {
  const state = after([instruction], { registers: { 5: a, 6: b, 7: 0xdead_beefn } });
  if (fieldIn(state, 'halted') !== 0n) throw new Error('trapped');
  return registerIn(state, 7);
}

/** How a state halted: exit, or trap with its cause and value; undefined if it did not. */
export function haltOf(state: Snapshot): readonly ['exit' | 'trap', code: bigint, value: bigint] | undefined {
  const halted = fieldIn(state, 'halted');
  if (halted === 0n) return undefined;
  return [halted === 1n ? 'exit' : 'trap', fieldIn(state, 'haltCode'), fieldIn(state, 'haltValue')];
}
