/**
 * Kernels that move elements: bit reversal, spreading before a low-degree extension, packing of twiddle tables.
 *
 * @module
 */
import { type FunctionReference, i32, i32x4, i64, i64x2, i8x16, type ModuleBuilder, v128 } from '@commute/wasm';
import { VectorField } from './vector-field.ts';

/** Adds `reverse` and `pack`. */
export function arrangementKernels(module: ModuleBuilder): void {
  // (data, log): swaps elements whose indices are each other's reversal; log ≥ 1.
  module.function(
    'reverse',
    ['i32', 'i32'],
    [],
    (f, data, log) => {
      const index = f.local('i32');
      const reversed = f.local('i32');
      const bit = f.local('i32');
      const size = f.let(i32.shl(1, log));
      f.repeat(() => {
        f.if(i32.lt_u(index, reversed), () => {
          const left = f.let(i32.add(data, i32.shl(index, 3)));
          const right = f.let(i32.add(data, i32.shl(reversed, 3)));
          const saved = f.let(i64.load(left));
          f.do(i64.store(left, i64.load(right)));
          f.do(i64.store(right, saved));
        });
        // Adds one to `reversed` from its highest bit downwards.
        f.set(bit, i32.shr_u(size, 1));
        f.while(
          () => i32.and(reversed, bit),
          () => {
            f.set(reversed, i32.xor(reversed, bit));
            f.set(bit, i32.shr_u(bit, 1));
          },
        );
        f.set(reversed, i32.or(reversed, bit));
        f.set(index, i32.add(index, 1));
        return i32.ne(index, size);
      });
    },
    { export: true },
  );

  // (out, powers, count, most): for groups of four indices j and k = 1…most the halves of powers[k·j], lows then highs.
  module.function(
    'pack',
    ['i32', 'i32', 'i32', 'i32'],
    [],
    (f, out, powers, count, most) => {
      const index = f.local('i32');
      const multiple = f.local('i32');
      f.while(
        () => i32.ne(index, count),
        () => {
          f.set(multiple, 1);
          f.repeat(() => {
            for (let lane = 0; lane < 4; lane++) {
              const position = i32.mul(i32.add(index, lane), multiple);
              const word = f.let(i32.add(powers, i32.shl(position, 3)));
              f.do(i32.store(out, i32.load(word), 4 * lane));
              f.do(i32.store(out, i32.load(word, 4), 16 + 4 * lane));
            }
            f.set(out, i32.add(out, 32));
            f.set(multiple, i32.add(multiple, 1));
            return i32.le_u(multiple, most);
          });
          f.set(index, i32.add(index, 4));
        },
      );
    },
    { export: true },
  );
}

/**
 * Adds `spread` (out, a, table, count, copies, zeros): a·table, each result `copies` times and then `zeros` zeros.
 *
 * `count` is a multiple of 4, copies + zeros even, copies 1 or even. `out` may end where `a` ends.
 */
export function spreadKernel(
  module: ModuleBuilder,
): FunctionReference<readonly ['i32', 'i32', 'i32', 'i32', 'i32', 'i32'], readonly []> {
  return module.function(
    'spread',
    ['i32', 'i32', 'i32', 'i32', 'i32', 'i32'],
    [],
    (f, out, a, table, count, copies, zeros) => {
      const field = new VectorField(f);
      const empty = f.let(i32x4.const(0, 0, 0, 0));
      const left = f.local('i32');
      f.while(
        () => count,
        () => {
          const product = field.multiply(field.split(field.load(a)), field.split(field.load(table)));
          for (const [vector, lane] of [
            [product.low, 0],
            [product.low, 1],
            [product.high, 0],
            [product.high, 1],
          ] as const) {
            const both = f.let(i64x2.splat(i64x2.extract_lane(vector, lane)));
            f.if(
              i32.eq(copies, 1),
              () => {
                const pair = i8x16.shuffle(both, empty, [0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23]);
                f.do(v128.store(out, pair));
                f.set(out, i32.add(out, 16));
                f.set(left, i32.sub(zeros, 1));
              },
              () => {
                f.set(left, copies);
                f.repeat(() => {
                  f.do(v128.store(out, both));
                  f.set(out, i32.add(out, 16));
                  f.set(left, i32.sub(left, 2));
                  return left;
                });
                f.set(left, zeros);
              },
            );
            f.while(
              () => left,
              () => {
                f.do(v128.store(out, empty));
                f.set(out, i32.add(out, 16));
                f.set(left, i32.sub(left, 2));
              },
            );
          }
          f.set(a, i32.add(a, 32));
          f.set(table, i32.add(table, 32));
          f.set(count, i32.sub(count, 4));
        },
      );
    },
  );
}
