import { describe, expect, test } from 'vitest';
import { blake3, hasherByName, keccak256, sha256 } from '../src/index.ts';
import { hex } from './support.ts';

// Published digests of the empty string and of "abc": FIPS 180-4 examples, the Keccak team's test vectors (as used by
// Ethereum), and the BLAKE3 repository's test_vectors.json (input bytes 0, 1, 2, ...).
const ascii = (text: string): Uint8Array => new TextEncoder().encode(text);

describe('the built-in hashes', () => {
  test.each([
    [keccak256, '', 'c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470'],
    [keccak256, 'abc', '4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45'],
    [sha256, '', 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
    [sha256, 'abc', 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'],
    [blake3, '', 'af1349b9f5f9a1a6a0404dea36dcc9499bcb25c9adc112b7cc9a93cae41f3262'],
    [blake3, '\u0000', '2d3adedff11b61f14c886e35afa036736dcd87a74d27b5c1510225d0f592e213'],
  ] as const)('$0.name of "$1"', (hasher, text, digest) => {
    expect(hex(hasher.digest(ascii(text)))).toBe(digest);
  });

  test('are found by name, and nothing else is', () => {
    for (const hasher of [keccak256, sha256, blake3]) expect(hasherByName(hasher.name)).toBe(hasher);
    expect(() => hasherByName('md5')).toThrow(
      'hash: expected keccak256, sha256 or blake3, got md5 [MACHINE_HASH_UNSUPPORTED]',
    );
  });
});
