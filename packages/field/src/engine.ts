/**
 * The contract of an engine: arithmetic on vectors and matrices of Goldilocks elements.
 *
 * Two engines implement it: the WebAssembly one, and a reference on bigints that is the other's oracle.
 *
 * @module
 */
import { type ExtensionElement, type ExtensionField } from './extension-field.ts';
import { type Matrix } from './matrix.ts';
import { type PolynomialRing } from './polynomial-ring.ts';

/** Order of the elements of a transform's column: index i at place i, or at the place with the bits of i reversed. */
export type Order = 'natural' | 'bit-reversed';

/** How coefficients and values of a transform are arranged. */
export interface TransformOptions {
  /** The coset that values are taken on, `shift` times the subgroup; 1 by default. Not zero. */
  readonly shift?: bigint;
  /** Order of the elements before; natural by default. */
  readonly input?: Order;
  /** Order of the elements after; natural by default. Changing order costs nothing, keeping it a permutation. */
  readonly output?: Order;
}

/** Some of the points of a coset: number k is shift·w^k, w the root of unity of the order of `blowup` times the rows of what is evaluated. */
export interface CosetPoints {
  /** Not zero. */
  readonly shift: bigint;
  /** A power of two. */
  readonly blowup: number;
  /** Each from 0 to below `blowup` times the rows; in any order, and maybe more than once. */
  readonly numbers: readonly number[];
}

/** Releases every matrix that was allocated in a scope, except those passed to `keep`. */
export type Keep = (matrix: Matrix) => Matrix;

/**
 * Arithmetic on matrices. `out` may be one of the operands unless it is said otherwise; shapes must agree.
 *
 * All functions throw `FIELD_SHAPE` for operands that do not fit together, `FIELD_RELEASED` for released matrices and those of
 * another engine, `FIELD_NOT_CANONICAL` for scalars outside [0, p).
 */
export interface FieldEngine {
  /** Name for reports. */
  readonly name: string;
  /** Threads that take part in large operations, the caller's included. */
  readonly threads: number;

  /** A matrix of zeros. @throws `FIELD_OUT_OF_MEMORY` */
  readonly allocate: (rows: number, columns?: number) => Matrix;
  /** A matrix whose contents are arbitrary, maybe no elements: to be written before it is read. @throws `FIELD_OUT_OF_MEMORY` */
  readonly reserve: (rows: number, columns?: number) => Matrix;
  /**
   * `reserve` outside of the memory that the engine computes in, which ends at 4 GiB: for what has to wait. Of all functions `copyInto` takes it, and `evaluateInto` and `evaluatePartsInto`
   * to read from. Its words stay with the engine, for others, when it is released. @throws `FIELD_OUT_OF_MEMORY`
   */
  readonly reserveOutside: (rows: number, columns?: number) => Matrix;
  /** A matrix with the given elements, column after column. */
  readonly from: (values: ArrayLike<bigint>, columns?: number) => Matrix;
  /** Runs `body` and releases what it allocated and did not keep. Scopes nest. */
  readonly scope: <T>(body: (keep: Keep) => T) => T;

  /** Throws `FIELD_NOT_CANONICAL` where a word that was written through a view is no element. */
  readonly assertCanonical: (a: Matrix) => void;

  /** out = a. */
  readonly copyInto: (out: Matrix, a: Matrix) => void;
  /** out = a + b. */
  readonly addInto: (out: Matrix, a: Matrix, b: Matrix) => void;
  /** out = a - b. */
  readonly subtractInto: (out: Matrix, a: Matrix, b: Matrix) => void;
  /** out = a·b, element by element. */
  readonly multiplyInto: (out: Matrix, a: Matrix, b: Matrix) => void;
  /** out = a·b + c, element by element. */
  readonly multiplyAddInto: (out: Matrix, a: Matrix, b: Matrix, c: Matrix) => void;
  /** out = scalar·a. */
  readonly scaleInto: (out: Matrix, a: Matrix, scalar: bigint) => void;
  /** out = scalar·a + b. */
  readonly scaleAddInto: (out: Matrix, a: Matrix, scalar: bigint, b: Matrix) => void;
  /** out = a^-1, element by element. @throws `FIELD_DIVISION_BY_ZERO`; `out` is unspecified then, `a` unchanged. */
  readonly inverseInto: (out: Matrix, a: Matrix) => void;
  /** out = start, start·base, start·base², … down its one column. */
  readonly powersInto: (out: Matrix, base: bigint, start?: bigint) => void;
  /** The sum of all elements. */
  readonly sum: (a: Matrix) => bigint;
  /** The sum of the products of all elements at the same place. */
  readonly dot: (a: Matrix, b: Matrix) => bigint;
  /**
   * out = Σ over columns c of scalars[c]·a.column(c); `out` has one column for base scalars, d for scalars of degree d.
   * `out` and `a` must not overlap.
   */
  readonly combineInto: (out: Matrix, a: Matrix, scalars: readonly bigint[] | readonly ExtensionElement[]) => void;
  /** For each column of `a` its products with the columns of `weights`, summed over the rows: `[a's column][weights' column]`. */
  readonly weigh: (a: Matrix, weights: Matrix) => bigint[][];

  /**
   * Coefficients to values, column by column: the value with index i is taken at shift·w^i, w the root of unity of order
   * `rows`. @throws `FIELD_SIZE` unless the rows are a power of two up to 2^32.
   */
  readonly evaluateInPlace: (a: Matrix, options?: TransformOptions) => void;
  /** `evaluateInPlace` of a copy: coefficients in `a`, which must not overlap `out`, to values in `out`. */
  readonly evaluateInto: (out: Matrix, a: Matrix, options?: TransformOptions) => void;
  /**
   * Values of the parts of interleaved polynomials Σ X^j·f_j(X^parts.length): each column of `out` is as many blocks of as many rows as a part has, and the block whose
   * number is j with its bits reversed becomes the values of the column of part j, coefficients in bit-reversed order, on shift times the subgroup of its rows.
   * Blocks of parts that are undefined stay as they are. Parts are a power of two and must not overlap `out`.
   */
  readonly evaluatePartsInto: (out: Matrix, parts: readonly (Matrix | undefined)[], shift: bigint) => void;
  /**
   * The values of each column, coefficients in bit-reversed order, at some points of a coset: `[point][column]`. Quicker than all values where points are few.
   *
   * @throws `FIELD_SIZE` unless rows and blowup are powers of two of a product up to 2^32; `FIELD_SHAPE` for numbers out of range.
   */
  readonly evaluateAt: (a: Matrix, points: CosetPoints) => bigint[][];
  /**
   * From the values of parts, arranged as by `evaluatePartsInto` with the shift `shift^parts`, to the values of the interleaved polynomials on shift times the
   * subgroup of the rows of `a`, in natural order.
   */
  readonly interleaveInPlace: (a: Matrix, parts: number, shift: bigint) => void;
  /** Values to coefficients: the inverse of `evaluateInPlace` with the same shift. */
  readonly interpolateInPlace: (a: Matrix, options?: TransformOptions) => void;
  /**
   * The low-degree extension of each column: values on the subgroup of order `a.rows`, natural order, to values on
   * the coset `shift` times the subgroup of order `out.rows`, natural order. The shift is 7 by default.
   */
  readonly extendInto: (out: Matrix, a: Matrix, shift?: bigint) => void;
  /** Swaps the elements of each column whose indices are each other's bit reversal. */
  readonly reverseBitsInPlace: (a: Matrix) => void;

  /** Arithmetic in an extension on matrices with one column per coefficient. */
  readonly extension: (field: ExtensionField) => ExtensionEngine;
  /** Polynomials over the base field. */
  readonly polynomials: PolynomialRing;
  /** Ends the engine: stops its workers and forgets its memory. */
  readonly dispose: () => void;
}

/** Arithmetic on vectors over an extension of degree d: matrices with d columns, column k the coefficients of x^k. */
export interface ExtensionEngine {
  readonly field: ExtensionField;
  /** A vector with the given elements. */
  readonly from: (values: readonly ExtensionElement[]) => Matrix;
  /** The elements of a vector. */
  readonly toArray: (a: Matrix) => ExtensionElement[];
  /** out = a·b. */
  readonly multiplyInto: (out: Matrix, a: Matrix, b: Matrix) => void;
  /** out = a·b for a vector `b` over the base field. */
  readonly multiplyBaseInto: (out: Matrix, a: Matrix, b: Matrix) => void;
  /** out = scalar·a. */
  readonly scaleInto: (out: Matrix, a: Matrix, scalar: ExtensionElement) => void;
  /** out = a^-1. @throws `FIELD_DIVISION_BY_ZERO` */
  readonly inverseInto: (out: Matrix, a: Matrix) => void;
  /** out = start, start·base, start·base², … */
  readonly powersInto: (out: Matrix, base: ExtensionElement, start?: ExtensionElement) => void;
  /** The sum of all elements. */
  readonly sum: (a: Matrix) => ExtensionElement;
  /** The sum of the products of the elements at the same place. */
  readonly dot: (a: Matrix, b: Matrix) => ExtensionElement;
  /** The polynomials whose coefficients are the columns of `a`, over the base field, at one point. */
  readonly evaluateColumns: (a: Matrix, point: ExtensionElement) => ExtensionElement[];
}
