import { PAGE_BYTES, type Snapshot } from '@commute/machine';

/**
 * Makes a state smaller as long as `fails` holds for it: zeroes pages, then runs of words of halving length, then bits.
 *
 * @param limit - most states to try.
 * @returns the smallest state found, and the number of states tried.
 */
export function shrinkState(
  state: Snapshot,
  fails: (candidate: Snapshot) => boolean,
  limit: number,
): { readonly state: Snapshot; readonly tried: number } {
  let best = state;
  let tried = 0;
  const attempt = (index: number, bytes: Uint8Array<ArrayBuffer> | null): boolean => {
    if (tried >= limit) return false;
    tried++;
    const candidate = best.withPages([{ index, bytes }]);
    if (!fails(candidate)) return false;
    best = candidate;
    return true;
  };
  for (let before = -1; before !== tried && tried < limit;) {
    before = tried;
    let smaller = false;
    for (const { index, bytes } of best.pages()) {
      if (bytes === null || bytes.every((byte) => byte === 0)) continue;
      smaller = attempt(index, null) || shrinkPage(index, bytes, attempt) || smaller;
    }
    if (!smaller) break;
  }
  return { state: best, tried };
}

type Attempt = (index: number, bytes: Uint8Array<ArrayBuffer> | null) => boolean;

/** Shrinks one page; tells whether anything could be taken away. */
function shrinkPage(index: number, bytes: Uint8Array<ArrayBuffer>, attempt: Attempt): boolean {
  let present = bytes;
  let smaller = false;
  const take = (change: (copy: Uint8Array<ArrayBuffer>) => void): boolean => {
    const copy = present.slice();
    change(copy);
    if (copy.every((byte, i) => byte === present[i]) || !attempt(index, copy)) return false;
    present = copy;
    smaller = true;
    return true;
  };
  for (let length = PAGE_BYTES / 2; length >= 4; length /= 2) {
    for (let at = 0; at < PAGE_BYTES; at += length) {
      if (present.subarray(at, at + length).every((byte) => byte === 0)) continue;
      take((copy) => copy.fill(0, at, at + length));
    }
  }
  for (let at = 0; at < PAGE_BYTES; at++) {
    for (let bit = 128; bit >= 1; bit >>= 1) {
      if ((present[at]! & bit) !== 0) take((copy) => (copy[at]! ^= bit));
    }
  }
  return smaller;
}
