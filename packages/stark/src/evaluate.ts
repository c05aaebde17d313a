/**
 * Values of all constraints on a domain, weighted and added up: what a quotient is made of.
 *
 * @module
 */
import { type ExtensionElement, type Matrix } from '@commute/field';
import { type Arithmetization } from './arithmetize.ts';
import { type RowKind } from './builder.ts';
import { cubicValues } from './concrete.ts';
import { StarkError } from './errors.ts';
import { evaluateNodes } from './interpret.ts';

/** The kinds of rows in the order in which their sums stand in the output. */
export const ROW_KINDS: readonly RowKind[] = ['first', 'last', 'every', 'transition'];

/** Columns of an output: the coefficients of one extension element for each kind of rows. */
export const SUM_COLUMNS = 12 as const;

/** What constraints are evaluated on. */
export interface ConstraintInputs {
  /** Values on a domain of a power of two of points, natural order; one column each. */
  readonly main: Matrix;
  /** As many rows; three columns for each auxiliary column, the coefficients of 1, x and x². */
  readonly auxiliary: Matrix;
  readonly preprocessed: Matrix;
  /** Rows from a point to the point of the next row of the trace: the blowup of the domain. */
  readonly step: number;
  readonly publicValues: readonly bigint[];
  /** In the order of `arithmetization.challenges`. */
  readonly challenges: readonly ExtensionElement[];
  readonly terminal: ExtensionElement;
  /** In the order of `arithmetization.exposed`. */
  readonly exposed: readonly ExtensionElement[];
  /** One for each constraint. */
  readonly weights: readonly ExtensionElement[];
}

/** Throws `STARK_TRACE` unless everything fits the arithmetization and `out`. */
export function assertInputs(arithmetization: Arithmetization, out: Matrix, inputs: ConstraintInputs): void {
  const { names, challenges, constraints, table, exposed } = arithmetization;
  const { main, auxiliary, preprocessed, step } = inputs;
  const expect = (name: string, expected: number, got: number): void => {
    if (expected !== got) {
      throw new StarkError('STARK_TRACE', `${table.name}.${name}`, String(expected), String(got));
    }
  };
  expect('main columns', names.main.length, main.columns);
  expect('auxiliary columns', 3 * names.auxiliary.length, auxiliary.columns);
  expect('preprocessed columns', names.preprocessed.length, preprocessed.columns);
  expect('public values', table.publicValues.length, inputs.publicValues.length);
  expect('challenges', challenges.length, inputs.challenges.length);
  expect('exposed values', exposed.length, inputs.exposed.length);
  expect('weights', constraints.length, inputs.weights.length);
  expect('output columns', SUM_COLUMNS, out.columns);
  for (const matrix of [out, auxiliary, preprocessed]) {
    if (matrix.columns > 0) expect('rows', main.rows, matrix.rows);
  }
  if (!Number.isInteger(step) || step < 1 || step > main.rows || main.rows % step !== 0) {
    throw new StarkError('STARK_TRACE', 'step', `a divisor of ${String(main.rows)}`, String(step));
  }
}

/**
 * For each kind of rows the sum of its constraints, each times its weight; nothing is divided by zerofiers. By bigints.
 *
 * @param out - as many rows as the inputs, {@link SUM_COLUMNS} columns, overwritten.
 * @throws {@link StarkError} `STARK_TRACE` for shapes that do not fit.
 */
export function evaluateConstraintsInto(arithmetization: Arithmetization, out: Matrix, inputs: ConstraintInputs): void {
  assertInputs(arithmetization, out, inputs);
  const { graph, constraints } = arithmetization;
  const { main, auxiliary, preprocessed, step, publicValues, challenges, terminal, exposed, weights } = inputs;
  const field = cubicValues();
  const { extension } = field;
  const roots = constraints.map(({ root }) => root);
  const order = graph.below(roots);
  for (let row = 0; row < main.rows; row++) {
    const values = evaluateNodes(graph, order, roots, field, {
      cell: (area, column, next) => {
        const at = next ? (row + step) % main.rows : row;
        if (area === 'auxiliary') return [0, 1, 2].map((power) => auxiliary.get(at, 3 * column + power));
        return (area === 'main' ? main : preprocessed).get(at, column);
      },
      publicValues,
      challenges,
      terminal,
      exposed,
    });
    const sums = ROW_KINDS.map(() => extension.zero);
    constraints.forEach(({ rows }, index) => {
      const kind = ROW_KINDS.indexOf(rows);
      sums[kind] = extension.add(sums[kind]!, field.multiply(weights[index]!, values[index]!) as ExtensionElement);
    });
    sums.flat().forEach((word, column) => {
      out.set(row, word, column);
    });
  }
}
