import fc from 'fast-check';
import {
  createFieldEngine,
  createReferenceEngine,
  type FieldEngine,
  type Matrix,
  MODULUS,
  WasmEngine,
} from '../src/index.ts';

/** Every implementation of the contract, under the same tests. */
export const ENGINES: readonly (readonly [name: string, create: () => Promise<FieldEngine>])[] = [
  ['reference', () => Promise.resolve(createReferenceEngine())],
  ['wasm', () => createFieldEngine()],
  ['wasm, two threads', () => createFieldEngine({ threads: 2 })],
  ['wasm, one memory per module', () => Promise.resolve(new WasmEngine(1, 65536, false))],
];

/** Runs of a property. */
export const RUNS: { readonly numRuns: number } = { numRuns: Number(process.env['FC_NUM_RUNS'] ?? 60) };

/** Elements where carries, borrows and reductions are on the edge. */
export const EDGES: readonly bigint[] = [
  0n,
  1n,
  2n,
  0xffffffffn,
  0x100000000n,
  0xffffffff00000000n,
  0xfffffffe00000001n,
  0xfffffffeffffffffn,
  0x7fffffff80000000n,
  1n << 63n,
  MODULUS - 2n,
  MODULUS - 0xffffffffn,
  (MODULUS - 1n) / 2n,
];

/** A canonical element, edges often. */
export const anyElement: fc.Arbitrary<bigint> = fc.oneof(
  { weight: 1, arbitrary: fc.constantFrom(...EDGES) },
  { weight: 2, arbitrary: fc.bigInt({ min: 0n, max: MODULUS - 1n }) },
);

/** A reproducible sequence of elements without structure. */
export function sequence(length: number, seed = 1n): bigint[] {
  let state = seed;
  return Array.from({ length }, () => {
    state = BigInt.asUintN(64, state * 6364136223846793005n + 1442695040888963407n);
    return (state ^ (state >> 29n)) % MODULUS;
  });
}

/** The columns of a matrix. */
export function columnsOf(matrix: Matrix): bigint[][] {
  return Array.from({ length: matrix.columns }, (_, k) => matrix.column(k).toArray());
}
