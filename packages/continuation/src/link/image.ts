/**
 * What the verifier computes of a program's image itself.
 *
 * @module
 */
import { type ExtensionElement, type ExtensionField } from '@commute/field';
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

/** Σ 1/(offset - fingerprint of (key, value, 0)) over all cells: what sending them on the first exposed bus adds to its sum. */
export function imageOnBus(
  field: ExtensionField,
  image: Cells,
  offset: ExtensionElement,
  ratio: ExtensionElement,
): ExtensionElement | undefined {
  const square = field.multiply(ratio, ratio);
  const start = field.subtract(offset, field.one);
  function* fractions(): Generator<readonly [bigint, ExtensionElement]> {
    for (const [key, value] of image) {
      yield [1n, field.subtract(field.subtract(start, field.scale(ratio, key)), field.scale(square, value))];
    }
  }
  return sumFractions(field, fractions());
}
