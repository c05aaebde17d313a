/**
 * Values of polynomials at some points of a coset, without those at all others.
 *
 * f(y) = Σ y^t·f_t(y^T) for T parts; in bit-reversed order the coefficients of a part lie next to each other, the parts in bit-reversed order. y^T is on a coset that is T times
 * smaller, on all of which short parts are evaluated: that stays in cache, and takes a few levels of a transform.
 *
 * @module
 */
import { type CosetPoints } from './engine.ts';
import { add, logOfPowerOfTwo, multiply, power, rootOfUnity } from './goldilocks.ts';
import { PARTS_AT_ONCE } from './kernels/point-sums.ts';
import { MONTGOMERY_FACTOR } from './kernels/vector-field.ts';
import { type Matrix } from './matrix.ts';
import { fillReversedPowersOfAll } from './powers.ts';
import { type WasmEngine } from './wasm-engine.ts';

/** log2 of the coefficients of a part. */
export const PART_LOG = 6;

/** Rows of the shortest columns that have enough parts. */
export const LEAST_ROWS: number = PARTS_AT_ONCE << PART_LOG;

/** The value of each column at each of the points, `[point][column]`, for columns of {@link LEAST_ROWS} rows at least. The twiddles of a part are there. */
export function valuesAt(engine: WasmEngine, a: Matrix, { shift, blowup, numbers }: CosetPoints): bigint[][] {
  const size = 2 ** PART_LOG;
  const parts = a.rows / size;
  const root = rootOfUnity(logOfPowerOfTwo(a.rows * blowup));
  const cosets = Array.from({ length: blowup }, (_, coset) => [
    ...new Set(numbers.filter((number) => number % blowup === coset)),
  ]);
  const points = cosets.flat();
  const sums = engine.scope(() => {
    const tables = engine.reserve(size, blowup);
    const pointOf = (number: number): bigint => multiply(shift, power(root, BigInt(number)));
    const shifts = cosets.map((_, coset) => power(pointOf(coset), BigInt(parts)));
    fillReversedPowersOfAll(engine, tables, shifts, MONTGOMERY_FACTOR);
    const weights = engine.reserve(parts, points.length);
    fillReversedPowersOfAll(engine, weights, points.map(pointOf), MONTGOMERY_FACTOR);
    // Few columns are divided among the threads.
    const groups = parts / PARTS_AT_ONCE;
    const pieces = engine.threads === 1 ? 1 : Math.min(groups, Math.ceil((4 * engine.threads) / a.columns));
    const atOnce = Math.ceil(groups / pieces);
    const starts = Array.from({ length: Math.ceil(groups / atOnce) }, (_, piece) => atOnce * piece);
    const calls = a.columns * starts.length;
    const out = engine.allocate(PARTS_AT_ONCE * points.length, calls);
    const scratch = engine.reserve(PARTS_AT_ONCE * size, calls);
    const lists = engine.reserve(Math.ceil((blowup + points.length) / 2));
    const view = new Uint32Array(lists.view().buffer, lists.address, blowup + points.length);
    view.set(cosets.map(({ length }) => length));
    view.set(
      points.map((number) => 8 * (Math.floor(number / blowup) % size)),
      blowup,
    );
    engine.run(
      'pointSums',
      Array.from({ length: calls }, (_, call) => {
        const [column, start] = [Math.floor(call / starts.length), starts[call % starts.length]!];
        const first = PARTS_AT_ONCE * start;
        return [
          out.address + 8 * out.rows * call,
          a.address + 8 * (a.rows * column + size * first),
          Math.min(atOnce, groups - start),
          PART_LOG,
          tables.address,
          blowup,
          lists.address,
          lists.address + 4 * blowup,
          weights.address + 8 * first,
          8 * parts,
          scratch.address + 8 * scratch.rows * call,
        ];
      }),
    );
    const words = out.view();
    return points.map((_, k) =>
      Array.from({ length: a.columns }, (__, column) => {
        let sum = 0n;
        for (let piece = 0; piece < starts.length; piece++) {
          const at = out.rows * (starts.length * column + piece) + PARTS_AT_ONCE * k;
          for (let lane = 0; lane < PARTS_AT_ONCE; lane++) sum = add(sum, words[at + lane]!);
        }
        return sum;
      }),
    );
  });
  const places = new Map(points.map((number, k) => [number, k]));
  return numbers.map((number) => [...sums[places.get(number)!]!]);
}
