import { hasCode } from '@commute/errors';
import { compareBytes, hashBytes, textFromBytes } from '../bytes.ts';
import { StoreArgumentError } from '../errors.ts';
import { decodeLog, type LogEntry } from '../history/event.ts';
import type { CommitInfo, CommitOptions, HistoryStore } from '../history/history-store.ts';
import { ConflictFinder, type Conflict } from './conflict.ts';
import { decideByHash, type ConflictingUnits, type Decision, type MergeUnit } from './decide.ts';
import { BaseItems } from './items.ts';
import { inOrder, unitsOf, type ReadDeploy, type Unit } from './units.ts';

/** One deploy of a proposal. */
export interface ProposedDeploy {
  /** Bytes that name the deploy, the same wherever it is proposed: the hash of what was signed. */
  readonly id: Uint8Array;
  /** Bytes of the log of its run, as {@link RhoSpace.logSince} gives them; without events if it failed. */
  readonly log: Uint8Array;
}

/** What somebody wants to do to a base: deploys in the order in which they ran, each on what those before it left. */
export interface Proposal {
  readonly deploys: readonly ProposedDeploy[];
}

/** Two logs that cannot both happen. */
export interface ConflictingPair {
  /** Positions of the two in the list of logs. */
  readonly logs: readonly [number, number];
  /** Some of the reasons, at least one and at most 32. */
  readonly conflicts: readonly Conflict[];
}

/** What came of comparing logs. `log` is the position of the one that is at fault. */
export type CompareResult =
  | { readonly ok: true; readonly conflict: boolean; readonly pairs: readonly ConflictingPair[] }
  | { readonly ok: false; readonly reason: 'malformed-log'; readonly log: number };

/** Why proposals cannot be merged or compared at all. */
export type MergeFailure =
  | { readonly ok: false; readonly reason: 'malformed-log'; readonly proposal: number }
  /** A log uses up or reads what does not wait in the base. */
  | { readonly ok: false; readonly reason: 'not-on-base' };

/** What came of comparing proposals. */
export type CompareProposalsResult =
  | {
      readonly ok: true;
      readonly conflict: boolean;
      /** Ascending by hash. */
      readonly units: readonly MergeUnit[];
      readonly pairs: readonly ConflictingUnits[];
    }
  | MergeFailure;

/** What a merge chose. */
export interface MergeOutcome {
  /** Ids of the deploys that the commit holds, in the order in which it holds them. */
  readonly accepted: readonly Uint8Array[];
  /** Ids of the deploys that it does not hold, ascending: they can be proposed again on the new version. */
  readonly refused: readonly Uint8Array[];
  /** Ascending by hash. */
  readonly units: readonly MergeUnit[];
  readonly pairs: readonly ConflictingUnits[];
}

/** What came of merging proposals. */
export type MergeResult = (MergeOutcome & { readonly ok: true; readonly commit: CommitInfo }) | MergeFailure;

function readProposals(base: BaseItems, proposals: readonly Proposal[]): Unit[] | MergeFailure {
  const units = new Map<string, Unit>();
  for (const [position, { deploys }] of proposals.entries()) {
    const malformed = { ok: false, reason: 'malformed-log', proposal: position } as const;
    const read: ReadDeploy[] = [];
    for (const { id, log } of deploys) {
      const decoded = decodeLog(log);
      if (!decoded.ok) return malformed;
      read.push({ id, entries: decoded.entries });
    }
    const own = unitsOf(base, read, position);
    if (own === undefined) return malformed;
    for (const unit of own) {
      const name = textFromBytes(unit.hash);
      const known = units.get(name);
      units.set(name, known === undefined ? unit : { ...known, proposals: [...known.proposals, position] });
    }
  }
  return [...units.values()].sort((left, right) => compareBytes(left.hash, right.hash));
}

function seen({ hash, proposals, members }: Unit): MergeUnit {
  return { hash, proposals, deploys: members.map((one) => one.id) };
}

/**
 * Tells which of several logs on a common base conflict, where and why. The same log twice is one log.
 *
 * @param base - at the version from which all logs start.
 * @param logs - bytes of logs, as commits give them. Malformed ones are reported, but whether a log is the log of a run only a replay tells.
 */
export function compareLogs(base: HistoryStore, logs: readonly Uint8Array[]): CompareResult {
  const result = compareProposals(
    base,
    logs.map((log) => ({ deploys: [{ id: hashBytes(log), log }] })),
  );
  if (!result.ok)
    return result.reason === 'malformed-log'
      ? { ok: false, reason: result.reason, log: result.proposal }
      : { ok: true, conflict: false, pairs: [] };
  const pairs = result.pairs.flatMap(({ units: [one, two], conflicts }) =>
    result.units[one]!.proposals.flatMap((left) =>
      result.units[two]!.proposals.map((right): ConflictingPair => {
        return { logs: left < right ? [left, right] : [right, left], conflicts };
      }),
    ),
  );
  pairs.sort((left, right) => left.logs[0] - right.logs[0] || left.logs[1] - right.logs[1]);
  return { ok: true, conflict: pairs.length > 0, pairs };
}

/**
 * Takes proposals on a common base apart into units of deploys that stand or fall together, and tells which of these conflict, where and why.
 * Units of one proposal never do.
 *
 * @param base - at the version from which all proposals start.
 */
export function compareProposals(base: HistoryStore, proposals: readonly Proposal[]): CompareProposalsResult {
  const items = new BaseItems(base);
  const units = readProposals(items, proposals);
  if (!Array.isArray(units)) return units;
  const pairs = new ConflictFinder(items, units).pairs();
  return { ok: true, conflict: pairs.length > 0, units: units.map(seen), pairs };
}

/** What a merge would commit. */
export interface MergePlan extends MergeOutcome {
  /** Positions of the units that give way. */
  readonly gaveWay: ReadonlySet<number>;
  readonly entries: readonly LogEntry[];
}

/**
 * Decides what a merge holds, without making it.
 *
 * @param decide - is asked only if some units conflict.
 */
export function planMerge(
  base: HistoryStore,
  proposals: readonly Proposal[],
  decide: Decision,
):
  | ({ readonly ok: true } & MergePlan)
  | MergeFailure
  | { readonly ok: false; readonly reason: 'undecided'; readonly units: readonly number[] } {
  const items = new BaseItems(base);
  const units = readProposals(items, proposals);
  if (!Array.isArray(units)) return units;
  const pairs = new ConflictFinder(items, units).pairs();
  const shown = units.map(seen);
  const gaveWay = new Set(pairs.length === 0 ? [] : decide(shown, pairs));
  const open = pairs.find((pair) => pair.units.every((one) => !gaveWay.has(one)));
  if (open !== undefined) return { ok: false, reason: 'undecided', units: open.units };
  const taken = units.filter((_, index) => !gaveWay.has(index));
  const members = inOrder(taken.flatMap((one) => one.members));
  const accepted = members.map((one) => one.id);
  const stands = new Set(accepted.map(textFromBytes));
  const refused = new Map<string, Uint8Array>();
  for (const index of gaveWay)
    for (const { id } of units[index]?.members ?? []) {
      const name = textFromBytes(id);
      if (!stands.has(name)) refused.set(name, id);
    }
  const missing = taken.some(({ effects }) => [...effects.read].some((place) => !items.holds(place)));
  if (missing) return { ok: false, reason: 'not-on-base' };
  const entries = members.flatMap((one) => one.entries);
  const ids = [...refused.values()].sort(compareBytes);
  return { ok: true, accepted, refused: ids, units: shown, pairs, gaveWay, entries };
}

/**
 * Makes one version of all that several proposals do to a common base, in one durable transaction. Deploys that need
 * each other keep their order, and else the order is that of hashes: order and number of the proposals change nothing, nor does who proposed which of
 * several deploys that do not need each other.
 *
 * What does not conflict is merged without asking anyone; only if some units do, `decide` says which give way. Whatever it chooses, the result is
 * a possible course of events from the base, in either order of any two proposals, and nothing in it could still react: `docs/merging.md` has the argument.
 *
 * Trusts that each log is the log of a run: {@link replayProposal} tells.
 *
 * @param base - at the version from which all proposals start; afterwards at the new version, unless the merge fails.
 * @param describe - what the commit is to take along, once it is known what it holds.
 * @throws StoreArgumentError if a decision leaves conflicts. StoreStaleError and StoreWriteError as a commit does.
 */
export function mergeProposals(
  base: HistoryStore,
  proposals: readonly Proposal[],
  decide: Decision = decideByHash,
  describe: (outcome: MergeOutcome) => CommitOptions = () => ({}),
): MergeResult {
  const plan = planMerge(base, proposals, decide);
  if (!plan.ok) {
    if (plan.reason !== 'undecided') return plan;
    throw new StoreArgumentError('decide', 'a choice without conflicts', `units ${plan.units.join(' and ')} together`);
  }
  const { accepted, refused, units, pairs } = plan;
  const outcome = { accepted, refused, units, pairs };
  return commitMerge(base, plan, describe(outcome), outcome);
}

/** Commits what was planned; the logs may still be about something that does not wait. */
export function commitMerge<T>(
  base: HistoryStore,
  { entries }: Pick<MergePlan, 'entries'>,
  options: CommitOptions,
  outcome: T,
): (T & { readonly ok: true; readonly commit: CommitInfo }) | Extract<MergeFailure, { reason: 'not-on-base' }> {
  try {
    return { ...outcome, ok: true, commit: base.commit(entries, options) };
  } catch (error) {
    if (hasCode(error, 'RHO_STORE_ARGUMENT_MISMATCH')) return { ok: false, reason: 'not-on-base' };
    throw error;
  }
}
