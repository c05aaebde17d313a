import { PAGE_BYTES, type Snapshot } from '@commute/machine';

const PAGE_WORDS = PAGE_BYTES / 4;
const ZERO_WORDS = new Int32Array(PAGE_WORDS);

/**
 * Address of the first word that differs between two states, or undefined if their bytes are equal. Looks at pages that
 * the two do not share; hashes nothing.
 */
export function firstDifference(a: Snapshot, b: Snapshot): number | undefined {
  for (const { index, bytes } of a.differences(b)) {
    const word = differingWord(a.page(index), bytes);
    if (word !== undefined) return index * PAGE_BYTES + 4 * word;
  }
  return undefined;
}

/** Two accounts of one state, and what they have become since. */
export interface Account {
  /** Equal in bytes in both accounts. */
  readonly before: Snapshot;
  readonly after: Snapshot;
}

/**
 * Address of the first word in which the states after differ, given that those before were equal. Looks at pages that
 * either account has changed, and no others, even if the two share none.
 */
export function firstDifferenceSince(a: Account, b: Account): number | undefined {
  const touched = new Set<number>();
  for (const { before, after } of [a, b]) for (const { index } of before.differences(after)) touched.add(index);
  for (const index of [...touched].sort((x, y) => x - y)) {
    const word = differingWord(a.after.page(index), b.after.page(index));
    if (word !== undefined) return index * PAGE_BYTES + 4 * word;
  }
  return undefined;
}

/** Number of the first word that differs between two pages; null is a page of zeros. */
function differingWord(a: Uint8Array<ArrayBuffer> | null, b: Uint8Array<ArrayBuffer> | null): number | undefined {
  if (a === b) return undefined;
  const left = wordsOf(a);
  const right = wordsOf(b);
  for (let word = 0; word < PAGE_WORDS; word++) if (left[word] !== right[word]) return word;
  return undefined;
}

/** Pages of snapshots are aligned. */
function wordsOf(page: Uint8Array<ArrayBuffer> | null): Int32Array {
  return page === null ? ZERO_WORDS : new Int32Array(page.buffer, page.byteOffset, PAGE_WORDS);
}
