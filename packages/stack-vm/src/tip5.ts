/**
 * Tip5 on words of 32 bits, and the two ways of hashing with it.
 *
 * @module
 */
import { canonical } from '@commute/field';
import {
  DIGEST_LENGTH,
  LOOKUP_ELEMENTS,
  LOOKUP_TABLE,
  MDS_COLUMN,
  RATE,
  ROUNDS,
  ROUND_CONSTANTS,
  STATE_SIZE,
} from './tip5-constants.ts';
import { addWords, fromElement, multiplyWords, result, toElement } from './words.ts';

/** A state as words: the low word of element i at 2·i, the high one behind it. */
export type StateWords = Uint32Array;

const TABLE = Uint8Array.from(LOOKUP_TABLE);
/** Twice in a row, so that a row of the matrix is a stretch of it read backwards. */
const COLUMN = Float64Array.from([...MDS_COLUMN, ...MDS_COLUMN]);
const CONSTANTS = Uint32Array.from(
  ROUND_CONSTANTS.flatMap((constant) => [Number(constant & 0xffff_ffffn), Number(constant >> 32n)]),
);
const LOW = new Float64Array(STATE_SIZE);
const HIGH = new Float64Array(STATE_SIZE);
/** The inverse of 2^64 modulo p, as words. */
const INVERSE_LOW = 0x0000_0001;
const INVERSE_HIGH = 0xffff_fffe;
const WORD = 2 ** 32;

function lookUp(word: number): number {
  return (
    (TABLE[word & 255]! |
      (TABLE[(word >>> 8) & 255]! << 8) |
      (TABLE[(word >>> 16) & 255]! << 16) |
      (TABLE[word >>> 24]! << 24)) >>>
    0
  );
}

/** The Tip5 permutation, in place. */
export function permute(state: StateWords): void {
  for (let round = 0; round < ROUNDS; round++) {
    for (let i = 0; i < STATE_SIZE; i++) {
      const low = state[2 * i]!;
      const high = state[2 * i + 1]!;
      if (i < LOOKUP_ELEMENTS) {
        // The Montgomery form: 2^64 is 2^32 - 1 modulo p.
        multiplyWords(low, high, 0xffff_ffff, 0);
        multiplyWords(lookUp(result[0]!), lookUp(result[1]!), INVERSE_LOW, INVERSE_HIGH);
      } else {
        multiplyWords(low, high, low, high);
        const squareLow = result[0]!;
        const squareHigh = result[1]!;
        multiplyWords(squareLow, squareHigh, squareLow, squareHigh);
        multiplyWords(result[0]!, result[1]!, squareLow, squareHigh);
        multiplyWords(result[0]!, result[1]!, low, high);
      }
      LOW[i] = result[0]!;
      HIGH[i] = result[1]!;
    }
    for (let row = 0; row < STATE_SIZE; row++) {
      // Entries are below 2^16, so both sums are below 2^52 and exact.
      let low = 0;
      let high = 0;
      for (let column = 0; column < STATE_SIZE; column++) {
        const entry = COLUMN[row - column + STATE_SIZE]!;
        low += entry * LOW[column]!;
        high += entry * HIGH[column]!;
      }
      // high·2^32 + low, with what is above 2^64 folded: 2^64 = 2^32 - 1.
      const lowCarry = Math.floor(low / WORD);
      high += lowCarry;
      const over = Math.floor(high / WORD);
      const at = 2 * (STATE_SIZE * round + row);
      addWords(low - lowCarry * WORD - over, high - over * WORD + over, CONSTANTS[at]!, CONSTANTS[at + 1]!);
      state[2 * row] = result[0]!;
      state[2 * row + 1] = result[1]!;
    }
  }
}

/** A digest: five elements. */
export type Digest = readonly bigint[];

/** A Tip5 permutation of 16 canonical elements. */
export function tip5Permutation(elements: readonly bigint[]): bigint[] {
  const state = new Uint32Array(2 * STATE_SIZE);
  elements.forEach((element, i) => {
    setElement(state, i, canonical(element, `elements[${String(i)}]`));
  });
  permute(state);
  return Array.from({ length: STATE_SIZE }, (_, i) => elementOf(state, i));
}

/** Element i of a state. */
export function elementOf(state: StateWords, i: number): bigint {
  return toElement(state[2 * i]!, state[2 * i + 1]!);
}

function setElement(state: StateWords, i: number, element: bigint): void {
  fromElement(element);
  state[2 * i] = result[0]!;
  state[2 * i + 1] = result[1]!;
}

/**
 * The digest of two digests, as for the nodes of a Merkle tree: ten elements, hashed with all ones in the capacity.
 *
 * @example
 * ```ts
 * import { hashPair } from '@commute/stack-vm';
 * const digest = hashPair([1n, 2n, 3n, 4n, 5n], [6n, 7n, 8n, 9n, 10n]);
 * if (digest.length !== 5) throw new Error('a digest has five elements');
 * ```
 */
export function hashPair(left: Digest, right: Digest): bigint[] {
  const ones = Array.from({ length: STATE_SIZE - RATE }, () => 1n);
  return tip5Permutation([...left, ...right, ...ones]).slice(0, DIGEST_LENGTH);
}

/**
 * The digest of any number of elements: they are padded with a one and zeros and absorbed ten at a time.
 *
 * @example
 * ```ts
 * import { hashElements } from '@commute/stack-vm';
 * if (hashElements([0n])[0] !== 0x4338de79520b3949n) throw new Error('the digest of the program `halt`');
 * ```
 */
export function hashElements(elements: readonly bigint[]): bigint[] {
  const state = new Uint32Array(2 * STATE_SIZE);
  const padded = [...elements, 1n];
  for (let at = 0; at < padded.length; at += RATE) {
    for (let i = 0; i < RATE; i++) setElement(state, i, canonical(padded[at + i] ?? 0n, `elements[${String(at + i)}]`));
    permute(state);
  }
  return Array.from({ length: DIGEST_LENGTH }, (_, i) => elementOf(state, i));
}
