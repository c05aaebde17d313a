import { createFieldEngine, createFieldEngineSync } from '@commute/field';
import { describe, expect, test } from 'vitest';
import { blake3Batch } from '../src/blake3-batch.ts';
import { STEP_WORDS } from '../src/blake3-kernels.ts';
import { digestAll } from '../src/hash.ts';
import { BLAKE3, createBlake3Scheme, SHA256 } from '../src/index.ts';
import { leafSchedule } from '../src/schedule.ts';
import vectors from './vectors/blake3.json' with { type: 'json' };

const hex = (bytes: Uint8Array): string => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
const pattern = (length: number): Uint8Array => Uint8Array.from({ length }, (_, i) => i % 251);

describe('official vectors', () => {
  test.for(vectors.cases)('@noble/hashes: $length bytes', ({ length, digest }) => {
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
  test.for([8, 64, 72, 1024, 1032, 4096])('of %i bytes have the digests of single ones', (length) => {
    for (const count of [1, 2, 3, 4, 5, 9]) {
      const messages = Array.from({ length: count }, (_, k) => pattern(length + 8 * k).subarray(8 * k));
      const digests = blake3Batch(messages);
      expect(digests?.map(hex)).toEqual(messages.map((message) => hex(BLAKE3.digest(message))));
      expect(digests).toEqual(digestAll(BLAKE3, messages));
    }
  });

  test('are hashed singly where they have no whole words, other lengths, or are none', () => {
    for (const messages of [[pattern(7)], [pattern(8), pattern(16)], [pattern(0)], []]) {
      expect(blake3Batch(messages)).toBeUndefined();
      expect(digestAll(BLAKE3, messages)).toEqual(messages.map(BLAKE3.digest));
      expect(digestAll(SHA256, messages)).toEqual(messages.map(SHA256.digest));
    }
  });
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
