import { createExtensionField, type ExtensionElement, MODULUS } from '@commute/field';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fractionSum } from '../src/index.ts';

const field = createExtensionField();
const anyWord = fc.oneof(fc.bigInt(0n, MODULUS - 1n), fc.constantFrom(0n, 1n, MODULUS - 1n));
const anyElement = fc.tuple(anyWord, anyWord, anyWord);

/** Fraction by fraction, with an inversion for each. */
function sumSlowly(
  rows: readonly (readonly bigint[])[],
  counts: readonly bigint[],
  offset: ExtensionElement,
  ratio: ExtensionElement,
): ExtensionElement | 'pole' {
  let sum = field.zero;
  for (const [j, row] of rows.entries()) {
    const linear = row.map((word, k) => field.scale(field.power(ratio, BigInt(k)), word)).reduce(field.add, field.zero);
    const denominator = field.subtract(offset, linear);
    if (field.equals(denominator, field.zero)) return 'pole';
    sum = field.add(sum, field.scale(field.inverse(denominator), counts[j]!));
  }
  return sum;
}

const sum = (
  rows: readonly (readonly bigint[])[],
  counts: readonly bigint[],
  offset: ExtensionElement,
  ratio: ExtensionElement,
): ReturnType<typeof fractionSum> =>
  fractionSum(
    field,
    BigUint64Array.from(rows.flat()),
    rows[0]?.length ?? 1,
    BigUint64Array.from(counts),
    offset,
    ratio,
  );

test('the sum is that of the fractions', () => {
  const anyRows = fc
    .tuple(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 0, max: 40 }))
    .chain(([width, count]) =>
      fc.tuple(
        fc.array(fc.array(anyWord, { minLength: width, maxLength: width }), { minLength: count, maxLength: count }),
        fc.array(anyWord, { minLength: count, maxLength: count }),
      ),
    );
  fc.assert(
    fc.property(anyRows, anyElement, anyElement, ([rows, counts], offset, ratio) => {
      expect(sum(rows, counts, offset, ratio)).toEqual(sumSlowly(rows, counts, offset, ratio));
    }),
  );
});

test('more fractions than are inverted together', () => {
  const rows = Array.from({ length: 9000 }, (_, j) => [BigInt(j), BigInt(j * j)]);
  const counts = rows.map((_, j) => BigInt(j % 7));
  const [offset, ratio] = [
    [3n, 5n, 8n],
    [2n, MODULUS - 1n, 1n],
  ];
  const expected = [0, 4096, 8192]
    .map((first) => sumSlowly(rows.slice(first, first + 4096), counts.slice(first, first + 4096), offset, ratio))
    .reduce<ExtensionElement>((total, part) => field.add(total, part as ExtensionElement), field.zero);
  expect(sum(rows, counts, offset, ratio)).toEqual(expected);
});

test('a denominator that is zero is told, wherever it stands', () => {
  const ratio = [0n, 1n, 0n];
  const rows = Array.from({ length: 5000 }, (_, j) => [BigInt(j), 7n]);
  const counts = rows.map(() => 1n);
  for (const j of [0n, 17n, 4999n]) expect(sum(rows, counts, [j, 7n, 0n], ratio)).toBe('pole');
  expect(sum(rows, counts, [5000n, 7n, 0n], ratio)).not.toBe('pole');
});

test('another extension has no kernels', () => {
  const quadratic = createExtensionField([7n, 0n].map((value) => (MODULUS - value) % MODULUS));
  expect(fractionSum(quadratic, BigUint64Array.of(1n), 1, BigUint64Array.of(1n), [2n, 0n], [1n, 0n])).toBeUndefined();
});
