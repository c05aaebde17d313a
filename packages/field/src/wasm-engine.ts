import {
  compile,
  type CompiledModule,
  type HostFunction,
  instantiate,
  type LinearMemory,
  ModuleBuilder,
  validate,
} from '@commute/wasm';
import { Arena } from './arena.ts';
import { assertOwned, assertSameShape, assertShape, assertSize } from './checks.ts';
import { combineColumnsInto, weighColumns } from './combinations.ts';
import {
  type CosetPoints,
  type ExtensionEngine,
  type FieldEngine,
  type Keep,
  type TransformOptions,
} from './engine.ts';
import { createExtensionEngine } from './extension-engine.ts';
import { type ExtensionElement, type ExtensionField } from './extension-field.ts';
import { add, batchInverse, canonical } from './goldilocks.ts';
import { elementwiseKernels } from './kernels/elementwise.ts';
import { extensionKernels } from './kernels/extension.ts';
import { arrangementKernels } from './kernels/arrange.ts';
import { CONSTANT_VALUES, CONSTANTS } from './kernels/layout.ts';
import { OUTSIDE_IMPORT, outsideKernels } from './kernels/outside.ts';
import { polynomialKernels } from './kernels/polynomial.ts';
import { reductionKernels } from './kernels/reduce.ts';
import { transformKernels } from './kernels/transform.ts';
import { toMontgomery } from './kernels/vector-field.ts';
import { Matrix, type Storage } from './matrix.ts';
import { OutsideMemory, type OutsideLoader } from './outside-memory.ts';
import { createFastPolynomialRing } from './polynomials/ring.ts';
import { type PolynomialRing } from './polynomial-ring.ts';
import { fillExtensionPowers, fillPowers } from './powers.ts';
import { Transforms } from './transforms.ts';
import { type Operands, WorkerPool } from './worker-pool.ts';

/** Kernels of one module, by name. */
export interface KernelModule {
  readonly number: number;
  readonly names: readonly string[];
  readonly functions: readonly HostFunction[];
}

/** Bytes of a page of most hosts, and the fewest that threads touch together. */
const PAGE = 4096;
const LEAST_TOUCHED = 2 ** 22;

/** Elements below which an operation stays on the calling thread. */
const PARALLEL_SIZE = 1 << 14;

/** The engine that runs WebAssembly kernels; `createFieldEngine` makes it. */
export class WasmEngine implements FieldEngine {
  readonly name = 'wasm';
  readonly threads: number;
  readonly arena: Arena;
  /** What waits where nothing is computed. */
  readonly outside: OutsideMemory;
  readonly polynomials: PolynomialRing;
  readonly #shared: boolean;
  readonly #maximumPages: number;
  readonly #transforms: Transforms;
  /** Those of every engine; compiled where the first of them runs, as whoever only verifies may need none. */
  #kernels: KernelModule | undefined;
  readonly #extensions = new Map<string, ExtensionEngine>();
  readonly #scopes: Set<Matrix>[] = [];
  #pool: WorkerPool | undefined;

  /** @param reachesOutside - whether kernels may import a second memory; where the host has none, they do not. */
  constructor(threads: number, maximumPages: number, reachesOutside = true) {
    this.threads = threads;
    this.#shared = threads > 1;
    this.#maximumPages = maximumPages;
    this.arena = new Arena(maximumPages, this.#shared, (start, end) => {
      this.#touch(start, end);
    });
    this.outside = new OutsideMemory(this.#shared, reachesOutside ? this.#outsideLoader() : undefined);
    const constants = new BigUint64Array(this.arena.buffer, 0, 64);
    for (const [name, address] of Object.entries(CONSTANTS)) {
      constants[address / 8] = CONSTANT_VALUES[name as keyof typeof CONSTANTS];
    }
    this.#transforms = new Transforms(this);
    this.polynomials = createFastPolynomialRing(this);
  }

  #ownKernels(): KernelModule {
    this.#kernels ??= this.load((module) => {
      elementwiseKernels(module);
      transformKernels(module);
      arrangementKernels(module);
      reductionKernels(module);
      polynomialKernels(module);
    });
    return this.#kernels;
  }

  /** Starts the workers of an engine with several threads. */
  async start(): Promise<void> {
    if (this.threads > 1) {
      const { functions, module } = this.#ownKernels() as KernelModule & { module: ReturnType<typeof compile> };
      this.#pool = await WorkerPool.start(this.arena.memory, module, functions, this.threads - 1);
    }
  }

  /**
   * Compiles further kernels for this engine's memory, which they import as `env.memory`, and gives them to all threads.
   *
   * @param build - adds exported functions whose operands are all i32.
   */
  load(build: (module: ModuleBuilder) => void): KernelModule {
    return this.#instantiate(compile(this.#bytesOf(build)));
  }

  #bytesOf(build: (module: ModuleBuilder) => void): Uint8Array<ArrayBuffer> {
    const builder = new ModuleBuilder();
    builder.importMemory('env', 'memory', {
      initial: 1,
      maximum: this.#maximumPages,
      shared: this.#shared,
    });
    build(builder);
    return builder.toBytes();
  }

  #instantiate(
    module: CompiledModule,
    memories: Readonly<Record<string, LinearMemory>> = {},
    functions: Readonly<Record<string, readonly [kernels: KernelModule, index: number]>> = {},
  ): KernelModule & { readonly module: CompiledModule } {
    const imported = Object.entries(functions);
    const exports = Object.entries(
      instantiate(module, {
        env: {
          memory: this.arena.memory,
          ...memories,
          ...Object.fromEntries(imported.map(([name, [kernels, index]]) => [name, kernels.functions[index]!])),
        },
      }),
    );
    const own = exports.map(([, value]) => value as HostFunction);
    const numbers = imported.map(([name, [kernels, index]]) => [name, [kernels.number, index]] as const);
    const number = this.#pool?.load(module, own, { memories, functions: Object.fromEntries(numbers) }) ?? 0;
    return { number, names: exports.map(([name]) => name), functions: own, module };
  }

  /** Compiles and instantiates what reaches memories outside of the engine's own. */
  #outsideLoader(): OutsideLoader {
    return {
      compile: () => {
        const bytes = this.#bytesOf((module) => {
          outsideKernels(module, this.#shared);
        });
        return validate(bytes) ? compile(bytes) : undefined;
      },
      instantiate: (module, outside) => {
        const kernels = this.#ownKernels();
        const index = kernels.names.indexOf(OUTSIDE_IMPORT);
        return this.#instantiate(module, { outside }, { [OUTSIDE_IMPORT]: [kernels, index] });
      },
    };
  }

  /**
   * Runs a kernel once for each list of operands, on all threads; the calls must not depend on each other.
   */
  run(name: string, calls: readonly Operands[], module: KernelModule = this.#ownKernels()): void {
    const index = module.names.indexOf(name);
    if (this.#pool === undefined || calls.length < 2) {
      const kernel = module.functions[index]!;
      for (const operands of calls) kernel(...operands);
    } else {
      this.#pool.run(module.number, index, calls);
    }
  }

  /** [start, length] of the parts that `size` elements are divided into for the threads, lengths multiples of 8 but the last. */
  parts(size: number): [start: number, length: number][] {
    if (this.threads === 1 || size < PARALLEL_SIZE) return size === 0 ? [] : [[0, size]];
    const length = Math.ceil(size / (4 * this.threads) / 8) * 8;
    const result: [number, number][] = [];
    for (let start = 0; start < size; start += length) result.push([start, Math.min(length, size - start)]);
    return result;
  }

  owns = (storage: Storage): boolean => storage === this.arena;

  reserve = (rows: number, columns = 1): Matrix => {
    assertSize(rows, columns);
    const matrix = new Matrix(this.arena.allocate(8 * rows * columns), rows, columns);
    this.#scopes.at(-1)?.add(matrix);
    return matrix;
  };

  /** Touches memory that nobody has used, on all threads: some hosts take longer to give a page than a thread takes to fill it. */
  #touch(start: number, end: number): void {
    if (this.threads === 1 || end - start < LEAST_TOUCHED) return;
    const length = Math.ceil((end - start) / (4 * this.threads) / PAGE) * PAGE;
    const calls: number[][] = [];
    for (let at = start; at < end; at += length) calls.push([at, Math.min(end, at + length)]);
    this.run('touch', calls);
  }

  reserveOutside = (rows: number, columns = 1): Matrix => {
    assertSize(rows, columns);
    const matrix = new Matrix(this.outside.allocate(8 * rows * columns), rows, columns);
    this.#scopes.at(-1)?.add(matrix);
    return matrix;
  };

  allocate = (rows: number, columns = 1): Matrix => {
    const matrix = this.reserve(rows, columns);
    matrix.view().fill(0n);
    return matrix;
  };

  from = (values: ArrayLike<bigint>, columns = 1): Matrix => {
    const rows = values.length / columns;
    const matrix = this.reserve(rows, columns);
    try {
      matrix.write(values);
    } catch (error) {
      matrix.release();
      throw error;
    }
    return matrix;
  };

  scope = <T>(body: (keep: Keep) => T): T => {
    const own = new Set<Matrix>();
    const parent = this.#scopes.at(-1);
    this.#scopes.push(own);
    const keep: Keep = (matrix) => {
      if (own.delete(matrix)) parent?.add(matrix);
      return matrix;
    };
    try {
      return body(keep);
    } finally {
      this.#scopes.pop();
      for (const matrix of own) matrix.release();
    }
  };

  assertCanonical = (a: Matrix): void => {
    assertOwned(this.owns, a);
    const parts = this.parts(a.size);
    const found = this.reserve(Math.max(1, parts.length));
    try {
      this.run(
        'excess',
        parts.map(([start, length], index) => [found.address + 8 * index, a.address + 8 * start, length]),
      );
      if (
        found
          .view()
          .subarray(0, parts.length)
          .every((each) => each === 0n)
      )
        return;
    } finally {
      found.release();
    }
    a.view().forEach((value) => canonical(value, 'word'));
  };

  /** Whether a matrix is in one of the engine's memories. */
  holds = (storage: Storage): boolean => this.owns(storage) || this.outside.owns(storage);

  copyInto = (out: Matrix, a: Matrix): void => {
    assertOwned(this.holds, out, a);
    assertSameShape(out, a);
    const [to, from] = [this.owns(out.storage), this.owns(a.storage)];
    const kernels = to === from ? undefined : this.outside.kernelsOf(to ? a.storage : out.storage);
    if (a.size < PARALLEL_SIZE || (kernels === undefined && (!to || !from || overlap(out, a)))) {
      out.view().set(a.view());
      return;
    }
    const calls = this.parts(a.size).map(([start, length]) => [
      out.address + 8 * start,
      a.address + 8 * start,
      8 * length,
    ]);
    if (kernels === undefined) this.run('copy', calls);
    else this.run(to ? 'copyIn' : 'copyOut', calls, kernels);
  };

  #elementwise(kernel: string, out: Matrix, inputs: readonly Matrix[], constant?: number): void {
    assertOwned(this.owns, out, ...inputs);
    assertSameShape(out, ...inputs);
    const extra = constant === undefined ? [] : [constant];
    this.run(
      kernel,
      this.parts(out.size).map(([start, length]) => [
        ...[out, ...inputs].map((each) => each.address + 8 * start),
        ...extra,
        length,
      ]),
    );
  }

  addInto = (out: Matrix, a: Matrix, b: Matrix): void => {
    this.#elementwise('add', out, [a, b]);
  };

  subtractInto = (out: Matrix, a: Matrix, b: Matrix): void => {
    this.#elementwise('subtract', out, [a, b]);
  };

  multiplyInto = (out: Matrix, a: Matrix, b: Matrix): void => {
    this.#elementwise('multiply', out, [a, b]);
  };

  multiplyAddInto = (out: Matrix, a: Matrix, b: Matrix, c: Matrix): void => {
    this.#elementwise('multiplyAdd', out, [a, b, c]);
  };

  scaleInto = (out: Matrix, a: Matrix, scalar: bigint): void => {
    this.withConstants([scalar], (address) => {
      this.#elementwise('scale', out, [a], address);
    });
  };

  scaleAddInto = (out: Matrix, a: Matrix, scalar: bigint, b: Matrix): void => {
    this.withConstants([scalar], (address) => {
      this.#elementwise('scaleAdd', out, [a, b], address);
    });
  };

  /** Runs `body` with the address of constants in Montgomery form. */
  withConstants<T>(values: readonly bigint[], body: (address: number) => T): T {
    const matrix = this.reserve(values.length);
    try {
      const view = matrix.view();
      values.forEach((value, index) => {
        view[index] = toMontgomery(canonical(value, 'scalar'));
      });
      return body(matrix.address);
    } finally {
      matrix.release();
    }
  }

  inverseInto = (out: Matrix, a: Matrix): void => {
    assertOwned(this.owns, out, a);
    assertSameShape(out, a);
    this.scope(() => {
      const target = overlap(out, a) ? this.reserve(out.rows, out.columns) : out;
      const parts = this.parts(a.size);
      const chains = this.reserve(8, Math.max(1, parts.length));
      chains.view().fill(1n);
      const calls = parts.map(([start, length], index) => [
        target.address + 8 * start,
        a.address + 8 * start,
        length >>> 3,
        chains.address + 64 * index,
      ]);
      this.run('inversePrefix', calls);
      // What is left over, and the products of the chains, are inverted together.
      const values = a.view();
      const products = chains.view();
      const [lastStart, lastLength] = parts.at(-1) ?? [0, 0];
      const tail = lastStart + (lastLength & ~7);
      const all = [...products.subarray(0, 8 * parts.length), ...values.subarray(tail)];
      const inverses = batchInverse(all);
      products.set(inverses.slice(0, 8 * parts.length));
      this.run('inverseFinish', calls);
      target.view().set(inverses.slice(8 * parts.length), tail);
      if (target !== out) this.copyInto(out, target);
    });
  };

  powersInto = (out: Matrix, base: bigint, start = 1n): void => {
    assertOwned(this.owns, out);
    assertShape('out', out, out.rows, 1);
    canonical(base, 'base');
    if (out.rows === 0) return;
    fillPowers(this, out, base, canonical(start, 'start'));
  };

  sum = (a: Matrix): bigint => {
    assertOwned(this.owns, a);
    return this.scope(() => {
      const parts = this.parts(a.size);
      const partial = this.allocate(4, parts.length);
      this.run(
        'sum',
        parts.map(([start, length], index) => [partial.address + 32 * index, a.address + 8 * start, length]),
      );
      return partial.view().reduce(add, 0n);
    });
  };

  dot = (a: Matrix, b: Matrix): bigint => {
    assertOwned(this.owns, a, b);
    assertSameShape(a, b);
    return this.weigh(a.reshape(a.size, 1), b.reshape(b.size, 1))[0]![0]!;
  };

  weigh = (a: Matrix, weights: Matrix): bigint[][] => weighColumns(this, a, weights);

  combineInto = (out: Matrix, a: Matrix, scalars: readonly bigint[] | readonly ExtensionElement[]): void => {
    combineColumnsInto(this, out, a, scalars);
  };

  evaluateInPlace = (a: Matrix, options: TransformOptions = {}): void => {
    this.#transforms.evaluateInPlace(a, options);
  };

  evaluateInto = (out: Matrix, a: Matrix, options: TransformOptions = {}): void => {
    this.#transforms.evaluateInto(out, a, options);
  };

  evaluatePartsInto = (out: Matrix, parts: readonly (Matrix | undefined)[], shift: bigint): void => {
    this.#transforms.evaluatePartsInto(out, parts, shift);
  };

  evaluateAt = (a: Matrix, points: CosetPoints): bigint[][] => this.#transforms.evaluateAt(a, points);

  interleaveInPlace = (a: Matrix, parts: number, shift: bigint): void => {
    this.#transforms.interleaveInPlace(a, parts, shift);
  };

  interpolateInPlace = (a: Matrix, options: TransformOptions = {}): void => {
    this.#transforms.interpolateInPlace(a, options);
  };

  extendInto = (out: Matrix, a: Matrix, shift?: bigint): void => {
    this.#transforms.extendInto(out, a, shift);
  };

  reverseBitsInPlace = (a: Matrix): void => {
    this.#transforms.reverseBitsInPlace(a);
  };

  /** The transforms without scaling, for the polynomial ring. */
  get transforms(): Transforms {
    return this.#transforms;
  }

  extension = (field: ExtensionField): ExtensionEngine => {
    const key = field.modulus.join();
    let engine = this.#extensions.get(key);
    if (engine === undefined) {
      const kernels = this.load((module) => {
        extensionKernels(module, field.reductions);
      });
      engine = createExtensionEngine(this, field, {
        multiplyInto: (out, a, b) => {
          assertOwned(this.owns, out, a, b);
          const calls = this.parts(out.rows).map(([start, length]) => [
            ...[out, a, b].flatMap((each) => [each.address + 8 * start, 8 * each.rows]),
            length,
          ]);
          this.run('extensionMultiply', calls, kernels);
        },
        scaleInto: (out, a, scalar) => {
          assertOwned(this.owns, out, a);
          this.withConstants(scalar, (address) => {
            const calls = this.parts(out.rows).map(([start, length]) => [
              ...[out, a].flatMap((each) => [each.address + 8 * start, 8 * each.rows]),
              address,
              length,
            ]);
            this.run('extensionScale', calls, kernels);
          });
        },
        powersInto: (out, base, start) => {
          assertOwned(this.owns, out);
          fillExtensionPowers(this, kernels, field, out, base, start);
        },
      });
      this.#extensions.set(key, engine);
    }
    return engine;
  };

  dispose = (): void => {
    this.#pool?.terminate();
    this.#pool = undefined;
  };
}

/** Whether matrices in one memory have words in common. */
function overlap(a: Matrix, b: Matrix): boolean {
  return a.address < b.address + 8 * b.size && b.address < a.address + 8 * a.size;
}
