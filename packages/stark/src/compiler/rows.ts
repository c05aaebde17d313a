/**
 * Operands of row kernels: which parts of columns a call takes, and where the rows next to them are.
 *
 * @module
 */
import { add, type ExtensionElement, type Matrix, type WasmEngine } from '@commute/field';
import { toMontgomery } from '@commute/field/kernels';
import { cubicValues } from '../concrete.ts';
import { type ConstraintInputs } from '../evaluate.ts';
import { type ExpressionGraph } from '../graph.ts';
import { evaluateGraph } from '../interpret.ts';
import { type Value } from '../term.ts';
import { type ParameterPlan } from './evaluator.ts';
import { PAIRS, PARAMETER_WORDS } from './values.ts';
import { limbTable } from './weighted-sums.ts';

/** The words of all parameters of a plan, and of the weights, in the engine's memory; behind them the weights' table of limbs. */
export function placeParameters(
  engine: WasmEngine,
  graph: ExpressionGraph,
  { uniforms }: ParameterPlan,
  values: Pick<ConstraintInputs, 'publicValues' | 'challenges'> &
    Partial<Pick<ConstraintInputs, 'terminal' | 'exposed'>>,
  weights: readonly ExtensionElement[] = [],
): Matrix {
  // Uniform nodes have no cells below them.
  const worth: Value[] = evaluateGraph(graph, uniforms, cubicValues(), { ...values, cell: () => 0n });
  const all = [...worth, ...weights];
  const limbs = weights.length === 0 ? new BigUint64Array() : limbTable(weights);
  const matrix = engine.allocate(PARAMETER_WORDS * all.length + limbs.length);
  const words = matrix.view();
  words.set(limbs, PARAMETER_WORDS * all.length);
  all.forEach((value, number) => {
    const coefficients: ExtensionElement = typeof value === 'bigint' ? [value, 0n, 0n] : value;
    const sums = PAIRS.map(([i, j]) => add(coefficients[i]!, coefficients[j]!));
    [...coefficients, ...sums].forEach((word, k) => {
      words[PARAMETER_WORDS * number + 2 * k] = word;
      words[PARAMETER_WORDS * number + 2 * k + 1] = toMontgomery(word);
    });
  });
  return matrix;
}

/** Rows of one call: few, so that all threads have some, and that hosts which optimise code while it runs get to change it between calls. */
const ROWS_PER_CALL = 1024;

/** Columns that a kernel reads, all of as many rows. */
export interface RowInputs {
  readonly main: Matrix;
  readonly auxiliary: Matrix;
  readonly preprocessed: Matrix;
  /** Rows from one to the next of the trace. */
  readonly step: number;
}

/** Where a kernel writes: the matrix, and a column that moves on with it. */
export interface RowOutputs {
  readonly out: Matrix;
  readonly extra?: Matrix;
}

/** Copies four neighbouring rows, around the end, of each column. */
function gather(engine: WasmEngine, source: Matrix, first: number): Matrix {
  const block = engine.allocate(4, source.columns);
  if (source.columns === 0) return block;
  const [from, to] = [source.view(), block.view()];
  for (let column = 0; column < source.columns; column++) {
    for (let k = 0; k < 4; k++) to[4 * column + k] = from[column * source.rows + ((first + k) % source.rows)]!;
  }
  return block;
}

/**
 * Runs `body` with the operands of the calls that cover all rows.
 *
 * @param rows - a power of two.
 */
export function withRowCalls(
  engine: WasmEngine,
  rows: number,
  { main, auxiliary, preprocessed, step }: RowInputs,
  { out, extra }: RowOutputs,
  parameters: Matrix,
  body: (calls: readonly number[][]) => void,
): void {
  const areas = [main, auxiliary, preprocessed];
  const addresses = (matrices: readonly Matrix[], row: number): number[] =>
    matrices.map((matrix) => matrix.address + 8 * row);
  engine.scope(() => {
    if (rows < 4) {
      // One block that repeats the rows.
      const targets = [out, ...(extra === undefined ? [] : [extra])].map((matrix) => ({
        matrix,
        block: gather(engine, matrix, 0),
      }));
      const here = areas.map((matrix) => gather(engine, matrix, 0));
      const next = areas.map((matrix) => gather(engine, matrix, step));
      const [outBlock, extraBlock = 0] = targets.map(({ block }) => block.address) as [number, number?];
      body([[...addresses(here, 0), ...addresses(next, 0), 32, 32, outBlock, 32, parameters.address, extraBlock, 4]]);
      for (const { matrix, block } of targets) {
        const [from, to] = [block.view(), matrix.view()];
        for (let at = 0; at < to.length; at++) to[at] = from[4 * Math.floor(at / rows) + (at % rows)]!;
      }
      return;
    }
    // Rows up to `end` have their next rows below them; the block after it may have them on both sides of the end.
    const end = rows - step - ((rows - step) % 4);
    const straddles = (rows - step) % 4 !== 0;
    const calls: number[][] = [];
    const call = (row: number, next: readonly number[], nextStride: number, length: number): void => {
      const target = [out.address + 8 * row, 8 * rows, parameters.address, (extra?.address ?? 0) + 8 * row];
      calls.push([...addresses(areas, row), ...next, 8 * rows, nextStride, ...target, length]);
    };
    const cover = (from: number, to: number, shift: number): void => {
      for (let row = from; row < to; row += ROWS_PER_CALL) {
        call(row, addresses(areas, row + shift), 8 * rows, Math.min(ROWS_PER_CALL, to - row));
      }
    };
    cover(0, end, step);
    if (straddles) {
      const next = areas.map((matrix) => gather(engine, matrix, end + step));
      call(end, addresses(next, 0), 32, 4);
    }
    cover(straddles ? end + 4 : end, rows, step - rows);
    body(calls);
  });
}
