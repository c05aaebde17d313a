/**
 * Goldilocks arithmetic on two-lane vectors, as code for function builders.
 *
 * Elements are canonical 64-bit words in memory. A product a·b has two forms: `multiply` gives a·b itself;
 * `multiplyMontgomery` gives a·b·2^-64 and is about a fifth shorter, which is right where one side is a constant
 * stored as c·2^64 (twiddles, challenges). Both give canonical results.
 *
 * Four elements are handled at once: the four 32×32-bit products of a lane need low and high halves of both sides,
 * and one shuffle splits the halves of two vectors.
 *
 * @module
 */
import {
  type Expression,
  type FunctionBuilder,
  i32x4,
  i64x2,
  i8x16,
  type Local,
  type MemoryReference,
  v128,
} from '@commute/wasm';
import { MODULUS } from '../goldilocks.ts';
import { CONSTANTS } from './layout.ts';

/** A vector held in a local. */
export type Vector = Local<'v128'>;

/** Four elements in two vectors: (0, 1) and (2, 3). */
export interface Four {
  readonly low: Vector;
  readonly high: Vector;
}

/** Four elements split into their low and their high 32-bit halves. */
export interface Split {
  readonly lows: Vector;
  readonly highs: Vector;
}

const EVEN_WORDS = [0, 1, 2, 3, 8, 9, 10, 11, 16, 17, 18, 19, 24, 25, 26, 27] as const;
const ODD_WORDS = [4, 5, 6, 7, 12, 13, 14, 15, 20, 21, 22, 23, 28, 29, 30, 31] as const;
const LOW_LANES = [0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23] as const;
const HIGH_LANES = [8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 26, 27, 28, 29, 30, 31] as const;

/** 2^64 mod p, the factor of the Montgomery form. */
export const MONTGOMERY_FACTOR: bigint = (1n << 64n) % MODULUS;

/** c·2^64 mod p: the form in which a constant is multiplied by {@link VectorField.multiplyMontgomery}. */
export function toMontgomery(value: bigint): bigint {
  return (value << 64n) % MODULUS;
}

/** Writes field operations into one function. Its constants are loaded once, where it is created. */
export class VectorField {
  readonly #f: FunctionBuilder;
  readonly #lowWords: Vector;
  readonly #sign: Vector;
  readonly #modulus: Vector;
  readonly #offsetModulus: Vector;
  readonly #zero: Vector;

  /** @param f - the function; create the object before any loop, at the top level. */
  constructor(f: FunctionBuilder) {
    this.#f = f;
    // From memory, not as immediates: those would be built anew in every iteration of a loop.
    this.#lowWords = f.let(v128.load64_splat(CONSTANTS.lowWords));
    this.#sign = f.let(v128.load64_splat(CONSTANTS.sign));
    this.#modulus = f.let(v128.load64_splat(CONSTANTS.modulus));
    this.#offsetModulus = f.let(v128.load64_splat(CONSTANTS.offsetModulus));
    this.#zero = f.local('v128');
  }

  /** All ones in the lanes where a < b, unsigned. */
  #below(a: Vector, b: Vector): Expression<'v128'> {
    return i64x2.lt_s(v128.xor(a, this.#sign), v128.xor(b, this.#sign));
  }

  /** value - (2^32 - 1) where `mask` is set: subtracts 2^64 mod p, which undoes a borrow. */
  #undoBorrow(value: Expression<'v128'>, mask: Expression<'v128'>): Vector {
    return this.#f.let(i64x2.sub(value, i64x2.shr_u(mask, 32)));
  }

  /** a - b modulo p, for |a - b| < p; with an offset at no cost. */
  #difference(a: Vector, b: Vector, form: 'plain' | 'offset'): Vector {
    const [x, y] = [this.offset(a), this.offset(b)];
    return this.#undoBorrow(i64x2.sub(form === 'plain' ? a : x, b), i64x2.lt_s(x, y));
  }

  /** a + b for canonical vectors. */
  add(a: Vector, b: Vector): Vector {
    const complement = this.#f.let(i64x2.sub(this.#modulus, b));
    return this.#undoBorrow(i64x2.sub(a, complement), this.#below(a, complement));
  }

  /** a - b for canonical vectors. */
  subtract(a: Vector, b: Vector): Vector {
    return this.#undoBorrow(i64x2.sub(a, b), this.#below(a, b));
  }

  /** a + b for four elements. */
  addFour(a: Four, b: Four): Four {
    return { low: this.add(a.low, b.low), high: this.add(a.high, b.high) };
  }

  /** a - b for four elements. */
  subtractFour(a: Four, b: Four): Four {
    return { low: this.subtract(a.low, b.low), high: this.subtract(a.high, b.high) };
  }

  /** Low and high halves of four elements. */
  split(a: Four): Split {
    return {
      lows: this.#f.let(i8x16.shuffle(a.low, a.high, EVEN_WORDS)),
      highs: this.#f.let(i8x16.shuffle(a.low, a.high, ODD_WORDS)),
    };
  }

  /** The 128-bit products of one pair of lanes: `high` · 2^64 + `middle` · 2^32 + `low`, the lower two cut to 32 bits. */
  #product(a: Split, b: Split, lanes: 'low' | 'high'): { low: Vector; middle: Vector; high: Vector } {
    const f = this.#f;
    const multiply = i64x2[`extmul_${lanes}_i32x4_u`];
    const lowLow = f.let(multiply(a.lows, b.lows));
    const lowHigh = f.let(i64x2.add(multiply(a.lows, b.highs), i64x2.shr_u(lowLow, 32)));
    const middle = f.let(i64x2.add(multiply(a.highs, b.lows), v128.and(lowHigh, this.#lowWords)));
    const high = f.let(
      i64x2.add(i64x2.add(multiply(a.highs, b.highs), i64x2.shr_u(lowHigh, 32)), i64x2.shr_u(middle, 32)),
    );
    return { low: f.let(v128.and(lowLow, this.#lowWords)), middle, high };
  }

  #montgomeryHalf(a: Split, b: Split, lanes: 'low' | 'high', form: 'plain' | 'offset'): Vector {
    const f = this.#f;
    const { low, middle, high } = this.#product(a, b, lanes);
    // With m = -(low word)/p mod 2^64 the reduction subtracts m·p/2^64, which is low·(2^32+1) - its upper word - carry.
    const sum = f.let(i64x2.add(v128.and(middle, this.#lowWords), low));
    const subtrahend = f.let(
      i64x2.sub(i64x2.sub(i64x2.add(low, i64x2.shl(sum, 32)), v128.and(sum, this.#lowWords)), i64x2.shr_u(sum, 32)),
    );
    return this.#difference(high, subtrahend, form);
  }

  /** a·b·2^-64, canonical if one side is; the other may be any 64-bit word. The result may be wanted with an {@link offset}. */
  multiplyMontgomery(a: Split, b: Split, form: 'plain' | 'offset' = 'plain'): Four {
    return { low: this.#montgomeryHalf(a, b, 'low', form), high: this.#montgomeryHalf(a, b, 'high', form) };
  }

  #half(a: Split, b: Split, lanes: 'low' | 'high'): Vector {
    const f = this.#f;
    const { low, middle, high } = this.#product(a, b, lanes);
    // 2^64 = 2^32 - 1 and 2^96 = -1: the result is word - upper + lower·(2^32 - 1).
    const word = f.let(v128.or(i64x2.shl(middle, 32), low));
    const upper = f.let(i64x2.shr_u(high, 32));
    const difference = this.#undoBorrow(i64x2.sub(word, upper), this.#below(word, upper));
    const lower = i64x2.sub(i64x2.shl(high, 32), v128.and(high, this.#lowWords));
    const sum = f.let(i64x2.add(difference, lower));
    // A carry and a result of at least p exclude each other; both are mended by adding 2^64 - p.
    const signed = f.let(v128.xor(sum, this.#sign));
    const carry = i64x2.lt_s(signed, v128.xor(difference, this.#sign));
    const excess = i64x2.ge_s(signed, v128.xor(this.#modulus, this.#sign));
    return f.let(i64x2.add(sum, i64x2.shr_u(v128.or(carry, excess), 32)));
  }

  /** a·b, canonical, for any 64-bit words. */
  multiply(a: Split, b: Split): Four {
    return { low: this.#half(a, b, 'low'), high: this.#half(a, b, 'high') };
  }

  /** a · 2^48, the root of unity of order four, for a canonical vector; with an {@link offset}. */
  multiplyByRoot4(a: Vector): Vector {
    const f = this.#f;
    // a = x + 2^16·y + 2^48·z: x·2^48 + y·(2^32 - 1) - z. Subtracted is the complement p - y·(2^32 - 1) + z; for y = 0, where
    // it could exceed p, z alone.
    const y = f.let(v128.and(i64x2.shr_u(a, 16), this.#lowWords));
    const isZero = i64x2.eq(y, this.#zero);
    const wide = i64x2.sub(i64x2.shl(y, 32), y);
    const complement = f.let(i64x2.add(i64x2.sub(v128.andnot(this.#modulus, isZero), wide), i64x2.shr_u(a, 48)));
    const x = f.let(i64x2.shl(a, 48));
    return this.#difference(x, complement, 'offset');
  }

  /**
   * a - 2^63: the form in which signed comparisons order elements, for the next five operations.
   */
  offset(a: Vector): Vector {
    return this.#f.let(v128.xor(a, this.#sign));
  }

  /** a, from a - 2^63. */
  withoutOffset(a: Vector): Vector {
    return this.offset(a);
  }

  /** a + b, canonical, from offset vectors. */
  addOffset(a: Vector, b: Vector): Vector {
    const complement = this.#f.let(i64x2.sub(this.#modulus, b));
    return this.#undoBorrow(i64x2.sub(a, complement), i64x2.lt_s(a, complement));
  }

  /** a - b, canonical, from offset vectors. */
  subtractOffset(a: Vector, b: Vector): Vector {
    return this.#undoBorrow(i64x2.sub(a, b), i64x2.lt_s(a, b));
  }

  /** a + b, with an offset, from offset vectors. */
  sumWithOffset(a: Vector, b: Vector): Vector {
    const difference = this.#f.let(i64x2.sub(a, i64x2.sub(this.#offsetModulus, b)));
    // a - (p - b) borrows where it comes out above a.
    return this.#undoBorrow(difference, i64x2.lt_s(a, difference));
  }

  /** a - b, with an offset, from offset vectors and one of them without: `[a, b]` of which one has the offset. */
  differenceWithOffset(a: Vector, b: Vector, mixed: readonly [Vector, Vector]): Vector {
    return this.#undoBorrow(i64x2.sub(...mixed), i64x2.lt_s(a, b));
  }

  /** A canonical constant in every lane, by the address of a word with its Montgomery form. */
  splatSplit(address: Expression<'i32'>, offset = 0): Split {
    const word = this.#f.let(v128.load64_splat(address, offset));
    return this.split({ low: word, high: word });
  }

  /** (a0, b0): the lower lanes of both. */
  lowLanes(a: Vector, b: Vector): Vector {
    return this.#f.let(i8x16.shuffle(a, b, LOW_LANES));
  }

  /** (a1, b1): the upper lanes of both. */
  highLanes(a: Vector, b: Vector): Vector {
    return this.#f.let(i8x16.shuffle(a, b, HIGH_LANES));
  }

  /** Four zeros. */
  zero(): Four {
    return { low: this.#f.let(i32x4.const(0, 0, 0, 0)), high: this.#f.let(i32x4.const(0, 0, 0, 0)) };
  }

  /** Loads four elements. */
  load(address: Expression<'i32'>, offset = 0, memory?: MemoryReference): Four {
    const at = (bytes: number): Vector => this.#f.let(v128.load(address, bytes, memory));
    return { low: at(offset), high: at(offset + 16) };
  }

  /** Stores four elements. */
  store(address: Expression<'i32'>, value: Four, offset = 0): void {
    this.#f.do(v128.store(address, value.low, offset));
    this.#f.do(v128.store(address, value.high, offset + 16));
  }

  /** Loads one element into lane 0; the others are zero. */
  loadOne(address: Expression<'i32'>, offset = 0): Four {
    return { low: this.#f.let(v128.load64_zero(address, offset)), high: this.#f.let(i32x4.const(0, 0, 0, 0)) };
  }

  /** Stores lane 0. */
  storeOne(address: Expression<'i32'>, value: Four, offset = 0): void {
    this.#f.do(v128.store64_lane(address, value.low, 0, offset));
  }

  /** Assigns four elements to locals that live across iterations. */
  assign(target: Four, value: Four): void {
    this.#f.set(target.low, value.low);
    this.#f.set(target.high, value.high);
  }
}
