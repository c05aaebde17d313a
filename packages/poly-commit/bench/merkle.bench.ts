/**
 * Merkle trees and grinding beside @noble/hashes in the same run.
 *
 * Run with `node --conditions=@commute/source bench/merkle.bench.ts`.
 */
import { createFieldEngine, MODULUS } from '@commute/field';
import { BLAKE3, createBlake3Scheme, createMerkleScheme, findWork, Transcript } from '@commute/poly-commit';
import { blake3 } from '@noble/hashes/blake3.js';

const ROUNDS = Number(process.env['ROUNDS'] ?? 8);
const ROWS = 2 ** 18;
const COLUMNS = 64;

function fastest(times: number, body: () => void): number {
  let best = Infinity;
  for (let i = 0; i < times; i++) {
    const start = performance.now();
    body();
    best = Math.min(best, performance.now() - start);
  }
  return best;
}

const one = await createFieldEngine();
const two = await createFieldEngine({ threads: 2 });
const [matrix, copy] = [one, two].map((engine) => engine.allocate(ROWS, COLUMNS)) as [
  ReturnType<typeof one.allocate>,
  ReturnType<typeof one.allocate>,
];
for (const each of [matrix, copy]) {
  const view = each.view();
  for (let i = 0; i < view.length; i++) view[i] = (BigInt(i) * 0x9e3779b97f4a7c15n) % MODULUS;
}
const [single, parallel] = [createBlake3Scheme(one), createBlake3Scheme(two)];

// Answers first, on a smaller tree: the reference takes a minute for the large one.
const small = one.from(matrix.view().slice(0, 2 ** 10 * 16), 16);
const [a, b] = [single.commit([small]), createMerkleScheme(BLAKE3).commit([small])];
if (a.root.join() !== b.root.join()) throw new Error('wrong root');

/** What @noble/hashes alone needs for the digests of such a tree, without reading the rows. */
function nobleTree(): void {
  const row = new Uint8Array(8 * COLUMNS);
  const pair = new Uint8Array(64);
  for (let i = 0; i < ROWS; i++) {
    row[0] = i;
    pair.set(blake3(row));
  }
  for (let i = 1; i < ROWS; i++) pair.set(blake3(pair));
}

const best = { single: Infinity, parallel: Infinity, noble: Infinity, grind: Infinity, grindSlowly: Infinity };
for (let round = 0; round < ROUNDS; round++) {
  best.single = Math.min(
    best.single,
    fastest(2, () => {
      single.commit([matrix]).release();
    }),
  );
  best.parallel = Math.min(
    best.parallel,
    fastest(2, () => {
      parallel.commit([copy]).release();
    }),
  );
  if (round < 2) best.noble = Math.min(best.noble, fastest(1, nobleTree));
  const state = new Transcript('bench').state;
  best.grind = Math.min(
    best.grind,
    fastest(1, () => void findWork(state, 16, one)),
  );
  if (round < 2)
    best.grindSlowly = Math.min(
      best.grindSlowly,
      fastest(1, () => void findWork(state, 16)),
    );
}
console.log(`node ${process.version}, minima of ${String(ROUNDS)} interleaved rounds`);
const ratio = (slow: number, fast: number): string => `${(slow / fast).toFixed(1)} ×`;
console.log(
  `tree over 2^18 rows of 512 bytes: ${best.single.toFixed(0)} ms, ${ratio(best.noble, best.single)} faster than @noble/hashes blake3 (bar: 30)`,
);
console.log(`on two threads: ${best.parallel.toFixed(0)} ms, ${ratio(best.single, best.parallel)} faster than on one`);
console.log(
  `16 bits of grinding: ${best.grind.toFixed(1)} ms, ${ratio(best.grindSlowly, best.grind)} faster than @noble/hashes`,
);
console.log(
  `memory of the engine: ${(one.arena.byteLength / 2 ** 20).toFixed(0)} MiB, ${String((ROWS * COLUMNS * 8) / 2 ** 20)} of them the matrix`,
);
two.dispose();
