import { createFieldEngine, createFieldEngineSync } from '@commute/field';
import { blake3 } from '@noble/hashes/blake3.js';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { STEP_WORDS } from '../src/blake3-kernels.ts';
import { blake3Stream, digestAll } from '../src/hash.ts';
import { BLAKE3, createBlake3Scheme, SHA256 } from '../src/index.ts';
import { leafSchedule } from '../src/schedule.ts';
import vectors from './vectors/blake3.json' with { type: 'json' };

const hex = (bytes: Uint8Array): string => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
const pattern = (length: number): Uint8Array => Uint8Array.from({ length }, (_, i) => i % 251);

describe('official vectors', () => {
  test.for(vectors.cases)('single messages: $length bytes', ({ length, digest }) => {
    expect(hex(blake3(pattern(length)))).toBe(digest);
    expect(hex(BLAKE3.digest(pattern(length)))).toBe(digest);
  });

  const wholeWords = vectors.cases.filter(({ length }) => length % 8 === 0);
  test.for(wholeWords)('kernels: rows of $length bytes', ({ length, digest }) => {
    const engine = createFieldEngineSync();
    const words = new BigUint64Array(pattern(length).buffer);
    // A tree of one row: its root is the digest of the row.
    const matrix = engine.allocate(1, words.length);
    words.forEach((word, column) => {
      matrix.set(0, word, column);
    });
    expect(hex(createBlake3Scheme(engine).commit([matrix]).root)).toBe(digest);
  });
});

describe('several messages at once', () => {
  test.for([1, 8, 63, 64, 65, 72, 1023, 1024, 1025, 2048, 3072, 4096, 5000, 7 * 1024 + 8])(
    'of %i bytes have the digests of single ones',
    (length) => {
      for (const count of [1, 2, 3, 4, 5, 9]) {
        const messages = Array.from({ length: count }, (_, k) => pattern(length + 8 * k).subarray(8 * k));
        expect(digestAll(BLAKE3, messages).map(hex)).toEqual(messages.map((message) => hex(blake3(message))));
      }
    },
  );

  test('are hashed singly where they are empty, of other lengths, or none', () => {
    for (const messages of [[pattern(8), pattern(16)], [pattern(0), pattern(0)], []]) {
      expect(digestAll(BLAKE3, messages)).toEqual(messages.map((message) => blake3(message)));
      expect(digestAll(SHA256, messages)).toEqual(messages.map(SHA256.digest));
    }
  });
});

test('messages of any length have the digests of @noble/hashes', () => {
  fc.assert(
    fc.property(fc.nat(20_000), fc.nat(255), (length, seed) => {
      const message = pattern(length).map((byte) => byte ^ seed);
      expect(hex(BLAKE3.digest(message))).toBe(hex(blake3(message)));
    }),
    { numRuns: Number(process.env['FC_NUM_RUNS'] ?? 100) },
  );
  // Longer than what is in memory at once.
  for (const length of [2 ** 20, 2 ** 20 + 1, 2 ** 21 + 5 * 1024 + 3]) {
    expect(hex(BLAKE3.digest(pattern(length)))).toBe(hex(blake3(pattern(length))));
  }
});

test('streams have the output of @noble/hashes', () => {
  for (const size of [0, 1, 32, 40, 63, 64]) {
    for (const length of [1, 31, 32, 33, 64, 65, 128, 255, 256, 257, 1000, 5000]) {
      expect(hex(blake3Stream(pattern(size), length))).toBe(hex(blake3(pattern(size), { dkLen: length })));
    }
  }
});

test('every row of a quad has its own digest, on one thread and on three', async () => {
  for (const engine of [createFieldEngineSync(), await createFieldEngine({ threads: 3 })]) {
    const scheme = createBlake3Scheme(engine);
    const matrix = engine.from(
      Array.from({ length: 8 * 19 }, (_, i) => BigInt(i) * 0x123456789n),
      19,
    );
    const tree = scheme.commit([matrix]);
    const siblings = Array.from({ length: 8 }, (_, index) => {
      const opening = tree.open([(index + 4) % 8]);
      return hex(opening.siblings[0]!);
    });
    const rows = Array.from({ length: 8 }, (_, row) => {
      const bytes = new Uint8Array(8 * 19);
      const view = new DataView(bytes.buffer);
      for (let column = 0; column < 19; column++) view.setBigUint64(8 * column, matrix.get(row, column), true);
      return hex(BLAKE3.digest(bytes));
    });
    expect(siblings).toEqual(rows);
    engine.dispose();
  }
});

test('a schedule has one step per block and one per parent', () => {
  for (const [columns, blocks, parents] of [
    [0, 1, 0],
    [8, 1, 0],
    [9, 2, 0],
    [128, 16, 0],
    [129, 17, 1],
    [1280, 160, 9],
  ] as const) {
    expect(leafSchedule(columns).length / STEP_WORDS).toBe(blocks + parents);
  }
});
