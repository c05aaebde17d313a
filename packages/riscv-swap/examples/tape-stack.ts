/*
 * Three machines: the tape machine, whose steps a C program does on the fast machine, whose steps another C program does
 * on the micro machine. The state at the bottom is (P, Q, S), and one step at the top is 2^(a + b) steps there.
 */
import { parseElf } from '@commute/elf';
import { createGuestLayer, createRiscvLayer, type RiscvLayer } from '@commute/riscv-swap';
import type { Layer } from '@commute/swap';
import { TapeMachine } from './tape-machine.ts';

/** b: a step of the tape machine takes up to 45 instructions of the fast machine. */
export const LOG2_FAST_STEPS = 6;

/**
 * The stack, from the top.
 *
 * @param stepElf - the ELF file of tools/guests/tape/step.c.
 */
export function createTapeStack(stepElf: Uint8Array): readonly [Layer, RiscvLayer] {
  const parsed = parseElf(stepElf);
  if (!parsed.ok) throw new Error(`stepElf: expected an ELF file, got ${parsed.reason}`);
  const top = createGuestLayer({
    name: 'tape on fast-vm',
    upper: () => new TapeMachine(),
    program: parsed.elf,
    log2Steps: LOG2_FAST_STEPS,
  });
  return [top, createRiscvLayer({ above: top.auxiliary })];
}
