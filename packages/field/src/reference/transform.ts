/**
 * Transforms on arrays of canonical bigints: the definition, and the textbook's recursion.
 *
 * @module
 */
import { add, MODULUS, multiply, reverseBits, subtract } from '../goldilocks.ts';

/** Σ over j of values[j]·root^(ij) for all i, by the definition: quadratic. */
export function naiveTransform(values: readonly bigint[], root: bigint): bigint[] {
  const powers = [1n];
  while (powers.length < values.length) powers.push(multiply(powers.at(-1)!, root));
  return values.map(
    (_, i) => values.reduce((sum, value, j) => sum + value * powers[(i * j) % values.length]!, 0n) % MODULUS,
  );
}

/** The same by halves: n·log n. */
export function recursiveTransform(values: readonly bigint[], root: bigint): bigint[] {
  if (values.length === 1) return [...values];
  const square = multiply(root, root);
  const even = recursiveTransform(
    values.filter((_, i) => i % 2 === 0),
    square,
  );
  const odd = recursiveTransform(
    values.filter((_, i) => i % 2 === 1),
    square,
  );
  const result = new Array<bigint>(values.length);
  let power = 1n;
  even.forEach((value, i) => {
    const product = multiply(power, odd[i]!);
    result[i] = add(value, product);
    result[i + even.length] = subtract(value, product);
    power = multiply(power, root);
  });
  return result;
}

/** The elements with their indices' bits reversed; the length is a power of two. */
export function reverseBitOrder(values: readonly bigint[]): bigint[] {
  const bits = Math.log2(values.length);
  return values.map((_, i) => values[reverseBits(i, bits)]!);
}
