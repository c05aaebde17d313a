/**
 * Numbers of what the processor leaves to other tables, the first element of a tuple on the bus `operation`.
 *
 * @module
 */

/** Numbers of operations. */
export const OPERATION = {
  /** The processor does it itself. */
  none: 0,
  loadWord: 1,
  loadWordFromText: 2,
  storeWord: 3,
  /** Plus {@link NARROW}. */
  narrow: 16,
  and: 32,
  or: 33,
  xor: 34,
  shiftLeft: 36,
  shiftRight: 37,
  shiftRightArithmetic: 38,
  lessSigned: 40,
  multiply: 44,
  multiplyHighSigned: 45,
  multiplyHighSignedUnsigned: 46,
  multiplyHighUnsigned: 47,
  divideSigned: 48,
  divideUnsigned: 49,
  remainderSigned: 50,
  remainderUnsigned: 51,
  /** A host call that goes on. */
  call: 56,
  /** A host call that ends the run. */
  exit: 57,
  /** The first number for instructions of extensions. */
  extension: 64,
} as const;

/** Added to `OPERATION.narrow` for loads and stores of less than a word; a load of an unsigned byte from memory has none. */
export const NARROW = { half: 1, signed: 2, text: 4, store: 8 } as const;
