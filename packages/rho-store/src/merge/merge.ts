import { hasCode } from '@commute/errors';
import { compareBytes, equalBytes, hashBytes } from '../bytes.ts';
import { StoreArgumentError } from '../errors.ts';
import { decodeLog, type LogEntry } from '../history/event.ts';
import type { CommitInfo, HistoryStore } from '../history/history-store.ts';
import { conflictsOf, prepareLog, type Conflict, type PreparedLog } from './conflict.ts';

/** Two logs that cannot both happen. */
export interface ConflictingPair {
  /** Positions of the two in the list of logs. */
  readonly logs: readonly [number, number];
  readonly conflicts: readonly Conflict[];
}

/** Why logs cannot be merged or compared at all. `log` is the position of the one that is at fault. */
export type MergeFailure =
  | { readonly ok: false; readonly reason: 'malformed-log'; readonly log: number }
  /** A log uses up what does not wait in the base. */
  | { readonly ok: false; readonly reason: 'not-on-base' };

/** What came of comparing logs. */
export type CompareResult =
  { readonly ok: true; readonly conflict: boolean; readonly pairs: readonly ConflictingPair[] } | MergeFailure;

/** What came of merging logs. */
export type MergeResult =
  | {
      readonly ok: true;
      readonly commit: CommitInfo;
      /** Positions of the logs that the commit holds, in the order in which it holds them. */
      readonly accepted: readonly number[];
      /** Positions of the logs that it does not hold: what they did can be proposed again on the new version. */
      readonly refused: readonly number[];
      readonly pairs: readonly ConflictingPair[];
    }
  | MergeFailure;

/**
 * Decides which logs give way. It is asked only if some conflict.
 *
 * @returns positions of logs to refuse, such that no two of the others conflict.
 */
export type Decision = (pairs: readonly ConflictingPair[], hashes: readonly Uint8Array[]) => Iterable<number>;

/** Goes through the logs by hash and refuses each that conflicts with one that was taken: the same everywhere, whoever is asked. */
export const refuseByHash: Decision = (pairs, hashes) => {
  const order = hashes.map((_, index) => index).sort((left, right) => compareBytes(hashes[left]!, hashes[right]!));
  const taken = new Set<number>();
  const refused: number[] = [];
  for (const index of order) {
    const clash = pairs.some(
      ({ logs: [left, right] }) => (left === index && taken.has(right)) || (right === index && taken.has(left)),
    );
    if (clash) refused.push(index);
    else taken.add(index);
  }
  return refused;
};

interface Candidate {
  readonly index: number;
  readonly hash: Uint8Array;
  readonly entries: readonly LogEntry[];
  readonly prepared: PreparedLog;
}

function candidatesOf(logs: readonly Uint8Array[]): Candidate[] | MergeFailure {
  const candidates: Candidate[] = [];
  for (const [index, log] of logs.entries()) {
    const decoded = decodeLog(log);
    const prepared = decoded.ok ? prepareLog(decoded.entries) : undefined;
    if (!decoded.ok || prepared === undefined) return { ok: false, reason: 'malformed-log', log: index };
    candidates.push({ index, hash: hashBytes(log), entries: decoded.entries, prepared });
  }
  return candidates;
}

function pairsOf(base: HistoryStore, candidates: readonly Candidate[]): ConflictingPair[] {
  const pairs: ConflictingPair[] = [];
  for (const [position, one] of candidates.entries()) {
    for (const two of candidates.slice(position + 1)) {
      if (equalBytes(one.hash, two.hash)) continue;
      const conflicts = conflictsOf(base, one.prepared, two.prepared);
      if (conflicts.length > 0) pairs.push({ logs: [one.index, two.index], conflicts });
    }
  }
  return pairs;
}

/**
 * Tells which of several logs on a common base conflict, where and why. The same log twice is one log.
 *
 * @param base - at the version from which all logs start.
 * @param logs - bytes of logs, as commits give them. Malformed ones are reported, but whether a log is the log of a run only a replay tells.
 */
export function compareLogs(base: HistoryStore, logs: readonly Uint8Array[]): CompareResult {
  const candidates = candidatesOf(logs);
  if (!Array.isArray(candidates)) return candidates;
  const pairs = pairsOf(base, candidates);
  return { ok: true, conflict: pairs.length > 0, pairs };
}

/**
 * Makes one version of all that several logs did to a common base, in one durable transaction. Independent of the order and the number
 * of times in which logs are given: the logs are a set, and their events are appended in the order of the hashes of the logs.
 *
 * Logs that do not conflict are merged without asking anyone; only if some do, `decide` says which give way.
 *
 * @param base - at the version from which all logs start; afterwards at the new version, unless the merge fails.
 * @throws StoreArgumentError if a decision leaves conflicts. StoreStaleError and StoreWriteError as a commit does.
 */
export function mergeLogs(
  base: HistoryStore,
  logs: readonly Uint8Array[],
  decide: Decision = refuseByHash,
): MergeResult {
  const candidates = candidatesOf(logs);
  if (!Array.isArray(candidates)) return candidates;
  const pairs = pairsOf(base, candidates);
  const refused =
    pairs.length === 0
      ? new Set<number>()
      : new Set(
          decide(
            pairs,
            candidates.map((one) => one.hash),
          ),
        );
  const open = pairs.find(({ logs: [left, right] }) => !refused.has(left) && !refused.has(right));
  if (open !== undefined)
    throw new StoreArgumentError('decide', 'a choice without conflicts', `logs ${open.logs.join(' and ')} together`);
  const taken = candidates
    .filter((one) => !refused.has(one.index))
    .sort((left, right) => compareBytes(left.hash, right.hash));
  const distinct = taken.filter((one, index) => index === 0 || !equalBytes(one.hash, taken[index - 1]!.hash));
  try {
    const commit = base.commit(distinct.flatMap((one) => one.entries));
    const accepted = taken.map((one) => one.index);
    return { ok: true, commit, accepted, refused: [...refused].sort((left, right) => left - right), pairs };
  } catch (error) {
    if (hasCode(error, 'RHO_STORE_ARGUMENT_MISMATCH')) return { ok: false, reason: 'not-on-base' };
    throw error;
  }
}
