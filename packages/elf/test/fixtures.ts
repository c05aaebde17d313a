import { readFileSync } from 'node:fs';
import { parseElf, type Elf } from '@commute/elf';

/** Bytes of a file in `fixtures`. */
export function fixture(name: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(readFileSync(new URL(`fixtures/${name}`, import.meta.url)));
}

export const fixtureNames = ['hello.gcc64.elf', 'hello.lld64.elf', 'hello.lld32.elf', 'sha256.gcc32.elf'] as const;

/** Parses what must be sound. */
export function parseSound(bytes: Uint8Array): Elf {
  const result = parseElf(bytes);
  if (!result.ok) throw new Error(`${result.reason}: expected ${result.expected}, got ${result.got}`);
  return result.elf;
}
