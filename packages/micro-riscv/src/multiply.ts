/*
 * The extension M: upper words of products for the interpreter, and all eight instructions the obvious way for the reference step.
 * Operands and results of the quick ones are signed words.
 */

/** The upper word of the product of two unsigned words. */
export function multiplyHighUnsigned(a: number, b: number): number {
  const [aLow, aHigh, bLow, bHigh] = [a & 0xffff, a >>> 16, b & 0xffff, b >>> 16];
  // Each sum is below 2^32.
  const middle = aHigh * bLow + ((aLow * bLow) >>> 16);
  const other = aLow * bHigh + (middle & 0xffff);
  return (aHigh * bHigh + (middle >>> 16) + (other >>> 16)) | 0;
}

/** The upper word of the product of two signed words. */
export function multiplyHighSigned(a: number, b: number): number {
  return (multiplyHighUnsigned(a, b) - (a < 0 ? b : 0) - (b < 0 ? a : 0)) | 0;
}

/** The upper word of the product of a signed and an unsigned word. */
export function multiplyHighSignedUnsigned(a: number, b: number): number {
  return (multiplyHighUnsigned(a, b) - (a < 0 ? b : 0)) | 0;
}

/**
 * An instruction of the extension M by its funct3, straight from the specification.
 *
 * @param a - value of rs1, unsigned.
 * @param b - value of rs2, unsigned.
 * @returns the result; its low 32 bits count.
 */
export function multiplyOrDivide(funct3: number, a: number, b: number): number {
  const [left, right] = [BigInt(a), BigInt(b)];
  const [signedLeft, signedRight] = [BigInt.asIntN(32, left), BigInt.asIntN(32, right)];
  const word = (value: bigint): number => Number(BigInt.asUintN(32, value));
  switch (funct3) {
    case 0:
      return word(left * right);
    case 1:
      return word((signedLeft * signedRight) >> 32n);
    case 2:
      return word((signedLeft * right) >> 32n);
    case 3:
      return word((left * right) >> 32n);
    case 4:
      return b === 0 ? -1 : word(signedLeft / signedRight);
    case 5:
      return b === 0 ? -1 : word(left / right);
    case 6:
      return b === 0 ? a : word(signedLeft % signedRight);
    default:
      return b === 0 ? a : word(left % right);
  }
}
