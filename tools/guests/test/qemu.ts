import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { GuestTarget, ProgramName } from '../src/index.ts';

const emulators: Readonly<Record<GuestTarget, string>> = {
  fast: 'qemu-riscv64',
  micro: 'qemu-riscv32',
  multiply: 'qemu-riscv32',
};

/** The emulators that are missing here. */
export function missingEmulators(): string[] {
  return [...new Set(Object.values(emulators))].filter((name) => spawnSync(name, ['--version']).status !== 0);
}

/** What a run gave. */
export interface QemuRun {
  readonly output: Uint8Array;
  readonly exitCode: number | null;
  /** What was written to the error output, by the program or by the emulator. */
  readonly messages: string;
}

/** Runs a built program under QEMU's user emulation. */
export function runUnderQemu(program: ProgramName, target: GuestTarget, input: Uint8Array): QemuRun {
  const suffix = target === 'fast' ? '' : `.${target}`;
  const file = fileURLToPath(new URL(`../dist/${program}${suffix}.elf`, import.meta.url));
  const run = spawnSync(emulators[target], [file], { input, maxBuffer: 2 ** 28 });
  return { output: new Uint8Array(run.stdout), exitCode: run.status, messages: run.stderr.toString() };
}
