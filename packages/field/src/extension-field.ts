/**
 * Extensions of the Goldilocks field, on tuples of canonical bigints.
 *
 * @module
 */
import { FieldError } from './errors.ts';
import * as base from './goldilocks.ts';
import { divide, extendedGcd, subtract as subtractPolynomials, trim } from './reference/polynomial.ts';

/** An element of an extension of degree d: d canonical coefficients, of 1, x, …, x^(d-1). */
export type ExtensionElement = readonly bigint[];

/** x^3 - x + 1, coefficients below the leading one: the default extension, also Triton VM's. */
export const CUBIC_MODULUS: readonly bigint[] = /* @__PURE__ */ Object.freeze([1n, base.MODULUS - 1n, 0n]);

/** x^2 - 7, coefficients below the leading one; also Plonky3's. */
export const QUADRATIC_MODULUS: readonly bigint[] = /* @__PURE__ */ Object.freeze([base.MODULUS - 7n, 0n]);

/** The field F[x]/(m) for an irreducible monic m. */
export interface ExtensionField {
  /** Degree of the extension. */
  readonly degree: number;
  /** Coefficients of m from low to high, without the leading 1. */
  readonly modulus: readonly bigint[];
  /** Row k: the coefficients of x^(degree + k), k from 0 to degree - 2. */
  readonly reductions: readonly (readonly bigint[])[];
  /** Row k: the coefficients of (x^k)^p, the Frobenius map on the basis. */
  readonly frobenius: readonly ExtensionElement[];
  readonly zero: ExtensionElement;
  readonly one: ExtensionElement;
  /** Checks number and range of the coefficients. @throws `FIELD_SHAPE`, `FIELD_NOT_CANONICAL` */
  readonly element: (coefficients: readonly bigint[]) => ExtensionElement;
  /** The element of the base field. */
  readonly fromBase: (value: bigint) => ExtensionElement;
  readonly equals: (a: ExtensionElement, b: ExtensionElement) => boolean;
  readonly add: (a: ExtensionElement, b: ExtensionElement) => ExtensionElement;
  readonly subtract: (a: ExtensionElement, b: ExtensionElement) => ExtensionElement;
  readonly negate: (a: ExtensionElement) => ExtensionElement;
  readonly multiply: (a: ExtensionElement, b: ExtensionElement) => ExtensionElement;
  /** a·b for b of the base field. */
  readonly scale: (a: ExtensionElement, b: bigint) => ExtensionElement;
  /** a^exponent for an exponent ≥ 0. */
  readonly power: (a: ExtensionElement, exponent: bigint) => ExtensionElement;
  /** @throws `FIELD_DIVISION_BY_ZERO` for zero. */
  readonly inverse: (a: ExtensionElement) => ExtensionElement;
}

/**
 * The extension by an irreducible monic polynomial of degree 2 to 8.
 *
 * @param modulus - coefficients from low to high without the leading 1; {@link CUBIC_MODULUS} by default.
 * @throws {@link FieldError} `FIELD_MODULUS` for a reducible polynomial or another degree.
 * @example
 * ```ts
 * import { createExtensionField } from '@commute/field';
 * const field = createExtensionField();
 * const x = field.element([0n, 1n, 0n]);
 * const cube = field.multiply(x, field.multiply(x, x)); // x^3 = x - 1
 * if (!field.equals(cube, field.subtract(x, field.one))) throw new Error('unreachable');
 * ```
 */
export function createExtensionField(modulus: readonly bigint[] = CUBIC_MODULUS): ExtensionField {
  const degree = modulus.length;
  if (degree < 2 || degree > 8) {
    throw new FieldError('FIELD_MODULUS', 'degree', 'an integer in [2, 8]', String(degree));
  }
  modulus = modulus.map((value) => base.canonical(value, 'modulus'));
  const negated = modulus.map(base.negate);

  /** Coefficients of x·a. */
  const shift = (a: ExtensionElement): ExtensionElement => {
    const top = a[degree - 1]!;
    return a.map((_, i) => base.add(i === 0 ? 0n : a[i - 1]!, base.multiply(top, negated[i]!)));
  };
  const reductions: ExtensionElement[] = [negated];
  while (reductions.length < degree - 1) reductions.push(shift(reductions.at(-1)!));

  const fromBase = (value: bigint): ExtensionElement => {
    const result = new Array<bigint>(degree).fill(0n);
    result[0] = base.canonical(value);
    return result;
  };
  const multiplyAny = (a: ExtensionElement, b: ExtensionElement): ExtensionElement => {
    const product = new Array<bigint>(2 * degree - 1).fill(0n);
    for (let i = 0; i < degree; i++) for (let j = 0; j < degree; j++) product[i + j]! += a[i]! * b[j]!;
    return Array.from({ length: degree }, (_, i) => {
      let sum = product[i]!;
      for (let k = 0; k < degree - 1; k++) sum += (product[degree + k]! % base.MODULUS) * reductions[k]![i]!;
      return sum % base.MODULUS;
    });
  };
  const isDefault = degree === 3 && modulus.every((value, k) => value === base.canonical(CUBIC_MODULUS[k]!));
  const multiply = isDefault ? multiplyCubic : multiplyAny;
  const one = fromBase(1n);
  const power = (a: ExtensionElement, exponent: bigint): ExtensionElement => {
    if (exponent < 0n) throw new FieldError('FIELD_SIZE', 'exponent', 'at least 0', String(exponent));
    let result = one;
    for (; exponent > 0n; exponent >>= 1n) {
      if ((exponent & 1n) === 1n) result = multiply(result, a);
      a = multiply(a, a);
    }
    return result;
  };

  const x = Array.from({ length: degree }, (_, i) => (i === 1 ? 1n : 0n));
  const image = power(x, base.MODULUS);
  const frobenius: ExtensionElement[] = [one];
  while (frobenius.length < degree) frobenius.push(multiply(frobenius.at(-1)!, image));
  assertIrreducible(modulus, x, frobenius);
  /** a^p. */
  const conjugate = (a: ExtensionElement): ExtensionElement =>
    frobenius.map((_, i) => base.reduce(frobenius.reduce((sum, row, k) => sum + a[k]! * row[i]!, 0n)));

  return {
    degree,
    modulus,
    reductions,
    frobenius,
    zero: fromBase(0n),
    one,
    fromBase,
    element: (coefficients) => {
      if (coefficients.length !== degree) {
        throw new FieldError('FIELD_SHAPE', 'element', `${String(degree)} coefficients`, String(coefficients.length));
      }
      return coefficients.map((value) => base.canonical(value, 'coefficient'));
    },
    equals: (a, b) => a.length === b.length && a.every((value, i) => value === b[i]),
    add: (a, b) => a.map((value, i) => base.add(value, b[i]!)),
    subtract: (a, b) => a.map((value, i) => base.subtract(value, b[i]!)),
    negate: (a) => a.map(base.negate),
    multiply,
    scale: (a, b) => a.map((value) => base.multiply(value, b)),
    power,
    inverse: (a) => {
      if (a.every((value) => value === 0n)) {
        throw new FieldError('FIELD_DIVISION_BY_ZERO', 'inverse', 'an element other than zero', '0');
      }
      // The product of all conjugates is the norm, an element of the base field (Itoh and Tsujii, 1988).
      let others = conjugate(a);
      for (let k = 2, last = others; k < degree; k++) {
        last = conjugate(last);
        others = multiply(others, last);
      }
      const factor = base.inverse(multiply(a, others)[0]!);
      return others.map((value) => base.multiply(value, factor));
    },
  };
}

/**
 * The inverses of all elements with one inversion and three multiplications each (Montgomery's trick).
 *
 * @throws {@link FieldError} `FIELD_DIVISION_BY_ZERO` where one is zero.
 */
export function batchInverseElements(field: ExtensionField, values: readonly ExtensionElement[]): ExtensionElement[] {
  let product = field.one;
  const before = values.map((value) => {
    const previous = product;
    product = field.multiply(product, value);
    return previous;
  });
  let inverted = field.inverse(product);
  const result = new Array<ExtensionElement>(values.length);
  for (let k = values.length - 1; k >= 0; k--) {
    result[k] = field.multiply(inverted, before[k]!);
    inverted = field.multiply(inverted, values[k]!);
  }
  return result;
}

/** a·b with x³ = x - 1: {@link createExtensionField}'s multiplication for the default modulus, with a third of its reductions. */
function multiplyCubic(a: ExtensionElement, b: ExtensionElement): ExtensionElement {
  const [a0, a1, a2] = a as [bigint, bigint, bigint];
  const [b0, b1, b2] = b as [bigint, bigint, bigint];
  const cube = a1 * b2 + a2 * b1;
  const fourth = a2 * b2;
  return [
    base.reduce(a0 * b0 - cube),
    base.reduce(a0 * b1 + a1 * b0 + cube - fourth),
    (a0 * b2 + a1 * b1 + a2 * b0 + fourth) % base.MODULUS,
  ];
}

/** Rabin's test: x^(p^d) = x, and x^(p^(d/q)) - x is coprime to the modulus for each prime q that divides d. */
function assertIrreducible(
  modulus: readonly bigint[],
  x: ExtensionElement,
  frobenius: readonly ExtensionElement[],
): void {
  const degree = modulus.length;
  const polynomial = [...modulus, 1n];
  const refuse = (): never => {
    throw new FieldError('FIELD_MODULUS', 'modulus', 'an irreducible polynomial', `[${modulus.join(', ')}]`);
  };
  let conjugate: ExtensionElement = x;
  for (let k = 1; k <= degree; k++) {
    // x^(p^k), by the linear map of the previous power.
    conjugate = x.map((_, i) => base.reduce(conjugate.reduce((sum, value, j) => sum + value * frobenius[j]![i]!, 0n)));
    const difference = divide(subtractPolynomials(trim(conjugate), [0n, 1n]), polynomial).remainder;
    if (k === degree) {
      if (difference.length > 0) refuse();
    } else if (
      degree % k === 0 &&
      (difference.length === 0 || extendedGcd(difference, polynomial).divisor.length > 1)
    ) {
      refuse();
    }
  }
}
