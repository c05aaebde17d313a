import { BaseError, assertInteger } from '@commute/errors';
import type { Snapshot } from '@commute/machine';
import type { Stack } from '../layer.ts';
import { Pace, turn } from '../pace.ts';
import type { Scouting } from './scouting.ts';
import { StepChecker, failure, type CheckDifference } from './step-checker.ts';

/** From one snapshot to the next. */
export interface Transition {
  /** Steps of the upper machine. */
  readonly steps: number;
  /** The state claimed after them; undefined for the state that the upper machine comes to when it runs there at once. */
  readonly end: Snapshot | undefined;
}

/** A piece of a check: a snapshot, and what follows it according to the claim. */
export interface CheckJob {
  /** Number of the job; later jobs check later steps. */
  readonly index: number;
  /** The first step to check, counted from the start of the run. */
  readonly firstStep: number;
  /** A claimed state. */
  readonly start: Snapshot;
  /** Steps from `start` to the first one to check: the upper machine runs there at once, they are another job's to check. */
  readonly skipped: number;
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
  /** States that the upper machine has to run to before the check begins. */
  readonly #scouting: Scouting | undefined;
  /** How that ended, if it could not. */
  #failure: CheckDifference | undefined;
  #began = false;
  #transition = 0;
  #claimStart: number;
  #end: number;
  #difference: CheckDifference | undefined;

  constructor(checker: StepChecker, job: CheckJob) {
    this.#checker = checker;
    this.#job = job;
    this.#executedBefore = checker.executedSteps;
    this.#claimStart = job.firstStep - job.skipped;
    this.#end = job.firstStep + (job.transitions[0]?.steps ?? 0);
    const places = placesOf(job);
    if (places.length === 0) this.#begin(job.start);
    else this.#scouting = checker.scout(job.start, job.firstStep - job.skipped, places);
  }

  /** Steps of the job that have been checked. */
  get steps(): number {
    return this.#began ? this.#checker.step - this.#job.firstStep : 0;
  }

  /** Does a slice of about 100 ms. Returns the result when the job is done. */
  next(): JobResult | undefined {
    if (!this.#began && !this.#scout()) return undefined;
    let budget = this.#pace.begin();
    const size = budget;
    while (budget > 0 && this.#difference === undefined && this.#transition < this.#job.transitions.length) {
      const count = Math.min(budget, this.#end - this.#checker.step);
      this.#difference = this.#checker.advance(count);
      budget -= count;
      if (this.#difference !== undefined || this.#checker.step < this.#end) continue;
      this.#difference = this.#compare();
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
      steps: difference?.kind === 'claim' ? Math.max(0, difference.firstStep - this.#job.firstStep) : this.steps,
      executedSteps: executed === undefined ? undefined : executed - (this.#executedBefore ?? 0),
      difference,
    };
  }

  /** Runs the upper machine on towards the states it has to run to, for a slice. Returns whether the check can begin. */
  #scout(): boolean {
    const { firstStep, skipped, start } = this.#job;
    const scouting = this.#scouting!;
    try {
      if (!scouting.next()) return false;
    } catch (error) {
      this.#failure = failure(error, firstStep, 'upper');
    }
    const state = skipped === 0 ? start : scouting.at(firstStep);
    // If it did not get as far as this part, a part before has the step in which it failed.
    if (state === undefined) this.#difference = this.#failure;
    else this.#begin(state);
    return true;
  }

  /** Compares the state at the end of a transition. */
  #compare(): CheckDifference | undefined {
    const claimed = this.#job.transitions[this.#transition]!.end ?? this.#scouting!.at(this.#end);
    // The machine failed on the way to this state, but did not when it went step by step.
    if (claimed === undefined) return this.#failure;
    return this.#checker.compareClaim(claimed, this.#claimStart);
  }

  #begin(state: Snapshot): void {
    const { firstStep } = this.#job;
    this.#began = true;
    try {
      this.#checker.start(state, firstStep);
    } catch (error) {
      // A claimed state may be one that no machine has, for instance with something where the auxiliary state goes.
      this.#difference = failure(error, firstStep, 'lower');
    }
  }
}

/** The steps of a job at which its states are not claimed but come to. */
function placesOf(job: CheckJob): number[] {
  const places = job.skipped === 0 ? [] : [job.firstStep];
  let step = job.firstStep;
  for (const { steps, end } of job.transitions) {
    step += steps;
    if (end === undefined) places.push(step);
  }
  return places;
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
