import { FieldError } from './errors.ts';
import { WasmEngine } from './wasm-engine.ts';
import { canShareMemory, mayRefuseWorkers } from './worker-pool.ts';

/** How a WebAssembly engine is set up. */
export interface FieldEngineOptions {
  /** Threads, the caller's included; 1 by default. Fewer where the host cannot share memory. */
  readonly threads?: number;
  /** Most pages of 64 KiB the memory that all is computed in may grow to; 65,536 (4 GiB) by default. */
  readonly maximumPages?: number;
}

/**
 * An engine on WebAssembly with 128-bit vectors.
 *
 * With several threads it shares one memory with workers (Node's, or the browser's in a cross-origin isolated page); where
 * memory cannot be shared, or the policy of the page forbids `blob:` workers, it runs on one thread, and `threads` says so. Call
 * `dispose` to end the workers; they do not keep Node alive.
 *
 * @throws {@link FieldError} `FIELD_OUT_OF_MEMORY`, `FIELD_WORKER`
 * @example
 * ```ts
 * import { createFieldEngine } from '@commute/field';
 * const engine = await createFieldEngine({ threads: 2 });
 * const values = engine.from([1n, 4n, 0n, 0n]);
 * engine.evaluateInPlace(values); // 1 + 4x at the four powers of 2^48
 * if (values.get(1) !== 1n + 4n * 2n ** 48n) throw new Error('unreachable');
 * engine.dispose();
 * ```
 */
export async function createFieldEngine(options: FieldEngineOptions = {}): Promise<WasmEngine> {
  const { threads = 1, maximumPages = 65536 } = options;
  assertOption('threads', threads, 64);
  assertOption('maximumPages', maximumPages, 65536);
  const engine = new WasmEngine(threads > 1 && canShareMemory() ? threads : 1, maximumPages);
  try {
    await engine.start();
  } catch (error) {
    if (!mayRefuseWorkers()) throw error;
    return new WasmEngine(1, maximumPages);
  }
  return engine;
}

/** {@link createFieldEngine} for one thread, without waiting. */
export function createFieldEngineSync(options: Omit<FieldEngineOptions, 'threads'> = {}): WasmEngine {
  const { maximumPages = 65536 } = options;
  assertOption('maximumPages', maximumPages, 65536);
  return new WasmEngine(1, maximumPages);
}

function assertOption(name: string, value: number, most: number): void {
  if (!Number.isInteger(value) || value < 1 || value > most) {
    throw new FieldError('FIELD_SIZE', name, `an integer in [1, ${String(most)}]`, String(value));
  }
}
