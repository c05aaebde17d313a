import { OPERATION } from '../program/operations.ts';

/** The upper word of a product, by the number of the operation; operands and result are signed words. */
export function multiplyHigh(operation: number, a: number, b: number): number {
  const left = BigInt(operation === OPERATION.multiplyHighUnsigned ? a >>> 0 : a);
  const right = BigInt(operation === OPERATION.multiplyHighSigned ? b : b >>> 0);
  return Number(BigInt.asIntN(32, (left * right) >> 32n));
}

/** A quotient or remainder, by the number of the operation; operands and result are signed words. */
export function divide(operation: number, a: number, b: number): number {
  switch (operation) {
    case OPERATION.divideSigned:
      return b === 0 ? -1 : (a / b) | 0;
    case OPERATION.divideUnsigned:
      return b === 0 ? -1 : Math.floor((a >>> 0) / (b >>> 0)) | 0;
    case OPERATION.remainderSigned:
      return b === 0 ? a : (a % b) | 0;
    default:
      return b === 0 ? a : ((a >>> 0) % (b >>> 0)) | 0;
  }
}
