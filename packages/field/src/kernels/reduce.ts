/**
 * Kernels that combine many elements: sums, dot products, linear combinations, batch inversion.
 *
 * @module
 */
import { call, i32, i64, i64x2, type Local, memory, type ModuleBuilder, v128 } from '@commute/wasm';
import { MODULUS } from '../goldilocks.ts';
import { CONSTANTS } from './layout.ts';
import { overElements } from './elementwise.ts';
import { type Four, VectorField } from './vector-field.ts';

/** Weight columns that one pass over the data can carry: base elements, quadratic and cubic extensions. */
export const WEIGHT_COLUMNS = [1, 2, 3] as const;

/** Chains that batch inversion runs side by side; hides the latency of a multiplication. */
const INVERSION_CHAINS = 8;

/** Adds `sum`, `excess`, `dot1`…`dot3`, `combine1`…`combine3`, `inversePrefix` and `inverseFinish`. */
export function reductionKernels(module: ModuleBuilder): void {
  // (out: 4 words, a, count): partial sums of four lanes.
  module.function(
    'sum',
    ['i32', 'i32', 'i32'],
    [],
    (f, out, a, count) => {
      const field = new VectorField(f);
      const total: Four = { low: f.local('v128'), high: f.local('v128') };
      overElements(f, [a], count, (one) => {
        field.assign(total, field.addFour(total, one ? field.loadOne(a) : field.load(a)));
      });
      field.store(out, total);
    },
    { export: true },
  );
  excessKernel(module);
  for (const columns of WEIGHT_COLUMNS) {
    dotKernel(module, columns);
    combinationKernel(module, columns);
  }
  inversionKernels(module);
}

/** `excess` (out: 1 word, a, count): whether one of the words is p or more. */
function excessKernel(module: ModuleBuilder): void {
  module.function(
    'excess',
    ['i32', 'i32', 'i32'],
    [],
    (f, out, a, count) => {
      const field = new VectorField(f);
      const largest = f.let(i64x2.splat(MODULUS - 1n));
      const offset = field.offset(largest);
      const found = f.local('v128');
      overElements(f, [a], count, (one) => {
        const { low, high } = one ? field.loadOne(a) : field.load(a);
        for (const vector of [low, high]) f.set(found, v128.or(found, i64x2.gt_s(field.offset(vector), offset)));
      });
      f.do(i64.store(out, i64.extend_i32_u(v128.any_true(found))));
    },
    { export: true },
  );
}

/** Words that a dot kernel leaves for each weight column: four sums, in two lanes each. */
export const DOT_WORDS = 8 as const;

/**
 * (out: 8 words per weight column, a, weights, weight stride in bytes, count): sums of the 32-bit words of the products a·weight.
 *
 * The products are not reduced: the sum of those at 2^32k is the k-th pair of words, one for each lane. That takes 2^30 rows at least to overflow.
 */
function dotKernel(module: ModuleBuilder, columns: number): void {
  module.function(
    `dot${String(columns)}`,
    ['i32', 'i32', 'i32', 'i32', 'i32'],
    [],
    (f, out, a, weights, stride, count) => {
      const field = new VectorField(f);
      const mask = f.let(v128.load64_splat(CONSTANTS.lowWords));
      const sums = Array.from({ length: columns }, () => Array.from({ length: DOT_WORDS / 2 }, () => f.local('v128')));
      const pointers: Local<'i32'>[] = [f.let(i32.add(weights, 0))];
      for (let k = 1; k < columns; k++) pointers.push(f.let(i32.add(pointers[k - 1]!, stride)));
      overElements(f, [a, ...pointers], count, (one) => {
        const value = field.split(one ? field.loadOne(a) : field.load(a));
        pointers.forEach((pointer, k) => {
          const weight = field.split(one ? field.loadOne(pointer) : field.load(pointer));
          for (const multiply of [i64x2.extmul_low_i32x4_u, i64x2.extmul_high_i32x4_u]) {
            for (const [place, left, right] of [
              [0, value.lows, weight.lows],
              [1, value.lows, weight.highs],
              [1, value.highs, weight.lows],
              [2, value.highs, weight.highs],
            ] as const) {
              const product = f.let(multiply(left, right));
              const [low, high] = [sums[k]![place]!, sums[k]![place + 1]!];
              f.set(low, i64x2.add(low, v128.and(product, mask)));
              f.set(high, i64x2.add(high, i64x2.shr_u(product, 32)));
            }
          }
        });
      });
      sums.flat().forEach((sum, index) => {
        f.do(v128.store(out, sum, 16 * index));
      });
    },
    { export: true },
  );
}

/**
 * (out, out stride, a, a stride, columns, constants, count): out = Σ over columns c of constants[c]·a[c].
 *
 * Constants are `columns` records of one Montgomery word per output column. Rows are taken in blocks that stay in the
 * first-level cache while all columns are added to them; columns a power of two apart would otherwise evict each other.
 */
function combinationKernel(module: ModuleBuilder, outputs: number): void {
  const BLOCK = 512;
  const accumulate = module.function(
    `accumulate${String(outputs)}`,
    ['i32', 'i32', 'i32', 'i32', 'i32'],
    [],
    (f, out, outStride, a, constants, count) => {
      const field = new VectorField(f);
      const splits = Array.from({ length: outputs }, (_, k) => field.splatSplit(constants, 8 * k));
      const targets: Local<'i32'>[] = [f.let(i32.add(out, 0))];
      for (let k = 1; k < outputs; k++) targets.push(f.let(i32.add(targets[k - 1]!, outStride)));
      overElements(f, [a, ...targets], count, (one) => {
        const value = field.split(one ? field.loadOne(a) : field.load(a));
        targets.forEach((target, k) => {
          const before = one ? field.loadOne(target) : field.load(target);
          const after = field.addFour(before, field.multiplyMontgomery(value, splits[k]!));
          if (one) field.storeOne(target, after);
          else field.store(target, after);
        });
      });
    },
  );
  module.function(
    `combine${String(outputs)}`,
    ['i32', 'i32', 'i32', 'i32', 'i32', 'i32', 'i32'],
    [],
    (f, out, outStride, a, stride, columns, constants, count) => {
      const rows = f.local('i32');
      const column = f.local('i32');
      const constant = f.local('i32');
      const left = f.local('i32');
      f.while(
        () => count,
        () => {
          f.set(rows, BLOCK);
          f.if(i32.lt_u(count, BLOCK), () => {
            f.set(rows, count);
          });
          for (let k = 0; k < outputs; k++) {
            f.do(memory.fill(i32.add(out, i32.mul(outStride, k)), 0, i32.shl(rows, 3)));
          }
          f.set(column, a);
          f.set(constant, constants);
          f.set(left, columns);
          f.while(
            () => left,
            () => {
              f.do(call(accumulate, out, outStride, column, constant, rows));
              f.set(column, i32.add(column, stride));
              f.set(constant, i32.add(constant, 8 * outputs));
              f.set(left, i32.sub(left, 1));
            },
          );
          f.set(out, i32.add(out, i32.shl(rows, 3)));
          f.set(a, i32.add(a, i32.shl(rows, 3)));
          f.set(count, i32.sub(count, rows));
        },
      );
    },
    { export: true },
  );
}

/**
 * Montgomery's trick in {@link INVERSION_CHAINS} chains: element i belongs to chain i mod 8.
 *
 * `inversePrefix` (out, a, groups, chains) leaves in `out` the product of the chain before each element and in `chains` the
 * products of whole chains, which it starts from. `inverseFinish` takes their inverses there and goes backwards.
 */
function inversionKernels(module: ModuleBuilder): void {
  module.function(
    'inversePrefix',
    ['i32', 'i32', 'i32', 'i32'],
    [],
    (f, out, a, groups, chains) => {
      const field = new VectorField(f);
      const products = loadChains(field, chains);
      f.while(
        () => groups,
        () => {
          products.forEach((product, k) => {
            field.store(out, product, 32 * k);
            const value = field.split(field.load(a, 32 * k));
            field.assign(product, field.multiply(field.split(product), value));
          });
          f.set(out, i32.add(out, 64));
          f.set(a, i32.add(a, 64));
          f.set(groups, i32.sub(groups, 1));
        },
      );
      products.forEach((product, k) => {
        field.store(chains, product, 32 * k);
      });
    },
    { export: true },
  );
  module.function(
    'inverseFinish',
    ['i32', 'i32', 'i32', 'i32'],
    [],
    (f, out, a, groups, chains) => {
      const field = new VectorField(f);
      const inverses = loadChains(field, chains);
      const end = f.let(i32.shl(groups, 6));
      f.set(out, i32.add(out, end));
      f.set(a, i32.add(a, end));
      f.while(
        () => groups,
        () => {
          f.set(out, i32.sub(out, 64));
          f.set(a, i32.sub(a, 64));
          inverses.forEach((inverse, k) => {
            const running = field.split(inverse);
            const prefix = field.split(field.load(out, 32 * k));
            const value = field.split(field.load(a, 32 * k));
            field.store(out, field.multiply(running, prefix), 32 * k);
            field.assign(inverse, field.multiply(running, value));
          });
          f.set(groups, i32.sub(groups, 1));
        },
      );
    },
    { export: true },
  );
}

/** The current value of every chain. */
function loadChains(field: VectorField, chains: Local<'i32'>): Four[] {
  return Array.from({ length: INVERSION_CHAINS / 4 }, (_, k) => field.load(chains, 32 * k));
}
