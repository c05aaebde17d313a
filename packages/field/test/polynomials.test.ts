import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  type BezoutIdentity,
  createReferenceEngine,
  type FieldEngine,
  type Matrix,
  MODULUS,
  type PolynomialRing,
} from '../src/index.ts';
import * as textbook from '../src/reference/polynomial.ts';
import { anyElement, ENGINES, RUNS, sequence } from './engines.ts';

const anyPolynomial = fc
  .tuple(fc.array(anyElement, { maxLength: 70 }), fc.nat(2))
  .map(([coefficients, zeros]) => [...coefficients, ...new Array<bigint>(zeros).fill(0n)]);

const both = ({ quotient, remainder }: ReturnType<PolynomialRing['divide']>): Matrix[] => [quotient, remainder];
const three = ({ divisor, left, right }: BezoutIdentity): Matrix[] => [divisor, left, right];

describe.for(ENGINES)('%s', ([name, create]) => {
  let engine: FieldEngine;
  let ring: PolynomialRing;
  const oracle = createReferenceEngine();
  beforeAll(async () => {
    engine = await create();
    ring = engine.polynomials;
  });
  afterAll(() => {
    engine.dispose();
  });

  const array = (a: Matrix): bigint[] => a.toArray();
  const of = (values: readonly bigint[]): Matrix => engine.from(values);

  /** Compares the results of an operation with those of the textbook's ring. */
  const agrees = (operation: (ring: PolynomialRing, from: (values: readonly bigint[]) => Matrix) => Matrix[]): void => {
    const run = (each: FieldEngine): unknown =>
      each.scope(() => {
        try {
          return operation(each.polynomials, (values) => each.from(values)).map(array);
        } catch (error) {
          return (error as { code?: string }).code;
        }
      });
    expect(run(engine)).toEqual(run(oracle));
  };

  test('small examples by hand', () => {
    expect(array(ring.multiply(of([2n, 3n]), of([2n, 3n])))).toEqual([4n, 12n, 9n]);
    expect(array(ring.zerofier(of([1n, 2n])))).toEqual([2n, MODULUS - 3n, 1n]);
    expect(array(ring.derivative(of([1n, 2n, 3n, 4n])))).toEqual([2n, 6n, 12n]);
    expect(array(ring.interpolate(of([0n, 1n, 2n, 3n]), of([1n, 3n, 5n, 7n])))).toEqual([1n, 2n]);
    expect(array(ring.evaluate(of([1n, 2n]), of([0n, 5n])))).toEqual([1n, 11n]);
    expect(array(ring.fromResidues(of([1n, 2n]), of([3n, 5n])))).toEqual([MODULUS - 11n, 8n]);
    const { quotient, remainder } = ring.divide(of([1n, 0n, 1n]), of([1n, 1n]));
    expect([array(quotient), array(remainder)]).toEqual([[MODULUS - 1n, 1n], [2n]]);
    expect([
      ring.degree(of([])),
      ring.degree(of([0n, 0n])),
      ring.degree(of([5n])),
      ring.degree(of([0n, 1n, 0n])),
    ]).toEqual([-1, -1, 0, 1]);
  });

  test('any two polynomials', () => {
    fc.assert(
      fc.property(anyPolynomial, anyPolynomial, (a, b) => {
        agrees((each, from) => [
          each.add(from(a), from(b)),
          each.subtract(from(a), from(b)),
          each.multiply(from(a), from(b)),
          each.derivative(from(a)),
          each.zerofier(from(a)),
          each.fromResidues(from(a), from(a)),
          each.evaluate(from(a), from(b)),
        ]);
        agrees((each, from) => both(each.divide(from(a), from(b))));
        agrees((each, from) => three(each.extendedGcd(from(a), from(b))));
        agrees((each, from) => [each.interpolate(from(a), from(a.toReversed()))]);
      }),
      RUNS,
    );
  });

  test('zero operands', () => {
    for (const [a, b] of [
      [[], []],
      [[0n], [0n, 0n]],
      [[], [5n]],
      [[5n], []],
      [[0n], [1n, 2n]],
      [[7n], [3n]],
    ] as const) {
      agrees((each, from) => [each.multiply(from(a), from(b)), each.add(from(a), from(b))]);
      agrees((each, from) => both(each.divide(from(a), from(b))));
      agrees((each, from) => three(each.extendedGcd(from(a), from(b))));
      agrees((each, from) => [each.evaluate(from(a), from(b)), each.zerofier(from(a)), each.derivative(from(b))]);
    }
    agrees((each, from) => [each.interpolate(from([]), from([]))]);
  });

  const sizes: readonly (readonly [number, number])[] =
    name === 'reference'
      ? [[60, 40]]
      : [
          [300, 200],
          [500, 499],
          [512, 512],
          [513, 20],
          [700, 3],
        ];

  test.for(sizes)('%i by %i coefficients', ([m, n]) => {
    const [a, b] = [sequence(m, 2n), sequence(n, 3n)];
    agrees((each, from) => [each.multiply(from(a), from(b)), each.multiply(from(a), from(a))]);
    agrees((each, from) => both(each.divide(from(a), from(b))));
    agrees((each, from) => three(each.extendedGcd(from(a), from(b))));
    agrees((each, from) => three(each.extendedGcd(from(b), from(a))));
    agrees((each, from) => [each.evaluate(from(a), from(b)), each.evaluate(from(b), from(a))]);
    agrees((each, from) => [each.fromResidues(from(b), from(a.slice(0, n)))]);
  });

  test('a common factor is found, and quotients of any degree on the way', () => {
    const [factor, left, right] = [sequence(90, 5n), sequence(160, 6n), sequence(40, 7n)];
    const [a, b] = [textbook.multiply(factor, left), textbook.multiply(factor, right)];
    agrees((each, from) => three(each.extendedGcd(from(a), from(b))));
    // Remainders of much lower degree: the quotients are long.
    const sparse = textbook.add(textbook.multiply(a, [...new Array<bigint>(120).fill(0n), 1n]), b);
    agrees((each, from) => three(each.extendedGcd(from(sparse), from(a))));
    agrees((each, from) => three(each.extendedGcd(from(a), from(a))));
    agrees((each, from) => three(each.extendedGcd(from(a), from(factor))));
    const monomial = [...new Array<bigint>(300).fill(0n), 1n];
    agrees((each, from) => three(each.extendedGcd(from(monomial), from(factor))));
  });

  test('points of subgroups and repeated points', () => {
    const points = Array.from({ length: 40 }, (_, i) => BigInt(i));
    agrees((each, from) => [each.interpolate(from(points), from(sequence(40)))]);
    agrees((each, from) => [each.interpolate(from([...points, 3n]), from(sequence(41)))]);
    agrees((each, from) => [each.zerofier(from(new Array<bigint>(33).fill(0n)))]);
  });

  test('several columns, unequal lengths and foreign matrices are refused', () => {
    const wide = engine.allocate(2, 2);
    expect(() => ring.multiply(wide, wide)).toThrow('[FIELD_SHAPE]');
    expect(() => ring.interpolate(of([1n, 2n]), of([1n]))).toThrow('[FIELD_SHAPE]');
    expect(() => ring.fromResidues(of([1n, 2n]), of([1n]))).toThrow('[FIELD_SHAPE]');
  });
});
