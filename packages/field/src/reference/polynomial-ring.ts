import { assertShape } from '../checks.ts';
import { type FieldEngine } from '../engine.ts';
import { type Matrix } from '../matrix.ts';
import { type PolynomialRing } from '../polynomial-ring.ts';
import * as reference from './polynomial.ts';

/** The quadratic algorithms on an engine's matrices. */
export function createReferencePolynomialRing(engine: FieldEngine): PolynomialRing {
  const read = (a: Matrix): bigint[] => {
    assertShape('polynomial', a, a.rows, 1);
    return a.toArray();
  };
  const polynomial = (a: Matrix): bigint[] => reference.trim(read(a));
  return {
    degree: (a) => polynomial(a).length - 1,
    add: (a, b) => engine.from(reference.add(polynomial(a), polynomial(b))),
    subtract: (a, b) => engine.from(reference.subtract(polynomial(a), polynomial(b))),
    multiply: (a, b) => engine.from(reference.multiply(polynomial(a), polynomial(b))),
    divide: (a, b) => {
      const { quotient, remainder } = reference.divide(polynomial(a), polynomial(b));
      return { quotient: engine.from(quotient), remainder: engine.from(remainder) };
    },
    derivative: (a) => engine.from(reference.derivative(polynomial(a))),
    evaluate: (a, points) => {
      const coefficients = polynomial(a);
      return engine.from(read(points).map((x) => reference.evaluate(coefficients, x)));
    },
    interpolate: (points, values) => {
      assertShape('values', values, points.rows, 1);
      return engine.from(reference.interpolate(read(points), read(values)));
    },
    zerofier: (points) => engine.from(reference.zerofier(read(points))),
    fromResidues: (points, weights) => {
      assertShape('weights', weights, points.rows, 1);
      return engine.from(reference.fromResidues(read(points), read(weights)));
    },
    extendedGcd: (a, b) => {
      const { divisor, left, right } = reference.extendedGcd(polynomial(a), polynomial(b));
      return { divisor: engine.from(divisor), left: engine.from(left), right: engine.from(right) };
    },
  };
}
