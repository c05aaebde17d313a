import { BaseError, assertInteger } from '@commute/errors';
import type { Halt, Machine } from '@commute/machine';
import { firstDifference } from './compare.ts';
import { tellPosition } from './fault.ts';
import { Pace, turn } from './pace.ts';
import { MemorySnapshotStore, type SnapshotStore } from './store.ts';

/** How far a run has come. */
export interface RunProgress {
  /** Steps from S_0 to here. */
  readonly step: number;
  /** Snapshots in the store. */
  readonly snapshots: number;
  /** Snapshots that a crash would leave. */
  readonly durableSnapshots: number;
  /** Rate of this call, in steps per second. */
  readonly stepsPerSecond: number;
  /** Seconds to the end at this rate; undefined where the end is not known. */
  readonly secondsLeft: number | undefined;
}

/** What {@link runWithSnapshots} needs. */
export interface RunOptions {
  /** The machine, in the state S_0, loaded or restored. */
  readonly machine: Machine;
  /** Steps from one snapshot to the next, 1 to 2^53 - 1. */
  readonly stepsPerSnapshot: number;
  /**
   * Number of segments: S_0 to S_segments, 2^b + 1 snapshots for 2^b. The run ends there, or when the machine halts if
   * that is earlier. Without it, the run ends when the machine halts.
   */
  readonly segments?: number;
  /**
   * Whether to go on at the fixed point after the machine has halted, so that there are exactly `segments` segments of
   * equal length. False unless told.
   */
  readonly throughHalt?: boolean;
  /** Where snapshots go; memory unless told. If it holds some already, the run continues from the last. */
  readonly store?: SnapshotStore;
  /** Is told some five times a second. */
  readonly onProgress?: (progress: RunProgress) => void;
  /** Ends the run early. What is in the store by then is flushed, and the run can be continued from it. */
  readonly signal?: AbortSignal;
}

/** How a run went. */
export interface RunResult {
  /** The snapshots S_0 to the last. The last lies at the end of the run. */
  readonly store: SnapshotStore;
  /** Steps from S_0 to the end. */
  readonly steps: number;
  /** Steps done by this call; fewer than `steps` where an earlier run was continued. */
  readonly stepsOfThisCall: number;
  /** How the machine stopped; undefined if it still runs. */
  readonly halt: Halt | undefined;
  /** Wall-clock seconds of this call. */
  readonly seconds: number;
}

/**
 * Runs a machine and keeps a snapshot every `stepsPerSnapshot` steps: S_0, S_1, … A snapshot costs what changed since
 * the one before, in time and in space; no hash is computed.
 *
 * The seed's form, 2^b steps of A with a snapshot at each, is `stepsPerSnapshot: 1, segments: 2 ** b, throughHalt: true`.
 *
 * A run that was killed is continued by calling this again with a machine in the same initial state and the same store.
 * The machine ends in the state of the last snapshot.
 *
 * @throws BaseError `SWAP_RUN_RANGE` for numbers out of range; `SWAP_RUN_MISMATCH` if the store holds a run from another
 * initial state or with other steps per snapshot. An abort rejects with the signal's reason.
 * @example
 * ```ts no-run
 * import { runWithSnapshots } from '@commute/swap';
 * import { machine } from './mine.ts';
 * const { store, steps, halt } = await runWithSnapshots({ machine, stepsPerSnapshot: 2 ** 20 });
 * console.log(`${steps} steps, ${store.length} snapshots`, halt);
 * ```
 */
export async function runWithSnapshots(options: RunOptions): Promise<RunResult> {
  const { machine, stepsPerSnapshot, segments, throughHalt = false, onProgress, signal } = options;
  const store = options.store ?? new MemorySnapshotStore();
  assertInteger('SWAP_RUN_RANGE', 'stepsPerSnapshot', stepsPerSnapshot, 1, Number.MAX_SAFE_INTEGER);
  if (segments !== undefined) {
    assertInteger('SWAP_RUN_RANGE', 'segments', segments, 0, Math.floor(Number.MAX_SAFE_INTEGER / stepsPerSnapshot));
  } else if (throughHalt) {
    throw new BaseError('SWAP_RUN_RANGE', 'segments: expected a number, since the run does not end at the halt', {});
  }
  const started = performance.now();
  let step = await prepare(machine, store, stepsPerSnapshot, throughHalt);
  const first = step;
  const pace = new Pace(100, 2 ** 16);
  let told = 0;
  let rested = performance.now();

  const finished = (): boolean =>
    (segments !== undefined && store.length > segments) || (machine.halt !== undefined && !throughHalt);
  const pause = async (): Promise<void> => {
    const now = performance.now();
    if (onProgress !== undefined && now - told >= 200) {
      told = now;
      const stepsPerSecond = ((step - first) * 1000) / Math.max(now - started, 1);
      const left = segments === undefined ? undefined : segments * stepsPerSnapshot - step;
      onProgress({
        step,
        snapshots: store.length,
        durableSnapshots: store.durableLength,
        stepsPerSecond,
        secondsLeft: left === undefined || stepsPerSecond === 0 ? undefined : left / stepsPerSecond,
      });
    }
    if (now - rested >= 20) {
      await turn();
      rested = performance.now();
    }
    if (signal?.aborted === true) {
      await store.flush();
      signal.throwIfAborted();
    }
  };

  await pause();
  while (!finished()) {
    const end = store.entry(store.length - 1).step + stepsPerSnapshot;
    while (step < end) {
      const slice = Math.min(pace.begin(), end - step);
      if (throughHalt) {
        machine.advance(slice);
        step += slice;
      } else {
        step += machine.run(slice);
        if (machine.halt !== undefined) break;
      }
      pace.end(slice);
      if (step < end) await pause();
    }
    await store.append(machine.snapshot(), step, machine.halt !== undefined);
    await pause();
  }
  await store.flush();
  return {
    store,
    steps: step,
    stepsOfThisCall: step - first,
    halt: machine.halt,
    seconds: (performance.now() - started) / 1000,
  };
}

/** Puts S_0 into an empty store, or the machine into the last state of another. Returns the number of steps done. */
async function prepare(
  machine: Machine,
  store: SnapshotStore,
  stepsPerSnapshot: number,
  throughHalt: boolean,
): Promise<number> {
  const initial = machine.snapshot();
  if (store.length === 0) {
    await store.append(initial, 0, machine.halt !== undefined);
    return 0;
  }
  if (firstDifference(await store.load(0), initial) !== undefined) {
    throw new BaseError(
      'SWAP_RUN_MISMATCH',
      'machine: expected the initial state of the run in the store, got another state',
      {},
    );
  }
  const last = store.length - 1;
  for (const index of [1, last]) {
    if (index === 0 || index > last) continue;
    const { step, halted } = store.entry(index);
    const expected = index * stepsPerSnapshot;
    if (step !== expected && !(index === last && halted && !throughHalt && step < expected)) {
      throw new BaseError(
        'SWAP_RUN_MISMATCH',
        `stepsPerSnapshot: expected that of the run in the store, snapshot ${String(index)} of which is at step ${String(step)}, got ${String(stepsPerSnapshot)}`,
        { index, step, stepsPerSnapshot },
      );
    }
  }
  const { step } = store.entry(last);
  machine.restore(await store.load(last));
  tellPosition(machine, step);
  return step;
}
