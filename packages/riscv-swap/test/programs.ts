import { parseElf } from '@commute/elf';
import type { Machine } from '@commute/machine';
import { readGuest, type ProgramName } from '@commute-tools/guests';

/** Loads a sample program. */
export function loadGuest(machine: Machine, name: ProgramName, input: string | Uint8Array): void {
  const parsed = parseElf(readGuest(name, 'fast'));
  if (!parsed.ok) throw new Error(`${name}: ${parsed.reason}`);
  machine.load(parsed.elf, { input: typeof input === 'string' ? new TextEncoder().encode(input) : input });
}
