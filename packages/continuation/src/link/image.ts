/**
 * What the verifier computes of a program's image itself.
 *
 * @module
 */
import { type ExtensionElement, type ExtensionField, MODULUS } from '@commute/field';
import { type Cells } from './cells.ts';

/** Σ numerator/denominator, with one inversion; `undefined` where a denominator is zero. */
function sumFractions(
  field: ExtensionField,
  fractions: Iterable<readonly [numerator: bigint, denominator: ExtensionElement]>,
): ExtensionElement | undefined {
  const list = [...fractions];
  const prefixes: ExtensionElement[] = [];
  let product = field.one;
  for (const [, denominator] of list) {
    prefixes.push(product);
    product = field.multiply(product, denominator);
  }
  if (field.equals(product, field.zero)) return undefined;
  let inverted = field.inverse(product);
  let sum = field.zero;
  for (let k = list.length - 1; k >= 0; k--) {
    const [numerator, denominator] = list[k]!;
    sum = field.add(sum, field.scale(field.multiply(inverted, prefixes[k]!), numerator));
    inverted = field.multiply(inverted, denominator);
  }
  return sum;
}

/** ρ(point) = Σ value/(point - key) over all cells; `undefined` where the point is a key. */
export function imageAt(field: ExtensionField, image: Cells, point: ExtensionElement): ExtensionElement | undefined {
  function* fractions(): Generator<readonly [bigint, ExtensionElement]> {
    for (const [key, value] of image) yield [value, field.subtract(point, field.fromBase(key))];
  }
  return sumFractions(field, fractions());
}

/** A tuple on the bus of all segments, and how often it is sent, less how often it is received. */
export interface StampedValue {
  readonly key: bigint;
  readonly value: bigint;
  readonly stamp: bigint;
  /** 1 or -1. */
  readonly count: 1n | -1n;
}

/** Σ count/(offset - fingerprint of (key, value, stamp)): what tuples add to the sum of the first exposed bus. */
export function cellsOnBus(
  field: ExtensionField,
  tuples: Iterable<StampedValue>,
  offset: ExtensionElement,
  ratio: ExtensionElement,
): ExtensionElement | undefined {
  const square = field.multiply(ratio, ratio);
  const cube = field.multiply(square, ratio);
  const start = field.subtract(offset, field.one);
  function* fractions(): Generator<readonly [bigint, ExtensionElement]> {
    for (const { key, value, stamp, count } of tuples) {
      const withValue = field.subtract(field.subtract(start, field.scale(ratio, key)), field.scale(square, value));
      yield [count === 1n ? 1n : MODULUS - 1n, field.subtract(withValue, field.scale(cube, stamp))];
    }
  }
  return sumFractions(field, fractions());
}

/** What sending (key, value, 0) for all cells adds to the sum of the first exposed bus. */
export function imageOnBus(
  field: ExtensionField,
  image: Cells,
  offset: ExtensionElement,
  ratio: ExtensionElement,
): ExtensionElement | undefined {
  function* tuples(): Generator<StampedValue> {
    for (const [key, value] of image) yield { key, value, stamp: 0n, count: 1n };
  }
  return cellsOnBus(field, tuples(), offset, ratio);
}
