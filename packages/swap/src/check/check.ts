import { BaseError, assertInteger, hasCode } from '@commute/errors';
import type { Snapshot } from '@commute/machine';
import type { SnapshotStore } from '../store.ts';
import type { CheckJob, CheckWorker, JobResult, Transition, WorkerPool } from './pool.ts';
import type { CheckDifference } from './step-checker.ts';

/** How far a check has come. */
export interface CheckProgress {
  /** Steps checked so far, those of unfinished jobs included. */
  readonly steps: number;
  /** Steps there are to check. */
  readonly totalSteps: number;
  readonly stepsPerSecond: number;
  /** Seconds to the end at this rate; undefined before there is one. */
  readonly secondsLeft: number | undefined;
}

/** What {@link checkRun} needs. */
export interface CheckOptions {
  /** The claim: the snapshots S_0, S_1, … of a run of the upper machine. */
  readonly store: SnapshotStore;
  /** Makes the workers, each with machines of its own. */
  readonly pool: WorkerPool;
  /** First snapshot to start from; 0 unless told. */
  readonly from?: number;
  /** Last snapshot to arrive at; the last of the store unless told. */
  readonly to?: number;
  /** Transitions shorter than this are put together in one job; 2^14 steps unless told. */
  readonly stepsPerJob?: number;
  /**
   * Longer transitions are divided into parts, so that all workers have work to the end; no part is shorter than this. 2^17
   * steps unless told.
   */
  readonly stepsPerPart?: number;
  /** Is told some five times a second. */
  readonly onProgress?: (progress: CheckProgress) => void;
  /** Ends the check early. */
  readonly signal?: AbortSignal;
}

/** A job that was done again because its worker ended in the middle. */
export interface RedoneJob {
  readonly firstStep: number;
  readonly steps: number;
  /** What became of the worker. */
  readonly reason: string;
}

/** What a check found. */
export interface CheckReport {
  /** Whether both machines agree on every step, and every snapshot is the state they come to. */
  readonly agreed: boolean;
  /** The first difference, if there is one: everything before it was checked and agrees. */
  readonly firstDifference: CheckDifference | undefined;
  /** Steps of the upper machine on which both agree. */
  readonly steps: number;
  /** Steps the lower machine executed for them, without those at its fixed point; undefined if it does not count them. */
  readonly executedSteps: number | undefined;
  /** Jobs done again since their worker ended. */
  readonly redone: readonly RedoneJob[];
  readonly workers: number;
  /** Wall-clock seconds. */
  readonly seconds: number;
  /** Steps of the upper machine checked in a second by all workers together. */
  readonly stepsPerSecond: number;
}

const ATTEMPTS = 4;

/**
 * Double-checks a run: does every transition S_t → S_{t+1} again on both machines, in parallel, compares them after each
 * step of the upper one, and the state they come to with the claimed snapshot.
 *
 * Each job starts from a claimed snapshot, so jobs do not wait for each other; a chain of transitions, each of which is
 * right, is right as a whole. The difference that is reported is the first of the run: jobs before it are completed.
 *
 * @throws BaseError `SWAP_CHECK_RANGE` for snapshots that the store does not have; `SWAP_WORKER_LOST` if one job loses four
 * workers one after the other; errors of the store. An abort rejects with the signal's reason.
 * @example
 * ```ts no-run
 * import { checkRun, inProcessPool, runWithSnapshots } from '@commute/swap';
 * import { machine, stack } from './mine.ts';
 * const { store } = await runWithSnapshots({ machine, stepsPerSnapshot: 2 ** 16 });
 * const report = await checkRun({ store, pool: inProcessPool(stack) });
 * if (!report.agreed) console.log(report.firstDifference);
 * ```
 */
export async function checkRun(options: CheckOptions): Promise<CheckReport> {
  const { store, pool, signal } = options;
  const { from = 0, to = store.length - 1, stepsPerJob = 2 ** 14, stepsPerPart = 2 ** 17 } = options;
  assertInteger('SWAP_CHECK_RANGE', 'from', from, 0, store.length - 1);
  assertInteger('SWAP_CHECK_RANGE', 'to', to, from, store.length - 1);
  assertInteger('SWAP_CHECK_RANGE', 'stepsPerJob', stepsPerJob, 1, Number.MAX_SAFE_INTEGER);
  assertInteger('SWAP_CHECK_RANGE', 'stepsPerPart', stepsPerPart, 1, Number.MAX_SAFE_INTEGER);
  signal?.throwIfAborted();
  const check = new Check(options, from, to, stepsPerJob, stepsPerPart);
  const abort = (): void => {
    check.stop();
  };
  signal?.addEventListener('abort', abort);
  try {
    await Promise.all(Array.from({ length: pool.size }, () => check.work()));
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  } finally {
    signal?.removeEventListener('abort', abort);
    check.stop();
  }
  signal?.throwIfAborted();
  return check.report();
}

class Check {
  readonly #options: CheckOptions;
  readonly #to: number;
  readonly #stepsPerJob: number;
  readonly #stepsPerPart: number;
  readonly #totalSteps: number;
  readonly #started = performance.now();
  readonly #redone: RedoneJob[] = [];
  /** Jobs to do again come before new ones. */
  readonly #queue: { job: CheckJob; attempts: number }[] = [];
  readonly #busy = new Map<CheckWorker, CheckJob>();
  readonly #partial = new Map<CheckJob, number>();
  #making: Promise<unknown> = Promise.resolve();
  #next: number;
  /** The transition that is being given out in parts, and how much of it has been. */
  #divided: { readonly start: Snapshot; readonly length: number; given: number } | undefined;
  /** Steps not given out yet. */
  #left: number;
  #jobs = 0;
  #steps = 0;
  #executedSteps: number | undefined = 0;
  #difference: CheckDifference | undefined;
  /** Number of the job with the first difference so far: later ones need not be done. */
  #limit = Infinity;
  #stopped = false;
  #told = 0;

  constructor(options: CheckOptions, from: number, to: number, stepsPerJob: number, stepsPerPart: number) {
    this.#options = options;
    this.#next = from;
    this.#to = to;
    this.#stepsPerJob = stepsPerJob;
    this.#stepsPerPart = stepsPerPart;
    this.#totalSteps = options.store.entry(to).step - options.store.entry(from).step;
    this.#left = this.#totalSteps;
  }

  /** Makes a worker and gives it jobs until there are none. */
  async work(): Promise<void> {
    let worker: CheckWorker | undefined;
    try {
      for (;;) {
        const item = await this.#take();
        if (item === undefined) return;
        const { job } = item;
        try {
          worker ??= await this.#options.pool.create();
          this.#busy.set(worker, job);
          if (this.#stopped) return;
          this.#finish(job, await worker.run(job, this.#progressOf(job)));
        } catch (error) {
          if (!hasCode(error, 'SWAP_WORKER_LOST')) throw error;
          if (worker !== undefined) this.#busy.delete(worker);
          worker = undefined;
          if (this.#stopped || job.index > this.#limit) continue;
          if (item.attempts + 1 >= ATTEMPTS) throw error;
          this.#redone.push({ firstStep: job.firstStep, steps: stepsOf(job), reason: error.message });
          this.#queue.push({ job, attempts: item.attempts + 1 });
        } finally {
          this.#partial.delete(job);
          if (worker !== undefined) this.#busy.delete(worker);
        }
        this.#tell();
      }
    } catch (error) {
      this.stop();
      throw error;
    } finally {
      await worker?.end();
    }
  }

  /** Ends all workers. */
  stop(): void {
    this.#stopped = true;
    for (const worker of this.#busy.keys()) void worker.end();
  }

  report(): CheckReport {
    const seconds = (performance.now() - this.#started) / 1000;
    return {
      agreed: this.#difference === undefined,
      firstDifference: this.#difference,
      steps: this.#steps,
      executedSteps: this.#executedSteps,
      redone: this.#redone,
      workers: this.#options.pool.size,
      seconds,
      stepsPerSecond: this.#steps / Math.max(seconds, 1e-6),
    };
  }

  #finish(job: CheckJob, result: JobResult): void {
    this.#steps += result.steps;
    if (result.executedSteps === undefined) this.#executedSteps = undefined;
    else if (this.#executedSteps !== undefined) this.#executedSteps += result.executedSteps;
    if (result.difference === undefined || job.index >= this.#limit) return;
    this.#difference = result.difference;
    this.#limit = job.index;
    for (const [worker, other] of this.#busy) if (other.index > job.index) void worker.end();
  }

  /** The next job. Jobs are made one at a time, so that each snapshot is loaded after the one before it. */
  #take(): Promise<{ job: CheckJob; attempts: number } | undefined> {
    const made = this.#making.then(() => this.#make());
    this.#making = made.catch(() => undefined);
    return made;
  }

  async #make(): Promise<{ job: CheckJob; attempts: number } | undefined> {
    if (this.#stopped) return undefined;
    const again = this.#queue.shift();
    if (again !== undefined) return again.job.index > this.#limit ? this.#make() : again;
    if (this.#next >= this.#to || this.#jobs > this.#limit) return undefined;
    if (this.#divided !== undefined) return { job: await this.#part(this.#divided), attempts: 0 };
    const { store } = this.#options;
    const first = this.#next;
    const firstStep = store.entry(first).step;
    const start: Snapshot = await store.load(first);
    const length = this.#lengthOf(first);
    if (length > this.#partSteps()) {
      this.#divided = { start, length, given: 0 };
      return { job: await this.#part(this.#divided), attempts: 0 };
    }
    const transitions: Transition[] = [];
    let steps = 0;
    while (this.#next < this.#to && transitions.length < 4096) {
      const more = this.#lengthOf(this.#next);
      if (transitions.length > 0 && steps + more > this.#stepsPerJob) break;
      steps += more;
      this.#next++;
      transitions.push({ steps: more, end: await store.load(this.#next) });
    }
    this.#left -= steps;
    return { job: { index: this.#jobs++, firstStep, start, skipped: 0, transitions }, attempts: 0 };
  }

  /**
   * The next part of a long transition. The worker has the upper machine run to where the part begins and, but for the last,
   * to where it ends: these states stand for snapshots that the store does not have, and are compared as those are.
   */
  async #part(divided: { readonly start: Snapshot; readonly length: number; given: number }): Promise<CheckJob> {
    const { start, length, given } = divided;
    const size = this.#partSteps();
    const rest = length - given;
    // What is left behind a part is no shorter than a part may be.
    const steps = rest < size + this.#stepsPerPart ? rest : size;
    const isLast = steps === rest;
    divided.given += steps;
    this.#left -= steps;
    const { store } = this.#options;
    const firstStep = store.entry(this.#next).step + given;
    if (isLast) {
      this.#divided = undefined;
      this.#next++;
    }
    const transitions = [{ steps, end: isLast ? await store.load(this.#next) : undefined }];
    return { index: this.#jobs++, firstStep, start, skipped: given, transitions };
  }

  /** Steps of a part: a share of what is left, so that parts become shorter towards the end and workers end together. */
  #partSteps(): number {
    const workers = this.#options.pool.size;
    return workers === 1 ? Infinity : Math.max(this.#stepsPerPart, Math.ceil(this.#left / (3 * workers)));
  }

  #lengthOf(transition: number): number {
    const { store } = this.#options;
    return store.entry(transition + 1).step - store.entry(transition).step;
  }

  #progressOf(job: CheckJob): (steps: number) => void {
    return (steps) => {
      this.#partial.set(job, steps);
      this.#tell();
    };
  }

  #tell(): void {
    const { onProgress } = this.#options;
    const now = performance.now();
    if (onProgress === undefined || now - this.#told < 200) return;
    this.#told = now;
    let steps = this.#steps;
    for (const partial of this.#partial.values()) steps += partial;
    const stepsPerSecond = (steps * 1000) / Math.max(now - this.#started, 1);
    const left = this.#totalSteps - steps;
    onProgress({
      steps,
      totalSteps: this.#totalSteps,
      stepsPerSecond,
      secondsLeft: stepsPerSecond === 0 ? undefined : left / stepsPerSecond,
    });
  }
}

function stepsOf(job: CheckJob): number {
  return job.transitions.reduce((sum, { steps }) => sum + steps, 0);
}

/** Throws unless the check agreed: for callers that want an exception rather than a report. */
export function assertAgreed(report: CheckReport): void {
  if (report.agreed) return;
  throw new BaseError('SWAP_CHECK_MISMATCH', `run: expected both machines to agree, got ${describe(report)}`, {
    firstDifference: report.firstDifference,
  });
}

/** The first difference in words. */
function describe(report: CheckReport): string {
  const found = report.firstDifference;
  if (found === undefined) return 'no difference';
  switch (found.kind) {
    case 'word':
      return `${hex(found.upper)} above and ${hex(found.lower)} below at ${hex(found.address)} after step ${String(found.step)}`;
    case 'error':
      return `an error of the ${found.machine} machine in step ${String(found.step)}: ${found.message}`;
    case 'auxiliary':
      return `an auxiliary state that is not clean at ${hex(found.address)} after step ${String(found.step)}`;
    case 'claim':
      return `${hex(found.claimed)} in the snapshot and ${hex(found.upper)} on both machines at ${hex(found.address)} after step ${String(found.endStep - 1)}`;
  }
}

function hex(value: number): string {
  return `0x${value.toString(16).padStart(8, '0')}`;
}
