/**
 * Sums over many columns or rows of a matrix.
 *
 * @module
 */
import { assertDisjoint, assertOwned, assertShape } from './checks.ts';
import { FieldError } from './errors.ts';
import { type ExtensionElement } from './extension-field.ts';
import { reduce } from './goldilocks.ts';
import { DOT_WORDS, WEIGHT_COLUMNS } from './kernels/reduce.ts';
import { type Matrix } from './matrix.ts';
import { type WasmEngine } from './wasm-engine.ts';

/** See `FieldEngine.weigh`. */
export function weighColumns(engine: WasmEngine, a: Matrix, weights: Matrix): bigint[][] {
  assertOwned(engine.owns, a, weights);
  assertShape('weights', weights, a.rows, weights.columns);
  return engine.scope(() => {
    // Many columns are enough for all threads.
    const parts: [number, number][] =
      a.columns < 4 * engine.threads || a.rows === 0 ? engine.parts(a.rows) : [[0, a.rows]];
    const groups = columnGroups(weights.columns);
    const result = Array.from({ length: a.columns }, () => new Array<bigint>(weights.columns).fill(0n));
    for (const [first, count] of groups) {
      const partial = engine.allocate(DOT_WORDS * count, a.columns * parts.length);
      const calls: number[][] = [];
      for (let column = 0; column < a.columns; column++) {
        for (const [start, length] of parts) {
          calls.push([
            partial.address + 8 * DOT_WORDS * count * calls.length,
            a.address + 8 * (a.rows * column + start),
            weights.address + 8 * (a.rows * first + start),
            8 * a.rows,
            length,
          ]);
        }
      }
      engine.run(`dot${String(count)}`, calls);
      const words = partial.view();
      result.forEach((row, column) => {
        for (let part = 0; part < parts.length; part++) {
          const at = DOT_WORDS * count * (column * parts.length + part);
          for (let k = 0; k < count; k++) {
            // The words at 2^0, 2^32, 2^64 and 2^96, each in two lanes.
            const own = words.subarray(at + DOT_WORDS * k, at + DOT_WORDS * (k + 1));
            const sum = own.reduce((total, word, index) => total + (word << BigInt(32 * (index >> 1))), 0n);
            row[first + k] = reduce(row[first + k]! + sum);
          }
        }
      });
    }
    return result;
  });
}

/** See `FieldEngine.combineInto`. */
export function combineColumnsInto(
  engine: WasmEngine,
  out: Matrix,
  a: Matrix,
  scalars: readonly bigint[] | readonly ExtensionElement[],
): void {
  assertOwned(engine.owns, out, a);
  const rows: readonly (readonly bigint[])[] = scalars.map((each: bigint | ExtensionElement) =>
    typeof each === 'bigint' ? [each] : each,
  );
  const degree = rows[0]?.length ?? out.columns;
  assertShape('out', out, a.rows, degree);
  if (rows.length !== a.columns || rows.some((row) => row.length !== degree)) {
    throw new FieldError('FIELD_SHAPE', 'scalars', `${String(a.columns)} of one degree`, String(rows.length));
  }
  assertDisjoint('out', out, a);
  for (const [first, count] of columnGroups(degree)) {
    const constants = rows.flatMap((row) => row.slice(first, first + count));
    engine.withConstants(constants, (address) => {
      engine.run(
        `combine${String(count)}`,
        engine
          .parts(a.rows)
          .map(([start, length]) => [
            out.address + 8 * (a.rows * first + start),
            8 * a.rows,
            a.address + 8 * start,
            8 * a.rows,
            a.columns,
            address,
            length,
          ]),
      );
    });
  }
}

/** [first, count] of the groups that columns are handled in. */
function columnGroups(columns: number): [first: number, count: number][] {
  const most = WEIGHT_COLUMNS.length;
  const result: [number, number][] = [];
  for (let first = 0; first < columns; first += most) result.push([first, Math.min(most, columns - first)]);
  return result;
}
