/**
 * The field of order p = 2^64 - 2^32 + 1, on canonical bigints.
 *
 * p - 1 = 2^32 · 3 · 5 · 17 · 257 · 65537, so there are roots of unity of every order 2^k, k ≤ 32.
 *
 * @module
 */
import { FieldError } from './errors.ts';

/** The modulus, 2^64 - 2^32 + 1. */
export const MODULUS = 0xffffffff00000001n as const;

/** A generator of the multiplicative group, and the customary coset shift. */
export const GENERATOR = 7n as const;

/** Exponent of two in p - 1: the largest transform has 2^32 points. */
export const TWO_ADICITY = 32 as const;

/** The root of unity of order 2^32 that all others are powers of: 7^((p-1)/2^32). */
export const TWO_ADIC_ROOT = 1753635133440165772n as const;

/** Tells whether `value` is a canonical element: in [0, p). */
export function isCanonical(value: bigint): boolean {
  return value >= 0n && value < MODULUS;
}

/**
 * Returns `value` if it is a canonical element.
 *
 * @throws {@link FieldError} `FIELD_NOT_CANONICAL` otherwise.
 */
export function canonical(value: bigint, name = 'element'): bigint {
  if (!isCanonical(value)) throw new FieldError('FIELD_NOT_CANONICAL', name, 'an integer in [0, p)', String(value));
  return value;
}

/** The canonical element congruent to any integer. */
export function reduce(value: bigint): bigint {
  const rest = value % MODULUS;
  return rest < 0n ? rest + MODULUS : rest;
}

/** a + b. */
export function add(a: bigint, b: bigint): bigint {
  const sum = a + b;
  return sum >= MODULUS ? sum - MODULUS : sum;
}

/** a - b. */
export function subtract(a: bigint, b: bigint): bigint {
  return a >= b ? a - b : a - b + MODULUS;
}

/** -a. */
export function negate(a: bigint): bigint {
  return a === 0n ? 0n : MODULUS - a;
}

/**
 * a · b.
 *
 * @example
 * ```ts
 * import { MODULUS, multiply } from '@commute/field';
 * if (multiply(MODULUS - 1n, MODULUS - 1n) !== 1n) throw new Error('unreachable');
 * ```
 */
export function multiply(a: bigint, b: bigint): bigint {
  return (a * b) % MODULUS;
}

/** base^exponent for an exponent ≥ 0; 0^0 is 1. */
export function power(base: bigint, exponent: bigint): bigint {
  if (exponent < 0n) throw new FieldError('FIELD_SIZE', 'exponent', 'at least 0', String(exponent));
  let result = 1n;
  for (; exponent > 0n; exponent >>= 1n) {
    if ((exponent & 1n) === 1n) result = multiply(result, base);
    base = multiply(base, base);
  }
  return result;
}

/**
 * a^-1.
 *
 * @throws {@link FieldError} `FIELD_DIVISION_BY_ZERO` for zero.
 */
export function inverse(a: bigint): bigint {
  if (a === 0n) throw new FieldError('FIELD_DIVISION_BY_ZERO', 'inverse', 'an element other than zero', '0');
  let [r0, r1, t0, t1]: [bigint, bigint, bigint, bigint] = [MODULUS, a, 0n, 1n];
  while (r1 !== 0n) {
    const quotient = r0 / r1;
    [r0, r1] = [r1, r0 - quotient * r1];
    [t0, t1] = [t1, t0 - quotient * t1];
  }
  return t0 < 0n ? t0 + MODULUS : t0;
}

/**
 * The root of unity of order 2^logOrder, a power of {@link TWO_ADIC_ROOT}.
 *
 * @param logOrder - in [0, 32].
 * @throws {@link FieldError} `FIELD_SIZE` outside that range.
 */
export function rootOfUnity(logOrder: number): bigint {
  if (!Number.isInteger(logOrder) || logOrder < 0 || logOrder > TWO_ADICITY) {
    throw new FieldError('FIELD_SIZE', 'logOrder', 'an integer in [0, 32]', String(logOrder));
  }
  let root: bigint = TWO_ADIC_ROOT;
  for (let log: number = TWO_ADICITY; log > logOrder; log--) root = multiply(root, root);
  return root;
}

/**
 * The inverses of all elements with one inversion and three multiplications each (Montgomery's trick).
 *
 * @throws {@link FieldError} `FIELD_DIVISION_BY_ZERO` where one is zero.
 */
export function batchInverse(values: readonly bigint[]): bigint[] {
  const prefix: bigint[] = [];
  let product = 1n;
  for (const value of values) {
    prefix.push(product);
    product = multiply(product, value);
  }
  let inverted = inverse(product);
  const result = new Array<bigint>(values.length);
  for (let i = values.length - 1; i >= 0; i--) {
    result[i] = multiply(inverted, prefix[i]!);
    inverted = multiply(inverted, values[i]!);
  }
  return result;
}

/**
 * log2 of a power of two.
 *
 * @throws {@link FieldError} `FIELD_SIZE` for any other number and beyond 2^32.
 */
export function logOfPowerOfTwo(size: number, name = 'size'): number {
  const log = Math.log2(size);
  if (!Number.isInteger(log) || log < 0 || log > TWO_ADICITY) {
    throw new FieldError('FIELD_SIZE', name, 'a power of two in [1, 2^32]', String(size));
  }
  return log;
}

/** The lowest `bits` bits of `index` in reverse order. */
export function reverseBits(index: number, bits: number): number {
  let result = 0;
  for (let i = 0; i < bits; i++) result = result * 2 + (Math.floor(index / 2 ** i) % 2);
  return result;
}
