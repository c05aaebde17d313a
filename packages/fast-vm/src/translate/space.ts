import { PAGE_BYTES, type FrameSpace } from '@commute/machine';
import { createMemory } from '@commute/wasm';
import { LOW_RAM_END } from '../layout.ts';

/*
 * The linear memory that translated code works on. Pages whose addresses lie in one of two windows have a home there, so that
 * the place of a byte follows from its address: most of a program lies in the lower window, its stack in the upper.
 */

/** The words of the state page that translated code reads and writes, as they lie in it. */
export const REGISTERS = 0x1000;
/** Words of the state page that are copied: up to and with the reservation. */
export const COPIED_WORDS = 80;
/** Why translated code returned; one of the `REASON_` numbers. */
export const REASON = 0x2000;
/** For each of 2^16 hashed addresses of instructions: an address, and its entry. */
export const JUMPS = 0x8_0000;
/** Entries of the table of jumps. */
export const JUMP_COUNT = 0x1_0000;
export const READ_TABLE = 0x10_0000;
export const WRITE_TABLE = 0x50_0000;
/** Where the windows lie, the lower one first. */
export const WINDOW = 0x90_0000;

/** The two ranges of addresses in which pages have a home; a byte lies at the low bits of its address from {@link WINDOW} on. */
export interface Windows {
  /** Bytes of both windows, a power of two. */
  readonly size: number;
  /** End of the lower window, which begins at 0. */
  readonly lowEnd: number;
  /** Start of the upper window, which ends with the lower range of RAM. */
  readonly stack: number;
}

/** A sixteenth of the windows is the upper one's. */
export function windowsOf(size: number): Windows {
  return { size, lowEnd: size - size / 16, stack: LOW_RAM_END - size / 16 };
}

/** Windows of 32 MiB, for most programs: larger memories have hosts collect garbage. */
export const SMALL_WINDOWS: Windows = windowsOf(2 ** 25);
/** Windows of 512 MiB. */
export const LARGE_WINDOWS: Windows = windowsOf(2 ** 29);

const LINEAR_PAGE_BYTES = 65_536;

/** The instruction at pc is not translated, or needs what translated code cannot do. */
export const REASON_STOP = 1;
/** The program went to an address that the region has no entry for. */
export const REASON_JUMP = 2;
/** The budget may end within the next instructions. */
export const REASON_BUDGET = 3;

/**
 * Makes a linear memory for translated code: 9 MiB and the windows, of which only what is touched takes memory.
 *
 * @throws RangeError where the host has no room.
 */
export function createSpace({ size, lowEnd, stack }: Windows): FrameSpace {
  const frames = WINDOW + size;
  return {
    linear: createMemory({ initial: frames / LINEAR_PAGE_BYTES + 16 }),
    readTable: READ_TABLE,
    writeTable: WRITE_TABLE,
    frames,
    home: (index) => {
      const isHome = index < lowEnd / PAGE_BYTES || (index >= stack / PAGE_BYTES && index < LOW_RAM_END / PAGE_BYTES);
      return isHome ? WINDOW + ((index * PAGE_BYTES) & (size - 1)) : 0;
    },
  };
}
