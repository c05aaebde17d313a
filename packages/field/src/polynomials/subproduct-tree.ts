/**
 * Subproduct trees: evaluation at and interpolation from many points in quasi-linear time.
 *
 * The tree holds the products of (1 - x·z) over its points, so each product has constant term 1 and the transform of exactly
 * twice the number of points suffices. Going up, siblings are multiplied; going down, the transposed algorithm
 * evaluates: f(x) is the sum of f's coefficients times those of 1/(1 - x·z) (Bostan, Lecerf and Schost, Tellegen's principle
 * into practice, ISSAC 2003). Whole levels are handled in one kernel call.
 *
 * @module
 */
import { inverse } from '../goldilocks.ts';
import { LEAF_POINTS } from '../kernels/polynomial.ts';
import { type Matrix } from '../matrix.ts';
import { type PolynomialArithmetic, powerOfTwoFrom } from './arithmetic.ts';

/** A tree over some points; belongs to the scope it was made in. */
export class SubproductTree {
  readonly #ring: PolynomialArithmetic;
  readonly #count: number;
  /** Points with zeros, whose factor is 1, up to a power of two. */
  readonly #points: Matrix;
  /** Products of the leaves: coefficients, 32 rows per leaf. */
  readonly #leaves: Matrix;
  /** Per level, from the leaves up: transforms of the products, 2·points rows per node, bit-reversed. */
  readonly #levels: Matrix[] = [];
  /** Coefficients of the whole product, lowest first: at least one more than there are points. */
  readonly #product: Matrix;

  constructor(ring: PolynomialArithmetic, points: Matrix) {
    this.#ring = ring;
    this.#count = points.rows;
    const { engine } = ring;
    const size = Math.max(LEAF_POINTS, powerOfTwoFrom(points.rows));
    this.#points = ring.resized(points, size);
    let nodes = size / LEAF_POINTS;
    let coefficients = engine.allocate(2 * LEAF_POINTS, nodes);
    engine.run(
      'leafProducts',
      this.#nodeParts(nodes).map(([first, count]) => [
        coefficients.address + 16 * LEAF_POINTS * first,
        this.#points.address + 8 * LEAF_POINTS * first,
        count,
      ]),
    );
    this.#leaves = ring.engine.reserve(2 * LEAF_POINTS, nodes);
    engine.copyInto(this.#leaves, coefficients);
    while (nodes > 1) {
      engine.transforms.raw(coefficients, 'forward', 'natural');
      this.#levels.push(coefficients);
      const rows = coefficients.rows;
      nodes /= 2;
      const products = engine.reserve(rows, nodes);
      const values = coefficients;
      engine.run(
        'pairProducts',
        this.#nodeParts(nodes).map(([first, count]) => [
          products.address + 8 * rows * first,
          values.address + 16 * rows * first,
          rows,
          count,
        ]),
      );
      this.#restore(products);
      coefficients = engine.reserve(2 * rows, nodes);
      engine.run('unwrap', [[coefficients.address, products.address, rows, nodes]]);
      products.release();
    }
    this.#product = coefficients.reshape(coefficients.size, 1);
  }

  /** [first, count] of the nodes that each kernel call handles. */
  #nodeParts(nodes: number): [first: number, count: number][] {
    const count = Math.ceil(nodes / this.#ring.engine.threads);
    const result: [number, number][] = [];
    for (let first = 0; first < nodes; first += count) result.push([first, Math.min(count, nodes - first)]);
    return result;
  }

  #restore(values: Matrix): void {
    const { engine } = this.#ring;
    engine.transforms.raw(values, 'inverse', 'bit-reversed');
    engine.scaleInto(values, values, inverse(BigInt(values.rows)));
  }

  #resized(a: Matrix, rows: number): Matrix {
    const result = this.#ring.engine.reserve(rows, a.columns);
    this.#ring.engine.run('resize', [[result.address, a.address, rows, a.rows, a.columns]]);
    return result;
  }

  /** The product of (X - x) over all points. */
  zerofier(): Matrix {
    return this.#ring.reversed(this.#product.slice(0, this.#count + 1));
  }

  /** The values of a polynomial at the points. */
  evaluate(a: Matrix): Matrix {
    const ring = this.#ring;
    const { engine } = ring;
    const size = this.#points.rows;
    // The root's vector: Σ over j of a[i + j]·(coefficient j of 1/product), for i below the number of points.
    const length = Math.max(a.rows, 1);
    const reciprocal = ring.inverseSeries(this.#product, length);
    const top = ring.reversed(ring.multiply(ring.reversed(ring.resized(a, length)), reciprocal).slice(0, length));
    let inputs = ring.resized(top, size);
    for (const values of [...this.#levels].reverse()) {
      const rows = values.rows; // twice the points of a child, as many as its parent has
      engine.transforms.raw(inputs, 'inverse', 'natural');
      const products = engine.reserve(rows, values.columns);
      engine.run(
        'pairSplits',
        this.#nodeParts(values.columns / 2).map(([first, count]) => [
          products.address + 16 * rows * first,
          inputs.address + 8 * rows * first,
          values.address + 16 * rows * first,
          rows,
          count,
        ]),
      );
      engine.transforms.raw(products, 'forward', 'bit-reversed');
      engine.scaleInto(products, products, inverse(BigInt(rows)));
      inputs = this.#resized(products, rows / 2).reshape(rows / 2, values.columns);
    }
    const result = engine.reserve(size);
    this.#leafKernel('leafValues', result, inputs, LEAF_POINTS);
    return result.slice(0, this.#count);
  }

  #leafKernel(kernel: 'leafValues' | 'leafSums', out: Matrix, inputs: Matrix, outRows: number): void {
    this.#ring.engine.run(
      kernel,
      this.#nodeParts(this.#leaves.columns).map(([first, count]) => [
        out.address + 8 * outRows * first,
        this.#points.address + 8 * LEAF_POINTS * first,
        this.#leaves.address + 16 * LEAF_POINTS * first,
        inputs.address + 8 * LEAF_POINTS * first,
        count,
      ]),
    );
  }

  /** Σ weights[i]·∏_{j≠i} (X - points[j]). */
  fromResidues(weights: Matrix): Matrix {
    const ring = this.#ring;
    const { engine } = ring;
    let sums = engine.allocate(2 * LEAF_POINTS, this.#leaves.columns);
    this.#leafKernel('leafSums', sums, ring.resized(weights, this.#points.rows), 2 * LEAF_POINTS);
    for (const values of this.#levels) {
      const rows = values.rows;
      engine.transforms.raw(sums, 'forward', 'natural');
      const products = engine.reserve(rows, values.columns / 2);
      const inputs = sums;
      engine.run(
        'pairCrosses',
        this.#nodeParts(products.columns).map(([first, count]) => [
          products.address + 8 * rows * first,
          inputs.address + 16 * rows * first,
          values.address + 16 * rows * first,
          rows,
          count,
        ]),
      );
      this.#restore(products);
      sums = this.#resized(products, 2 * rows);
    }
    const whole = sums.reshape(sums.size, 1);
    return ring.trim(ring.reversed(whole.slice(0, this.#count)));
  }

  /** The polynomial of least degree with the given values. @throws `FIELD_DIVISION_BY_ZERO` where points are not distinct */
  interpolate(values: Matrix): Matrix {
    const { engine } = this.#ring;
    const slopes = this.evaluate(this.#ring.derivative(this.zerofier()));
    const weights = engine.reserve(values.rows);
    engine.inverseInto(weights, slopes);
    engine.multiplyInto(weights, weights, values);
    return this.fromResidues(weights);
  }
}
