/**
 * Values of expressions while code is written: four points at a time, in locals, or one word for all points, in memory.
 *
 * @module
 */
import { type FunctionBuilder, type Local, v128 } from '@commute/wasm';
import { type Four, type Split, type VectorField } from '@commute/field/kernels';

/** 64-bit words of a parameter: three coefficients and the sums of their pairs (0,1), (0,2), (1,2), each plain and in Montgomery form. */
export const PARAMETER_WORDS = 12 as const;

/** A value that is the same at all points: the number of its parameter. */
export interface Uniform {
  readonly kind: 'uniform';
  readonly extension: boolean;
  readonly parameter: number;
}

/** A value in locals, one vector of four for each coefficient: one, or three. */
export interface Varying {
  readonly kind: 'varying';
  readonly coefficients: readonly Four[];
}

/** A value of an expression. */
export type Operand = Uniform | Varying;

/** Pairs of coefficients in the order of their sums. */
export const PAIRS = [
  [0, 1],
  [0, 2],
  [1, 2],
] as const;

/** Writes arithmetic of the base field and its extension by x³ - x + 1, mixed. */
export class ValueWriter {
  readonly #f: FunctionBuilder;
  readonly #field: VectorField;
  readonly #parameters: Local<'i32'>;
  readonly #splits = new Map<Four, Split>();

  /** @param parameters - address of the parameters. */
  constructor(f: FunctionBuilder, field: VectorField, parameters: Local<'i32'>) {
    this.#f = f;
    this.#field = field;
    this.#parameters = parameters;
  }

  /** Low and high halves of a vector, computed once. */
  split(value: Four): Split {
    let split = this.#splits.get(value);
    if (split === undefined) {
      split = this.#field.split(value);
      this.#splits.set(value, split);
    }
    return split;
  }

  /** One word of a parameter in every lane. */
  #plain({ parameter }: Uniform, word: number): Four {
    const vector = this.#f.let(v128.load64_splat(this.#parameters, 8 * (PARAMETER_WORDS * parameter + 2 * word)));
    return { low: vector, high: vector };
  }

  /** One word of a parameter in Montgomery form, split: its halves are 32-bit words of memory. */
  #montgomery({ parameter }: Uniform, word: number): Split {
    const offset = 8 * (PARAMETER_WORDS * parameter + 2 * word + 1);
    return {
      lows: this.#f.let(v128.load32_splat(this.#parameters, offset)),
      highs: this.#f.let(v128.load32_splat(this.#parameters, offset + 4)),
    };
  }

  /** The coefficients of a value as vectors. */
  coefficients(value: Operand): readonly Four[] {
    if (value.kind === 'varying') return value.coefficients;
    return Array.from({ length: value.extension ? 3 : 1 }, (_, word) => this.#plain(value, word));
  }

  add(a: Operand, b: Operand): Varying {
    const [left, right] = [this.coefficients(a), this.coefficients(b)];
    const coefficients = Array.from({ length: Math.max(left.length, right.length) }, (_, k) => {
      const [x, y] = [left[k], right[k]];
      return x === undefined ? y! : y === undefined ? x : this.#field.addFour(x, y);
    });
    return { kind: 'varying', coefficients };
  }

  subtract(a: Operand, b: Operand): Varying {
    const [left, right] = [this.coefficients(a), this.coefficients(b)];
    const coefficients = Array.from({ length: Math.max(left.length, right.length) }, (_, k) => {
      const y = right[k];
      return y === undefined ? left[k]! : this.#field.subtractFour(left[k] ?? this.#field.zero(), y);
    });
    return { kind: 'varying', coefficients };
  }

  multiply(a: Operand, b: Operand): Varying {
    if (a.kind === 'uniform') return b.kind === 'uniform' ? this.#product(this.#varying(a), b) : this.#product(b, a);
    return this.#product(a, b);
  }

  #varying(value: Uniform): Varying {
    return { kind: 'varying', coefficients: this.coefficients(value) };
  }

  #product(a: Varying, b: Operand): Varying {
    const field = this.#field;
    const degreeOfB = b.kind === 'uniform' ? (b.extension ? 3 : 1) : b.coefficients.length;
    const times = (x: Four, k: number): Four =>
      b.kind === 'uniform'
        ? field.multiplyMontgomery(this.split(x), this.#montgomery(b, k))
        : field.multiply(this.split(x), this.split(b.coefficients[k]!));
    if (degreeOfB === 1) return { kind: 'varying', coefficients: a.coefficients.map((x) => times(x, 0)) };
    if (a.coefficients.length === 1) {
      return { kind: 'varying', coefficients: [0, 1, 2].map((k) => times(a.coefficients[0]!, k)) };
    }
    // Karatsuba on pairs: a_i·b_j + a_j·b_i = (a_i + a_j)(b_i + b_j) - a_i·b_i - a_j·b_j.
    const squares = a.coefficients.map(times) as [Four, Four, Four];
    const [cross01, cross02, cross12] = PAIRS.map(([i, j], pair) => {
      const sum = field.addFour(a.coefficients[i]!, a.coefficients[j]!);
      const product =
        b.kind === 'uniform'
          ? field.multiplyMontgomery(field.split(sum), this.#montgomery(b, 3 + pair))
          : field.multiply(field.split(sum), field.split(field.addFour(b.coefficients[i]!, b.coefficients[j]!)));
      return field.subtractFour(field.subtractFour(product, squares[i]), squares[j]);
    }) as [Four, Four, Four];
    // x³ = x - 1, x⁴ = x² - x.
    const fourth = squares[2];
    const second = field.addFour(cross02, squares[1]);
    return {
      kind: 'varying',
      coefficients: [
        field.subtractFour(squares[0], cross12),
        field.subtractFour(field.addFour(cross01, cross12), fourth),
        field.addFour(second, fourth),
      ],
    };
  }
}
