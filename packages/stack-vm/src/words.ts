/**
 * Elements of the Goldilocks field as two words of 32 bits, low and high: what bigints take hundreds of nanoseconds for takes
 * a few. Results are left in {@link result}.
 *
 * @module
 */

/** Low and high word of the last result, canonical. */
export const result: Uint32Array = new Uint32Array(2);

const WORD = 2 ** 32;
/** High word of p; the low one is 1. */
const TOP = 0xffff_ffff;

/** Sets the result to high·2^32 + low modulo p, for integers -2^34 < low, high < 2^34. */
function settle(low: number, high: number): void {
  const carry = Math.floor(low / WORD);
  low -= carry * WORD;
  high += carry;
  // 2^64 = 2^32 - 1 modulo p.
  while (high >= WORD) {
    high -= WORD;
    low -= 1;
    high += 1;
    if (low < 0) {
      low += WORD;
      high -= 1;
    }
  }
  while (high < 0) {
    low += 1;
    high += TOP;
    if (low >= WORD) {
      low -= WORD;
      high += 1;
    }
  }
  if (high === TOP && low >= 1) {
    low -= 1;
    high = 0;
  }
  result[0] = low;
  result[1] = high;
}

/** a + b. */
export function addWords(aLow: number, aHigh: number, bLow: number, bHigh: number): void {
  settle(aLow + bLow, aHigh + bHigh);
}

/** a - b. */
export function subtractWords(aLow: number, aHigh: number, bLow: number, bHigh: number): void {
  settle(aLow - bLow, aHigh - bHigh);
}

/** a · b. */
export function multiplyWords(aLow: number, aHigh: number, bLow: number, bHigh: number): void {
  // Each product of words is exact in two parts: the low one by integer multiplication, and the high one by rounding, as the
  // error of the product in floating point is far below 2^31.
  const lowLow = Math.imul(aLow, bLow) >>> 0;
  const lowHigh = Math.imul(aLow, bHigh) >>> 0;
  const highLow = Math.imul(aHigh, bLow) >>> 0;
  const highHigh = Math.imul(aHigh, bHigh) >>> 0;
  const second = Math.round((aLow * bLow - lowLow) / WORD) + lowHigh + highLow;
  const carry = Math.floor(second / WORD);
  const third =
    Math.round((aLow * bHigh - lowHigh) / WORD) + Math.round((aHigh * bLow - highLow) / WORD) + highHigh + carry;
  const over = Math.floor(third / WORD);
  const word2 = third - over * WORD;
  const word3 = Math.round((aHigh * bHigh - highHigh) / WORD) + over;
  // 2^64 = 2^32 - 1 and 2^96 = -1 modulo p.
  settle(lowLow - word2 - word3, second - carry * WORD + word2);
}

/** The bigint of two words. */
export function toElement(low: number, high: number): bigint {
  return (BigInt(high) << 32n) | BigInt(low);
}

/** Sets the result to the words of a canonical bigint. */
export function fromElement(element: bigint): void {
  result[0] = Number(element & 0xffff_ffffn);
  result[1] = Number(element >> 32n);
}

/** Adds a small number, which may be negative, to the element at `at`. */
export function move(stack: Uint32Array, at: number, by: number): void {
  if (by < 0) subtractWords(stack[at]!, stack[at + 1]!, -by, 0);
  else addWords(stack[at]!, stack[at + 1]!, by, 0);
  stack[at] = result[0]!;
  stack[at + 1] = result[1]!;
}
