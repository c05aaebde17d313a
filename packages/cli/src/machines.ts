import { createFastVM } from '@commute/fast-vm';
import type { Machine } from '@commute/machine';
import { createMicroRiscv } from '@commute/micro-riscv';
import type { Job } from './program.ts';

/** The machine for a program, loaded: the fast machine for ELF64, the micro machine for ELF32, with M as the prover has it. */
export function createMachine(job: Job): Machine {
  const options = { hasher: job.hasher, maximumPages: job.maximumPages };
  const machine =
    job.elf.class === 64
      ? createFastVM({ ...options, implementation: job.implementation })
      : createMicroRiscv({ ...options, multiply: true });
  machine.load(job.elf, { input: job.input });
  return machine;
}
