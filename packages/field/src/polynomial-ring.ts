import { type Matrix } from './matrix.ts';

/** A greatest common divisor and the coefficients of Bezout's identity: `left`·a + `right`·b = `divisor`. */
export interface BezoutIdentity {
  /** Monic; zero only if a and b are. */
  readonly divisor: Matrix;
  readonly left: Matrix;
  readonly right: Matrix;
}

/**
 * Polynomials over the base field: matrices of one column with coefficients from low to high.
 *
 * Operands may have zeros at the top; results have none, so zero is a matrix without rows. Results are new
 * matrices. All throw `FIELD_SHAPE` for operands with several columns.
 */
export interface PolynomialRing {
  /** The degree, -1 for zero. */
  readonly degree: (a: Matrix) => number;
  /** a + b. */
  readonly add: (a: Matrix, b: Matrix) => Matrix;
  /** a - b. */
  readonly subtract: (a: Matrix, b: Matrix) => Matrix;
  /** a·b. */
  readonly multiply: (a: Matrix, b: Matrix) => Matrix;
  /** a = quotient·b + remainder, the remainder's degree below b's. @throws `FIELD_DIVISION_BY_ZERO` */
  readonly divide: (a: Matrix, b: Matrix) => { readonly quotient: Matrix; readonly remainder: Matrix };
  /** The first derivative. */
  readonly derivative: (a: Matrix) => Matrix;
  /** The values at all points. */
  readonly evaluate: (a: Matrix, points: Matrix) => Matrix;
  /** The polynomial of least degree with the given values. @throws `FIELD_DIVISION_BY_ZERO` where points are not distinct. */
  readonly interpolate: (points: Matrix, values: Matrix) => Matrix;
  /** The product of (X - x) over all points x. */
  readonly zerofier: (points: Matrix) => Matrix;
  /** Σ over i of weights[i]·∏ over j ≠ i of (X - points[j]): the numerator of Σ weights[i]/(X - points[i]). */
  readonly fromResidues: (points: Matrix, weights: Matrix) => Matrix;
  /** The greatest common divisor and Bezout coefficients with deg left < deg b - deg divisor (or left constant), likewise right. */
  readonly extendedGcd: (a: Matrix, b: Matrix) => BezoutIdentity;
}
