/**
 * Tip5 as its paper defines it, on bigints: the reference.
 *
 * Source: "The Tip5 Hash Function for Recursive STARKs", https://eprint.iacr.org/2023/107, section 2.
 *
 * @module
 */
import { add, inverse, multiply, power } from '@commute/field';
import { LOOKUP_ELEMENTS, LOOKUP_TABLE, MDS_COLUMN, ROUNDS, ROUND_CONSTANTS, STATE_SIZE } from '../tip5-constants.ts';

/** 2^64 modulo p. */
const MONTGOMERY = 0xffff_ffffn;
const MONTGOMERY_INVERSE = inverse(MONTGOMERY);

/** Puts each byte of the Montgomery form x·2^64 through the table. */
function splitAndLookup(element: bigint): bigint {
  const form = multiply(element, MONTGOMERY);
  let mapped = 0n;
  for (let byte = 0n; byte < 8n; byte++) {
    mapped |= BigInt(LOOKUP_TABLE[Number((form >> (8n * byte)) & 0xffn)]!) << (8n * byte);
  }
  return multiply(mapped, MONTGOMERY_INVERSE);
}

/** The Tip5 permutation of 16 elements. */
export function tip5PermutationReference(state: readonly bigint[]): bigint[] {
  let current = [...state];
  for (let round = 0; round < ROUNDS; round++) {
    const mixed = current.map((element, i) => (i < LOOKUP_ELEMENTS ? splitAndLookup(element) : power(element, 7n)));
    current = mixed.map((_, row) => {
      let sum = ROUND_CONSTANTS[STATE_SIZE * round + row]!;
      for (let column = 0; column < STATE_SIZE; column++) {
        const entry = BigInt(MDS_COLUMN[(row - column + STATE_SIZE) % STATE_SIZE]!);
        sum = add(sum, multiply(entry, mixed[column]!));
      }
      return sum;
    });
  }
  return current;
}
