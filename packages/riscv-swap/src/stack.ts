import type { Implementation } from '@commute/fast-vm';
import { hasherByName } from '@commute/machine';
import { createRiscvLayer, type RiscvLayer } from './layer.ts';

/** What {@link createStack} makes; plain data, so that it can be sent to a worker. */
export interface StackOptions {
  /** Name of the hash under roots, as in `hasherByName` of `@commute/machine`; keccak256 unless told. */
  readonly hash?: string;
  /** a: micro-steps for each step of the fast machine, as a power of two; 14 to 24, 16 unless told. */
  readonly log2MicroSteps?: number;
  /** Most pages that each machine may have in use. */
  readonly maximumPages?: number;
  /** How the fast machine executes steps; `interpreter` unless told. */
  readonly implementation?: Implementation;
}

/** The stack of one layer, the fast machine on the micro machine, from plain data. */
export function createStack(options: StackOptions = {}): readonly [RiscvLayer] {
  const { hash, ...rest } = options;
  return [createRiscvLayer(hash === undefined ? rest : { ...rest, hasher: hasherByName(hash) })];
}

/**
 * What `threadPool` of `@commute/swap/node` needs so that its threads make this stack.
 *
 * @example
 * ```ts no-run
 * import { stackModule } from '@commute/riscv-swap';
 * import { threadPool } from '@commute/swap/node';
 * const pool = threadPool({ ...stackModule({ hash: 'sha256' }), size: 2 });
 * ```
 */
export function stackModule(options: StackOptions = {}): { readonly module: URL; readonly options: StackOptions } {
  return { module: new URL(import.meta.url), options };
}
