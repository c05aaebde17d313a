/**
 * Greatest common divisors in quasi-linear time by the half-gcd algorithm.
 *
 * The quotients of the Euclidean algorithm depend on the leading coefficients alone: half of them follow from the upper halves
 * of the polynomials, recursively, as one matrix of cofactors. See von zur Gathen and Gerhard, Modern Computer Algebra, section
 * 11.1; the formulation here is that of Yap, Fundamental Problems of Algorithmic Algebra, lecture II.
 *
 * @module
 */
import { inverse, MODULUS } from '../goldilocks.ts';
import { type Matrix } from '../matrix.ts';
import { type PolynomialArithmetic, powerOfTwoFrom } from './arithmetic.ts';

/** Cofactors: (c, d) = (s0·a + t0·b, s1·a + t1·b). `undefined` stands for the identity. */
interface Cofactors {
  readonly s0: Matrix;
  readonly t0: Matrix;
  readonly s1: Matrix;
  readonly t1: Matrix;
}

/** Degrees up to which the quadratic kernel takes over. */
const KERNEL_DEGREE = 160;

/** The half-gcd algorithm over one arithmetic. */
export class HalfGcd {
  readonly #ring: PolynomialArithmetic;

  constructor(ring: PolynomialArithmetic) {
    this.#ring = ring;
  }

  #keepAll(keep: (matrix: Matrix) => Matrix, { s0, t0, s1, t1 }: Cofactors): Cofactors {
    const own = (matrix: Matrix): Matrix => keep(this.#ring.resized(matrix, matrix.rows));
    return { s0: own(s0), t0: own(t0), s1: own(s1), t1: own(t1) };
  }

  /** x^0 as a matrix. */
  #one(): Matrix {
    return this.#ring.engine.from([1n]);
  }

  /** M·(a, b) for cofactors of successive remainders. */
  #apply(m: Cofactors, a: Matrix, b: Matrix): [Matrix, Matrix] {
    const { engine } = this.#ring;
    // deg c = deg a - deg t1, and deg d < deg c; higher terms cancel, so a transform of that size is exact.
    const length = a.rows - m.t1.rows + 1;
    const size = powerOfTwoFrom(length);
    return engine.scope((keep) => {
      const [left, right] = [a, b].map((each) => this.#ring.transformed(each, size)) as [Matrix, Matrix];
      const row = (s: Matrix, t: Matrix): Matrix => {
        const sum = keep(this.#ring.transformed(s, size));
        engine.multiplyInto(sum, sum, left);
        engine.multiplyAddInto(sum, this.#ring.transformed(t, size), right, sum);
        return this.#ring.trim(this.#ring.restored(sum).slice(0, length));
      };
      return [row(m.s0, m.t0), row(m.s1, m.t1)];
    });
  }

  /** The product n·m of two cofactor matrices. */
  #compose(n: Cofactors, m: Cofactors): Cofactors {
    const { engine } = this.#ring;
    const longest = (c: Cofactors): number => Math.max(c.s0.rows, c.t0.rows, c.s1.rows, c.t1.rows);
    const length = longest(n) + longest(m) - 1;
    const size = powerOfTwoFrom(length);
    const values = (c: Cofactors): Cofactors => ({
      s0: this.#ring.transformed(c.s0, size),
      t0: this.#ring.transformed(c.t0, size),
      s1: this.#ring.transformed(c.s1, size),
      t1: this.#ring.transformed(c.t1, size),
    });
    return engine.scope((keep) => {
      const [x, y] = [values(n), values(m)];
      const entry = (s: Matrix, t: Matrix, a: Matrix, b: Matrix): Matrix => {
        const sum = keep(engine.reserve(size));
        engine.multiplyInto(sum, s, a);
        engine.multiplyAddInto(sum, t, b, sum);
        return this.#ring.trim(this.#ring.restored(sum).slice(0, length));
      };
      return {
        s0: entry(x.s0, x.t0, y.s0, y.s1),
        t0: entry(x.s0, x.t0, y.t0, y.t1),
        s1: entry(x.s1, x.t1, y.s0, y.s1),
        t1: entry(x.s1, x.t1, y.t0, y.t1),
      };
    });
  }

  /** One division step after m: rows (s1; t1) and (s0 - q·s1; t0 - q·t1). */
  #step(m: Cofactors | undefined, quotient: Matrix): Cofactors {
    const ring = this.#ring;
    if (m === undefined) {
      return {
        s0: ring.engine.reserve(0),
        t0: this.#one(),
        s1: this.#one(),
        t1: ring.scale(quotient, MODULUS - 1n),
      };
    }
    return {
      s0: m.s1,
      t0: m.t1,
      s1: ring.combine('subtract', m.s0, ring.multiply(quotient, m.s1)),
      t1: ring.combine('subtract', m.t0, ring.multiply(quotient, m.t1)),
    };
  }

  /** The quadratic algorithm until the second remainder's degree is below `threshold`. */
  #small(a: Matrix, b: Matrix, threshold: number): Cofactors {
    const { engine } = this.#ring;
    const length = Math.max(a.rows, b.rows) + 1;
    const buffers = engine.allocate(length, 6);
    const view = buffers.view();
    view.set(a.view(), 0);
    view.set(b.view(), length);
    view[2 * length] = 1n; // s0
    view[5 * length] = 1n; // t1
    const state = engine.reserve(5);
    const words = new Int32Array(state.view().buffer, state.address, 10);
    const pointers = [0, 1, 2, 3, 4, 5].map((k) => buffers.address + 8 * length * k);
    words.set([...pointers, a.rows - 1, b.rows - 1, 1, 1]);
    engine.run('euclid', [[state.address, threshold]]);
    const column = (index: number): Matrix => {
      const pointer = words[index]! >>> 0;
      return this.#ring.trim(buffers.column(pointers.indexOf(pointer)));
    };
    return { s0: column(2), t0: column(4), s1: column(3), t1: column(5) };
  }

  /** Cofactors of two successive remainders whose degrees enclose half of a's: deg c ≥ ⌈deg a / 2⌉ > deg d. deg a > deg b. */
  #half(a: Matrix, b: Matrix): Cofactors | undefined {
    const ring = this.#ring;
    const degree = a.rows - 1;
    const middle = Math.ceil(degree / 2);
    if (b.rows - 1 < middle) return undefined;
    return ring.engine.scope((keep) => {
      if (degree <= KERNEL_DEGREE) return this.#keepAll(keep, this.#small(a, b, middle));
      let cofactors = this.#half(a.slice(middle), b.slice(middle));
      let [c, d] = [a, b];
      if (cofactors !== undefined) {
        [c, d] = this.#apply(cofactors, a, b);
        if (d.rows - 1 < middle) return this.#keepAll(keep, cofactors);
      }
      const { quotient, remainder } = ring.divide(c, d);
      cofactors = this.#step(cofactors, quotient);
      [c, d] = [d, remainder];
      if (d.rows - 1 < middle) return this.#keepAll(keep, cofactors);
      const cut = 2 * middle - (c.rows - 1);
      const second = this.#half(c.slice(cut), d.slice(cut));
      return this.#keepAll(keep, second === undefined ? cofactors : this.#compose(second, cofactors));
    });
  }

  /** left·a + right·b = divisor, monic. The inputs have no zeros at the top. */
  extended(a: Matrix, b: Matrix): { divisor: Matrix; left: Matrix; right: Matrix } {
    const ring = this.#ring;
    let [c, d] = [a, b];
    let cofactors: Cofactors | undefined;
    while (d.rows > 0) {
      if (c.rows > d.rows) {
        const step = this.#half(c, d);
        if (step !== undefined) {
          [c, d] = this.#apply(step, c, d);
          cofactors = cofactors === undefined ? step : this.#compose(step, cofactors);
        }
      }
      if (d.rows === 0) break;
      const { quotient, remainder } = ring.divide(c, d);
      cofactors = this.#step(cofactors, quotient);
      [c, d] = [d, remainder];
    }
    if (c.rows === 0) {
      const zero = ring.engine.reserve(0);
      return { divisor: zero, left: zero, right: zero };
    }
    const unit = inverse(c.view()[c.rows - 1]!);
    return {
      divisor: ring.scale(c, unit),
      left: ring.scale(cofactors?.s0 ?? this.#one(), unit),
      right: cofactors === undefined ? ring.engine.reserve(0) : ring.scale(cofactors.t0, unit),
    };
  }
}
