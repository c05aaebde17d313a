import { createHash } from 'node:crypto';
import { sha256 as reference } from '@noble/hashes/sha2.js';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { hexFromBytes } from '../src/bytes.ts';
import { sha256 } from '../src/hash/sha256.ts';

describe('SHA-256', () => {
  test('is that of FIPS 180-4', () => {
    // The examples of the standard: one block, two blocks, a million times `a`.
    for (const [text, expected] of [
      ['abc', 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'],
      [
        'abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq',
        '248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1',
      ],
      ['a'.repeat(1_000_000), 'cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0'],
    ] as const)
      expect(hexFromBytes(sha256(new TextEncoder().encode(text)))).toBe(expected);
  });

  test('is that of two other implementations, for every length around blocks and for long messages', () => {
    const bytes = Uint8Array.from({ length: 1_100_000 }, (_, index) => (index * 2_654_435_761) >>> 13);
    const lengths = [...Array.from({ length: 300 }, (_, length) => length), 65_535, 1_047_552, 1_047_553, 1_100_000];
    for (const length of lengths) {
      const message = bytes.subarray(7, 7 + length);
      const expected = createHash('sha256').update(message).digest('hex');
      expect([length, hexFromBytes(sha256(message))]).toEqual([length, expected]);
      expect(hexFromBytes(reference(message))).toBe(expected);
    }
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 1000 }), (message) => {
        expect(sha256(message)).toEqual(reference(message));
      }),
    );
  });

  test('gives bytes that stay', () => {
    const [one, two] = [sha256(new Uint8Array(1)), sha256(new Uint8Array(2))];
    expect(one).toEqual(reference(new Uint8Array(1)));
    expect(two).toEqual(reference(new Uint8Array(2)));
  });
});
