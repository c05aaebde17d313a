/**
 * Sums of values of the base field times weights of the extension, with one reduction for many of them.
 *
 * A product of a 32-bit half of a value and a 22-bit limb of a weight has 54 bits, so that 2^10 of them add up within 64. For each coefficient of the
 * weights there are six such sums, by half and limb, which together with their powers of two make the sum. That takes half the instructions of
 * products modulo p.
 *
 * @module
 */
import { type ExtensionElement } from '@commute/field';
import { type Four, type Split, toMontgomery, type Vector } from '@commute/field/kernels';
import { type Expression, i64x2, v128 } from '@commute/wasm';
import { type RowBody } from './evaluator.ts';

const LIMBS = [0, 1, 2] as const;
const LIMB_BITS = 22;
const HALVES = ['lows', 'highs'] as const;
const LANES = ['low', 'high'] as const;

/** Products of 54 bits that add up to less than 2^64. */
const MOST_TERMS = 1000;

/** Values whose products are added before the sums are touched, which hardly fit into registers. */
const AT_ONCE = 4;

/** 64-bit words before the weights: the powers of two of the six sums, in Montgomery form. */
const POWER_WORDS = HALVES.length * LIMBS.length;

/** 64-bit words of one weight: nine limbs of 32 bits, and one unused. */
const WEIGHT_WORDS = 5;

const powerNumber = (limb: number, half: number): number => 2 * limb + half;

/** The table that kernels find behind the parameters. */
export function limbTable(weights: readonly ExtensionElement[]): BigUint64Array {
  const words = new BigUint64Array(POWER_WORDS + WEIGHT_WORDS * weights.length);
  for (const limb of LIMBS) {
    HALVES.forEach((_, half) => {
      words[powerNumber(limb, half)] = toMontgomery(1n << BigInt(LIMB_BITS * limb + 32 * half));
    });
  }
  const limbs = new Uint32Array(words.buffer);
  weights.forEach((weight, number) => {
    const first = 2 * (POWER_WORDS + WEIGHT_WORDS * number);
    weight.forEach((coefficient, k) => {
      for (const limb of LIMBS) {
        const shifted = coefficient >> BigInt(LIMB_BITS * limb);
        limbs[first + 3 * k + limb] = Number(shifted & ((1n << BigInt(LIMB_BITS)) - 1n));
      }
    });
  });
  return words;
}

/** Writes the code of the sums of one kind of rows. */
export class WeightedSums {
  readonly #row: RowBody;
  readonly #table: number;
  /** By coefficient, limb, half and lanes; assigned by the first products. */
  readonly #sums: Vector[];
  #pending: { readonly value: Split; readonly weight: number }[] = [];
  #terms = 0;
  #total: readonly Four[] | undefined;

  /** @param table - bytes from the address of the parameters to the table of {@link limbTable}. */
  constructor(row: RowBody, table: number) {
    this.#row = row;
    this.#table = table;
    this.#sums = Array.from({ length: 3 * POWER_WORDS * LANES.length }, () => row.f.local('v128'));
  }

  #sum(coefficient: number, limb: number, half: number, lanes: number): Vector {
    return this.#sums[2 * (POWER_WORDS * coefficient + powerNumber(limb, half)) + lanes]!;
  }

  /** Adds a value times the weight with a number. */
  add(value: Four, weight: number): void {
    if (this.#terms === MOST_TERMS) this.#reduce();
    this.#terms++;
    this.#pending.push({ value: this.#row.writer.split(value), weight });
    if (this.#pending.length === AT_ONCE) this.#flush();
  }

  /** Adds the products of the values that wait. */
  #flush(): void {
    const { f, parameters } = this.#row;
    const isFirst = this.#terms === this.#pending.length;
    for (let coefficient = 0; coefficient < 3; coefficient++) {
      for (const limb of LIMBS) {
        const weights = this.#pending.map(({ weight }) => {
          const words = this.#table + 8 * (POWER_WORDS + WEIGHT_WORDS * weight);
          return f.let(v128.load32_splat(parameters, words + 4 * (3 * coefficient + limb)));
        });
        HALVES.forEach((half, h) => {
          LANES.forEach((lanes, l) => {
            const target = this.#sum(coefficient, limb, h, l);
            const products = this.#pending.map(({ value }, at) =>
              i64x2[`extmul_${lanes}_i32x4_u`](value[half], weights[at]!),
            );
            const before: readonly Expression<'v128'>[] = isFirst ? [] : [target];
            f.set(
              target,
              [...before, ...products].reduce((sum, product) => i64x2.add(sum, product)),
            );
          });
        });
      }
    }
    this.#pending = [];
  }

  /** Brings the sums to elements, and begins new ones. */
  #reduce(): void {
    const { f, field, parameters } = this.#row;
    if (this.#terms === 0) return;
    if (this.#pending.length > 0) this.#flush();
    const elements = Array.from({ length: 3 }, (_, coefficient) => {
      const parts = LIMBS.flatMap((limb) =>
        HALVES.map((_half, h) => {
          const offset = this.#table + 8 * powerNumber(limb, h);
          const power = {
            lows: f.let(v128.load32_splat(parameters, offset)),
            highs: f.let(v128.load32_splat(parameters, offset + 4)),
          };
          const sums = { low: this.#sum(coefficient, limb, h, 0), high: this.#sum(coefficient, limb, h, 1) };
          return field.multiplyMontgomery(field.split(sums), power);
        }),
      );
      return parts.reduce((sum, part) => field.addFour(sum, part));
    });
    const before = this.#total;
    this.#total = before === undefined ? elements : elements.map((each, k) => field.addFour(each, before[k]!));
    this.#terms = 0;
  }

  /** The coefficients of the sum of all that was added; nothing where that was nothing. */
  finish(): readonly Four[] | undefined {
    this.#reduce();
    return this.#total;
  }
}
