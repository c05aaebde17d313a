import { type CompiledModule, type LinearMemory } from '@commute/wasm';
import { Arena } from './arena.ts';
import { FieldError } from './errors.ts';
import { type Allocation, type Storage } from './matrix.ts';
import { type KernelModule } from './wasm-engine.ts';

/** Pages of 64 KiB of one memory, 1 GiB; more for a matrix that is larger. */
const MEMORY_PAGES = 16384;
const MOST_PAGES = 65536;
const PAGE = 65536;

/** How a module is instantiated for a memory. */
export interface OutsideLoader {
  /** Compiles the module; undefined where the host knows one memory per module only. */
  readonly compile: () => CompiledModule | undefined;
  readonly instantiate: (module: CompiledModule, outside: LinearMemory) => KernelModule;
}

/** Memories besides the one that an engine computes in, and the kernels that reach them. They grow where they are needed, and keep what is given back for others. */
export class OutsideMemory {
  readonly #shared: boolean;
  readonly #loader: OutsideLoader | undefined;
  readonly #arenas = new Map<Storage, { readonly arena: Arena; readonly kernels: KernelModule | undefined }>();
  #module: { readonly compiled: CompiledModule | undefined } | undefined;

  constructor(shared: boolean, loader: OutsideLoader | undefined) {
    this.#shared = shared;
    this.#loader = loader;
  }

  /** @throws {@link FieldError} `FIELD_OUT_OF_MEMORY` */
  allocate(bytes: number): Allocation {
    for (const { arena } of this.#arenas.values()) {
      try {
        return arena.allocate(bytes);
      } catch (error) {
        if (!(error instanceof FieldError)) throw error;
      }
    }
    const needed = Math.ceil(bytes / PAGE) + 1;
    if (needed > MOST_PAGES) {
      const expected = `at most ${String(MOST_PAGES)} pages of 64 KiB`;
      throw new FieldError('FIELD_OUT_OF_MEMORY', 'memory', expected, String(needed));
    }
    const arena = new Arena(Math.max(MEMORY_PAGES, needed), this.#shared);
    this.#module ??= { compiled: this.#loader?.compile() };
    const { compiled } = this.#module;
    const kernels = compiled === undefined ? undefined : this.#loader?.instantiate(compiled, arena.memory);
    this.#arenas.set(arena, { arena, kernels });
    return arena.allocate(bytes);
  }

  /** Bytes of all of them, used or not. */
  get byteLength(): number {
    return [...this.#arenas.values()].reduce((sum, { arena }) => sum + arena.byteLength, 0);
  }

  /** Whether a matrix is in one of these memories. */
  owns(storage: Storage): boolean {
    return this.#arenas.has(storage);
  }

  /** The kernels that reach a memory, if there are any; see `outsideKernels`. */
  kernelsOf(storage: Storage): KernelModule | undefined {
    return this.#arenas.get(storage)?.kernels;
  }
}
