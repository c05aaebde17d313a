import { Worker } from 'node:worker_threads';
import { BaseError } from '@commute/errors';
import type { Delivery, NamespaceHandle, NamespaceRun, Parcel } from './namespace.ts';

/** How a namespace in a thread of its own is opened. */
export interface ThreadOptions {
  /** What other namespaces call it: 1 to 128 bytes of UTF-8. */
  readonly name: string;
  /** Folder of its store on LMDB; in memory unless told. */
  readonly path?: string;
  /** Most reductions of one run or one message; 1,000,000 unless told. */
  readonly maximumComms?: number;
}

/** A call to a namespace in another thread. */
export type NamespaceCall =
  | { readonly kind: 'run'; readonly program: string }
  | { readonly kind: 'waiting' }
  | { readonly kind: 'parcel'; readonly to: string; readonly maximum: number }
  | { readonly kind: 'deliver'; readonly from: string; readonly parcel: Parcel }
  | { readonly kind: 'acknowledge'; readonly to: string; readonly through: number };

/** What the other thread answers. */
export type NamespaceReply =
  | { readonly id: number; readonly ok: true; readonly value: unknown }
  | { readonly id: number; readonly ok: false; readonly code: string; readonly message: string };

/** A call to a namespace in another thread failed there, or the thread ended. The code is that of the failure. */
export class NamespaceThreadError extends BaseError<string, { name: string }> {
  constructor(code: string, name: string, message: string) {
    super(code, `namespace ${name}: ${message.replace(/ \[[A-Z_]+\]$/u, '')}`, { name });
  }
}

/** A namespace in a thread of its own. Calls are carried out one after another. */
export class NamespaceThread implements NamespaceHandle {
  readonly name: string;
  readonly #worker: Worker;
  readonly #calls = new Map<number, { resolve: (value: unknown) => void; reject: (error: Error) => void }>();
  #count = 0;
  #lost: NamespaceThreadError | undefined;
  readonly #ended: Promise<void>;

  /** Starts the thread. If the namespace cannot be opened, calls fail with the reason. */
  constructor(options: ThreadOptions) {
    this.name = options.name;
    const file = import.meta.url.endsWith('.ts') ? './worker.ts' : './worker.js';
    this.#worker = new Worker(new URL(file, import.meta.url), { workerData: options });
    this.#worker.on('message', (reply: NamespaceReply) => {
      const call = this.#calls.get(reply.id);
      this.#calls.delete(reply.id);
      if (reply.ok) call?.resolve(reply.value);
      else call?.reject(new NamespaceThreadError(reply.code, this.name, reply.message));
    });
    this.#worker.on('error', (error: Error & { code?: string }) => {
      this.#lose(new NamespaceThreadError(error.code ?? 'RHO_NODE_THREAD_FAILED', this.name, error.message));
    });
    this.#ended = new Promise((resolve) => {
      this.#worker.on('exit', () => {
        this.#lose(
          new NamespaceThreadError('RHO_NODE_THREAD_LOST', this.name, 'expected its thread to run, got its end'),
        );
        resolve();
      });
    });
  }

  #lose(error: NamespaceThreadError): void {
    this.#lost ??= error;
    for (const { reject } of this.#calls.values()) reject(this.#lost);
    this.#calls.clear();
  }

  #call(call: NamespaceCall): Promise<unknown> {
    if (this.#lost !== undefined) return Promise.reject(this.#lost);
    this.#count += 1;
    const id = this.#count;
    return new Promise((resolve, reject) => {
      this.#calls.set(id, { resolve, reject });
      this.#worker.postMessage({ id, call });
    });
  }

  run(program: string): Promise<NamespaceRun> {
    return this.#call({ kind: 'run', program }) as Promise<NamespaceRun>;
  }

  waiting(): Promise<readonly { readonly to: string; readonly count: number }[]> {
    return this.#call({ kind: 'waiting' }) as Promise<readonly { readonly to: string; readonly count: number }[]>;
  }

  parcel(to: string, maximum: number): Promise<Parcel> {
    return this.#call({ kind: 'parcel', to, maximum }) as Promise<Parcel>;
  }

  deliver(from: string, parcel: Parcel): Promise<Delivery> {
    return this.#call({ kind: 'deliver', from, parcel }) as Promise<Delivery>;
  }

  acknowledge(to: string, through: number): Promise<void> {
    return this.#call({ kind: 'acknowledge', to, through }) as Promise<void>;
  }

  /** Ends the thread once the calls before are answered, and closes its store. */
  async close(): Promise<void> {
    this.#worker.postMessage({ id: 0, call: { kind: 'close' } });
    await this.#ended;
  }

  /** Ends the thread in the midst of whatever it does. What it committed stays. */
  async kill(): Promise<void> {
    await this.#worker.terminate();
    await this.#ended;
  }
}
