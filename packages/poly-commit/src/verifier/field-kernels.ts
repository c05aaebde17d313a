/**
 * Loops over elements of the default cubic extension: what a verifier computes.
 *
 * They run a few thousand times in all, so that they are small rather than quick.
 *
 * @module
 */
import { MODULUS } from '@commute/field';
import {
  addWords,
  ELEMENT_BYTES,
  type ElementFunctions,
  type ElementWords,
  loadElement,
  storeElement,
  subtractWords,
} from '@commute/field/kernels';
import { call, type Expression, type FunctionBuilder, i32, i64, type Local, type ModuleBuilder } from '@commute/wasm';
import { type Pointer, times } from './kernel-parts.ts';

type Word = Local<'i64'>;

function advance(f: FunctionBuilder, pointer: Pointer, bytes: Expression<'i32'> | number): void {
  f.set(pointer, i32.add(pointer, bytes));
}

/** out += the product at `scratch`. */
function addTo(f: FunctionBuilder, out: Pointer, scratch: Pointer): void {
  const [sum, product] = [loadElement(f, out), loadElement(f, scratch)];
  storeElement(f, out, sum.map((word, k) => addWords(f, word, product[k]!)) as unknown as ElementWords);
}

/**
 * Adds the loops, all of whose operands are i32. Steps are bytes from one element to the next, 0 for the same one each time; `scratch` has room for an
 * element.
 *
 * @param scratch - an address with room for two elements.
 */
export function elementKernels(module: ModuleBuilder, functions: ElementFunctions, scratch: number): void {
  const { multiplyWords, multiply } = functions;
  const i = 'i32';
  const exported = { export: true };

  // (address, count): whether all words are below the modulus.
  module.function(
    'areCanonical',
    [i, i],
    [i],
    (f, address, count) => {
      const above = f.local('i32');
      times(f, count, () => {
        f.set(above, i32.or(above, i64.ge_u(i64.load(address), MODULUS)));
        advance(f, address, 8);
      });
      return i32.eqz(above);
    },
    exported,
  );

  // (a, b, count): whether as many words are the same.
  module.function(
    'areEqual',
    [i, i, i],
    [i],
    (f, a, b, count) => {
      const differ = f.local('i32');
      times(f, count, () => {
        f.set(differ, i32.or(differ, i64.ne(i64.load(a), i64.load(b))));
        advance(f, a, 8);
        advance(f, b, 8);
      });
      return i32.eqz(differ);
    },
    exported,
  );

  // (out, base, count): 1, base, base², …; out has 1 already.
  module.function(
    'powers',
    [i, i, i],
    [],
    (f, out, base, count) => {
      const next = f.local('i32');
      f.set(count, i32.sub(count, 1));
      times(f, count, () => {
        f.set(next, i32.add(out, ELEMENT_BYTES));
        f.do(call(multiply, next, out, base));
        f.set(out, next);
      });
    },
    exported,
  );

  // (out, out step, a, a step, b, b step, count): out += a·b.
  const accumulate = module.function(
    'accumulate',
    [i, i, i, i, i, i, i],
    [],
    (f, out, outStep, a, aStep, b, bStep, count) => {
      const product = f.local('i32');
      f.set(product, scratch);
      times(f, count, () => {
        f.do(call(multiply, product, a, b));
        addTo(f, out, product);
        advance(f, out, outStep);
        advance(f, a, aStep);
        advance(f, b, bStep);
      });
    },
    exported,
  );

  // (out, a, a step, b, b step, count): out = a·b.
  module.function(
    'multiplyAll',
    [i, i, i, i, i, i],
    [],
    (f, out, a, aStep, b, bStep, count) => {
      times(f, count, () => {
        f.do(call(multiply, out, a, b));
        advance(f, out, ELEMENT_BYTES);
        advance(f, a, aStep);
        advance(f, b, bStep);
      });
    },
    exported,
  );

  // (out, b, b step, count): out -= b.
  module.function(
    'subtractAll',
    [i, i, i, i],
    [],
    (f, out, b, bStep, count) => {
      times(f, count, () => {
        const [left, right] = [loadElement(f, out), loadElement(f, b)];
        storeElement(f, out, left.map((word, k) => subtractWords(f, word, right[k]!)) as unknown as ElementWords);
        advance(f, out, ELEMENT_BYTES);
        advance(f, b, bStep);
      });
    },
    exported,
  );

  // (out, coefficients, columns, values, instances, factor): out[j] += factor·Σ coefficients[c]·values[j·columns + c].
  module.function(
    'claims',
    [i, i, i, i, i, i],
    [],
    (f, out, coefficients, columns, values, instances, factor) => {
      const sum = f.local('i32');
      f.set(sum, scratch + ELEMENT_BYTES);
      times(f, instances, () => {
        for (let k = 0; k < 3; k++) f.do(i64.store(sum, 0n, 8 * k));
        f.do(call(accumulate, sum, 0, coefficients, ELEMENT_BYTES, values, ELEMENT_BYTES, columns));
        f.do(call(accumulate, out, 0, sum, 0, factor, 0, 1));
        advance(f, out, ELEMENT_BYTES);
        advance(f, values, i32.mul(columns, ELEMENT_BYTES));
      });
    },
    exported,
  );

  // (out, rows, columns, weights, count): out[j] += Σ weights[c]·(word c of row j), rows one after the other.
  module.function(
    'weighRows',
    [i, i, i, i, i],
    [],
    (f, out, rows, columns, weights, count) => {
      const [left, weight] = [f.local('i32'), f.local('i32')];
      // Products of halves of words, added up by the power of 2^32 that they count; each sum has room for 2^30 of them.
      const sums = Array.from({ length: 12 }, () => f.local('i64'));
      const [value, low, high] = [f.local('i64'), f.local('i64'), f.local('i64')];
      const mask = 0xffffffffn;
      times(f, count, () => {
        for (const sum of sums) f.set(sum, 0n);
        f.set(left, columns);
        f.set(weight, weights);
        times(f, left, () => {
          f.set(value, i64.load(rows));
          f.set(low, i64.and(value, mask));
          f.set(high, i64.shr_u(value, 32n));
          for (let k = 0; k < 3; k++) {
            const [own0, own1] = [i64.load32_u(weight, 8 * k), i64.load32_u(weight, 8 * k + 4)].map((half) =>
              f.let(half),
            ) as [Word, Word];
            const add = (place: number, term: Expression<'i64'>): void => {
              f.set(sums[4 * k + place]!, i64.add(sums[4 * k + place]!, term));
            };
            (
              [
                [low, own0, 0],
                [low, own1, 1],
                [high, own0, 1],
                [high, own1, 2],
              ] as const
            ).forEach(([a, b, place]) => {
              const product = f.let(i64.mul(a, b));
              add(place, i64.and(product, mask));
              add(place + 1, i64.shr_u(product, 32n));
            });
          }
          advance(f, rows, 8);
          advance(f, weight, ELEMENT_BYTES);
        });
        for (let k = 0; k < 3; k++) {
          // Below p, as sums are below 2^62; each times 2^32, 2^64 and 2^96 modulo p.
          const [s0, s1, s2, s3] = sums.slice(4 * k, 4 * k + 4) as [Word, Word, Word, Word];
          const scaled = (word: Word, factor: bigint): Word => f.let(call(multiplyWords, word, i64.const(factor)));
          const total = addWords(f, addWords(f, s0, scaled(s1, 1n << 32n)), scaled(s2, mask));
          const own = f.let(i64.load(out, 8 * k));
          f.do(i64.store(out, addWords(f, own, subtractWords(f, total, s3)), 8 * k));
        }
        advance(f, out, ELEMENT_BYTES);
      });
    },
    exported,
  );

  // (out, generator, start, exponents, count): out[j] = start·generator^exponents[j], words; exponents of 32 bits.
  module.function(
    'pointsAt',
    [i, i, i, i, i],
    [],
    (f, out, generator, start, exponents, count) => {
      const [exponent, base, result] = [f.local('i32'), f.local('i64'), f.local('i64')];
      times(f, count, () => {
        f.set(exponent, i32.load(exponents));
        f.set(base, i64.load(generator));
        f.set(result, i64.load(start));
        f.while(
          () => exponent,
          () => {
            f.if(i32.and(exponent, 1), () => {
              f.set(result, call(multiplyWords, result, base));
            });
            f.set(base, call(multiplyWords, base, base));
            f.set(exponent, i32.shr_u(exponent, 1));
          },
        );
        f.do(i64.store(out, result));
        advance(f, out, 8);
        advance(f, exponents, 4);
      });
    },
    exported,
  );

  // (out, coefficients, degree, points, count): out[j] = Σ coefficients[k]·points[j]^k, points being words and `degree` the number of coefficients.
  module.function(
    'evaluateAt',
    [i, i, i, i, i],
    [],
    (f, out, coefficients, degree, points, count) => {
      const [left, coefficient, point] = [f.local('i32'), f.local('i32'), f.local('i64')];
      const sum = [0, 1, 2].map(() => f.local('i64'));
      times(f, count, () => {
        f.set(point, i64.load(points));
        for (const word of sum) f.set(word, 0n);
        f.set(left, degree);
        f.set(coefficient, i32.add(coefficients, i32.mul(degree, ELEMENT_BYTES)));
        times(f, left, () => {
          advance(f, coefficient, -ELEMENT_BYTES);
          const words = loadElement(f, coefficient);
          words.forEach((word, k) => {
            f.set(sum[k]!, addWords(f, f.let(call(multiplyWords, sum[k]!, point)), word));
          });
        });
        storeElement(f, out, sum as unknown as ElementWords);
        advance(f, out, ELEMENT_BYTES);
        advance(f, points, 8);
      });
    },
    exported,
  );

  // (out, points, squarings, z, count): out[j] = points[j]^(2^squarings) - z, points being words.
  module.function(
    'differences',
    [i, i, i, i, i],
    [],
    (f, out, points, squarings, z, count) => {
      const [left, power, zero] = [f.local('i32'), f.local('i64'), f.local('i64')];
      times(f, count, () => {
        f.set(power, i64.load(points));
        f.set(left, squarings);
        times(f, left, () => {
          f.set(power, call(multiplyWords, power, power));
        });
        const [a, b, c] = loadElement(f, z);
        storeElement(f, out, [subtractWords(f, power, a), subtractWords(f, zero, b), subtractWords(f, zero, c)]);
        advance(f, out, ELEMENT_BYTES);
        advance(f, points, 8);
      });
    },
    exported,
  );

  // (out, a, count): out[j] = a[0]·…·a[j - 1], and at last of all; out has 1 already.
  module.function(
    'prefixes',
    [i, i, i],
    [],
    (f, out, a, count) => {
      const next = f.local('i32');
      times(f, count, () => {
        f.set(next, i32.add(out, ELEMENT_BYTES));
        f.do(call(multiply, next, out, a));
        f.set(out, next);
        advance(f, a, ELEMENT_BYTES);
      });
    },
    exported,
  );

  // (prefixes, a, inverse, count): prefixes[j] = 1/a[j], from the inverse of all together, which is used up.
  module.function(
    'finishInverses',
    [i, i, i, i],
    [],
    (f, prefixes, a, inverse, count) => {
      advance(f, prefixes, i32.mul(count, ELEMENT_BYTES));
      advance(f, a, i32.mul(count, ELEMENT_BYTES));
      times(f, count, () => {
        advance(f, prefixes, -ELEMENT_BYTES);
        advance(f, a, -ELEMENT_BYTES);
        f.do(call(multiply, prefixes, prefixes, inverse));
        f.do(call(multiply, inverse, inverse, a));
      });
    },
    exported,
  );
}
