/**
 * Kernels that move elements: bit reversal, spreading before a low-degree extension, packing of twiddle tables.
 *
 * @module
 */
import {
  call,
  type Expression,
  type FunctionBuilder,
  type FunctionReference,
  i32,
  i32x4,
  i64,
  i64x2,
  i8x16,
  type Local,
  memory,
  type ModuleBuilder,
  v128,
} from '@commute/wasm';
import { type Vector, VectorField } from './vector-field.ts';

/** Adds `copy`, `touch`, `reverse`, `pack` and `packColumns`. */
export function arrangementKernels(module: ModuleBuilder): void {
  module.function(
    'copy',
    ['i32', 'i32', 'i32'],
    [],
    (f, to, from, bytes) => {
      f.do(memory.copy(to, from, bytes));
    },
    { export: true },
  );
  // (start, end): writes a zero into each page of 4 KiB.
  module.function(
    'touch',
    ['i32', 'i32'],
    [],
    (f, start, end) => {
      f.while(
        () => i32.lt_u(start, end),
        () => {
          f.do(i32.store8(start, 0));
          f.set(start, i32.add(start, 4096));
        },
      );
    },
    { export: true },
  );
  reverseKernel(module);
  packColumnsKernel(module);

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

/** Adds `packColumns` (out, columns, count, most): the same for powers in `most` columns of `count` elements, a multiple of four. */
function packColumnsKernel(module: ModuleBuilder): void {
  module.function(
    'packColumns',
    ['i32', 'i32', 'i32', 'i32'],
    [],
    (f, out, columns, count, most) => {
      const field = new VectorField(f);
      const [column, left] = [f.local('i32'), f.local('i32')];
      const bytes = f.let(i32.shl(count, 3));
      f.repeat(() => {
        f.set(column, columns);
        f.set(left, most);
        f.repeat(() => {
          const { lows, highs } = field.split(field.load(column));
          f.do(v128.store(out, lows));
          f.do(v128.store(out, highs, 16));
          f.set(out, i32.add(out, 32));
          f.set(column, i32.add(column, bytes));
          f.set(left, i32.sub(left, 1));
          return left;
        });
        f.set(columns, i32.add(columns, 32));
        f.set(count, i32.sub(count, 4));
        return count;
      });
    },
    { export: true },
  );
}

/** Adds one to `reversed` from the bit `highest` downwards. */
function addReversed(f: FunctionBuilder, reversed: Local<'i32'>, highest: Expression<'i32'>, bit: Local<'i32'>): void {
  f.set(bit, highest);
  f.while(
    () => i32.and(reversed, bit),
    () => {
      f.set(reversed, i32.xor(reversed, bit));
      f.set(bit, i32.shr_u(bit, 1));
    },
  );
  f.set(reversed, i32.or(reversed, bit));
}

/** Bits of an index that a tile spans at either end: its rows are lines of 64 bytes. */
const TILE_LOG = 3;

/** Pairs of bits the other way round. */
const REVERSED_PAIR = [0, 2, 1, 3] as const;

/**
 * Adds `reverse` (data, log), which swaps elements whose indices are each other's reversal; log ≥ 1.
 *
 * An index is high, middle and low bits. The elements with one middle are a tile of eight rows, by high bits, of eight elements, by low bits; reversal swaps tiles
 * whose middles are each other's reversal, and turns them about: row and place change roles, reversed. Whole lines are so read and written.
 */
function reverseKernel(module: ModuleBuilder): void {
  const one = module.function('reverseOne', ['i32', 'i32'], [], (f, data, log) => {
    const [index, reversed, bit] = [f.local('i32'), f.local('i32'), f.local('i32')];
    const size = f.let(i32.shl(1, log));
    f.repeat(() => {
      f.if(i32.lt_u(index, reversed), () => {
        const left = f.let(i32.add(data, i32.shl(index, 3)));
        const right = f.let(i32.add(data, i32.shl(reversed, 3)));
        const saved = f.let(i64.load(left));
        f.do(i64.store(left, i64.load(right)));
        f.do(i64.store(right, saved));
      });
      addReversed(f, reversed, i32.shr_u(size, 1), bit);
      f.set(index, i32.add(index, 1));
      return i32.ne(index, size);
    });
  });
  const tiles = module.function('reverseTiles', ['i32', 'i32'], [], (f, data, log) => {
    const field = new VectorField(f);
    const [index, reversed, bit] = [f.local('i32'), f.local('i32'), f.local('i32')];
    const size = f.let(i32.shl(1, i32.sub(log, 2 * TILE_LOG)));
    const rowBytes = f.let(i32.shl(8, i32.sub(log, TILE_LOG)));
    const rowsOf = (middle: Local<'i32'>): Local<'i32'>[] => {
      const rows = [f.let(i32.add(data, i32.shl(middle, TILE_LOG + 3)))];
      while (rows.length < 8) rows.push(f.let(i32.add(rows.at(-1)!, rowBytes)));
      return rows;
    };
    /** Rows h and h + 4 at places 2c and 2c + 1 are swapped with those that have h and c the other way round. */
    const swap = (a: readonly Local<'i32'>[], b: readonly Local<'i32'>[], h: number, c: number): void => {
      const [otherH, otherC] = [REVERSED_PAIR[c]!, REVERSED_PAIR[h]!];
      const load = (rows: readonly Local<'i32'>[], row: number, pair: number): Vector =>
        f.let(v128.load(rows[row]!, 16 * pair));
      const [a0, a1] = [load(a, h, c), load(a, h + 4, c)];
      const [b0, b1] = [load(b, otherH, otherC), load(b, otherH + 4, otherC)];
      f.do(v128.store(a[h]!, field.lowLanes(b0, b1), 16 * c));
      f.do(v128.store(a[h + 4]!, field.highLanes(b0, b1), 16 * c));
      f.do(v128.store(b[otherH]!, field.lowLanes(a0, a1), 16 * otherC));
      f.do(v128.store(b[otherH + 4]!, field.highLanes(a0, a1), 16 * otherC));
    };
    const blocks = Array.from({ length: 16 }, (_, k) => [k >> 2, k & 3] as const);
    f.repeat(() => {
      f.if(i32.le_u(index, reversed), () => {
        const a = rowsOf(index);
        f.if(
          i32.eq(index, reversed),
          () => {
            for (const [h, c] of blocks) {
              if (4 * h + c <= 4 * REVERSED_PAIR[c]! + REVERSED_PAIR[h]!) swap(a, a, h, c);
            }
          },
          () => {
            const b = rowsOf(reversed);
            for (const [h, c] of blocks) swap(a, b, h, c);
          },
        );
      });
      addReversed(f, reversed, i32.shr_u(size, 1), bit);
      f.set(index, i32.add(index, 1));
      return i32.ne(index, size);
    });
  });
  module.function(
    'reverse',
    ['i32', 'i32'],
    [],
    (f, data, log) => {
      f.if(
        i32.lt_u(log, 2 * TILE_LOG),
        () => {
          f.do(call(one, data, log));
        },
        () => {
          f.do(call(tiles, data, log));
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
    { export: true },
  );
}
