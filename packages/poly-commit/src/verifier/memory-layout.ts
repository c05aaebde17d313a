/**
 * What lies where at the start of a verifier's memory; everything above is allocated.
 *
 * @module
 */
import { ELEMENT_BYTES } from '@commute/field/kernels';

/** Bytes of a block of BLAKE3, and of a chunk: longer messages are trees of chunks. */
export const BLOCK_BYTES = 64;
export const CHUNK_BYTES = 1024;

/** Where the hash keeps the words of four blocks, which word each step of its seven rounds takes, and what is left of messages behind their last whole block. */
export const MESSAGE = 1024;
export const SCHEDULE: number = MESSAGE + 16 * 16;
export const TAILS: number = SCHEDULE + 7 * 16 * 4;

/** Elements that kernels keep in between: two of loops, then a row that is folded. */
export const SCRATCH: number = TAILS + 4 * BLOCK_BYTES;
export const FOLDED_ROW: number = SCRATCH + 2 * ELEMENT_BYTES;
const MOST_FOLDED = 256;

/** First byte that may be allocated. */
export const HEAP_START: number = 16 * Math.ceil((FOLDED_ROW + MOST_FOLDED * ELEMENT_BYTES) / 16);

/** Pages of 64 KiB, at most, that make 1 GiB: whoever needs more does without. */
export const MOST_PAGES = 16384;
