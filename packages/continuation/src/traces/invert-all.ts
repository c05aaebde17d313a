import { inverse, multiply } from '@commute/field';

/** The inverses of elements that are not zero, by one inversion (Montgomery's trick). */
export function invertAll(elements: readonly bigint[]): bigint[] {
  let product = 1n;
  const prefixes = elements.map((element) => {
    const prefix = product;
    product = multiply(product, element);
    return prefix;
  });
  let rest = inverse(product);
  const inverses = new Array<bigint>(elements.length);
  for (let index = elements.length - 1; index >= 0; index--) {
    inverses[index] = multiply(rest, prefixes[index]!);
    rest = multiply(rest, elements[index]!);
  }
  return inverses;
}
