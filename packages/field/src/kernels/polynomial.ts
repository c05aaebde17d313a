/**
 * Kernels for small polynomials, where quadratic algorithms win, and for many nodes of a subproduct tree at once.
 *
 * @module
 */
import { call, type FunctionBuilder, i32, i64, i64x2, type Local, memory, type ModuleBuilder } from '@commute/wasm';
import { MODULUS } from '../goldilocks.ts';
import { overElements } from './elementwise.ts';
import { type ScalarFunctions, scalarFunctions } from './scalar-field.ts';
import { type Four, VectorField } from './vector-field.ts';

/** Points below one leaf of a subproduct tree. */
export const LEAF_POINTS = 16;

/** Adds `schoolbook`, `euclid`, and the kernels of subproduct trees. */
export function polynomialKernels(module: ModuleBuilder): void {
  const scalar = scalarFunctions(module);
  schoolbookKernel(module);
  euclidKernel(module, scalar);
  leafKernels(module);
  pairKernels(module);
}

/** (out, a, a length, b, b length): the product, a length + b length - 1 words; both lengths at least 1, no overlap. */
function schoolbookKernel(module: ModuleBuilder): void {
  const addMultiple = module.function('addMultiple', ['i32', 'i32', 'i32', 'i64'], [], (f, out, a, count, factor) => {
    const field = new VectorField(f);
    const word = f.let(i64x2.splat(factor));
    const split = field.split({ low: word, high: word });
    overElements(f, [out, a], count, (one) => {
      const product = field.multiply(field.split(one ? field.loadOne(a) : field.load(a)), split);
      if (one) field.storeOne(out, field.addFour(field.loadOne(out), product));
      else field.store(out, field.addFour(field.load(out), product));
    });
  });
  module.function(
    'schoolbook',
    ['i32', 'i32', 'i32', 'i32', 'i32'],
    [],
    (f, out, a, aLength, b, bLength) => {
      f.do(memory.fill(out, 0, i32.shl(i32.sub(i32.add(aLength, bLength), 1), 3)));
      f.while(
        () => bLength,
        () => {
          f.do(call(addMultiple, out, a, aLength, i64.load(b)));
          f.set(out, i32.add(out, 8));
          f.set(b, i32.add(b, 8));
          f.set(bLength, i32.sub(bLength, 1));
        },
      );
    },
    { export: true },
  );
}

/**
 * `euclid` (state, threshold): the extended Euclidean algorithm, two rows (r; s, t) with r = s·a + t·b, until the second
 * remainder has a degree below `threshold`.
 *
 * `state` is 10 words of 32 bits: pointers r0, r1, s0, s1, t0, t1; degrees of r0 and r1 (-1 for zero), lengths that bound
 * the cofactors of row 0 and of row 1. Buffers must be zero beyond the polynomials; the state is updated in place.
 */
function euclidKernel(module: ModuleBuilder, scalar: ScalarFunctions): void {
  const subtractMultiple = module.function(
    'subtractMultiple',
    ['i32', 'i32', 'i32', 'i64'],
    [],
    (f, out, a, count, factor) => {
      const field = new VectorField(f);
      const word = f.let(i64x2.splat(factor));
      const split = field.split({ low: word, high: word });
      overElements(f, [out, a], count, (one) => {
        const product = field.multiply(field.split(one ? field.loadOne(a) : field.load(a)), split);
        if (one) field.storeOne(out, field.subtractFour(field.loadOne(out), product));
        else field.store(out, field.subtractFour(field.load(out), product));
      });
    },
  );
  module.function(
    'euclid',
    ['i32', 'i32'],
    [],
    (f, state, threshold) => {
      const words = Array.from({ length: 10 }, (_, index) => f.let(i32.load(state, 4 * index)));
      const [r0, r1, s0, s1, t0, t1, degree0, degree1, length0, length1] = words as [
        Local<'i32'>,
        Local<'i32'>,
        Local<'i32'>,
        Local<'i32'>,
        Local<'i32'>,
        Local<'i32'>,
        Local<'i32'>,
        Local<'i32'>,
        Local<'i32'>,
        Local<'i32'>,
      ];
      const swapped = f.local('i32');
      const swap = (a: Local<'i32'>, b: Local<'i32'>): void => {
        f.set(swapped, a);
        f.set(a, b);
        f.set(b, swapped);
      };
      const at = (pointer: Local<'i32'>, index: Local<'i32'>) => i32.add(pointer, i32.shl(index, 3));
      const inverse = f.local('i64');
      const factor = f.local('i64');
      const shift = f.local('i32');
      const proper = (): ReturnType<typeof i32.and> => i32.and(i32.ge_s(degree1, 0), i32.ge_s(degree1, threshold));
      f.while(proper, () => {
        f.set(inverse, call(scalar.invert, i64.load(at(r1, degree1))));
        f.while(
          () => i32.ge_s(degree0, degree1),
          () => {
            f.set(factor, call(scalar.multiply, i64.load(at(r0, degree0)), inverse));
            f.set(shift, i32.sub(degree0, degree1));
            f.do(call(subtractMultiple, at(r0, shift), r1, i32.add(degree1, 1), factor));
            f.do(call(subtractMultiple, at(s0, shift), s1, length1, factor));
            f.do(call(subtractMultiple, at(t0, shift), t1, length1, factor));
            f.if(i32.lt_s(length0, i32.add(length1, shift)), () => {
              f.set(length0, i32.add(length1, shift));
            });
            lowerDegree(f, r0, degree0);
          },
        );
        for (const [a, b] of [
          [r0, r1],
          [s0, s1],
          [t0, t1],
          [degree0, degree1],
          [length0, length1],
        ] as const) {
          swap(a, b);
        }
      });
      words.forEach((word, index) => {
        f.do(i32.store(state, word, 4 * index));
      });
    },
    { export: true },
  );
}

/** Lowers `degree` to that of the polynomial at `pointer`; -1 for zero. */
function lowerDegree(f: FunctionBuilder, pointer: Local<'i32'>, degree: Local<'i32'>): void {
  f.block((done) => {
    f.loop((again) => {
      f.branchIf(done, i32.lt_s(degree, 0));
      f.branchIf(done, i32.eqz(i64.eqz(i64.load(i32.add(pointer, i32.shl(degree, 3))))));
      f.set(degree, i32.sub(degree, 1));
      f.branch(again);
    });
  });
}

/** Kernels on groups of {@link LEAF_POINTS} points x: G(z) is the product of (1 - x·z) over a group. */
function leafKernels(module: ModuleBuilder): void {
  const ROW_BYTES = 8 * 2 * LEAF_POINTS;
  const POINT_BYTES = 8 * LEAF_POINTS;
  const QUADS = LEAF_POINTS / 4;

  // (out, points, groups): coefficients of G, 17 words of 32, the others zero; `out` is zero before.
  module.function(
    'leafProducts',
    ['i32', 'i32', 'i32'],
    [],
    (f, out, points, groups) => {
      const field = new VectorField(f);
      const point = f.local('i32');
      f.while(
        () => groups,
        () => {
          f.do(i64.store(out, 1n));
          f.set(point, LEAF_POINTS);
          f.repeat(() => {
            const word = f.let(i64x2.splat(i64.load(points)));
            const x = field.split({ low: word, high: word });
            // From the top, so that each coefficient is read before it changes.
            for (let quad = QUADS - 1; quad >= 0; quad--) {
              const product = field.multiply(field.split(field.load(out, 32 * quad)), x);
              field.store(out, field.subtractFour(field.load(out, 32 * quad + 8), product), 32 * quad + 8);
            }
            f.set(points, i32.add(points, 8));
            f.set(point, i32.sub(point, 1));
            return point;
          });
          f.set(out, i32.add(out, ROW_BYTES));
          f.set(groups, i32.sub(groups, 1));
        },
      );
    },
    { export: true },
  );

  /** Runs `step` for the coefficients j = 0…15 of G/(1 - x·z), four points x in each of four vectors. */
  const overQuotients = (
    f: FunctionBuilder,
    field: VectorField,
    products: Local<'i32'>,
    points: Local<'i32'>,
    step: (quotients: readonly Four[], offset: Local<'i32'>) => void,
  ): void => {
    const xs = Array.from({ length: QUADS }, (_, quad) => field.split(field.load(points, 32 * quad)));
    const quotients = Array.from({ length: QUADS }, () => ({ low: f.local('v128'), high: f.local('v128') }));
    for (const quotient of quotients) field.assign(quotient, field.zero());
    const offset = f.let(i32.const(0));
    f.repeat(() => {
      const word = f.let(i64x2.splat(i64.load(i32.add(products, offset))));
      const coefficient = { low: word, high: word };
      quotients.forEach((quotient, quad) => {
        field.assign(quotient, field.addFour(field.multiply(field.split(quotient), xs[quad]!), coefficient));
      });
      step(quotients, offset);
      f.set(offset, i32.add(offset, 8));
      return i32.ne(offset, POINT_BYTES);
    });
  };

  // (out, points, products, inputs, groups): out[i] = Σ over j of inputs[j]·(coefficient j of G/(1 - x[i]·z)).
  module.function(
    'leafValues',
    ['i32', 'i32', 'i32', 'i32', 'i32'],
    [],
    (f, out, points, products, inputs, groups) => {
      const field = new VectorField(f);
      const totals = Array.from({ length: QUADS }, () => ({ low: f.local('v128'), high: f.local('v128') }));
      f.while(
        () => groups,
        () => {
          for (const total of totals) field.assign(total, field.zero());
          overQuotients(f, field, products, points, (quotients, offset) => {
            const word = f.let(i64x2.splat(i64.load(i32.add(inputs, offset))));
            const input = field.split({ low: word, high: word });
            totals.forEach((total, quad) => {
              field.assign(total, field.addFour(total, field.multiply(field.split(quotients[quad]!), input)));
            });
          });
          totals.forEach((total, quad) => {
            field.store(out, total, 32 * quad);
          });
          for (const pointer of [out, points, inputs]) f.set(pointer, i32.add(pointer, POINT_BYTES));
          f.set(products, i32.add(products, ROW_BYTES));
          f.set(groups, i32.sub(groups, 1));
        },
      );
    },
    { export: true },
  );

  // (out, points, products, weights, groups): coefficients of Σ over i of weights[i]·G/(1 - x[i]·z), 16 words of 32.
  module.function(
    'leafSums',
    ['i32', 'i32', 'i32', 'i32', 'i32'],
    [],
    (f, out, points, products, weights, groups) => {
      const field = new VectorField(f);
      f.while(
        () => groups,
        () => {
          const factors = Array.from({ length: QUADS }, (_, quad) => field.split(field.load(weights, 32 * quad)));
          overQuotients(f, field, products, points, (quotients, offset) => {
            const [first, ...rest] = quotients.map((each, quad) => field.multiply(field.split(each), factors[quad]!));
            const four = rest.reduce((sum, each) => field.addFour(sum, each), first!);
            const two = field.add(four.low, four.high);
            const total = field.add(two, field.highLanes(two, two));
            field.storeOne(i32.add(out, offset), { low: total, high: total });
          });
          for (const pointer of [points, weights]) f.set(pointer, i32.add(pointer, POINT_BYTES));
          for (const pointer of [out, products]) f.set(pointer, i32.add(pointer, ROW_BYTES));
          f.set(groups, i32.sub(groups, 1));
        },
      );
    },
    { export: true },
  );
}

/** Kernels on pairs of neighbouring columns of `rows` words, rows a multiple of four. */
function pairKernels(module: ModuleBuilder): void {
  const overPairs = (
    f: FunctionBuilder,
    rows: Local<'i32'>,
    pairs: Local<'i32'>,
    pointers: readonly Local<'i32'>[],
    step: () => void,
    afterPair: (bytes: Local<'i32'>) => void,
  ): void => {
    const left = f.local('i32');
    const bytes = f.let(i32.shl(rows, 3));
    f.while(
      () => pairs,
      () => {
        f.set(left, rows);
        f.repeat(() => {
          step();
          for (const pointer of pointers) f.set(pointer, i32.add(pointer, 32));
          f.set(left, i32.sub(left, 4));
          return left;
        });
        afterPair(bytes);
        f.set(pairs, i32.sub(pairs, 1));
      },
    );
  };
  const times = (field: VectorField, a: Four, b: Four): Four => field.multiply(field.split(a), field.split(b));

  // (out, a, rows, pairs): out[i] = a[2i]·a[2i+1].
  module.function(
    'pairProducts',
    ['i32', 'i32', 'i32', 'i32'],
    [],
    (f, out, a, rows, pairs) => {
      const field = new VectorField(f);
      const second = f.let(i32.add(a, i32.shl(rows, 3)));
      overPairs(
        f,
        rows,
        pairs,
        [out, a, second],
        () => {
          field.store(out, times(field, field.load(a), field.load(second)));
        },
        (bytes) => {
          for (const pointer of [a, second]) f.set(pointer, i32.add(pointer, bytes));
        },
      );
    },
    { export: true },
  );

  // (out, a, b, rows, pairs): out[i] = a[2i]·b[2i+1] + a[2i+1]·b[2i].
  module.function(
    'pairCrosses',
    ['i32', 'i32', 'i32', 'i32', 'i32'],
    [],
    (f, out, a, b, rows, pairs) => {
      const field = new VectorField(f);
      const a1 = f.let(i32.add(a, i32.shl(rows, 3)));
      const b1 = f.let(i32.add(b, i32.shl(rows, 3)));
      overPairs(
        f,
        rows,
        pairs,
        [out, a, b, a1, b1],
        () => {
          const first = times(field, field.load(a), field.load(b1));
          field.store(out, field.addFour(first, times(field, field.load(a1), field.load(b))));
        },
        (bytes) => {
          for (const pointer of [a, b, a1, b1]) f.set(pointer, i32.add(pointer, bytes));
        },
      );
    },
    { export: true },
  );

  // (out, a, b, rows, pairs): out[2i] = a[i]·b[2i+1] and out[2i+1] = a[i]·b[2i].
  module.function(
    'pairSplits',
    ['i32', 'i32', 'i32', 'i32', 'i32'],
    [],
    (f, out, a, b, rows, pairs) => {
      const field = new VectorField(f);
      const b1 = f.let(i32.add(b, i32.shl(rows, 3)));
      const out1 = f.let(i32.add(out, i32.shl(rows, 3)));
      overPairs(
        f,
        rows,
        pairs,
        [out, a, b, out1, b1],
        () => {
          const value = field.split(field.load(a));
          field.store(out, field.multiply(value, field.split(field.load(b1))));
          field.store(out1, field.multiply(value, field.split(field.load(b))));
        },
        (bytes) => {
          for (const pointer of [out, b, out1, b1]) f.set(pointer, i32.add(pointer, bytes));
        },
      );
    },
    { export: true },
  );

  // (out, a, rows, nodes): columns of twice the rows: a, whose top coefficient has wrapped onto the constant 1, then zeros.
  module.function(
    'unwrap',
    ['i32', 'i32', 'i32', 'i32'],
    [],
    (f, out, a, rows, nodes) => {
      const bytes = f.let(i32.shl(rows, 3));
      f.while(
        () => nodes,
        () => {
          f.do(memory.copy(out, a, bytes));
          const constant = f.let(i64.load(a));
          f.do(i64.store(out, 1n));
          f.set(out, i32.add(out, bytes));
          f.do(memory.fill(out, 0, bytes));
          f.if(
            i64.eqz(constant),
            () => {
              f.do(i64.store(out, MODULUS - 1n));
            },
            () => {
              f.do(i64.store(out, i64.sub(constant, 1n)));
            },
          );
          f.set(out, i32.add(out, bytes));
          f.set(a, i32.add(a, bytes));
          f.set(nodes, i32.sub(nodes, 1));
        },
      );
    },
    { export: true },
  );

  // (out, a, out rows, rows, columns): copies columns, cut or extended by zeros.
  module.function(
    'resize',
    ['i32', 'i32', 'i32', 'i32', 'i32'],
    [],
    (f, out, a, outRows, rows, columns) => {
      const outBytes = f.let(i32.shl(outRows, 3));
      const bytes = f.let(i32.shl(rows, 3));
      const common = f.let(i32.add(bytes, 0));
      f.if(i32.lt_u(outBytes, bytes), () => {
        f.set(common, outBytes);
      });
      f.while(
        () => columns,
        () => {
          f.do(memory.copy(out, a, common));
          f.do(memory.fill(i32.add(out, common), 0, i32.sub(outBytes, common)));
          f.set(out, i32.add(out, outBytes));
          f.set(a, i32.add(a, bytes));
          f.set(columns, i32.sub(columns, 1));
        },
      );
    },
    { export: true },
  );
}
