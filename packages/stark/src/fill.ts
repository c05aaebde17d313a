/**
 * The columns that a prover commits to, as matrices of an engine.
 *
 * @module
 */
import { type ExtensionElement, type ExtensionField, type FieldEngine, type Matrix, WasmEngine } from '@commute/field';
import { type Arithmetization, completeArithmetization, extendTrace } from './arithmetize.ts';
import { compileFill } from './compiler/fill.ts';
import { rememberFor } from './compiler/memory.ts';
import { type Table } from './table.ts';
import { type ColumnCells, type Trace } from './trace.ts';

const fillFor = /* @__PURE__ */ rememberFor((engine, arithmetization) => compileFill(engine, arithmetization));

/** Columns of the base field as a matrix, which belongs to the open scope. */
export function columnsToMatrix(engine: FieldEngine, rows: number, columns: readonly ColumnCells[]): Matrix {
  const matrix = engine.reserve(rows, columns.length);
  const words = matrix.view();
  columns.forEach((cells, index) => {
    words.set(cells, rows * index);
  });
  return matrix;
}

/** Columns of the extension, three words for each cell, as matrices of three columns for each of them. */
export function elementsToMatrix(
  engine: FieldEngine,
  rows: number,
  columns: readonly (readonly ExtensionElement[])[],
): Matrix {
  const matrix = engine.reserve(rows, 3 * columns.length);
  const words = matrix.view();
  columns.forEach((elements, index) => {
    elements.forEach((element, row) => {
      for (let power = 0; power < 3; power++) words[rows * (3 * index + power) + row] = element[power]!;
    });
  });
  return matrix;
}

/** The elements of three columns. */
function matrixToElements(matrix: Matrix): ExtensionElement[] {
  const words = matrix.view();
  const { rows } = matrix;
  return Array.from({ length: rows }, (_, row) => [words[row]!, words[rows + row]!, words[2 * rows + row]!]);
}

/**
 * The main columns of a trace, those of helpers included. Compiled on an engine that runs WebAssembly, else what `extendTrace` gives.
 *
 * @param trace - one that `assertTrace` accepts.
 */
export function fillMainColumns(engine: FieldEngine, arithmetization: Arithmetization, trace: Trace): Matrix {
  const { rows, main } = trace;
  const { helpers, names } = arithmetization;
  if (!helpers.some(({ area }) => area === 'main')) return columnsToMatrix(engine, rows, main);
  if (!(engine instanceof WasmEngine)) return columnsToMatrix(engine, rows, extendTrace(arithmetization, trace).main);
  const matrix = engine.reserve(rows, names.main.length);
  const words = matrix.view();
  main.forEach((cells, index) => {
    words.set(cells, rows * index);
  });
  engine.scope(() => {
    fillFor(engine, arithmetization).fillMain(
      matrix,
      columnsToMatrix(engine, rows, trace.preprocessed),
      trace.publicValues,
    );
  });
  return matrix;
}

/** Whether auxiliary columns or exposed values are made from a trace itself, not from its main columns as they were committed to. */
export function readsTrace({ names, exposed }: Table): boolean {
  return names.auxiliary.length > 0 || exposed.length > 0;
}

/** Auxiliary columns, and what the prover claims of them. */
export interface AuxiliaryColumns {
  /** Three columns for each. */
  readonly auxiliary: Matrix;
  readonly terminal: ExtensionElement;
  /** In the order of `arithmetization.exposed`. */
  readonly exposed: readonly ExtensionElement[];
}

/**
 * The auxiliary columns for given challenges. Compiled on an engine that runs WebAssembly, but for what `fillAuxiliary` of the table computes;
 * else what `completeArithmetization` gives.
 *
 * @param committed - gives the main columns, those of helpers included, where they need not be filled once more from the trace.
 * @throws `FIELD_DIVISION_BY_ZERO` if a tuple hits the random offset.
 */
export function fillAuxiliaryColumns(
  engine: FieldEngine,
  arithmetization: Arithmetization,
  trace: Trace,
  challenges: readonly ExtensionElement[],
  field: ExtensionField,
  committed: () => Matrix = () => fillMainColumns(engine, arithmetization, trace),
): AuxiliaryColumns {
  const { rows } = trace;
  const { table, names, busSums } = arithmetization;
  if (!(engine instanceof WasmEngine)) {
    const full = completeArithmetization(arithmetization, extendTrace(arithmetization, trace), challenges, field);
    const { terminal, exposed } = full;
    return { auxiliary: elementsToMatrix(engine, rows, full.auxiliary), terminal, exposed };
  }
  const own = challenges.slice(0, table.challenges.length);
  const declared = table.fill(trace, own, field, 'recurrences');
  const auxiliary = engine.reserve(rows, 3 * names.auxiliary.length);
  return engine.scope(() => {
    const words = auxiliary.view();
    declared.forEach((elements, index) => {
      elements.forEach((element, row) => {
        for (let power = 0; power < 3; power++) words[rows * (3 * index + power) + row] = element[power]!;
      });
    });
    const isEmpty = names.auxiliary.length === 0;
    const sums = fillFor(engine, arithmetization).fillAuxiliary(auxiliary, {
      // Made once more rather than kept since they were committed to, when polynomials took their place.
      main: isEmpty ? engine.allocate(rows, 0) : committed(),
      preprocessed: columnsToMatrix(engine, rows, trace.preprocessed),
      publicValues: trace.publicValues,
      challenges,
    });
    const elements =
      table.exposed.length === 0 ? [] : declared.map((_, index) => matrixToElements(auxiliary.column(3 * index, 3)));
    const exposed = table.exposed.length === 0 ? [] : table.expose(trace, elements, own, field);
    let terminal = field.zero;
    busSums.forEach(({ kind }, index) => {
      if (kind === 'terminal') terminal = sums[index]!;
      else exposed.push(sums[index]!);
    });
    return { auxiliary, terminal, exposed };
  });
}
