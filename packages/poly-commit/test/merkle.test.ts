import {
  createFieldEngine,
  createReferenceEngine,
  type FieldEngine,
  type Matrix,
  MODULUS,
  type WasmEngine,
} from '@commute/field';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  BLAKE3,
  createBlake3Scheme,
  createMerkleScheme,
  type HashFunction,
  type MerkleOpening,
  type MerkleScheme,
  type MerkleTree,
  SHA256,
  verifyMerkleOpening,
} from '../src/index.ts';

const RUNS = { numRuns: Number(process.env['FC_NUM_RUNS'] ?? 40) };

/** A reproducible sequence of elements. */
function sequence(length: number, seed: number): bigint[] {
  let state = BigInt(seed) + 1n;
  return Array.from({ length }, () => {
    state = BigInt.asUintN(64, state * 6364136223846793005n + 1442695040888963407n);
    return (state ^ (state >> 29n)) % MODULUS;
  });
}

const matricesOf = (engine: FieldEngine, shapes: readonly (readonly [number, number])[]): Matrix[] =>
  shapes.map(([log, columns], seed) => {
    const matrix = engine.allocate(2 ** log, columns);
    matrix.write(sequence(matrix.size, seed));
    return matrix;
  });

const SHAPES: readonly (readonly (readonly [log: number, columns: number])[])[] = [
  [[0, 1]],
  [
    [0, 3],
    [0, 1],
  ],
  [[1, 2]],
  [
    [2, 5],
    [1, 1],
  ],
  [
    [3, 8],
    [0, 2],
  ],
  [[4, 17]],
  [
    [5, 3],
    [5, 9],
    [3, 4],
    [3, 1],
    [1, 2],
    [0, 1],
  ],
  [
    [2, 0],
    [4, 1],
  ],
  [[6, 130]],
  [[12, 9]],
  [
    [9, 3],
    [8, 17],
    [2, 1],
  ],
  [
    [11, 2],
    [10, 130],
  ],
];

let engine: WasmEngine;
let threaded: WasmEngine;
beforeAll(async () => {
  engine = await createFieldEngine();
  threaded = await createFieldEngine({ threads: 2 });
});
afterAll(() => {
  threaded.dispose();
});

const sameOpenings = (a: MerkleTree, b: MerkleTree, indices: readonly number[]): void => {
  expect(a.root).toEqual(b.root);
  expect(a.open(indices)).toEqual(b.open(indices));
};

describe('the vectorised trees', () => {
  test.for(SHAPES)('are those of the reference for %j', (shapes) => {
    const height = 2 ** Math.max(...shapes.map(([log]) => log));
    const reference = createMerkleScheme(BLAKE3).commit(matricesOf(createReferenceEngine(), shapes));
    for (const each of [engine, threaded]) {
      const tree = createBlake3Scheme(each).commit(matricesOf(each, shapes));
      for (const indices of [[0], [height - 1], [0, height - 1, Math.floor(height / 3)]]) {
        sameOpenings(tree, reference, indices);
      }
      tree.release();
      if (height > 1) expect(() => tree.open([0])).toThrow('[COMMIT_RELEASED]');
    }
  });
});

describe.for([
  ['blake3, vectorised', BLAKE3, () => ({ scheme: createBlake3Scheme(engine), of: engine })],
  ['blake3', BLAKE3, () => ({ scheme: createMerkleScheme(BLAKE3), of: createReferenceEngine() })],
  ['sha256', SHA256, () => ({ scheme: createMerkleScheme(SHA256), of: createReferenceEngine() })],
] as readonly (readonly [string, HashFunction, () => { scheme: MerkleScheme; of: FieldEngine }])[])(
  '%s',
  ([, hash, create]) => {
    const build = (shapes: readonly (readonly [number, number])[]): MerkleTree => {
      const { scheme, of } = create();
      return scheme.commit(matricesOf(of, shapes));
    };

    test('openings of any indices verify', () => {
      const trees = SHAPES.map(build);
      fc.assert(
        fc.property(fc.nat(trees.length - 1), fc.array(fc.nat(), { maxLength: 12 }), (which, places) => {
          const tree = trees[which]!;
          const height = Math.max(...tree.shapes.map(({ rows }) => rows));
          const indices = places.map((place) => place % height);
          const opening = tree.open(indices);
          expect(verifyMerkleOpening(hash, tree.root, tree.shapes, indices, opening)).toEqual({ ok: true });
          tree.shapes.forEach(({ rows }, k) => {
            const distinct = new Set(indices.map((index) => index % rows));
            expect(opening.rows[k]!.length).toBe(distinct.size);
          });
        }),
        RUNS,
      );
    });

    test('neighbouring paths share their digests', () => {
      const tree = build([[5, 1]]);
      expect(tree.open([3]).siblings.length).toBe(5);
      expect(tree.open([3, 19]).siblings.length).toBe(4);
      expect(tree.open(Array.from({ length: 32 }, (_, i) => i)).siblings.length).toBe(0);
    });

    test('any change to an opening, the root or the indices is refused', () => {
      const tree = build([
        [4, 3],
        [2, 2],
      ]);
      const indices = [3, 9, 12];
      const opening = tree.open(indices);
      const verdict = (changed: MerkleOpening, root = tree.root, at: readonly number[] = indices): unknown =>
        verifyMerkleOpening(hash, root, tree.shapes, at, changed);
      const refused = (reason: string): unknown => ({ ok: false, reason });

      opening.rows.forEach((rows, k) => {
        rows.forEach((row, i) => {
          row.forEach((value, j) => {
            const change = (to: bigint): MerkleOpening => ({
              ...opening,
              rows: opening.rows.with(k, rows.with(i, row.with(j, to))),
            });
            expect(verdict(change((value + 1n) % MODULUS))).toEqual(refused('wrong-root'));
            expect(verdict(change(value + MODULUS))).toEqual(refused('not-canonical'));
            expect(verdict(change(-1n))).toEqual(refused('not-canonical'));
          });
          const shorter = { ...opening, rows: opening.rows.with(k, rows.with(i, row.slice(1))) };
          expect(verdict(shorter)).toEqual(refused('shape-mismatch'));
        });
        expect(verdict({ ...opening, rows: opening.rows.with(k, rows.slice(1)) })).toEqual(refused('shape-mismatch'));
      });
      expect(verdict({ ...opening, rows: [] })).toEqual(refused('shape-mismatch'));
      opening.siblings.forEach((digest, k) => {
        for (let byte = 0; byte < 32; byte++) {
          const flipped = digest.with(byte, digest[byte]! ^ 1);
          expect(verdict({ ...opening, siblings: opening.siblings.with(k, flipped) })).toEqual(refused('wrong-root'));
        }
        const short = { ...opening, siblings: opening.siblings.with(k, digest.slice(1)) };
        expect(verdict(short)).toEqual(refused('wrong-siblings'));
      });
      expect(verdict({ ...opening, siblings: opening.siblings.slice(1) })).toEqual(refused('wrong-siblings'));
      expect(verdict({ ...opening, siblings: [] })).toEqual(refused('wrong-siblings'));
      const longer = { ...opening, siblings: [...opening.siblings, tree.root] };
      expect(verdict(longer)).toEqual(refused('wrong-siblings'));
      for (let byte = 0; byte < 32; byte++) {
        expect(verdict(opening, tree.root.with(byte, tree.root[byte]! ^ 128))).toEqual(refused('wrong-root'));
      }
      expect(verdict(opening, tree.root.slice(1))).toEqual(refused('wrong-root'));
      expect(verdict(opening, tree.root, [3, 9, 13])).not.toEqual({ ok: true });
      for (const bad of [16, -1, 0.5, NaN]) {
        expect(verdict(opening, tree.root, [3, 9, bad])).toEqual(refused('index-out-of-range'));
      }
    });

    test('mistakes of the caller throw', () => {
      const { scheme, of } = create();
      expect(() => scheme.commit([])).toThrow('[COMMIT_SHAPE]');
      expect(() => scheme.commit([of.allocate(3)])).toThrow('[FIELD_SIZE]');
      const tree = scheme.commit([of.allocate(4)]);
      for (const index of [4, -1, 0.5]) expect(() => tree.open([index])).toThrow('[COMMIT_RANGE]');
      expect(() => verifyMerkleOpening(hash, tree.root, [], [0], tree.open([0]))).toThrow('[COMMIT_SHAPE]');
    });
  },
);

test('matrices of another engine are refused', () => {
  expect(() => createBlake3Scheme(engine).commit([createReferenceEngine().allocate(4)])).toThrow('[COMMIT_SHAPE]');
});

test('the root of a known tree stays what it is', () => {
  const hex = (bytes: Uint8Array): string => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
  const tree = createBlake3Scheme(engine).commit(
    matricesOf(engine, [
      [3, 2],
      [1, 1],
    ]),
  );
  expect(hex(tree.root)).toMatchInlineSnapshot(`"004396392774df9716fe242250839f5b1077f7825b0d2a4e177043c0b0a7cf74"`);
});
