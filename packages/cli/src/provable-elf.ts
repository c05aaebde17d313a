import { assertFitsRunFile, createProgram, type Program, type ProveRunRefusal } from '@commute/continuation';
import type { Elf } from '@commute/elf';
import { hasCode } from '@commute/errors';
import { RejectedError } from './failure.ts';
import { counted } from './terminal.ts';

/** The program in the form that is proved. @throws RejectedError for programs that the prover does not know. */
export function provableElf(elf: Elf, name: string): Program {
  if (elf.class !== 32)
    throw new RejectedError(name, 'expected a program for the micro machine (RV32), got an RV64 one');
  try {
    const program = createProgram(elf, { multiply: true });
    assertFitsRunFile(program);
    return program;
  } catch (error) {
    if (hasCode(error, 'CONTINUATION_PROGRAM')) throw new RejectedError(name, (error as Error).message);
    throw error;
  }
}

/** Why a run cannot be proved, and where that shows. */
export function refusalText({ reason, message, cycle }: ProveRunRefusal): string {
  return reason === 'cycle-limit' ? message : `${message}, after ${counted(cycle, 'cycle')}`;
}
