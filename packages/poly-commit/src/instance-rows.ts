/**
 * Opened rows of interleaved columns, from the coefficients of the instances.
 *
 * @module
 */
import {
  type FieldEngine,
  GENERATOR,
  logOfPowerOfTwo,
  MODULUS,
  multiply,
  power,
  reverseBits,
  rootOfUnity,
} from '@commute/field';
import { cosetShift } from './cosets.ts';
import { type InstanceCoefficients } from './instance-columns.ts';

/** The points of the extended domain with these numbers. */
function pointsOf(domain: number, numbers: readonly number[]): bigint[] {
  const root = rootOfUnity(logOfPowerOfTwo(domain));
  return numbers.map((number) => multiply(GENERATOR, power(root, BigInt(number))));
}

/** Into how many a polynomial of an instance is divided once more, at most: as many times shorter are the transforms, as much longer the sums. */
const MOST_PARTS = 16;
/** Rows that such a part has at least, unless the instance has fewer. */
const LEAST_ROWS = 1 << 12;

/**
 * Rows of an extended matrix from the coefficients.
 *
 * F(x) = Σ x^t·F_t(x^T) for any number T of parts, a power of two; bit-reversed, the coefficients of F_t lie next to each other, and T times those of one instance
 * are those of as many parts. The parts are evaluated on the whole of their domain, which is T times smaller, an instance after the other.
 */
export function evaluateRows(
  engine: FieldEngine,
  { instances, shapes, matrices }: InstanceCoefficients,
  matrix: number,
  blowup: number,
  numbers: readonly number[],
): bigint[][] {
  const { rows: own, columns } = shapes[matrix]!;
  const divided = Math.min(MOST_PARTS, Math.max(1, own / LEAST_ROWS));
  const [count, rows] = [divided * instances, own / divided];
  const domain = instances * own * blowup;
  const points = pointsOf(domain, numbers);
  const sums = numbers.map(() => new Array<bigint>(columns).fill(0n));
  for (let instance = 0; instance < instances; instance++) {
    // The exponent of x that each part of the instance is multiplied by.
    const exponents = Array.from({ length: divided }, (_, block) => {
      const place = reverseBits(instance, logOfPowerOfTwo(instances)) * divided + block;
      return BigInt(reverseBits(place, logOfPowerOfTwo(count)));
    });
    const factors = points.map((x) => exponents.map((exponent) => power(x, exponent)));
    for (let index = 0; index < blowup; index++) {
      const members = [...numbers.keys()].filter((k) => numbers[k]! % blowup === index);
      if (members.length === 0) continue;
      engine.scope(() => {
        const coefficients = engine.reserve(rows, divided * columns);
        coefficients.view().set(matrices[instance]![matrix]!.words());
        const values = engine.reserve(rows, divided * columns);
        const shift = power(cosetShift(instances * own, blowup, index), BigInt(count));
        engine.evaluateInto(values, coefficients, { shift, input: 'bit-reversed' });
        const view = values.view();
        for (const k of members) {
          const at = Math.floor((numbers[k]! % (rows * blowup)) / blowup);
          const sum = sums[k]!;
          for (let column = 0; column < columns; column++) {
            for (let block = 0; block < divided; block++) {
              sum[column]! += factors[k]![block]! * view[rows * (divided * column + block) + at]!;
            }
          }
        }
      });
    }
  }
  return sums.map((row) => row.map((sum) => sum % MODULUS));
}
