import { BaseError } from '@commute/errors';

/** Bytes of a leaf of the state tree, the smallest unit a proof opens. */
export const LEAF_BYTES = 32;
/** Bytes of a page, the unit of copy-on-write. */
export const PAGE_BYTES = 4096;
/** Base-2 logarithm of {@link PAGE_BYTES}. */
export const PAGE_BITS = 12;
/** Number of pages in the 32-bit address space. */
export const PAGE_COUNT = 1_048_576;
/** Levels of the state tree above its leaves: 2^27 leaves of 32 bytes. */
export const TREE_LEVELS = 27;
/** Levels of the state tree inside one page. */
export const PAGE_LEVELS = 7;

/** An aligned power-of-two range of addresses, hence one subtree of the state tree. */
export interface Region {
  /** First address; a multiple of 2^log2Size. */
  readonly base: number;
  /** Base-2 logarithm of the size in bytes, 12 to 32. */
  readonly log2Size: number;
}

/** Input bytes of a machine that reads input: they start here, their number is in the machine's registers. */
export const INPUT_REGION: Region = { base: 0xc000_0000, log2Size: 28 };
/** Output bytes of a machine that writes output. */
export const OUTPUT_REGION: Region = { base: 0xd000_0000, log2Size: 28 };

/** Bytes of error output of a machine that writes them apart. */
export const ERROR_REGION: Region = { base: 0xf000_0000, log2Size: 24 };

/** Tells whether `address` lies in `region`. */
export function regionContains(region: Region, address: number): boolean {
  return address >= region.base && address - region.base < 2 ** region.log2Size;
}

/**
 * Throws unless `region` is aligned and between one page and the whole address space.
 *
 * @throws BaseError `MACHINE_REGION_RANGE`.
 */
export function assertRegion(region: Region): void {
  const { base, log2Size } = region;
  const size = 2 ** log2Size;
  const ok =
    Number.isInteger(log2Size) &&
    log2Size >= PAGE_BITS &&
    log2Size <= 32 &&
    Number.isInteger(base) &&
    base >= 0 &&
    base % size === 0 &&
    base + size <= 2 ** 32;
  if (!ok) {
    throw new BaseError(
      'MACHINE_REGION_RANGE',
      `region: expected an aligned range of 2^12 to 2^32 bytes, got base ${String(base)} and log2Size ${String(log2Size)}`,
      { base, log2Size },
    );
  }
}
