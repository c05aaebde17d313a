/** Why a machine stops in front of an instruction. The state is the one before it, except for this. */
export const CAUSE = {
  /** The instruction pointer is outside of the program, or `skiz` skips what is. */
  instructionPointer: 1,
  /** The word is no opcode, or its argument is missing or out of range. */
  illegalInstruction: 2,
  /** The stack would have fewer than 16 elements. */
  stackUnderflow: 3,
  /** The stack would have more elements than there is room for. */
  stackOverflow: 4,
  /** `return`, `recurse` or `recurse_or_return` without a call. */
  jumpStackEmpty: 5,
  /** More calls than there is room for. */
  jumpStackOverflow: 6,
  /** `assert` of another element than 1, or `assert_vector` of two vectors that differ. */
  assertion: 7,
  /** An operand that has to be below 2^32 is not. */
  notU32: 8,
  /** Zero has no inverse. */
  inverseOfZero: 9,
  /** Zero has no logarithm. */
  logarithmOfZero: 10,
  /** A division by zero. */
  divisionByZero: 11,
  /** A sponge instruction before `sponge_init`. */
  spongeUninitialized: 12,
  /** Fewer elements of input are left than asked for. */
  inputExhausted: 13,
  /** Fewer elements of secret input are left than asked for. */
  secretExhausted: 14,
  /** No secret digest is left. */
  digestsExhausted: 15,
  /** More output than there is room for. */
  outputFull: 16,
  /** More blocks of RAM than there is room for. */
  ramFull: 17,
  /** `swap`, `pick` or `place` of a word of the program digest, where that is forbidden. */
  programDigest: 18,
} as const;

const TEXTS: Readonly<Record<number, string>> = {
  [CAUSE.instructionPointer]: 'instruction pointer outside of the program',
  [CAUSE.illegalInstruction]: 'illegal instruction',
  [CAUSE.stackUnderflow]: 'stack underflow',
  [CAUSE.stackOverflow]: 'stack overflow',
  [CAUSE.jumpStackEmpty]: 'empty jump stack',
  [CAUSE.jumpStackOverflow]: 'jump stack overflow',
  [CAUSE.assertion]: 'failed assertion',
  [CAUSE.notU32]: 'operand of more than 32 bits',
  [CAUSE.inverseOfZero]: 'inverse of zero',
  [CAUSE.logarithmOfZero]: 'logarithm of zero',
  [CAUSE.divisionByZero]: 'division by zero',
  [CAUSE.spongeUninitialized]: 'uninitialized sponge',
  [CAUSE.inputExhausted]: 'end of input',
  [CAUSE.secretExhausted]: 'end of secret input',
  [CAUSE.digestsExhausted]: 'end of secret digests',
  [CAUSE.outputFull]: 'full output',
  [CAUSE.ramFull]: 'full memory',
  [CAUSE.programDigest]: 'program digest moved',
};

/** The words for a cause, for people. */
export function causeText(cause: number): string {
  return TEXTS[cause] ?? `cause ${String(cause)}`;
}

/**
 * The program-digest rule: tells whether st`index` is a word of the program digest on a stack of `size` elements.
 *
 * The digest is the five elements at the bottom, so it is within reach exactly while the stack has 16 to 20 elements.
 * Instructions that shrink the stack cannot take it away, as 16 elements stay; of those that move elements only `swap`,
 * `pick` and `place` reach it.
 *
 * @example
 * ```ts
 * import { isDigestRegister } from '@commute/stack-vm';
 * if (isDigestRegister(21, 15) || !isDigestRegister(20, 15) || isDigestRegister(20, 14)) throw new Error('i >= n - 5');
 * ```
 */
export function isDigestRegister(size: number, index: number): boolean {
  return index >= size - 5;
}
