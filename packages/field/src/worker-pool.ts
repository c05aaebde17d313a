/**
 * Threads that run kernels on one shared memory.
 *
 * A round is a list of kernel calls. The caller writes it into the memory and takes part; whoever is free takes the next
 * call. One 64-bit cell holds the round's number, how many calls it has and how many are taken, so that a thread that was
 * asleep can never take a call of another round than the one it looked at.
 *
 * @module
 */
import { type CompiledModule, type HostFunction, type LinearMemory } from '@commute/wasm';
import { FieldError } from './errors.ts';
import { MOST_TASKS, POOL, TASK_WORDS } from './kernels/layout.ts';

/**
 * How often a thread looks for what it waits for before it sleeps: some hundreds of microseconds. Rounds follow each other closely, many are short, and on virtual machines waking
 * a thread up may take its waker a hundred microseconds.
 */
const PATIENCE = 100_000;

/**
 * What a worker runs. As text, because a worker's file is what bundlers lose: Node evaluates it, browsers load it from a
 * blob. It needs nothing but what it is sent: modules to instantiate, with what they import, and the memory.
 */
const WORKER_SOURCE = `
const serve = (receive, send) => {
  const kernels = [];
  let memory, layout, state, cells;
  receive((message) => {
    if (message.memory) {
      ({ memory, layout } = message);
      state = new BigInt64Array(memory.buffer, layout.state, 1);
      cells = new Int32Array(memory.buffer, 0, layout.end >> 2);
    }
    const env = { memory, ...message.memories };
    for (const [name, [number, index]] of Object.entries(message.functions ?? {})) env[name] = kernels[number][index];
    const instance = new WebAssembly.Instance(message.module, { env });
    kernels.push(WebAssembly.Module.exports(message.module).map(({ name }) => instance.exports[name]));
    send({ ready: kernels.length });
    for (;;) {
      const seen = Atomics.load(state, 0);
      const taken = Number(seen & 255n);
      const count = Number((seen >> 8n) & 255n);
      if (Atomics.load(cells, layout.modules >> 2) > kernels.length) return;
      if (taken >= count) {
        const low = Number(BigInt.asIntN(32, seen));
        let left = layout.patience;
        while (left > 0 && Atomics.load(cells, layout.state >> 2) === low) left--;
        if (left === 0) Atomics.wait(state, 0, seen);
        continue;
      }
      const at = (layout.tasks >> 2) + taken * layout.words;
      const call = cells.slice(at, at + layout.words);
      if (Atomics.compareExchange(state, 0, seen, seen + 1n) !== seen) continue;
      try { kernels[call[0]][call[1]](...call.subarray(3, 3 + call[2])); } catch { Atomics.add(cells, layout.failed >> 2, 1); }
      if (Atomics.add(cells, layout.finished >> 2, 1) + 1 === count) Atomics.notify(cells, layout.finished >> 2);
    }
  });
};`;

const NODE_START = `
const { parentPort } = process.getBuiltinModule('node:worker_threads');
serve((handler) => parentPort.on('message', handler), (message) => parentPort.postMessage(message));`;

const BROWSER_START = `
serve((handler) => { self.onmessage = ({ data }) => handler(data); }, (message) => self.postMessage(message));`;

interface PoolWorker {
  readonly post: (message: unknown) => void;
  readonly terminate: () => void;
}

interface NodeWorker {
  on: (event: string, handler: (value: never) => void) => void;
  postMessage: (message: unknown) => void;
  terminate: () => unknown;
  unref: () => void;
}

interface BrowserWorker {
  onmessage: ((event: { data: unknown }) => void) | null;
  onerror: ((event: unknown) => void) | null;
  postMessage: (message: unknown) => void;
  terminate: () => void;
}

/** The parts of the host that are looked up when they are needed, since no host has all of them. */
interface Host {
  readonly process?: {
    readonly getBuiltinModule?: (
      name: string,
    ) => { readonly Worker: new (source: string, options: { eval: true }) => NodeWorker } | undefined;
  };
  readonly Worker?: new (url: string) => BrowserWorker;
  readonly Blob?: new (parts: string[], options: { type: string }) => object;
  readonly URL?: {
    readonly createObjectURL: (blob: object) => string;
    readonly revokeObjectURL: (url: string) => void;
  };
  readonly SharedArrayBuffer?: unknown;
}

const host = globalThis as unknown as Host;

/** Tells whether workers on shared memory can be started here; a browser page must be cross-origin isolated. */
export function canShareMemory(): boolean {
  return (
    host.SharedArrayBuffer !== undefined &&
    (host.process?.getBuiltinModule?.('node:worker_threads') !== undefined || host.Worker !== undefined)
  );
}

/** Tells whether a worker may fail to start for a reason that is none of ours: the policy of a page. */
export function mayRefuseWorkers(): boolean {
  return host.process?.getBuiltinModule?.('node:worker_threads') === undefined;
}

function startWorker(onMessage: () => void, onError: (error: unknown) => void): PoolWorker {
  const threads = host.process?.getBuiltinModule?.('node:worker_threads');
  if (threads !== undefined) {
    const worker = new threads.Worker(WORKER_SOURCE + NODE_START, { eval: true });
    worker.on('message', () => {
      // Only now: while it starts, it has to keep the program alive.
      worker.unref();
      onMessage();
    });
    worker.on('error', onError);
    return {
      post: (message) => {
        worker.postMessage(message);
      },
      terminate: () => {
        worker.terminate();
      },
    };
  }
  const { Worker, Blob, URL } = host;
  if (Worker === undefined || Blob === undefined || URL === undefined) {
    throw new FieldError('FIELD_WORKER', 'host', 'Worker, Blob and URL', 'a host without');
  }
  const url = URL.createObjectURL(new Blob([WORKER_SOURCE + BROWSER_START], { type: 'text/javascript' }));
  const worker = new Worker(url);
  worker.onmessage = onMessage;
  worker.onerror = onError;
  return {
    post: (message) => {
      worker.postMessage(message);
    },
    terminate: () => {
      worker.terminate();
      URL.revokeObjectURL(url);
    },
  };
}

/** What a module imports as `env`, by name. */
export interface PoolImports {
  readonly memories?: Readonly<Record<string, LinearMemory>>;
  readonly functions?: Readonly<Record<string, readonly [module: number, index: number]>>;
}

/** One kernel call: its operands, all 32-bit. */
export type Operands = readonly number[];

/** Runs kernels on several threads; `run` returns when all calls are done. */
export class WorkerPool {
  readonly #memory: LinearMemory;
  readonly #workers: PoolWorker[];
  readonly #functions: HostFunction[][] = [];
  readonly #state: BigInt64Array;
  readonly #cells: Int32Array;
  #round = 0n;

  private constructor(memory: LinearMemory, workers: PoolWorker[], functions: readonly HostFunction[]) {
    this.#functions.push([...functions]);
    this.#memory = memory;
    this.#workers = workers;
    this.#state = new BigInt64Array(memory.buffer, POOL.state, 1);
    this.#cells = new Int32Array(memory.buffer, 0, (POOL.tasks >> 2) + TASK_WORDS * (MOST_TASKS + 1));
  }

  /**
   * Starts `count` workers with a first module and waits until they run.
   *
   * @throws {@link FieldError} `FIELD_WORKER` where one does not start.
   */
  static async start(
    memory: LinearMemory,
    module: CompiledModule,
    functions: readonly HostFunction[],
    count: number,
  ): Promise<WorkerPool> {
    const workers: PoolWorker[] = [];
    Atomics.store(new Int32Array(memory.buffer), POOL.modules >> 2, 1);
    const layout = {
      ...POOL,
      words: TASK_WORDS,
      patience: PATIENCE,
      end: POOL.tasks + 4 * TASK_WORDS * (MOST_TASKS + 1),
    };
    const started = Array.from(
      { length: count },
      () =>
        new Promise<void>((resolve, reject) => {
          const worker = startWorker(resolve, reject);
          workers.push(worker);
          worker.post({ module, memory, layout });
        }),
    );
    try {
      await Promise.all(started);
    } catch (error) {
      for (const worker of workers) worker.terminate();
      throw new FieldError('FIELD_WORKER', 'worker', 'a start', String(error));
    }
    const pool = new WorkerPool(memory, workers, functions);
    return pool;
  }

  /**
   * Gives the workers another module; its number for {@link WorkerPool.run}.
   *
   * @param functions - the module's exports here, in the order of its export section.
   * @param imports - what it imports besides `env.memory`: other shared memories, and functions of modules that were loaded before.
   */
  load(module: CompiledModule, functions: readonly HostFunction[], imports: PoolImports = {}): number {
    this.#functions.push([...functions]);
    for (const worker of this.#workers) worker.post({ module, ...imports });
    // Workers that have fewer modules than this leave their loop, so that the message reaches them.
    Atomics.store(this.#cells, POOL.modules >> 2, this.#functions.length);
    this.#announce(0);
    return this.#functions.length - 1;
  }

  /**
   * Runs function `index` of module `module` once for each list of operands, in any order and on any thread.
   *
   * @throws {@link FieldError} `FIELD_WORKER` where a call traps.
   */
  run(module: number, index: number, calls: readonly Operands[]): void {
    for (let start = 0; start < calls.length; start += MOST_TASKS) {
      this.#runRound(module, index, calls.slice(start, start + MOST_TASKS));
    }
  }

  /** Begins a round of `count` calls and wakes the workers. */
  #announce(count: number): void {
    this.#round = (this.#round + 1n) & ((1n << 40n) - 1n);
    Atomics.store(this.#state, 0, (this.#round << 16n) | (BigInt(count) << 8n));
    Atomics.notify(this.#state, 0);
  }

  #runRound(module: number, index: number, calls: readonly Operands[]): void {
    const cells = this.#cells;
    calls.forEach((operands, k) => {
      const at = (POOL.tasks >> 2) + k * TASK_WORDS;
      cells[at] = module;
      cells[at + 1] = index;
      cells[at + 2] = operands.length;
      cells.set(operands, at + 3);
    });
    Atomics.store(cells, POOL.finished >> 2, 0);
    this.#announce(calls.length);
    const run = this.#functions[module]![index]!;
    let failure: string | undefined;
    for (;;) {
      const seen = Atomics.load(this.#state, 0);
      const taken = Number(seen & 255n);
      if (taken >= calls.length) break;
      if (Atomics.compareExchange(this.#state, 0, seen, seen + 1n) !== seen) continue;
      try {
        run(...calls[taken]!);
      } catch (error) {
        failure = String(error);
      }
      Atomics.add(cells, POOL.finished >> 2, 1);
    }
    this.#awaitFinished(calls.length);
    // Taken back in any case: a trap of this round must not be reported in the next.
    const failedElsewhere = Atomics.exchange(cells, POOL.failed >> 2, 0) > 0;
    if (failure !== undefined || failedElsewhere) {
      throw new FieldError('FIELD_WORKER', 'kernel', 'no trap', failure ?? 'a trap on another thread');
    }
  }

  /** Blocks until all calls of the round are done; spins where the host forbids blocking (a browser's main thread). */
  #awaitFinished(count: number): void {
    const cells = this.#cells;
    let mayBlock = true;
    for (let patience = 0; ; patience++) {
      const finished = Atomics.load(cells, POOL.finished >> 2);
      if (finished === count) return;
      if (!mayBlock || patience < PATIENCE) continue;
      try {
        Atomics.wait(cells, POOL.finished >> 2, finished);
      } catch {
        mayBlock = false;
      }
    }
  }

  /** Ends the workers. */
  terminate(): void {
    for (const worker of this.#workers) worker.terminate();
  }

  /** The memory that the kernels work on. */
  get memory(): LinearMemory {
    return this.#memory;
  }
}
