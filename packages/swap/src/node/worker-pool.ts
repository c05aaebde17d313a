import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { BaseError, assertInteger } from '@commute/errors';
import { Snapshot, type Hasher, hasherByName } from '@commute/machine';
import { WorkerLostError, type CheckJob, type CheckWorker, type JobResult, type WorkerPool } from '../check/pool.ts';
import { buffersOf, packJob, type StackModule, type WorkerAnswer } from './messages.ts';

/** What {@link threadPool} needs. */
export interface ThreadPoolOptions {
  /** The ES module that makes the stack, as a URL: `new URL('./stack.js', import.meta.url)`. */
  readonly module: URL | string;
  /** Name of its export: a function that returns a `Stack`, or a promise of one. `createStack` unless told. */
  readonly exportName?: string;
  /** The function's argument; anything that can be sent to a worker. */
  readonly options?: unknown;
  /** Threads; as many as the machine runs at the same time unless told. */
  readonly size?: number;
}

/** A pool of worker threads. */
export interface ThreadPool extends WorkerPool {
  /** The threads that are alive. Ending one is safe: what it was doing is done again on another. */
  readonly threads: readonly Worker[];
}

/**
 * Worker threads for {@link checkRun}. Each imports `module` and makes machines of its own; pages are sent to it once, as
 * long as it needs them.
 *
 * @throws BaseError `SWAP_POOL_RANGE` for a size that is not 1 to 1024. A module that cannot be loaded, or an error that is
 * not the machine's, rejects the check with `SWAP_WORKER_FAILED`.
 * @example
 * ```ts no-run
 * import { checkRun } from '@commute/swap';
 * import { openSnapshotStore, threadPool } from '@commute/swap/node';
 * const store = await openSnapshotStore('snapshots', { readOnly: true });
 * const pool = threadPool({ module: new URL('./stack.js', import.meta.url) });
 * console.log(await checkRun({ store, pool }));
 * ```
 */
export function threadPool(options: ThreadPoolOptions): ThreadPool {
  const { module, exportName = 'createStack', size = availableParallelism() } = options;
  assertInteger('SWAP_POOL_RANGE', 'size', size, 1, 1024);
  const stack: StackModule = { module: String(module), exportName, options: options.options };
  const threads: Worker[] = [];
  return {
    size,
    threads,
    create: () => ThreadWorker.create(stack, threads),
  };
}

class ThreadWorker implements CheckWorker {
  readonly #thread: Worker;
  #held: Snapshot;
  #lost: string | undefined;
  #receive: ((answer: WorkerAnswer) => void) | undefined;
  #reject: ((error: Error) => void) | undefined;

  private constructor(thread: Worker) {
    this.#thread = thread;
    this.#held = Snapshot.empty();
    thread.on('message', (answer: WorkerAnswer) => this.#receive?.(answer));
    thread.on('messageerror', (error) => {
      this.#lose(error.message);
    });
    thread.on('error', (error) => {
      this.#lose(error instanceof Error ? error.message : String(error));
    });
    thread.on('exit', (code) => {
      this.#lose(`it exited with code ${String(code)}`);
    });
  }

  static async create(stack: StackModule, threads: Worker[]): Promise<ThreadWorker> {
    const file = import.meta.url.endsWith('.ts') ? './worker.ts' : './worker.js';
    const thread = new Worker(new URL(file, import.meta.url), { workerData: stack });
    threads.push(thread);
    thread.once('exit', () => threads.splice(threads.indexOf(thread), 1));
    const worker = new ThreadWorker(thread);
    await worker.#ready();
    return worker;
  }

  #ready(): Promise<void> {
    return this.#wait((answer, resolve) => {
      if (answer.kind !== 'ready') return;
      this.#held = Snapshot.empty(hasherOf(answer.hashName));
      resolve();
    });
  }

  readonly run = (job: CheckJob, onProgress: (steps: number) => void): Promise<JobResult> => {
    const { packed, held } = packJob(job, this.#held);
    const result = this.#wait<JobResult>((answer, resolve) => {
      if (answer.kind === 'progress') onProgress(answer.steps);
      if (answer.kind === 'result') resolve(answer.result);
    });
    this.#thread.postMessage(packed, buffersOf(packed));
    this.#held = held;
    return result;
  };

  readonly end = async (): Promise<void> => {
    await this.#thread.terminate();
  };

  #wait<T>(take: (answer: WorkerAnswer, resolve: (value: T) => void) => void): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.#lost !== undefined) {
        reject(new WorkerLostError(this.#lost));
        return;
      }
      this.#reject = reject;
      this.#receive = (answer) => {
        if (answer.kind === 'failed') {
          reject(new BaseError('SWAP_WORKER_FAILED', `worker: expected a result, got an error: ${answer.message}`, {}));
        } else take(answer, resolve);
      };
    });
  }

  #lose(reason: string): void {
    this.#lost ??= reason;
    this.#reject?.(new WorkerLostError(this.#lost));
  }
}

/** A hash by name; one of a user's own serves here by its name only, as nothing is hashed. */
function hasherOf(name: string): Hasher {
  try {
    return hasherByName(name);
  } catch {
    return { name, digest: () => new Uint8Array(32) };
  }
}
