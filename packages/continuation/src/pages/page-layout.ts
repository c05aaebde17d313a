/**
 * How memory is cut into pages, and pages into trees.
 *
 * @module
 */
import { ContinuationError } from '../errors.ts';
import { REGISTER_KEY } from '../link/cells.ts';
import { RATE } from './poseidon2.ts';

/** Pages under one root: keys `base` + `stride`·n for n below the words of a page times 2^`levels`. */
export interface PageTreeShape {
  readonly base: bigint;
  readonly stride: bigint;
  /** Levels of nodes above the pages; 0 for a single page. */
  readonly levels: number;
}

/** Sizes of pages and trees, which prover and verifier have to agree on. */
export interface PageLayout {
  readonly logWords: number;
  /** Words of a page. */
  readonly words: number;
  /** Blocks of a page: what one permutation absorbs. */
  readonly blocks: number;
  /** RAM, and the registers. */
  readonly trees: readonly [PageTreeShape, PageTreeShape];
}

/** log2 of the words of a page unless told: docs/decisions/0037-pages.md. */
export const LOG_PAGE_WORDS = 5;

/** Words of RAM: 2^32 bytes. */
const LOG_RAM_WORDS = 30;
/** Registers, those that programs do not see among them, are fewer than 2^6. */
const LOG_REGISTERS = 6;

/**
 * The layout for pages of 2^`logWords` words.
 *
 * @throws {@link ContinuationError} `CONTINUATION_RANGE` unless it is an integer in [3, 12].
 */
export function pageLayout(logWords: number = LOG_PAGE_WORDS): PageLayout {
  if (!Number.isInteger(logWords) || logWords < Math.log2(RATE) || logWords > 12) {
    throw new ContinuationError('CONTINUATION_RANGE', 'logPageWords', 'an integer in [3, 12]', String(logWords));
  }
  const words = 2 ** logWords;
  return {
    logWords,
    words,
    blocks: words / RATE,
    trees: [
      { base: 0n, stride: 4n, levels: LOG_RAM_WORDS - logWords },
      { base: REGISTER_KEY, stride: 1n, levels: Math.max(0, LOG_REGISTERS - logWords) },
    ],
  };
}

/** Keys that a page, or the node on a level above it, spans: the distance of its first key and that behind it. */
export function spanOf({ words }: PageLayout, { stride }: PageTreeShape, level: number): bigint {
  return (stride * BigInt(words)) << BigInt(level);
}

/** Where a key is. */
export interface PagePlace {
  /** Number of the tree. */
  readonly tree: number;
  readonly page: number;
  readonly slot: number;
}

/** @throws {@link ContinuationError} `CONTINUATION_RANGE` for a key in no page: no multiple of 4 below 2^32, and no register. */
export function placeOf({ logWords, words, trees }: PageLayout, key: bigint): PagePlace {
  for (const [tree, { base, stride, levels }] of trees.entries()) {
    const offset = key - base;
    if (offset < 0n || offset % stride !== 0n) continue;
    const word = offset / stride;
    if (word >> BigInt(logWords + levels) !== 0n) continue;
    return { tree, page: Number(word >> BigInt(logWords)), slot: Number(word) % words };
  }
  throw new ContinuationError('CONTINUATION_RANGE', 'key', 'a word of RAM or a register', String(key));
}
