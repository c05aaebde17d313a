import type { GuestCase } from './cases/case.ts';
import { jsonCases } from './cases/json.ts';
import { lispCases } from './cases/lisp.ts';
import { lzCases } from './cases/lz.ts';
import { numberCases } from './cases/numbers.ts';
import { textCases } from './cases/text.ts';
import type { ProgramName } from './programs.ts';

export type { GuestCase } from './cases/case.ts';

/**
 * All runs whose results are known, with inputs from nothing to some hundred KiB. Calculated anew on each call, in about a
 * second; the same every time.
 *
 * @example
 * ```ts
 * import { guestCases, readGuest } from '@commute-tools/guests';
 *
 * for (const one of guestCases()) {
 *   const elf = readGuest(one.program, 'micro');
 *   if (elf.length === 0 || one.exitCode > 255) throw new Error(one.name);
 * }
 * ```
 */
export function guestCases(): GuestCase[] {
  return [...textCases(), ...numberCases(), ...jsonCases(), ...lzCases(), ...lispCases()];
}

/** The runs of one program. */
export function guestCasesOf(program: ProgramName): GuestCase[] {
  return guestCases().filter((one) => one.program === program);
}
