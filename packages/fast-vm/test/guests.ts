import { readFileSync } from 'node:fs';
import { parseElf, type Elf } from '@commute/elf';

/** Reads one of the sample programs for this machine. */
export function guest(name: string): Elf {
  const file = new URL(`../../../tools/guests/dist/${name}.elf`, import.meta.url);
  const result = parseElf(readFileSync(file));
  if (!result.ok) throw new Error(`${name}: ${result.reason}`);
  return result.elf;
}
