import { assertOwned, assertShape } from '../checks.ts';
import { type Matrix } from '../matrix.ts';
import { type PolynomialRing } from '../polynomial-ring.ts';
import { type WasmEngine } from '../wasm-engine.ts';
import { PolynomialArithmetic } from './arithmetic.ts';
import { HalfGcd } from './half-gcd.ts';
import { SubproductTree } from './subproduct-tree.ts';

/** The quasi-linear polynomial ring of a WebAssembly engine. */
export function createFastPolynomialRing(engine: WasmEngine): PolynomialRing {
  const ring = new PolynomialArithmetic(engine);
  const gcd = new HalfGcd(ring);

  /** Runs `compute` in a scope and keeps a matrix of its own for each result. */
  const results = <const R extends readonly Matrix[]>(compute: () => R): R =>
    engine.scope((keep) => compute().map((each) => keep(ring.resized(each, each.rows)))) as unknown as R;
  const result = (compute: () => Matrix): Matrix => results(() => [compute()])[0];

  const column = (name: string, a: Matrix, rows = a.rows): void => {
    assertOwned(engine.owns, a);
    assertShape(name, a, rows, 1);
  };
  const withTree = (points: Matrix, compute: (tree: SubproductTree) => Matrix): Matrix => {
    column('points', points);
    return result(() => compute(new SubproductTree(ring, points)));
  };

  return {
    degree: (a) => ring.trim(a).rows - 1,
    add: (a, b) => result(() => ring.combine('add', ring.trim(a), ring.trim(b))),
    subtract: (a, b) => result(() => ring.combine('subtract', ring.trim(a), ring.trim(b))),
    multiply: (a, b) => result(() => ring.multiply(ring.trim(a), ring.trim(b))),
    divide: (a, b) => {
      const [quotient, remainder] = results(() => {
        const both = ring.divide(ring.trim(a), ring.trim(b));
        return [both.quotient, both.remainder];
      });
      return { quotient, remainder };
    },
    derivative: (a) => result(() => ring.derivative(ring.trim(a))),
    evaluate: (a, points) => withTree(points, (tree) => tree.evaluate(ring.trim(a))),
    interpolate: (points, values) => {
      column('values', values, points.rows);
      return withTree(points, (tree) => tree.interpolate(values));
    },
    zerofier: (points) => withTree(points, (tree) => tree.zerofier()),
    fromResidues: (points, weights) => {
      column('weights', weights, points.rows);
      return withTree(points, (tree) => tree.fromResidues(weights));
    },
    extendedGcd: (a, b) => {
      const [divisor, left, right] = results(() => {
        const identity = gcd.extended(ring.trim(a), ring.trim(b));
        return [identity.divisor, identity.left, identity.right];
      });
      return { divisor, left, right };
    },
  };
}
