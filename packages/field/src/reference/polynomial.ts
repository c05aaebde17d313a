/**
 * Polynomials as arrays of canonical bigints from low to high, by the textbook's quadratic algorithms.
 *
 * Results have no zeros at the top; the zero polynomial is the empty array. The oracle of the fast ones.
 *
 * @module
 */
import { FieldError } from '../errors.ts';
import * as base from '../goldilocks.ts';

type Polynomial = readonly bigint[];

/** Without the zeros at the top. */
export function trim(a: Polynomial): bigint[] {
  let length = a.length;
  while (length > 0 && a[length - 1] === 0n) length--;
  return a.slice(0, length);
}

/** a + b. */
export function add(a: Polynomial, b: Polynomial): bigint[] {
  const length = Math.max(a.length, b.length);
  return trim(Array.from({ length }, (_, i) => base.add(a[i] ?? 0n, b[i] ?? 0n)));
}

/** a - b. */
export function subtract(a: Polynomial, b: Polynomial): bigint[] {
  const length = Math.max(a.length, b.length);
  return trim(Array.from({ length }, (_, i) => base.subtract(a[i] ?? 0n, b[i] ?? 0n)));
}

/** scalar·a. */
export function scale(a: Polynomial, scalar: bigint): bigint[] {
  return trim(a.map((value) => base.multiply(value, scalar)));
}

/** a·b. */
export function multiply(a: Polynomial, b: Polynomial): bigint[] {
  if (a.length === 0 || b.length === 0) return [];
  const result = new Array<bigint>(a.length + b.length - 1).fill(0n);
  a.forEach((x, i) => {
    b.forEach((y, j) => {
      result[i + j]! += x * y;
    });
  });
  return trim(result.map((value) => value % base.MODULUS));
}

/** Quotient and remainder. @throws `FIELD_DIVISION_BY_ZERO` for b = 0. */
export function divide(a: Polynomial, b: Polynomial): { quotient: bigint[]; remainder: bigint[] } {
  b = trim(b);
  if (b.length === 0) throw new FieldError('FIELD_DIVISION_BY_ZERO', 'divisor', 'a polynomial other than zero', '0');
  const remainder = trim(a);
  const lead = base.inverse(b.at(-1)!);
  const quotient = new Array<bigint>(Math.max(0, remainder.length - b.length + 1)).fill(0n);
  for (let k = quotient.length - 1; k >= 0; k--) {
    const factor = base.multiply(remainder[k + b.length - 1]!, lead);
    quotient[k] = factor;
    b.forEach((value, i) => {
      remainder[k + i] = base.subtract(remainder[k + i]!, base.multiply(factor, value));
    });
  }
  return { quotient: trim(quotient), remainder: trim(remainder) };
}

/** The value at x. */
export function evaluate(a: Polynomial, x: bigint): bigint {
  return a.reduceRight((sum, value) => (sum * x + value) % base.MODULUS, 0n);
}

/** The first derivative. */
export function derivative(a: Polynomial): bigint[] {
  return trim(a.slice(1).map((value, i) => base.reduce(value * BigInt(i + 1))));
}

/** The product of (X - x) over all points. */
export function zerofier(points: readonly bigint[]): bigint[] {
  return points.reduce<bigint[]>((product, x) => multiply(product, [base.negate(x), 1n]), [1n]);
}

/** Σ weights[i]·∏_{j≠i} (X - points[j]). */
export function fromResidues(points: readonly bigint[], weights: readonly bigint[]): bigint[] {
  const whole = zerofier(points);
  return points.reduce<bigint[]>(
    (sum, x, i) => add(sum, scale(divide(whole, [base.negate(x), 1n]).quotient, weights[i]!)),
    [],
  );
}

/** The polynomial of least degree with the given values, by Lagrange's formula. */
export function interpolate(points: readonly bigint[], values: readonly bigint[]): bigint[] {
  const slope = derivative(zerofier(points));
  const weights = points.map((x, i) => base.multiply(values[i]!, base.inverse(evaluate(slope, x))));
  return fromResidues(points, weights);
}

/** left·a + right·b = divisor, monic, by the Euclidean algorithm. */
export function extendedGcd(a: Polynomial, b: Polynomial): { divisor: bigint[]; left: bigint[]; right: bigint[] } {
  let [r0, r1] = [trim(a), trim(b)];
  let [s0, s1]: [bigint[], bigint[]] = [[1n], []];
  let [t0, t1]: [bigint[], bigint[]] = [[], [1n]];
  while (r1.length > 0) {
    const { quotient, remainder } = divide(r0, r1);
    [r0, r1] = [r1, remainder];
    [s0, s1] = [s1, subtract(s0, multiply(quotient, s1))];
    [t0, t1] = [t1, subtract(t0, multiply(quotient, t1))];
  }
  if (r0.length === 0) return { divisor: [], left: [], right: [] };
  const unit = base.inverse(r0.at(-1)!);
  return { divisor: scale(r0, unit), left: scale(s0, unit), right: scale(t0, unit) };
}
