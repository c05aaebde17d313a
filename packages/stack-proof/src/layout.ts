/**
 * Where the state of the stack machine lies among the cells that links hand from segment to segment.
 *
 * Cells have keys 4·(2^26·region + number), number below 2^25: so they are words of the RAM of the paged link too, and between two regions there are as many
 * keys that nobody may touch. A cell holds one element.
 *
 * @module
 */

/** The regions. */
export const REGION = {
  /** st0 to st15 in cells 0 to 15, and element k of the stack below them, from the bottom, in cell 16 + k. */
  opStack: 0,
  /** Origin and destination of call k in cells 2k and 2k + 1. */
  jumpStack: 1,
  /** The registers that {@link REGISTER} names. */
  registers: 2,
  /** For each slot in use the number of its block of RAM, plus 1. */
  blockNumbers: 3,
  /** For each slot in use the next higher of these values. */
  nextNumbers: 4,
  /** RAM: the elements of the block in slot s from cell 256·s on. */
  ram: 5,
} as const;

/** A region. */
export type RegionName = keyof typeof REGION;

/** Cells of the region of registers. */
export const REGISTER = { sponge: 0, spongeReady: 16, stackSize: 17, jumpStackSize: 18 } as const;

/** Keys from one cell to the next. */
export const STRIDE = 4;
/** Cells from one region to the next. */
export const REGION_CELLS: number = 2 ** 26;
/** Cells of a region that may be touched. */
export const LEGAL_CELLS: number = 2 ** 25;

/** The key of the first cell of a region. */
export function regionKey(region: RegionName): bigint {
  return BigInt(STRIDE * REGION_CELLS * REGION[region]);
}

/** The key of a cell. */
export function keyOf(region: RegionName, number: number): bigint {
  return regionKey(region) + BigInt(STRIDE * number);
}

/** Elements of the stack that are in registers. */
export const STACK_REGISTERS = 16;
/** Elements of the sponge. */
export const SPONGE_ELEMENTS = 16;

/** Elements of a block of RAM. Block b has the addresses 256·b and following. */
export const BLOCK_ELEMENTS = 256;
/** Slots for blocks: as many as fit into the region of RAM. */
export const SLOTS: number = LEGAL_CELLS / BLOCK_ELEMENTS;
/** The number of the last block, which has only the address p - 1. It is in slot 0 always, and block 0 in slot 1. */
export const TOP_BLOCK: bigint = 2n ** 56n - 2n ** 24n;

/** Times of a cycle: cycle c, from 1, has 16·c and following. What it accesses besides is at 0 to 9, blocks of RAM come into use before it. */
export const TICKS = 16;
/** Ticks before a cycle at which blocks come into use for it. */
export const BLOCK_TICKS = 4;
/**
 * When registers are put back at the end of a segment: later than any cycle that there may be. So nobody takes their cells in between, as an instruction would
 * that finds the stack below the registers empty.
 */
export const END_TIME: bigint = 2n ** 40n;
/** Bytes of the time between two accesses to a cell. */
export const GAP_BYTES = 3;
/** log2 of the cycles of a segment, at most: so times are below 2^24. */
export const MOST_LOG_CYCLES = 19;

/** The instruction pointer of a machine that has halted. No address of a program, and no instruction that can be proved leads there but `halt`. */
export const HALT_IP: bigint = 2n ** 32n;
