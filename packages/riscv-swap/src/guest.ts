import { BaseError, assertInteger } from '@commute/errors';
import { FAST_VM_REGION, FIELD, STATE_PAGE, createFastVM } from '@commute/fast-vm';
import { Memory, keccak256, type Hasher, type MachineFactory, type ProgramImage } from '@commute/machine';
import { auxiliaryFrom, type Auxiliary, type Layer } from '@commute/swap';

/** First address of a program that interprets a machine above. */
export const GUEST_BASE = 0xe100_0000;
/** sp at the start of each step of the machine above. */
export const GUEST_STACK_POINTER = 0xefff_f000;

const GUEST_END = 0xf000_0000;

/** Options of {@link guestPristine}. */
export interface GuestPristineOptions {
  /** The hash under roots; keccak256 unless told. */
  readonly hasher?: Hasher;
  /** b: instructions of the fast machine for each step of the machine above, as a power of two; 1 to 31. */
  readonly log2Steps: number;
}

/**
 * The pristine auxiliary state of a fast machine that interprets a machine above: its state page and, from
 * {@link GUEST_BASE} on, the program that does one step of the machine above and exits.
 *
 * Everything the program changes in `0xE000_0000` to `0xEFFF_FFFF` is cleaned after each step; everything else it
 * addresses is the state of the machine above. It runs in the user personality and has no heap (`brk` is refused).
 *
 * @throws BaseError `RISCV_SWAP_RANGE` for `log2Steps` out of range, `RISCV_SWAP_PROGRAM` for a program that lies elsewhere.
 */
export function guestPristine(program: ProgramImage, options: GuestPristineOptions): Auxiliary {
  const { hasher = keccak256, log2Steps } = options;
  assertInteger('RISCV_SWAP_RANGE', 'log2Steps', log2Steps, 1, 31);
  const memory = new Memory({ hasher });
  for (const { address, bytes, memorySize = bytes.length } of program.segments) {
    if (address < GUEST_BASE || address + memorySize > GUEST_END) {
      throw new BaseError(
        'RISCV_SWAP_PROGRAM',
        `segments: expected addresses from 0xe1000000 to 0xefffffff, got 0x${address.toString(16)}`,
        { address, memorySize },
      );
    }
    memory.write(address, bytes);
  }
  const field = (offset: number, low: number, high = 0): void => {
    memory.storeWord(STATE_PAGE + offset, low);
    if (high !== 0) memory.storeWord(STATE_PAGE + offset + 4, high);
  };
  field(FIELD.x + 8 * 2, GUEST_STACK_POINTER);
  field(FIELD.pc, program.entry);
  field(FIELD.personality, 1);
  field(FIELD.brkStart, GUEST_END);
  field(FIELD.brk, GUEST_END);
  field(FIELD.log2Period, log2Steps);
  field(FIELD.mstatus, 0x1800);
  field(FIELD.mtimecmp, 0xffff_ffff, 0xffff_ffff);
  return auxiliaryFrom(FAST_VM_REGION, memory.snapshot());
}

/** Options of {@link createGuestLayer}. */
export interface GuestLayerOptions extends GuestPristineOptions {
  /** Name for messages and reports. */
  readonly name: string;
  /** Makes the machine above. */
  readonly upper: MachineFactory;
  /** The RISC-V program that does one step of the machine above: RV64IMAC, linked to {@link GUEST_BASE}. */
  readonly program: ProgramImage;
}

/**
 * Puts a machine of your own on the fast machine: one step of it is 2^b instructions, those of a program that does the
 * step. With {@link createRiscvLayer} and its option `above` below, the stack has three machines.
 *
 * @throws BaseError as {@link guestPristine}.
 * @example
 * ```ts no-run
 * import { createGuestLayer, createRiscvLayer } from '@commute/riscv-swap';
 * import { createMine, stepProgram } from './mine.ts';
 * const top = createGuestLayer({ name: 'mine on fast-vm', upper: createMine, program: stepProgram, log2Steps: 10 });
 * const stack = [top, createRiscvLayer({ above: top.auxiliary })];
 * ```
 */
export function createGuestLayer(options: GuestLayerOptions): Layer {
  const { name, upper, program, log2Steps, hasher = keccak256 } = options;
  const auxiliary = guestPristine(program, { hasher, log2Steps });
  return { name, upper, lower: () => createFastVM({ hasher, pristine: auxiliary }), log2Steps, auxiliary };
}
