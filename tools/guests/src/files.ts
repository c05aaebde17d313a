import { readFileSync } from 'node:fs';
import { targets, type GuestTarget, type ProgramName } from './programs.ts';

/**
 * Programs that do one step of a machine above: `interpreter` of the fast machine on the micro machine (`micro` only),
 * `tape` of the tape machine on the fast machine (`fast` only).
 */
export type StepName = 'interpreter' | 'tape';

/** Programs that need a host of their own: `disksort` sorts on a disk, `micro` and `multiply` only. */
export type HostedName = 'disksort';

/**
 * Reads a built program.
 *
 * @param target - `fast` for the RV64IMAC file, `micro` for the RV32I one, `multiply` for the RV32IM one.
 * @returns the bytes of the ELF file.
 */
export function readGuest(name: ProgramName | StepName | HostedName, target: GuestTarget): Uint8Array<ArrayBuffer> {
  const file = new URL(`../dist/${name}${targets[target].suffix}`, import.meta.url);
  return new Uint8Array(readFileSync(file));
}
