import { readGuest, type ProgramName } from '@commute-tools/guests';
import { parseElf, type Elf } from '@commute/elf';

/** Reads one of the sample programs for this machine. */
export function guest(name: ProgramName): Elf {
  const result = parseElf(readGuest(name, 'fast'));
  if (!result.ok) throw new Error(`${name}: ${result.reason}`);
  return result.elf;
}
