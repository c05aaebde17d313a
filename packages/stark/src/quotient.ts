/**
 * Quotients of constraints by zerofiers, coset by coset.
 *
 * Constraints of degree d leave a quotient of d - 1 pieces q_0 + x^n·q_1 + …, each of n coefficients. On a coset s·H of n points x^n is s^n, so the
 * values of the quotient there are those of the polynomial Σ s^(n·p)·q_p of n coefficients. As many cosets as pieces give a linear system for the pieces:
 * constraints are evaluated on (d - 1)·n points, which need not be a power of two, and on one coset at a time. With zero knowledge polynomials have
 * more coefficients than the table has rows, so that there are d pieces of as many.
 *
 * @module
 */
import {
  type FieldEngine,
  inverse,
  logOfPowerOfTwo,
  type Matrix,
  multiply,
  negate,
  power,
  rootOfUnity,
  subtract,
  WasmEngine,
} from '@commute/field';
import { cosetShift } from '@commute/poly-commit';
import { type Arithmetization } from './arithmetize.ts';
import { compileConstraints } from './compiler/compile.ts';
import { rememberFor } from './compiler/memory.ts';
import { type ConstraintInputs, evaluateConstraintsInto, ROW_KINDS, SUM_COLUMNS } from './evaluate.ts';
import { quotientColumns, type StarkSystem } from './system.ts';

const constraintsFor = /* @__PURE__ */ rememberFor((engine, arithmetization) =>
  compileConstraints(engine, arithmetization),
);

/** The columns of a table on the cosets of its domain. */
export interface TableCosets {
  readonly rows: number;
  /** Points of a coset: the rows, or more where columns are hidden. */
  readonly points: number;
  /** How many instances are committed to together, which tells the cosets: `cosetShift` of @commute/poly-commit; 1 by default. */
  readonly instances?: number;
  /** Main, auxiliary and preprocessed columns on a coset; what is allocated belongs to the open scope. */
  readonly columnsAt: (index: number) => Pick<ConstraintInputs, 'main' | 'auxiliary' | 'preprocessed'>;
}

/** All else that constraints depend on. */
export type ConstraintValues = Omit<ConstraintInputs, 'main' | 'auxiliary' | 'preprocessed' | 'step'>;

/**
 * How many pieces the quotient of a table has at most: it may be fewer than the system provides for.
 *
 * @param isHidden - whether pieces have more coefficients than the table has rows.
 */
export function pieceCount(
  { graph, constraints }: Pick<Arithmetization, 'graph' | 'constraints'>,
  isHidden: boolean,
): number {
  return constraints.reduce((most, { rows, root }) => {
    const { degree } = graph.facts(root);
    return Math.max(most, isHidden || rows === 'first' || rows === 'last' ? degree : degree - 1);
  }, 1);
}

/** The coefficients of a table's quotient in pieces of as many as its cosets have points, three columns each. */
export function computeQuotient(
  engine: FieldEngine,
  system: Pick<StarkSystem, 'parameters' | 'maximumDegree' | 'hiding'>,
  arithmetization: Arithmetization,
  { rows, points, instances = 1, columnsAt }: TableCosets,
  values: ConstraintValues,
): Matrix {
  const { field, logBlowup } = system.parameters;
  const blowup = 2 ** logBlowup;
  const result = engine.reserve(points, quotientColumns(system));
  const pieces = pieceCount(arithmetization, system.hiding !== undefined);
  result
    .column(3 * pieces, result.columns - 3 * pieces)
    .view()
    .fill(0n);
  engine.scope(() => {
    const extension = engine.extension(field);
    // The first coefficients of all cosets' polynomials, then the second, then the third.
    const polynomials = [0, 1, 2].map(() => engine.reserve(points, pieces));
    const scalars: bigint[] = [];
    for (let index = 0; index < pieces; index++) {
      const shift = cosetShift(points, blowup, index, instances);
      scalars.push(power(shift, BigInt(points)));
      engine.scope(() => {
        const sums = engine.reserve(points, SUM_COLUMNS);
        engine.scope(() => {
          const inputs = { ...values, ...columnsAt(index), step: points / rows };
          if (engine instanceof WasmEngine) constraintsFor(engine, arithmetization).evaluateInto(sums, inputs);
          else evaluateConstraintsInto(arithmetization, sums, inputs);
        });
        const total = engine.allocate(points, 3);
        const factors = zerofierFactors(engine, rows, points, shift);
        ROW_KINDS.forEach((kind, at) => {
          const part = sums.column(3 * at, 3);
          const factor = factors[kind];
          if (typeof factor === 'bigint') engine.scaleInto(part, part, factor);
          else extension.multiplyBaseInto(part, part, factor);
          engine.addInto(total, total, part);
        });
        engine.interpolateInPlace(total, { shift });
        polynomials.forEach((matrix, k) => {
          engine.copyInto(matrix.column(index), total.column(k));
        });
      });
    }
    invertVandermonde(scalars).forEach((weights, piece) => {
      polynomials.forEach((matrix, k) => {
        engine.combineInto(result.column(3 * piece + k), matrix, weights);
      });
    });
  });
  return result;
}

/** 1 over the zerofier of each kind of rows, on a coset: a constant, or a column. */
function zerofierFactors(
  engine: FieldEngine,
  rows: number,
  size: number,
  shift: bigint,
): Record<(typeof ROW_KINDS)[number], Matrix | bigint> {
  const [points, ones, first, fromLast, last] = Array.from({ length: 5 }, () => engine.reserve(size)) as [
    Matrix,
    Matrix,
    Matrix,
    Matrix,
    Matrix,
  ];
  const root = rootOfUnity(logOfPowerOfTwo(size));
  engine.powersInto(points, root, shift);
  engine.powersInto(ones, 1n);
  engine.subtractInto(first, points, ones);
  engine.inverseInto(first, first);
  engine.scaleAddInto(fromLast, ones, negate(inverse(rootOfUnity(logOfPowerOfTwo(rows)))), points);
  engine.inverseInto(last, fromLast);
  if (size === rows) {
    const every = inverse(subtract(power(shift, BigInt(rows)), 1n));
    engine.scaleInto(fromLast, fromLast, every);
    return { first, last, every, transition: fromLast };
  }
  // x^rows takes size/rows values, again and again.
  const every = engine.reserve(size);
  engine.powersInto(every, power(root, BigInt(rows)), power(shift, BigInt(rows)));
  engine.subtractInto(every, every, ones);
  engine.inverseInto(every, every);
  engine.multiplyInto(fromLast, fromLast, every);
  return { first, last, every, transition: fromLast };
}

/** The rows of the inverse of the matrix of powers: row p gives the coefficient of x^p from the values at the points. */
function invertVandermonde(points: readonly bigint[]): bigint[][] {
  // Column j of the inverse holds the coefficients of the polynomial that is 1 at point j and 0 at the others.
  const columns = points.map((point, j) => {
    let coefficients = [1n];
    let scale = 1n;
    points.forEach((other, i) => {
      if (i === j) return;
      coefficients = [...coefficients, 0n].map((value, k) =>
        subtract(k === 0 ? 0n : coefficients[k - 1]!, k < coefficients.length ? multiply(other, value) : 0n),
      );
      scale = multiply(scale, subtract(point, other));
    });
    const factor = inverse(scale);
    return coefficients.map((value) => multiply(value, factor));
  });
  return points.map((_, p) => columns.map((column) => column[p]!));
}
