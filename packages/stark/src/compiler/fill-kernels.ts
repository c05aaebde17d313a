/**
 * Kernels that fill columns: helpers, fractions, recurrences, running sums.
 *
 * @module
 */
import { i32, type Local, type ModuleBuilder } from '@commute/wasm';
import { MODULUS } from '@commute/field';
import { type Four, VectorField } from '@commute/field/kernels';
import { type ExpressionGraph } from '../graph.ts';
import { type FractionColumn } from '../lookup.ts';
import { type HelperColumn } from '../lowering.ts';
import { type RecurrentColumn } from '../symbolic.ts';
import { type ParameterPlan, type RowBody, rowKernel } from './evaluator.ts';
import { type Operand } from './values.ts';

/** The coefficients of a value, zeros where it is of the base field. */
function wide({ field, writer }: RowBody, value: Operand): [Four, Four, Four] {
  const [a, b, c] = writer.coefficients(value) as [Four, Four?, Four?];
  return [a, b ?? field.zero(), c ?? field.zero()];
}

/**
 * Adds a function for each group of helper columns of one area. It writes to the columns of the output that come `first` columns of the area
 * before the helpers'.
 */
export function helperKernels(
  module: ModuleBuilder,
  name: string,
  graph: ExpressionGraph,
  plan: ParameterPlan,
  groups: readonly (readonly HelperColumn[])[],
  first: number,
): void {
  groups.forEach((group, number) => {
    rowKernel(module, `${name}${String(number)}`, graph, plan, 4, (row) => {
      for (const { area, column, definition } of group) {
        const value = row.evaluate(definition);
        const words = area === 'main' ? [row.writer.coefficients(value)[0]!] : wide(row, value);
        words.forEach((word, k) => {
          row.store(row.target(words.length * (column - first) + k), word);
        });
        // Later definitions of this function take it from here.
        row.define(graph.add({ kind: 'cell', area, column, next: false }), value);
      }
    });
  });
}

/** A numerator: 1 where there is no value, and its sign. */
interface Signed {
  readonly value: Operand | undefined;
  readonly negative: boolean;
}

/**
 * Adds functions `fraction0`, `fraction1`, …: the sum P/Q of the fractions of one column as P·A and N, where A·Q = N lies in the base
 * field. P·A goes to the three columns of the output, N to the extra one.
 */
export function fractionKernels(
  module: ModuleBuilder,
  graph: ExpressionGraph,
  plan: ParameterPlan,
  columns: readonly FractionColumn[],
): void {
  columns.forEach(({ fractions }, number) => {
    rowKernel(module, `fraction${String(number)}`, graph, plan, 4, (row) => {
      const { writer, field } = row;
      const signed = (numerator: number): Signed => {
        const node = graph.node(numerator);
        if (node.kind === 'constant' && node.value === 1n) return { value: undefined, negative: false };
        if (node.kind === 'constant' && node.value === MODULUS - 1n) return { value: undefined, negative: true };
        return { value: row.evaluate(numerator), negative: false };
      };
      const scale = ({ value }: Signed, by: Operand): Operand =>
        value === undefined ? by : writer.multiply(value, by);
      let above = signed(fractions[0]!.numerator);
      let below = row.evaluate(fractions[0]!.denominator);
      for (const { numerator, denominator } of fractions.slice(1)) {
        const [own, d] = [signed(numerator), row.evaluate(denominator)];
        const [a, b] = [scale(above, d), scale(own, below)];
        above =
          above.negative === own.negative
            ? { value: writer.add(a, b), negative: own.negative }
            : { value: own.negative ? writer.subtract(a, b) : writer.subtract(b, a), negative: false };
        below = writer.multiply(below, d);
      }
      // The first column of the adjugate of multiplication by q = q0 + q1·x + q2·x², with x³ = x - 1, and the determinant.
      const [q0, q1, q2] = wide(row, below);
      const times = (a: Four, b: Four): Four => field.multiply(field.split(a), field.split(b));
      const sum = field.addFour(q0, q2);
      const difference = field.subtractFour(q1, q2);
      const adjugate = [
        field.subtractFour(times(sum, sum), times(difference, q1)),
        field.subtractFour(times(difference, q2), times(q1, sum)),
        field.subtractFour(times(q1, q1), times(sum, q2)),
      ] as const;
      const determinant = field.subtractFour(
        times(q0, adjugate[0]),
        field.addFour(times(q2, adjugate[1]), times(q1, adjugate[2])),
      );
      const result = scale(above, { kind: 'varying', coefficients: adjugate });
      wide(row, result).forEach((word, k) => {
        row.store(row.target(k), above.negative ? field.subtractFour(field.zero(), word) : word);
      });
      row.store(row.extra, determinant);
    });
  });
}

/** Adds `recurrences`: the next cells of all recurrent columns, row after row; the output is the auxiliary columns, one row down. */
export function recurrenceKernel(
  module: ModuleBuilder,
  graph: ExpressionGraph,
  plan: ParameterPlan,
  recurrences: readonly RecurrentColumn[],
): void {
  rowKernel(module, 'recurrences', graph, plan, 1, (row) => {
    for (const { column, next } of recurrences) {
      const value = row.evaluate(next);
      wide(row, value).forEach((word, k) => {
        row.store(row.target(3 * column + k), word);
      });
      row.define(graph.add({ kind: 'cell', area: 'auxiliary', column, next: true }), value);
    }
  });
}

/** Rows whose sums stay in the nearest cache while column after column is added to them. */
const ROWS_AT_ONCE = 64;

/**
 * Adds `finishFractions` (columns, norms, sums, stride, number of columns, rows, isFirst): multiplies the three words of each column by the inverse of its norm, and
 * adds them up, to what the sums are unless these are the first. Columns of words follow each other at `stride` bytes; rows a multiple of four.
 */
export function finishKernel(module: ModuleBuilder): void {
  module.function(
    'finishFractions',
    ['i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32'],
    [],
    (f, columns, norms, sums, stride, count, rows, isFirst) => {
      const field = new VectorField(f);
      const [column, norm, left, keep, bytes, at, end] = Array.from({ length: 7 }, () => f.local('i32')) as [
        Local<'i32'>,
        Local<'i32'>,
        Local<'i32'>,
        Local<'i32'>,
        Local<'i32'>,
        Local<'i32'>,
        Local<'i32'>,
      ];
      f.while(
        () => rows,
        () => {
          const here = f.let(i32.shl(rows, 3));
          f.set(bytes, 8 * ROWS_AT_ONCE);
          f.if(i32.lt_u(here, bytes), () => {
            f.set(bytes, here);
          });
          f.set(column, columns);
          f.set(norm, norms);
          f.set(left, count);
          f.set(keep, i32.eqz(isFirst));
          f.repeat(() => {
            f.set(at, 0);
            f.set(end, bytes);
            f.repeat(() => {
              const inverse = field.split(field.load(f.let(i32.add(norm, at))));
              const word = f.let(i32.add(column, at));
              const sum = f.let(i32.add(sums, at));
              for (let k = 0; k < 3; k++) {
                if (k > 0) for (const pointer of [word, sum]) f.set(pointer, i32.add(pointer, stride));
                const product = field.multiply(field.split(field.load(word)), inverse);
                field.store(word, product);
                f.if(
                  keep,
                  () => {
                    field.store(sum, field.addFour(field.load(sum), product));
                  },
                  () => {
                    field.store(sum, product);
                  },
                );
              }
              f.set(at, i32.add(at, 32));
              return i32.ne(at, end);
            });
            f.set(column, i32.add(column, i32.mul(stride, 3)));
            f.set(norm, i32.add(norm, stride));
            f.set(keep, 1);
            f.set(left, i32.sub(left, 1));
            return left;
          });
          for (const pointer of [columns, norms, sums]) f.set(pointer, i32.add(pointer, bytes));
          f.set(rows, i32.sub(rows, i32.shr_u(bytes, 3)));
        },
      );
    },
    { export: true },
  );
}

/** Adds `runningSum` (data, total, count): each element becomes the sum of those before it, the sum of all goes to `total`. */
export function runningSumKernel(module: ModuleBuilder): void {
  module.function(
    'runningSum',
    ['i32', 'i32', 'i32'],
    [],
    (f, data, total, count) => {
      const field = new VectorField(f);
      const sum = { low: f.local('v128'), high: f.local('v128') };
      f.while(
        () => count,
        () => {
          const value = field.loadOne(data);
          field.storeOne(data, sum);
          f.set(sum.low, field.add(sum.low, value.low));
          f.set(data, i32.add(data, 8));
          f.set(count, i32.sub(count, 1));
        },
      );
      field.storeOne(total, sum);
    },
    { export: true },
  );
}
