/**
 * Opened rows of interleaved columns, from the coefficients of the instances.
 *
 * @module
 */
import { type FieldEngine, GENERATOR, logOfPowerOfTwo, MODULUS, multiply, power, rootOfUnity } from '@commute/field';
import { type InstanceCoefficients } from './instance-columns.ts';

/**
 * Rows of an extended matrix: F(x) = Σ x^j·f_j(x^s), at the points x with these numbers.
 *
 * The points x^s are on the extended domain of one instance, which is s times smaller: numbers that agree modulo its size share one.
 */
export function evaluateRows(
  engine: FieldEngine,
  { instances, shapes, matrices }: InstanceCoefficients,
  matrix: number,
  blowup: number,
  numbers: readonly number[],
): bigint[][] {
  const { rows, columns } = shapes[matrix]!;
  const domain = rows * blowup;
  const root = rootOfUnity(logOfPowerOfTwo(instances * domain));
  const points = numbers.map((number) => multiply(GENERATOR, power(root, BigInt(number))));
  const shift = power(GENERATOR, BigInt(instances));
  const own = [...new Set(numbers.map((number) => number % domain))];
  const places = new Map(own.map((number, place) => [number, place]));
  const sums = numbers.map(() => new Array<bigint>(columns).fill(0n));
  const powers = points.map(() => 1n);
  for (const each of matrices) {
    const values = engine.scope(() => engine.evaluateAt(each[matrix]!.load(), { shift, blowup, numbers: own }));
    sums.forEach((sum, k) => {
      const [factor, row] = [powers[k]!, values[places.get(numbers[k]! % domain)!]!];
      for (let column = 0; column < columns; column++) sum[column]! += factor * row[column]!;
      powers[k] = multiply(factor, points[k]!);
    });
  }
  return sums.map((row) => row.map((sum) => sum % MODULUS));
}
