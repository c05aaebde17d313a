import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MODULUS, add, inverse, multiply, subtract } from '@commute/field';
import { hashElements, hashPair, tip5Permutation } from '../src/index.ts';
import { tip5PermutationReference } from '../src/reference/tip5.ts';
import { LOOKUP_TABLE } from '../src/tip5-constants.ts';
import { addWords, fromElement, multiplyWords, result, subtractWords, toElement } from '../src/words.ts';
import { element, fcRuns } from './support.ts';

/** Elements as the published vectors write them: 16 hexadecimal digits each, bytes from the lowest. */
const littleEndianHex = (elements: readonly bigint[]): string =>
  elements.map((each) => Buffer.from(each.toString(16).padStart(16, '0'), 'hex').reverse().toString('hex')).join('');

const words = (value: bigint): [number, number] => {
  fromElement(value);
  return [result[0]!, result[1]!];
};

describe('words', () => {
  test('compute as bigints do', () => {
    fc.assert(
      fc.property(element, element, (a, b) => {
        const compute = (act: (aL: number, aH: number, bL: number, bH: number) => void): bigint => {
          act(...words(a), ...words(b));
          return toElement(result[0]!, result[1]!);
        };
        expect(compute(addWords)).toBe(add(a, b));
        expect(compute(subtractWords)).toBe(subtract(a, b));
        expect(compute(multiplyWords)).toBe(multiply(a, b));
      }),
      { numRuns: fcRuns(3000) },
    );
  });
});

// Vectors of github.com/Neptune-Crypto/twenty-first, src/tip5/mod.rs.
describe('Tip5', () => {
  test('permutes the published state', () => {
    const state = [
      0x1063c4bf5d8bb0ddn,
      0xdb6275d371fe05d0n,
      0xde58cae30144cdaen,
      0xc774e64681d3622en,
      0xc4a947d10a5aa466n,
      0xda5577a00a913151n,
      0xe80e978b3836dcd0n,
      0x8dd161f0a3ac00c2n,
      0x6857f251a9c0f693n,
      0x4923a3683046178en,
      0x6e6fc54a9b81010bn,
      0xcb84fa5bb9faec36n,
      0x93cbf9db4c5cb1ean,
      0xf215d9b92dc87266n,
      0x88f09783d2ae3c57n,
      0x6d29f9ce94a90b71n,
    ];
    const expected = [
      0xa5d32d629e60d72en,
      0x5516ef90d2773d74n,
      0x65d3fa1cde45f6cbn,
      0x7bf0e725dfa5906bn,
      0x67a2db4b141b90e9n,
      0x91db162d32309083n,
      0xefec1d00146a05c9n,
      0xcca0d6566bca8186n,
      0x405baeb5b3f87f02n,
      0xd897015870278f76n,
      0xd4b2ee4810aac7d1n,
      0x27b451e706a5c2fcn,
      0xe9b4177f0a0effe4n,
      0x0c60def0f2c5287fn,
      0x703aa06d327ccc34n,
      0x536f23550ebf98f1n,
    ];
    expect(tip5Permutation(state)).toEqual(expected);
    expect(tip5PermutationReference(state)).toEqual(expected);
  });

  test('permutes the published state in Montgomery form', () => {
    const back = inverse(0xffffffffn);
    const state = [
      0x0000000ffffffff0n,
      0x00000000ffffffffn,
      0x00000000ffffffffn,
      0x00000028ffffffd7n,
      0x00000006fffffff9n,
      0x00000002fffffffdn,
      0x00000000ffffffffn,
      0x00000030ffffffcfn,
      0x00000397fffffc68n,
      0x0000000ffffffff0n,
      0x316bfb7236382123n,
      0x216f521b66ef83f5n,
      0x5689d7b363f52df0n,
      0xeb2f59e3aeae25fcn,
      0xb08299d277cbb4dcn,
      0xcbe3d9fdc5349140n,
    ];
    const expected = [
      0x15d38ea929f6632an,
      0xf988e509ff738bb4n,
      0x48bcdfae88a2e9f3n,
      0x87339e832daac02an,
      0x511e41268150fdacn,
    ];
    const found = tip5Permutation(state.map((each) => multiply(each, back)));
    expect(found.slice(0, 5).map((each) => multiply(each, 0xffffffffn))).toEqual(expected);
  });

  test('hashes ten elements as published: six digests written over each other', () => {
    const preimage = Array.from({ length: 10 }, () => 0n);
    const hash = (): bigint[] => hashPair(preimage.slice(0, 5), preimage.slice(5));
    for (let i = 0; i < 6; i++) preimage.splice(i, 5, ...hash());
    expect(littleEndianHex(hash())).toBe(
      '109cc2fe453bd9962f754b96d8f5b919b60af030940a275f5540da195fef65ee651c1b6fa19b2c6a',
    );
  });

  test('hashes lists of 0 to 19 elements as published: the sum of their digests', () => {
    let sum = [0n, 0n, 0n, 0n, 0n];
    for (let length = 0; length < 20; length++) {
      const digest = hashElements(Array.from({ length }, (_, i) => BigInt(i)));
      sum = sum.map((each, i) => add(each, digest[i]!));
    }
    expect(littleEndianHex(sum)).toBe(
      'efbafa86622a9c69652f8a1c4ffd734f021ad23a0a8085412a877de0f9170b18ea4ff69b6fff9a03',
    );
  });

  test('is the same on words and by definition', () => {
    fc.assert(
      fc.property(fc.array(element, { minLength: 16, maxLength: 16 }), (state) => {
        expect(tip5Permutation(state)).toEqual(tip5PermutationReference(state));
      }),
      { numRuns: fcRuns(100) },
    );
  });

  test('has a table that is a permutation of the bytes', () => {
    expect(new Set(LOOKUP_TABLE).size).toBe(256);
    expect(LOOKUP_TABLE.slice(0, 8)).toEqual([0, 7, 26, 63, 124, 215, 85, 254]);
  });

  test('takes no element that is not canonical', () => {
    expect(() => hashElements([MODULUS])).toThrow(/FIELD_NOT_CANONICAL/);
  });
});
