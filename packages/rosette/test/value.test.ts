import {
  applyOperator,
  EvaluationFailure,
  equalTerms,
  integerTerm,
  type StrictOperator,
  type Term,
} from '@commute/rholang';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { boxed, generally, MAXIMUM_NUMBER, onNumbers, unboxed } from '../src/vm/value.ts';

const numRuns = Number(process.env['FC_NUM_RUNS'] ?? 2000) * 5;

const operators: readonly StrictOperator[] = ['+', '-', '*', '/', '%', '==', '!=', '<', '<=', '>', '>='];

/** Integers near where representations change. */
const anyInteger: fc.Arbitrary<bigint> = fc
  .tuple(
    fc.constantFrom(0n, 1n, 2n ** 26n, 2n ** 31n, 2n ** 32n, 2n ** 52n, 2n ** 53n, 2n ** 62n, 2n ** 63n - 1n),
    fc.bigInt({ min: -(2n ** 20n), max: 2n ** 20n }),
    fc.boolean(),
    fc.constantFrom(1n, 3n, 7n, 1000003n),
  )
  .map(([base, offset, negative, divisor]) => BigInt.asIntN(64, (negative ? -1n : 1n) * (base / divisor + offset)));

function generalResult(operator: StrictOperator, left: Term, right: Term): Term | string {
  try {
    return applyOperator(operator, left, right);
  } catch (error) {
    if (error instanceof EvaluationFailure) return error.message;
    throw error;
  }
}

test('operations on numbers are those on 64-bit integers', () => {
  fc.assert(
    fc.property(anyInteger, anyInteger, fc.constantFrom(...operators), (left, right, operator) => {
      const [one, other] = [integerTerm(left), integerTerm(right)];
      const expected = generalResult(operator, one, other);
      let got: Term | string;
      try {
        const result = generally(operator, unboxed(one), unboxed(other));
        got =
          typeof result === 'boolean'
            ? applyOperator('==', integerTerm(result ? 1n : 0n), integerTerm(1n))
            : boxed(result);
      } catch (error) {
        if (!(error instanceof EvaluationFailure)) throw error;
        got = error.message;
      }
      if (typeof expected === 'string' || typeof got === 'string') expect(got).toBe(expected);
      else expect(equalTerms(got, expected)).toBe(true);
    }),
    { numRuns },
  );
});

test('a quotient or remainder of numbers is exact up to the greatest', () => {
  const number = fc.oneof(
    fc.maxSafeInteger(),
    fc.nat({ max: 1000 }).map((below) => MAXIMUM_NUMBER - below),
    fc.integer({ min: -50, max: 50 }),
  );
  fc.assert(
    fc.property(number, number, (left, right) => {
      if (right === 0) return;
      expect(onNumbers('/', left, right)).toBe(Number(BigInt(left) / BigInt(right)));
      expect(onNumbers('%', left, right)).toBe(Number(BigInt(left) % BigInt(right)));
      const product = BigInt(left) * BigInt(right);
      const fits = product <= BigInt(MAXIMUM_NUMBER) && product >= -BigInt(MAXIMUM_NUMBER);
      expect(onNumbers('*', left, right)).toBe(fits ? Number(product) : undefined);
    }),
    { numRuns },
  );
});

test('what is boxed comes out as it went in, and never as minus zero', () => {
  for (const value of [0, -0, 1, -1, 1024, 1025, -1025, MAXIMUM_NUMBER, -MAXIMUM_NUMBER])
    expect(unboxed(boxed(value)) as number).toBe(value + 0);
  expect(unboxed(integerTerm(2n ** 53n))).toEqual(integerTerm(2n ** 53n));
  expect(Object.is(onNumbers('%', -4, 2), 0)).toBe(true);
});
