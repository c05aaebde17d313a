/**
 * Quasi-linear polynomial arithmetic over a WebAssembly engine: multiplication by transforms, division by Newton's
 * iteration. A polynomial is a view without zeros at the top; zero has no rows.
 *
 * @module
 */
import { assertOwned, assertShape } from '../checks.ts';
import { FieldError } from '../errors.ts';
import { inverse, MODULUS } from '../goldilocks.ts';
import { type Matrix } from '../matrix.ts';
import { type WasmEngine } from '../wasm-engine.ts';

/** Lengths of a factor up to which the schoolbook's multiplication wins. */
const SCHOOLBOOK_LENGTH = 16;

/** The smallest power of two that is at least `size`. */
export function powerOfTwoFrom(size: number): number {
  return 2 ** Math.ceil(Math.log2(Math.max(1, size)));
}

/** Polynomial arithmetic; results belong to the scope that is open. */
export class PolynomialArithmetic {
  readonly engine: WasmEngine;

  constructor(engine: WasmEngine) {
    this.engine = engine;
  }

  /** A view without the zeros at the top. */
  trim(a: Matrix): Matrix {
    assertOwned(this.engine.owns, a);
    assertShape('polynomial', a, a.rows, 1);
    const view = a.view();
    let length = view.length;
    while (length > 0 && view[length - 1] === 0n) length--;
    return length === a.rows ? a : a.slice(0, length);
  }

  /** A copy of `length` words, cut or extended by zeros. */
  resized(a: Matrix, length: number): Matrix {
    const result = this.engine.reserve(length);
    const view = result.view();
    const common = Math.min(length, a.rows);
    view.set(a.slice(0, common).view());
    view.fill(0n, common);
    return result;
  }

  /** The coefficients in reverse order. */
  reversed(a: Matrix): Matrix {
    const result = this.resized(a, a.rows);
    result.view().reverse();
    return result;
  }

  /** a + b or a - b. */
  combine(kind: 'add' | 'subtract', a: Matrix, b: Matrix): Matrix {
    const length = Math.max(a.rows, b.rows);
    const result = this.resized(a, length);
    const low = result.slice(0, b.rows);
    if (kind === 'add') this.engine.addInto(low, low, b);
    else this.engine.subtractInto(low, low, b);
    return this.trim(result);
  }

  /** scalar·a. */
  scale(a: Matrix, scalar: bigint): Matrix {
    const result = this.engine.reserve(a.rows);
    this.engine.scaleInto(result, a, scalar);
    return this.trim(result);
  }

  /** a·b modulo x^size - 1: `size` is a power of two. */
  cyclic(a: Matrix, b: Matrix, size: number): Matrix {
    const left = this.transformed(a, size);
    const right = a === b ? left : this.transformed(b, size);
    this.engine.multiplyInto(left, left, right);
    return this.restored(left);
  }

  /** The values of a modulo x^size - 1 at the roots of unity, in bit-reversed order. */
  transformed(a: Matrix, size: number): Matrix {
    const result = this.folded(a, size);
    this.engine.transforms.raw(result, 'forward', 'natural');
    return result;
  }

  /** a modulo x^size - 1. */
  folded(a: Matrix, size: number): Matrix {
    const result = this.resized(a, size);
    for (let start = size; start < a.rows; start += size) {
      const part = a.slice(start, Math.min(a.rows, start + size));
      const low = result.slice(0, part.rows);
      this.engine.addInto(low, low, part);
    }
    return result;
  }

  /** The coefficients to values in bit-reversed order; in place. */
  restored(values: Matrix): Matrix {
    this.engine.transforms.raw(values, 'inverse', 'bit-reversed');
    this.engine.scaleInto(values, values, inverse(BigInt(values.rows)));
    return values;
  }

  /** a·b. */
  multiply(a: Matrix, b: Matrix): Matrix {
    if (a.rows === 0 || b.rows === 0) return this.engine.reserve(0);
    const length = a.rows + b.rows - 1;
    if (Math.min(a.rows, b.rows) <= SCHOOLBOOK_LENGTH) {
      const result = this.engine.reserve(length);
      this.engine.run('schoolbook', [[result.address, a.address, a.rows, b.address, b.rows]]);
      return result;
    }
    return this.cyclic(a, b, powerOfTwoFrom(length)).slice(0, length);
  }

  /** 1/a modulo x^length, by Newton's iteration g ← g·(2 - a·g). @throws `FIELD_DIVISION_BY_ZERO` where a(0) = 0 */
  inverseSeries(a: Matrix, length: number): Matrix {
    const { engine } = this;
    const result = engine.allocate(powerOfTwoFrom(length));
    const view = result.view();
    view[0] = inverse(a.rows === 0 ? 0n : a.view()[0]!);
    for (let known = 1; known < length; known *= 2) {
      engine.scope(() => {
        const next = 2 * known;
        const estimate = result.slice(0, known);
        // a·g = 1 + x^known·e; modulo x^next - 1 the part above `next` wraps below `known`, where 1 is known to stand.
        const size = next;
        const values = this.transformed(estimate, size);
        const product = this.transformed(a.slice(0, Math.min(a.rows, next)), size);
        engine.multiplyInto(product, product, values);
        const error = this.restored(product);
        error.view().fill(0n, 0, known);
        engine.transforms.raw(error, 'forward', 'natural');
        engine.multiplyInto(error, error, values);
        this.restored(error);
        engine.scaleInto(result.slice(known, next), error.slice(known, next), MODULUS - 1n);
      });
    }
    return result.slice(0, length);
  }

  /** Quotient and remainder. @throws `FIELD_DIVISION_BY_ZERO` */
  divide(a: Matrix, b: Matrix): { quotient: Matrix; remainder: Matrix } {
    if (b.rows === 0) {
      throw new FieldError('FIELD_DIVISION_BY_ZERO', 'divisor', 'a polynomial other than zero', '0');
    }
    if (a.rows < b.rows) return { quotient: this.engine.reserve(0), remainder: this.resized(a, a.rows) };
    const length = a.rows - b.rows + 1;
    if (length <= SCHOOLBOOK_LENGTH) return this.#divideSlowly(a, b, length);
    const reciprocal = this.inverseSeries(this.reversed(b), length);
    const top = this.reversed(a).slice(0, length);
    const quotient = this.reversed(this.resized(this.multiply(top, reciprocal), length));
    // The remainder is shorter than b, so it is enough to know it modulo x^size - 1.
    const size = powerOfTwoFrom(b.rows);
    const product = this.cyclic(quotient, b, size);
    const remainder = this.folded(a, size);
    this.engine.subtractInto(remainder, remainder, product);
    return { quotient: this.trim(quotient), remainder: this.trim(remainder.slice(0, b.rows - 1)) };
  }

  #divideSlowly(a: Matrix, b: Matrix, length: number): { quotient: Matrix; remainder: Matrix } {
    const { engine } = this;
    const quotient = engine.allocate(length);
    const remainder = this.resized(a, a.rows);
    const lead = inverse(b.view()[b.rows - 1]!);
    for (let k = length - 1; k >= 0; k--) {
      const factor = (remainder.view()[k + b.rows - 1]! * lead) % MODULUS;
      if (factor === 0n) continue;
      quotient.view()[k] = factor;
      const part = remainder.slice(k, k + b.rows);
      engine.scaleAddInto(part, b, MODULUS - factor, part);
    }
    return { quotient: this.trim(quotient), remainder: this.trim(remainder.slice(0, b.rows - 1)) };
  }

  /** The first derivative. */
  derivative(a: Matrix): Matrix {
    if (a.rows < 2) return this.engine.reserve(0);
    const result = this.engine.reserve(a.rows - 1);
    const view = result.view();
    for (let i = 0; i < view.length; i++) view[i] = BigInt(i + 1);
    this.engine.multiplyInto(result, result, a.slice(1));
    return this.trim(result);
  }
}
