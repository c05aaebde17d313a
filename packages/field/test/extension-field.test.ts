import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  batchInverseElements,
  createExtensionField,
  CUBIC_MODULUS,
  MODULUS,
  QUADRATIC_MODULUS,
  rootOfUnity,
} from '../src/index.ts';
import { anyElement, RUNS } from './engines.ts';
import plonky3 from './vectors/plonky3.json' with { type: 'json' };
import twentyFirst from './vectors/twenty-first.json' with { type: 'json' };

const numbers = (texts: readonly string[]): bigint[] => texts.map(BigInt);

describe.for([
  ['x^3 - x + 1', CUBIC_MODULUS],
  ['x^2 - 7', QUADRATIC_MODULUS],
  ['x^3 - x - 1', [MODULUS - 1n, MODULUS - 1n, 0n]],
  ['x^5 - 3', [MODULUS - 3n, 0n, 0n, 0n, 0n]],
] as const)('%s', ([, modulus]) => {
  const field = createExtensionField(modulus);
  const anyExtension = fc.tuple(...Array.from({ length: field.degree }, () => anyElement)).map((each) => [...each]);

  test('is a field', () => {
    fc.assert(
      fc.property(anyExtension, anyExtension, anyExtension, (a, b, c) => {
        const { add, multiply, equals } = field;
        expect(equals(multiply(a, b), multiply(b, a))).toBe(true);
        expect(multiply(a, multiply(b, c))).toEqual(multiply(multiply(a, b), c));
        expect(multiply(a, add(b, c))).toEqual(add(multiply(a, b), multiply(a, c)));
        expect(field.subtract(add(a, b), b)).toEqual(a);
        expect(add(a, field.negate(a))).toEqual(field.zero);
        expect(field.scale(a, b[0]!)).toEqual(multiply(a, field.fromBase(b[0]!)));
        if (!equals(a, field.zero)) expect(multiply(a, field.inverse(a))).toEqual(field.one);
        const others = [a, b, c].filter((each) => !equals(each, field.zero));
        expect(batchInverseElements(field, others)).toEqual(others.map(field.inverse));
      }),
      RUNS,
    );
    expect(batchInverseElements(field, [])).toEqual([]);
  });

  test('products are those of polynomials, reduced', () => {
    const { degree, reductions } = field;
    fc.assert(
      fc.property(anyExtension, anyExtension, (a, b) => {
        const product = new Array<bigint>(2 * degree - 1).fill(0n);
        a.forEach((x, i) => {
          b.forEach((y, j) => (product[i + j]! += x * y));
        });
        const reduced = field.zero.map((_, i) =>
          reductions.reduce((sum, row, k) => sum + product[degree + k]! * row[i]!, product[i]!),
        );
        expect(field.multiply(a, b)).toEqual(reduced.map((value) => value % MODULUS));
      }),
      RUNS,
    );
  });

  test('x is a root of the modulus, and the Frobenius map is the p-th power', () => {
    const x = Array.from({ length: field.degree }, (_, i) => (i === 1 ? 1n : 0n));
    const value = [...modulus, 1n].reduceRight(
      (sum, coefficient) => field.add(field.multiply(sum, x), field.fromBase(coefficient)),
      field.zero,
    );
    expect(value).toEqual(field.zero);
    const powers = field.frobenius.map((_, k) => field.power(field.power(x, BigInt(k)), MODULUS));
    expect(field.frobenius).toEqual(powers);
    expect(field.power(x, 0n)).toEqual(field.one);
  });

  test('refuses zero inverses, wrong lengths and values that are not canonical', () => {
    expect(() => field.inverse(field.zero)).toThrow('[FIELD_DIVISION_BY_ZERO]');
    expect(() => batchInverseElements(field, [field.one, field.zero])).toThrow('[FIELD_DIVISION_BY_ZERO]');
    expect(() => field.element([1n])).toThrow('[FIELD_SHAPE]');
    expect(() => field.element(field.one.map(() => MODULUS))).toThrow('[FIELD_NOT_CANONICAL]');
    expect(() => field.fromBase(-1n)).toThrow('[FIELD_NOT_CANONICAL]');
    expect(() => field.power(field.one, -1n)).toThrow('[FIELD_SIZE]');
  });
});

describe('published numbers', () => {
  test('products of twenty-first in x^3 - x + 1', () => {
    const field = createExtensionField();
    for (const { a, b, product } of twentyFirst.cubicProducts) {
      expect(field.multiply(numbers(a), numbers(b))).toEqual(numbers(product));
    }
  });

  test('Frobenius maps of Plonky3', () => {
    for (const { modulus, frobenius } of [plonky3.quadratic, plonky3.cubicMinusOne]) {
      expect(createExtensionField(numbers(modulus)).frobenius).toEqual(frobenius.map(numbers));
    }
  });

  test('generators of Plonky3 generate', () => {
    const primes = [
      [plonky3.quadratic, [2n, 3n, 5n, 17n, 257n, 65537n, 7n, 179n]],
      [plonky3.cubicMinusOne, [2n, 3n, 5n, 17n, 257n, 65537n]],
    ] as const;
    for (const [{ modulus, generator }, divisors] of primes) {
      const field = createExtensionField(numbers(modulus));
      const order = MODULUS ** BigInt(field.degree) - 1n;
      expect(field.power(numbers(generator), order)).toEqual(field.one);
      for (const prime of divisors) {
        if (order % prime === 0n) expect(field.power(numbers(generator), order / prime)).not.toEqual(field.one);
      }
    }
  });

  test('the square of the root of order 2^33 is the one of order 2^32', () => {
    const field = createExtensionField(QUADRATIC_MODULUS);
    const root = numbers(plonky3.quadratic.rootOfOrder2To33);
    expect(field.multiply(root, root)).toEqual(field.fromBase(rootOfUnity(32)));
  });
});

describe('moduli', () => {
  test.for([
    ['x^2 - 4', [MODULUS - 4n, 0n]],
    ['x^2', [0n, 0n]],
    ['x^3 - 8', [MODULUS - 8n, 0n, 0n]],
    ['(x^2 - 7)^2', [49n, 0n, MODULUS - 14n, 0n]],
    ['(x^2 - 7)(x^2 - 28), without a root', [196n, 0n, MODULUS - 35n, 0n]],
    ['degree 1', [1n]],
    ['degree 9', [1n, 0n, 0n, 0n, 0n, 0n, 0n, 0n, 0n]],
  ] as const)('%s is refused', ([, modulus]) => {
    expect(() => createExtensionField(modulus)).toThrow('[FIELD_MODULUS]');
  });

  test('coefficients must be canonical', () => {
    expect(() => createExtensionField([MODULUS, 1n])).toThrow('[FIELD_NOT_CANONICAL]');
  });
});
