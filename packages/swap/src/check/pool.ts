import { BaseError, assertInteger } from '@commute/errors';
import type { Snapshot } from '@commute/machine';
import type { Stack } from '../layer.ts';
import { Pace, turn } from '../pace.ts';
import { StepChecker, failure, type CheckDifference } from './step-checker.ts';

/** From one snapshot to the next. */
export interface Transition {
  /** Steps of the upper machine. */
  readonly steps: number;
  /** The state claimed after them. */
  readonly end: Snapshot;
}

/** A piece of a check: a snapshot, and what follows it according to the claim. */
export interface CheckJob {
  /** Number of the job; later jobs check later steps. */
  readonly index: number;
  /** Steps from the start of the run to `start`. */
  readonly firstStep: number;
  readonly start: Snapshot;
  /** One after the other. */
  readonly transitions: readonly Transition[];
}

/** How a job came out. */
export interface JobResult {
  /** Steps on which both machines agree. */
  readonly steps: number;
  /** Steps the lower machine executed itself; undefined if it does not count them. */
  readonly executedSteps: number | undefined;
  readonly difference: CheckDifference | undefined;
}

/** Does one job at a time. */
export interface CheckWorker {
  /**
   * Does a job.
   *
   * @param onProgress - is told now and then how many steps of this job have been checked.
   * @returns a promise that rejects with `SWAP_WORKER_LOST` if the worker ended before the job did. The worker is then of
   * no further use, and the job can be given to another.
   */
  readonly run: (job: CheckJob, onProgress: (steps: number) => void) => Promise<JobResult>;
  /** Ends the worker, also in the middle of a job. */
  readonly end: () => Promise<void>;
}

/** Makes workers: threads, processes, or objects in this thread. */
export interface WorkerPool {
  /** Workers at a time. */
  readonly size: number;
  /** Makes a worker; called again for each one that is lost. */
  readonly create: () => Promise<CheckWorker>;
}

/** The worker ended before its job did. */
export class WorkerLostError extends BaseError<'SWAP_WORKER_LOST'> {
  constructor(reason: string) {
    super('SWAP_WORKER_LOST', `worker: expected a result, got its end: ${reason}`, { reason });
  }
}

/** Work on a job in slices: next() does one and returns the steps so far; the result is there when it is done. */
export class JobRun {
  readonly #checker: StepChecker;
  readonly #job: CheckJob;
  readonly #executedBefore: number | undefined;
  readonly #pace = new Pace(100, 64);
  #transition = 0;
  #claimStart: number;
  #end: number;
  #difference: CheckDifference | undefined;

  constructor(checker: StepChecker, job: CheckJob) {
    this.#checker = checker;
    this.#job = job;
    this.#executedBefore = checker.executedSteps;
    this.#claimStart = job.firstStep;
    this.#end = job.firstStep + (job.transitions[0]?.steps ?? 0);
    try {
      checker.start(job.start, job.firstStep);
    } catch (error) {
      // A claimed state may be one that no machine has, for instance with something where the auxiliary state goes.
      this.#difference = failure(error, job.firstStep, 'lower');
    }
  }

  /** Steps of the job that have been checked. */
  get steps(): number {
    return this.#checker.step - this.#job.firstStep;
  }

  /** Does a slice of about 100 ms. Returns the result when the job is done. */
  next(): JobResult | undefined {
    let budget = this.#pace.begin();
    const size = budget;
    while (budget > 0 && this.#difference === undefined && this.#transition < this.#job.transitions.length) {
      const count = Math.min(budget, this.#end - this.#checker.step);
      this.#difference = this.#checker.advance(count);
      budget -= count;
      if (this.#difference !== undefined || this.#checker.step < this.#end) continue;
      this.#difference = this.#checker.compareClaim(this.#job.transitions[this.#transition]!.end, this.#claimStart);
      this.#transition++;
      this.#claimStart = this.#end;
      this.#end += this.#job.transitions[this.#transition]?.steps ?? 0;
      // A comparison of states costs more than a step; count it as some.
      budget -= 16;
    }
    this.#pace.end(size - Math.max(budget, 0));
    if (this.#difference === undefined && this.#transition < this.#job.transitions.length) return undefined;
    const executed = this.#checker.executedSteps;
    const difference = this.#difference;
    return {
      steps: difference?.kind === 'claim' ? difference.firstStep - this.#job.firstStep : this.steps,
      executedSteps: executed === undefined ? undefined : executed - (this.#executedBefore ?? 0),
      difference,
    };
  }
}

/**
 * Workers in this thread, for browsers, tests and machines that cannot be made in another thread.
 *
 * @param stack - its first upper machine is checked against its last lower machine.
 * @param size - workers that take turns; 1 unless told.
 */
export function inProcessPool(stack: Stack, size = 1): WorkerPool {
  assertInteger('SWAP_POOL_RANGE', 'size', size, 1, 1024);
  return { size, create: () => Promise.resolve(inProcessWorker(stack)) };
}

function inProcessWorker(stack: Stack): CheckWorker {
  const checker = new StepChecker(stack);
  let ended = false;
  return {
    run: async (job, onProgress) => {
      const run = new JobRun(checker, job);
      for (;;) {
        const result = run.next();
        if (result !== undefined) return result;
        onProgress(run.steps);
        await turn();
        if (ended) throw new WorkerLostError('it was told to end');
      }
    },
    end: () => {
      ended = true;
      return Promise.resolve();
    },
  };
}
