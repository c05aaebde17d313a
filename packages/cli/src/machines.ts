import { createFastVM, type Fallback } from '@commute/fast-vm';
import type { Machine } from '@commute/machine';
import { createMicroRiscv } from '@commute/micro-riscv';
import type { Job } from './program.ts';
import type { Terminal } from './terminal.ts';

/** What a machine is made from. */
export type MachineJob = Pick<Job, 'elf' | 'input' | 'hasher' | 'maximumPages' | 'implementation'>;

/**
 * The machine for a program, loaded: the fast machine for ELF64, the micro machine for ELF32, with M as the prover has it.
 *
 * @param terminal - is told if hot code of the fast machine is not translated.
 */
export function createMachine(job: MachineJob, terminal?: Terminal): Machine {
  const options = { hasher: job.hasher, maximumPages: job.maximumPages };
  const onFallback = ({ reason, detail }: Fallback): void => {
    terminal?.note(`all instructions are interpreted (${reason}: ${detail})`);
  };
  const machine =
    job.elf.class === 64
      ? createFastVM({ ...options, implementation: job.implementation, onFallback })
      : createMicroRiscv({ ...options, multiply: true });
  machine.load(job.elf, { input: job.input });
  return machine;
}
