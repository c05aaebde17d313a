import { parseElf, type Elf } from '@commute/elf';
import { BaseError, assertInteger } from '@commute/errors';
import { keccak256, type Hasher } from '@commute/machine';
import { microPristine } from '@commute/micro-riscv';
import type { Auxiliary } from '@commute/swap';
import { interpreterBase64 } from './interpreter-elf.ts';

/** a unless told: 2^16 micro-steps for each step of the fast machine, which leaves a wide margin over the longest. */
export const DEFAULT_LOG2_MICRO_STEPS = 16;

/**
 * The bytes of the interpreter: an RV32I program that does one step of the fast machine and exits.
 *
 * Same as the file that `tools/guests` builds from its C sources, so that anyone can compare.
 */
export function interpreterElf(): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(interpreterBase64()), (character) => character.charCodeAt(0));
}

/** The interpreter, ready to be loaded into Q. */
export function interpreterProgram(): Elf {
  const result = parseElf(interpreterElf());
  if (result.ok) return result.elf;
  throw new BaseError('RISCV_SWAP_INTERPRETER', `interpreter: expected an ELF file, got ${result.reason}`, {
    reason: result.reason,
  });
}

/** Options of {@link interpreterPristine}. */
export interface InterpreterPristineOptions {
  /** The hash under roots; keccak256 unless told. */
  readonly hasher?: Hasher;
  /** a: micro-steps for each step of the fast machine, as a power of two; 14 to 24, {@link DEFAULT_LOG2_MICRO_STEPS} unless told. */
  readonly log2MicroSteps?: number;
}

/**
 * The pristine auxiliary state Q\* of the micro machine that interprets the fast one. Its root is all that a verifier
 * has to know of the interpreter.
 *
 * @throws BaseError `RISCV_SWAP_RANGE` for `log2MicroSteps` out of range.
 * @example
 * ```ts
 * import { interpreterPristine } from '@commute/riscv-swap';
 * const { region, root } = interpreterPristine();
 * if (region.base !== 0xff00_0000 || root.length !== 32) throw new Error('unexpected region');
 * ```
 */
export function interpreterPristine(options: InterpreterPristineOptions = {}): Auxiliary {
  const { hasher = keccak256, log2MicroSteps = DEFAULT_LOG2_MICRO_STEPS } = options;
  assertInteger('RISCV_SWAP_RANGE', 'log2MicroSteps', log2MicroSteps, 14, 24);
  return microPristine(interpreterProgram(), { log2Period: log2MicroSteps, hasher });
}
