import { readFileSync } from 'node:fs';
import { targets, type GuestTarget, type ProgramName } from './programs.ts';

/**
 * Reads a built sample program.
 *
 * @param target - `fast` for the RV64IMAC file, `micro` for the RV32I one.
 * @returns the bytes of the ELF file.
 */
export function readGuest(name: ProgramName | 'interpreter', target: GuestTarget): Uint8Array<ArrayBuffer> {
  const file = new URL(`../dist/${name}${targets[target].suffix}`, import.meta.url);
  return new Uint8Array(readFileSync(file));
}
