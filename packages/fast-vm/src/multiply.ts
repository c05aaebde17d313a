import { fieldOf, setField } from './hart.ts';

/*
 * Multiplication and division on 64-bit registers held as 32-bit halves. `d`, `s` and `t` are the indices of the low
 * halves of rd, rs1 and rs2. Source: volume I, version 20191213, chapter 7.
 */

/** The high 32 bits of the product of two unsigned words, as a signed word. Four products of 16-bit halves. */
export function multiplyHighWords(a: number, b: number): number {
  const a0 = a & 0xffff;
  const a1 = a >>> 16;
  const b0 = b & 0xffff;
  const b1 = b >>> 16;
  // Each sum is at most (2^16 - 1)^2 + 2^16 - 1, below 2^32.
  const first = (Math.imul(a1, b0) >>> 0) + (Math.imul(a0, b0) >>> 16);
  const second = (Math.imul(a0, b1) >>> 0) + (first & 0xffff);
  return (Math.imul(a1, b1) + (first >>> 16) + (second >>> 16)) | 0;
}

/** The high 64 bits of the product of two unsigned registers. */
export function multiplyHighUnsigned(x: Int32Array, d: number, s: number, t: number): void {
  const a0 = x[s]!;
  const a1 = x[s + 1]!;
  const b0 = x[t]!;
  const b1 = x[t + 1]!;
  const middle = (multiplyHighWords(a0, b0) >>> 0) + (Math.imul(a0, b1) >>> 0) + (Math.imul(a1, b0) >>> 0);
  const low =
    (multiplyHighWords(a0, b1) >>> 0) +
    (multiplyHighWords(a1, b0) >>> 0) +
    (Math.imul(a1, b1) >>> 0) +
    Math.floor(middle / 2 ** 32);
  x[d] = low;
  x[d + 1] = multiplyHighWords(a1, b1) + Math.floor(low / 2 ** 32);
}

/** Subtracts register `s` from rd if `condition` is negative: turns an unsigned high product into a signed one. */
function correct(x: Int32Array, d: number, low: number, high: number, condition: number): void {
  if (condition >= 0) return;
  const before = x[d]!;
  x[d] = before - low;
  x[d + 1]! -= high + (before >>> 0 < low >>> 0 ? 1 : 0);
}

/** The high 64 bits of the product of two signed registers. */
export function multiplyHigh(x: Int32Array, d: number, s: number, t: number): void {
  const a0 = x[s]!;
  const a1 = x[s + 1]!;
  const b0 = x[t]!;
  const b1 = x[t + 1]!;
  multiplyHighUnsigned(x, d, s, t);
  correct(x, d, b0, b1, a1);
  correct(x, d, a0, a1, b1);
}

/** The high 64 bits of the product of a signed and an unsigned register. */
export function multiplyHighSignedUnsigned(x: Int32Array, d: number, s: number, t: number): void {
  const a1 = x[s + 1]!;
  const b0 = x[t]!;
  const b1 = x[t + 1]!;
  multiplyHighUnsigned(x, d, s, t);
  correct(x, d, b0, b1, a1);
}

const isWord = (x: Int32Array, index: number): boolean => x[index + 1] === x[index]! >> 31;

function setWhole(x: Int32Array, d: number, value: number): void {
  x[d] = value;
  x[d + 1] = Math.floor(value / 2 ** 32);
}

/** Quotient of signed registers, rounded towards zero: -1 for a divisor of 0, and -2^63 / -1 is -2^63. */
export function divideSigned(x: Int32Array, d: number, s: number, t: number): void {
  if ((x[t]! | x[t + 1]!) === 0) {
    x[d] = -1;
    x[d + 1] = -1;
  } else if (isWord(x, s) && isWord(x, t)) {
    setWhole(x, d, Math.trunc(x[s]! / x[t]!));
  } else {
    setField(x, d, BigInt.asIntN(64, fieldOf(x, s)) / BigInt.asIntN(64, fieldOf(x, t)));
  }
}

/** Remainder of signed registers with the sign of the dividend; the dividend for a divisor of 0. */
export function remainderSigned(x: Int32Array, d: number, s: number, t: number): void {
  if ((x[t]! | x[t + 1]!) === 0) {
    x[d + 1] = x[s + 1]!;
    x[d] = x[s]!;
  } else if (isWord(x, s) && isWord(x, t)) {
    setWhole(x, d, x[s]! % x[t]!);
  } else {
    setField(x, d, BigInt.asIntN(64, fieldOf(x, s)) % BigInt.asIntN(64, fieldOf(x, t)));
  }
}

/** Quotient of unsigned registers; 2^64 - 1 for a divisor of 0. */
export function divideUnsigned(x: Int32Array, d: number, s: number, t: number): void {
  if ((x[t]! | x[t + 1]!) === 0) {
    x[d] = -1;
    x[d + 1] = -1;
  } else if ((x[s + 1]! | x[t + 1]!) === 0) {
    x[d] = (x[s]! >>> 0) / (x[t]! >>> 0);
    x[d + 1] = 0;
  } else {
    setField(x, d, fieldOf(x, s) / fieldOf(x, t));
  }
}

/** Remainder of unsigned registers; the dividend for a divisor of 0. */
export function remainderUnsigned(x: Int32Array, d: number, s: number, t: number): void {
  if ((x[t]! | x[t + 1]!) === 0) {
    x[d + 1] = x[s + 1]!;
    x[d] = x[s]!;
  } else if ((x[s + 1]! | x[t + 1]!) === 0) {
    x[d] = (x[s]! >>> 0) % (x[t]! >>> 0);
    x[d + 1] = 0;
  } else {
    setField(x, d, fieldOf(x, s) % fieldOf(x, t));
  }
}

/** Quotient of signed words; -1 for a divisor of 0. */
export function divideWord(a: number, b: number): number {
  return b === 0 ? -1 : (a / b) | 0;
}

/** Quotient of unsigned words, as a signed word; -1 for a divisor of 0. */
export function divideWordUnsigned(a: number, b: number): number {
  return b === 0 ? -1 : ((a >>> 0) / (b >>> 0)) | 0;
}
