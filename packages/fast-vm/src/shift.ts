/*
 * Shifts of a 64-bit register held as 32-bit halves, by 0 to 63. `d` is the index of the low half of rd. A shift by
 * 32 - n is written as two, for with n = 0 one would be by 32, which is by 0.
 */

export function shiftLeft(x: Int32Array, d: number, low: number, high: number, shift: number): void {
  if (shift >= 32) {
    x[d] = 0;
    x[d + 1] = low << (shift - 32);
  } else {
    x[d] = low << shift;
    x[d + 1] = (high << shift) | ((low >>> 1) >>> (31 - shift));
  }
}

export function shiftRight(x: Int32Array, d: number, low: number, high: number, shift: number): void {
  if (shift >= 32) {
    x[d] = high >>> (shift - 32);
    x[d + 1] = 0;
  } else {
    x[d] = (low >>> shift) | ((high << 1) << (31 - shift));
    x[d + 1] = high >>> shift;
  }
}

export function shiftRightSigned(x: Int32Array, d: number, low: number, high: number, shift: number): void {
  if (shift >= 32) {
    x[d] = high >> (shift - 32);
    x[d + 1] = high >> 31;
  } else {
    x[d] = (low >>> shift) | ((high << 1) << (31 - shift));
    x[d + 1] = high >> shift;
  }
}
