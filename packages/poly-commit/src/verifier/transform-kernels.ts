/**
 * A transform of few, short columns, row by row: what a verifier needs to commit to a small table itself.
 *
 * @module
 */
import { addWords, type ElementFunctions, subtractWords } from '@commute/field/kernels';
import { call, i32, i64, type ModuleBuilder } from '@commute/wasm';
import { pointers, times } from './kernel-parts.ts';

/** Adds `wordPowers`, `transformRows` and `spreadRows`. */
export function rowTransformKernels(module: ModuleBuilder, { multiplyWords }: ElementFunctions): void {
  const i = 'i32';

  // (out, base, count): first, first·base, first·base², …, words; out has the first already.
  module.function(
    'wordPowers',
    [i, i, i],
    [],
    (f, out, base, count) => {
      const [factor, value] = [f.let(i64.load(base)), f.let(i64.load(out))];
      times(f, count, () => {
        f.do(i64.store(out, value));
        f.set(value, call(multiplyWords, value, factor));
        f.set(out, i32.add(out, 8));
      });
    },
    { export: true },
  );

  // (rows, columns, size, powers): each column, natural order, becomes its values at the powers of w in bit-reversed order. `powers` has w^0 to w^(size/2 - 1).
  module.function(
    'transformRows',
    [i, i, i, i],
    [],
    (f, rows, columns, size, powers) => {
      const [half, block, first, second, power, left, stride, end, step] = pointers(f, 9);
      const [a, b, factor] = [f.local('i64'), f.local('i64'), f.local('i64')];
      const width = f.let(i32.shl(columns, 3));
      f.set(end, i32.add(rows, i32.mul(size, width)));
      f.set(step, 8);
      f.set(half, i32.shr_u(size, 1));
      f.while(
        () => half,
        () => {
          f.set(stride, i32.mul(half, width));
          f.set(block, rows);
          f.repeat(() => {
            f.set(power, powers);
            f.set(first, block);
            f.set(block, i32.add(block, stride));
            f.repeat(() => {
              f.set(factor, i64.load(power));
              f.set(second, i32.add(first, stride));
              f.set(left, columns);
              times(f, left, () => {
                f.set(a, i64.load(first));
                f.set(b, i64.load(second));
                f.do(i64.store(first, addWords(f, a, b)));
                f.do(i64.store(second, call(multiplyWords, subtractWords(f, a, b), factor)));
                f.set(first, i32.add(first, 8));
                f.set(second, i32.add(second, 8));
              });
              f.set(power, i32.add(power, step));
              return i32.lt_u(first, block);
            });
            f.set(block, i32.add(block, stride));
            return i32.lt_u(block, end);
          });
          f.set(step, i32.shl(step, 1));
          f.set(half, i32.shr_u(half, 1));
        },
      );
    },
    { export: true },
  );

  // (out, rows, columns, log size, factors): row j of `out` is the row whose number has the bits of j reversed, times factors[j].
  module.function(
    'spreadRows',
    [i, i, i, i, i],
    [],
    (f, out, rows, columns, logSize, factors) => {
      const [row, reversed, bits, left, from, size] = pointers(f, 6);
      const factor = f.local('i64');
      f.set(size, i32.shl(1, logSize));
      f.repeat(() => {
        f.set(reversed, 0);
        f.set(from, row);
        f.set(bits, logSize);
        times(f, bits, () => {
          f.set(reversed, i32.or(i32.shl(reversed, 1), i32.and(from, 1)));
          f.set(from, i32.shr_u(from, 1));
        });
        f.set(from, i32.add(rows, i32.mul(reversed, i32.shl(columns, 3))));
        f.set(factor, i64.load(factors));
        f.set(left, columns);
        times(f, left, () => {
          f.do(i64.store(out, call(multiplyWords, i64.load(from), factor)));
          f.set(from, i32.add(from, 8));
          f.set(out, i32.add(out, 8));
        });
        f.set(factors, i32.add(factors, 8));
        f.set(row, i32.add(row, 1));
        return i32.lt_u(row, size);
      });
    },
    { export: true },
  );
}
