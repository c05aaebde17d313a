/**
 * The synthetic table that the pipeline is measured with: 60 main columns, 20 of the extension, 200 and 40 constraints of degree 3.
 *
 * @module
 */
import { add, multiply } from '@commute/field';
import {
  allocateColumns,
  type ColumnGroup,
  columns,
  column,
  type Column,
  defineTable,
  type NoColumns,
  type Table,
  type TableTrace,
  traceFromColumns,
} from '../src/index.ts';

/** Half of the main columns; the other half holds the same values one row later. */
const HALF = 30;

/** Sums of two fractions in 17 columns, their running sum, and two recurrences. */
export const pipeline: Table<{ c: ColumnGroup }, { horner: Column; product: Column }, NoColumns, never, 'x' | 'y'> =
  defineTable({
    name: 'pipeline',
    columns: { main: { c: columns(2 * HALF) }, auxiliary: { horner: column(), product: column() } },
    challenges: ['x', 'y'],
    recurrences: {
      horner: ({ main: { current, next }, auxiliary, challenges: { x } }) => ({
        first: current.c[0]!,
        next: auxiliary.current.horner.multiply(x).add(next.c[0]!),
      }),
      product: ({ main: { current, next }, auxiliary, challenges: { y } }) => ({
        first: y.subtract(current.c[1]!),
        next: auxiliary.current.product.multiply(y.subtract(next.c[1]!)),
      }),
    },
    eval: (builder) => {
      const { main, auxiliary, challenges, onTransition } = builder;
      const here = main.current.c;
      const step = (i: number): (typeof here)[number] => here[i]!.multiply(here[(i + 7) % HALF]!).add(i + 1);
      for (let i = 0; i < HALF; i++) {
        onTransition.assertEqual(`step ${String(i)}`, main.next.c[i]!, step(i));
        onTransition.assertEqual(`copy ${String(i)}`, main.next.c[HALF + i]!, here[i]!);
      }
      for (let k = 0; k < 140; k++) {
        const i = k % HALF;
        const factor = here[(11 * k + 3) % (2 * HALF)]!;
        onTransition.assertZero(`more ${String(k)}`, main.next.c[i]!.subtract(step(i)).multiply(factor));
      }
      for (let k = 0; k < 17; k++) {
        const tuple = (from: number): (typeof here)[number][] =>
          [0, 1, 2, 3].map((j) => here[from + ((k + j) % HALF)]!);
        builder.send(`bus ${String(k % 3)}`, tuple(0));
        builder.receive(`bus ${String(k % 3)}`, tuple(HALF));
      }
      const { horner } = auxiliary.current;
      for (let k = 0; k < 16; k++) {
        const difference = auxiliary.next.horner.subtract(horner.multiply(challenges.x)).subtract(main.next.c[0]!);
        onTransition.assertZero(`wide ${String(k)}`, difference.multiply(here[(7 * k) % (2 * HALF)]!));
      }
    },
  });

/** A trace of it. */
export function pipelineTrace(rows: number): TableTrace {
  const { c } = allocateColumns(pipeline.columns.main, rows);
  for (let i = 0; i < HALF; i++) c[i]![0] = BigInt(i + 2);
  for (let row = 0; row < rows; row++) {
    for (let i = 0; i < HALF; i++) {
      if (row > 0) c[i]![row] = add(multiply(c[i]![row - 1]!, c[(i + 7) % HALF]![row - 1]!), BigInt(i + 1));
      c[HALF + i]![(row + 1) % rows] = c[i]![row]!;
    }
  }
  return traceFromColumns(pipeline, { main: { c } });
}
