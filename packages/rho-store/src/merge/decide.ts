import { compareBytes, textFromBytes } from '../bytes.ts';
import type { Conflict } from './conflict.ts';

/** Deploys that stand or fall together, as a decision sees them. */
export interface MergeUnit {
  /** SHA-256 that names the unit, whoever proposed it. */
  readonly hash: Uint8Array;
  /** Positions of the proposals that hold it. */
  readonly proposals: readonly number[];
  /** Ids of its deploys, each after those that it needs. */
  readonly deploys: readonly Uint8Array[];
}

/** Two units that cannot both happen. */
export interface ConflictingUnits {
  /** Positions of the two in the list of units. */
  readonly units: readonly [number, number];
  /** Some of the reasons, at least one and at most 32. */
  readonly conflicts: readonly Conflict[];
}

/**
 * Decides which units give way. It is asked only if some conflict, and must decide the same wherever it is asked the same.
 *
 * @param units - ascending by hash.
 * @returns positions of units to refuse, such that no two of the others conflict.
 */
export type Decision = (units: readonly MergeUnit[], pairs: readonly ConflictingUnits[]) => Iterable<number>;

/** Goes through units in an order and refuses each that conflicts with one that was taken. */
function refuseInOrder(order: readonly number[], pairs: readonly ConflictingUnits[]): number[] {
  const enemies = new Map<number, number[]>();
  for (const { units } of pairs) {
    for (const [one, two] of [units, units.toReversed()] as [number, number][]) {
      const list = enemies.get(one);
      if (list === undefined) enemies.set(one, [two]);
      else list.push(two);
    }
  }
  const taken = new Set<number>();
  const refused: number[] = [];
  for (const unit of order) {
    if (enemies.get(unit)?.some((other) => taken.has(other)) === true) refused.push(unit);
    else taken.add(unit);
  }
  return refused;
}

/** Of units that conflict the one with the lowest hash stands. */
export const decideByHash: Decision = (units, pairs) => {
  const order = units.map((_, index) => index);
  order.sort((left, right) => compareBytes(units[left]!.hash, units[right]!.hash));
  return refuseInOrder(order, pairs);
};

/** What one voter wants. */
export interface Vote {
  /** Weight of the voter, not negative. */
  readonly stake: bigint;
  /** Hashes of the units that are to stand. */
  readonly units: readonly Uint8Array[];
}

/**
 * Of units that conflict the one stands for which voters with more stake voted; of equals the one with the lowest hash.
 *
 * @example
 * ```ts
 * import { decideByVotes } from '@commute/rho-store';
 * const [a, b] = [new Uint8Array(32), new Uint8Array(32).fill(1)];
 * const decide = decideByVotes([{ stake: 2n, units: [a] }, { stake: 3n, units: [b] }]);
 * const units = [a, b].map((hash, index) => ({ hash, proposals: [index], deploys: [hash] }));
 * const refused = [...decide(units, [{ units: [0, 1], conflicts: [{ kind: 'same-deploy', deploy: a }] }])];
 * if (refused.join() !== '0') throw new Error('the vote did not count');
 * ```
 */
export function decideByVotes(votes: readonly Vote[]): Decision {
  return (units, pairs) => {
    const weights = new Map(units.map((unit) => [textFromBytes(unit.hash), 0n]));
    for (const { stake, units: wanted } of votes)
      for (const name of new Set(wanted.map(textFromBytes))) {
        const weight = weights.get(name);
        if (weight !== undefined) weights.set(name, weight + stake);
      }
    const weightOf = (index: number): bigint => weights.get(textFromBytes(units[index]!.hash))!;
    const order = units.map((_, index) => index);
    order.sort((left, right) => {
      const difference = weightOf(right) - weightOf(left);
      return difference === 0n ? compareBytes(units[left]!.hash, units[right]!.hash) : difference > 0n ? 1 : -1;
    });
    return refuseInOrder(order, pairs);
  };
}
