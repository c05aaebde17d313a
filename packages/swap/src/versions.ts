import { BaseError, assertInteger } from '@commute/errors';
import type { Halt, Machine, Snapshot } from '@commute/machine';
import { tellPosition } from './fault.ts';
import { firstDifference, firstDifferenceSince } from './compare.ts';
import { Pace, turn } from './pace.ts';
import { MemorySnapshotStore, type SnapshotStore } from './store.ts';

/** One implementation of the machine. */
export interface Version {
  readonly name: string;
  /** In the state S_0, like all others. */
  readonly machine: Machine;
}

/** What {@link runVersions} needs. */
export interface VersionsOptions {
  /** Two or more. */
  readonly versions: readonly Version[];
  /** Steps after which all must agree, and from one snapshot to the next. */
  readonly stepsPerSnapshot: number;
  /** Number of segments; without it, the run ends when the machines halt. */
  readonly segments?: number;
  /** Where the snapshots that all agree on go; memory unless told. Empty. */
  readonly store?: SnapshotStore;
  /** Is told some five times a second. */
  readonly onProgress?: (progress: { readonly step: number; readonly snapshots: number }) => void;
  /** Ends the run early. */
  readonly signal?: AbortSignal;
}

/** Versions that came to the same state. */
export interface VersionGroup {
  readonly names: readonly string[];
  /** The state after the step, or undefined if these could not do it; `error` says why. */
  readonly state: Snapshot | undefined;
  readonly error: string | undefined;
  /** The word at the disagreement's address. */
  readonly value: number | undefined;
}

/** Where versions part. */
export interface Disagreement {
  /** The step, counted from 0: the states before it are equal, the states after it are not. */
  readonly step: number;
  /** Address of the first word that differs between the two largest groups; undefined if one has no state. */
  readonly address: number | undefined;
  /** The versions by the state they came to, the largest group first. */
  readonly groups: readonly VersionGroup[];
  /** Names in the largest group, if no other is as large. */
  readonly majority: readonly string[] | undefined;
  /** All other names. */
  readonly minority: readonly string[] | undefined;
}

/** How a run of several versions went. */
export interface VersionsResult {
  readonly agreed: boolean;
  readonly disagreement: Disagreement | undefined;
  /** The snapshots all agree on. */
  readonly store: SnapshotStore;
  /** Steps from S_0 to the last state all agree on. */
  readonly steps: number;
  readonly halt: Halt | undefined;
  readonly seconds: number;
}

/**
 * Runs several implementations of one machine side by side. They must agree at every snapshot: the alternative to double
 * checking for those who trust that independent implementations do not fail alike.
 *
 * Where they do not agree, the segment is bisected: the step that is named has equal states before it and different ones
 * after it. (A difference that heals before the next snapshot is not looked for.)
 *
 * @throws BaseError `SWAP_VERSIONS_RANGE` for fewer than two versions, equal names, numbers out of range or a store that
 * is not empty; `SWAP_VERSIONS_MISMATCH` if the versions do not start in the same state. An abort rejects with the signal's reason.
 * @example
 * ```ts no-run
 * import { runVersions } from '@commute/swap';
 * import { fast, plain } from './mine.ts';
 * const versions = [{ name: 'fast', machine: fast }, { name: 'plain', machine: plain }];
 * const { agreed, disagreement } = await runVersions({ versions, stepsPerSnapshot: 2 ** 16 });
 * if (!agreed) console.log(disagreement?.step, disagreement?.minority);
 * ```
 */
export async function runVersions(options: VersionsOptions): Promise<VersionsResult> {
  const { versions, stepsPerSnapshot, segments, signal, onProgress } = options;
  const store = options.store ?? new MemorySnapshotStore();
  assertOptions(options, store);
  const started = performance.now();
  const first = versions[0]!.machine;
  let agreed: readonly Snapshot[] = initialStates(versions);
  let step = 0;
  let told = 0;
  const halted = (): boolean => first.halt !== undefined;
  await store.append(agreed[0]!, 0, halted());
  let disagreement: Disagreement | undefined;
  while ((segments === undefined || store.length <= segments) && !halted()) {
    const outcomes: Outcome[] = [];
    let executed = 0;
    for (const [i, { machine }] of versions.entries()) {
      const outcome = await runSegment(machine, stepsPerSnapshot, signal);
      if (i === 0) executed = outcome.executed;
      outcomes.push(outcome);
    }
    if (!allAgree(agreed, outcomes)) {
      disagreement = bisect(versions, agreed, step, stepsPerSnapshot);
      step = disagreement.step;
      break;
    }
    agreed = outcomes.map(({ state }) => state!);
    step += executed;
    await store.append(agreed[0]!, step, halted());
    if (onProgress !== undefined && performance.now() - told >= 200) {
      told = performance.now();
      onProgress({ step, snapshots: store.length });
    }
  }
  await store.flush();
  return {
    agreed: disagreement === undefined,
    disagreement,
    store,
    steps: step,
    halt: disagreement === undefined ? first.halt : undefined,
    seconds: (performance.now() - started) / 1000,
  };
}

/** What a version came to: a state, or an error. */
interface Outcome {
  readonly state: Snapshot | undefined;
  readonly error: Error | undefined;
  readonly executed: number;
}

function assertOptions(options: VersionsOptions, store: SnapshotStore): void {
  const { versions, stepsPerSnapshot, segments } = options;
  assertInteger('SWAP_VERSIONS_RANGE', 'number of versions', versions.length, 2, 1024);
  assertInteger(
    'SWAP_VERSIONS_RANGE',
    'number of names',
    new Set(versions.map(({ name }) => name)).size,
    versions.length,
    versions.length,
  );
  assertInteger('SWAP_VERSIONS_RANGE', 'stepsPerSnapshot', stepsPerSnapshot, 1, Number.MAX_SAFE_INTEGER);
  if (segments !== undefined) assertInteger('SWAP_VERSIONS_RANGE', 'segments', segments, 0, Number.MAX_SAFE_INTEGER);
  assertInteger('SWAP_VERSIONS_RANGE', 'snapshots in the store', store.length, 0, 0);
}

function initialStates(versions: readonly Version[]): Snapshot[] {
  const states = versions.map(({ machine }) => machine.snapshot());
  versions.forEach(({ name, machine }, i) => {
    const address = firstDifference(states[0]!, states[i]!);
    if (address !== undefined) {
      throw new BaseError(
        'SWAP_VERSIONS_MISMATCH',
        `versions: expected the same initial state, got another word of ${name} at 0x${address.toString(16)}`,
        { name, address },
      );
    }
    tellPosition(machine, 0);
  });
  return states;
}

async function runSegment(machine: Machine, steps: number, signal: AbortSignal | undefined): Promise<Outcome> {
  const pace = new Pace(100, 2 ** 16);
  let executed = 0;
  try {
    while (executed < steps && machine.halt === undefined) {
      signal?.throwIfAborted();
      const slice = Math.min(pace.begin(), steps - executed);
      executed += machine.run(slice);
      pace.end(slice);
      if (executed < steps) await turn();
    }
    return { state: machine.snapshot(), error: undefined, executed };
  } catch (error) {
    signal?.throwIfAborted();
    if (!(error instanceof Error)) throw error;
    return { state: undefined, error, executed };
  }
}

function allAgree(before: readonly Snapshot[], outcomes: readonly Outcome[]): boolean {
  const [first] = outcomes;
  // If no version can go on there is no disagreement to settle; the machine has failed.
  if (first?.error !== undefined && outcomes.every(({ error }) => error?.message === first.error?.message))
    throw first.error;
  return outcomes.every(({ state }, i) => difference(before, outcomes, 0, i) === 'none' && state !== undefined);
}

/**
 * Address of the first word in which versions `a` and `b` differ, or `none`.
 */
function difference(
  before: readonly Snapshot[],
  outcomes: readonly Outcome[],
  a: number,
  b: number,
): number | 'none' | 'no-state' {
  const stateA = outcomes[a]!.state;
  const stateB = outcomes[b]!.state;
  if (stateA === undefined || stateB === undefined) return 'no-state';
  return firstDifferenceSince({ before: before[a]!, after: stateA }, { before: before[b]!, after: stateB }) ?? 'none';
}

/** Finds a step before which all versions agree and after which they do not, in the segment that starts at `step`. */
function bisect(versions: readonly Version[], agreed: readonly Snapshot[], step: number, length: number): Disagreement {
  let before = agreed;
  let low = 0;
  let high = length;
  const probe = (at: number): Outcome[] =>
    versions.map(({ machine }, i) => {
      machine.restore(before[i]!);
      tellPosition(machine, step + low);
      try {
        machine.advance(at - low);
        return { state: machine.snapshot(), error: undefined, executed: at - low };
      } catch (error) {
        if (!(error instanceof Error)) throw error;
        return { state: undefined, error, executed: 0 };
      }
    });
  while (high - low > 1) {
    const middle = low + Math.floor((high - low) / 2);
    const outcomes = probe(middle);
    if (outcomes.some(({ error }) => error !== undefined) || !allAgree(before, outcomes)) high = middle;
    else {
      before = outcomes.map(({ state }) => state!);
      low = middle;
    }
  }
  return disagreementOf(versions, before, probe(high), step + low);
}

function disagreementOf(
  versions: readonly Version[],
  before: readonly Snapshot[],
  outcomes: readonly Outcome[],
  step: number,
): Disagreement {
  const groups: number[][] = [];
  outcomes.forEach((outcome, i) => {
    const group = groups.find(([j = 0]) =>
      outcome.error === undefined
        ? difference(before, outcomes, i, j) === 'none'
        : outcomes[j]!.error?.message === outcome.error.message,
    );
    if (group === undefined) groups.push([i]);
    else group.push(i);
  });
  groups.sort((a, b) => b.length - a.length);
  const [largest = [], second = []] = groups;
  const found = second.length === 0 ? 'none' : difference(before, outcomes, largest[0]!, second[0]!);
  const address = typeof found === 'number' ? found : undefined;
  const names = (group: readonly number[]): string[] => group.map((i) => versions[i]!.name);
  const clear = largest.length > second.length;
  return {
    step,
    address,
    groups: groups.map((group) => {
      const { state, error } = outcomes[group[0]!]!;
      return {
        names: names(group),
        state,
        error: error?.message,
        value: address === undefined ? undefined : state?.word(address),
      };
    }),
    majority: clear ? names(largest) : undefined,
    minority: clear ? names(groups.slice(1).flat()) : undefined,
  };
}
