import { assertInteger } from '@commute/errors';
import { flipBit } from '../fault.ts';
import type { Party, Position } from './messages.ts';
import { Replay, partyFrom, type PartyOptions } from './party.ts';

/** From when on a party lies, and how. */
export interface Lie {
  /**
   * The step at the end of which the lie begins, from 0: that of the top machine, then that of the machine below it within
   * this step, and so on. Where it ends early, the lie begins with the first step below.
   */
  readonly at: readonly [number, ...number[]];
  /** The bit that is wrong in every state from then on. Not in an auxiliary region, where it would be seen at once. */
  readonly address: number;
  readonly bit: number;
}

/**
 * A party that is honest up to a step and lies about every state after it, consistently: at each depth it gives roots of
 * whole states, each with one bit wrong. For tests and demonstrations; the referee finds the step named in `lie.at`.
 *
 * @throws BaseError `SWAP_FAULT_RANGE` for a lie out of range, and as `createParty`.
 */
export function createLyingParty(options: PartyOptions, lie: Lie): Party {
  for (const step of lie.at) assertInteger('SWAP_FAULT_RANGE', 'at', step, 0, Number.MAX_SAFE_INTEGER);
  const replay = new Replay(options);
  return partyFrom(options, replay, async (position) => {
    const state = await replay.state(position);
    return isAfter(position, lie.at) ? flipBit(state, lie) : state;
  });
}

/** Tells whether a position lies after the step `at`. */
function isAfter({ path, index }: Position, at: readonly number[]): boolean {
  for (const [depth, step] of path.entries()) {
    const first = at[depth] ?? 0;
    if (step !== first) return step > first;
  }
  return index > (at[path.length] ?? 0);
}
