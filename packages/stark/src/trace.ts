/**
 * Traces: the cells of a table, column after column.
 *
 * @module
 */
import { canonical, isCanonical, logOfPowerOfTwo } from '@commute/field';
import { type CellsOf, columnNames, type ColumnRecord, flattenCells } from './columns.ts';
import { StarkError } from './errors.ts';
import { type Table } from './table.ts';

/** The cells of a table's main and preprocessed columns, and its public values. */
export interface Trace {
  /** Height, a power of two. */
  readonly rows: number;
  /** One list of `rows` canonical elements per column. */
  readonly main: readonly (readonly bigint[])[];
  readonly preprocessed: readonly (readonly bigint[])[];
  readonly publicValues: readonly bigint[];
}

/** A table with its cells. */
export interface TableTrace {
  readonly table: Table;
  readonly trace: Trace;
}

/** What {@link traceFromRows} takes. */
export interface TraceRows<M extends ColumnRecord, P extends ColumnRecord, V extends string> {
  /** One record per row; their number is a power of two. */
  readonly main: readonly CellsOf<M, bigint>[];
  /** As many; may be left out for a table without preprocessed columns. */
  readonly preprocessed?: readonly CellsOf<P, bigint>[];
  /** May be left out for a table without public values. */
  readonly publicValues?: Readonly<Record<V, bigint>>;
}

function transpose(name: string, record: ColumnRecord, rows: readonly Readonly<Record<string, unknown>>[]): bigint[][] {
  const result: bigint[][] = columnNames(record).map(() => []);
  rows.forEach((row, number) => {
    flattenCells<bigint>(`${name}[${String(number)}]`, record, row).forEach((value, index) => {
      result[index]!.push(canonical(value, `${name}[${String(number)}]`));
    });
  });
  return result;
}

/**
 * A trace from records, one per row.
 *
 * @throws {@link StarkError} `STARK_TRACE` unless the rows are a power of two, records and names those of the table;
 *   `FIELD_NOT_CANONICAL` for a cell outside [0, p).
 * @example
 * ```ts
 * import { column, defineTable, traceFromRows } from '@commute/stark';
 * const table = defineTable({ name: 'bits', columns: { main: { bit: column() } }, eval: (builder) => {
 *   builder.assertBoolean('bit is boolean', builder.main.current.bit);
 * } });
 * const { trace } = traceFromRows(table, { main: [{ bit: 0n }, { bit: 1n }] });
 * if (trace.rows !== 2) throw new Error('unreachable');
 * ```
 */
export function traceFromRows<
  M extends ColumnRecord,
  A extends ColumnRecord,
  P extends ColumnRecord,
  V extends string,
  C extends string,
>(
  table: Table<M, A, P, V, C>,
  rows: TraceRows<M, P, V>,
): { readonly table: Table<M, A, P, V, C>; readonly trace: Trace } {
  const { name, columns } = table;
  const values: Readonly<Record<string, bigint>> = rows.publicValues ?? {};
  const trace: Trace = {
    rows: rows.main.length,
    main: transpose(`${name}.main`, columns.main, rows.main),
    preprocessed: transpose(`${name}.preprocessed`, columns.preprocessed, rows.preprocessed ?? []),
    publicValues: table.publicValues.map((each) => {
      const value = values[each];
      if (value === undefined) throw new StarkError('STARK_TRACE', `${name}.publicValues`, each, 'nothing');
      return value;
    }),
  };
  assertTrace(table, trace);
  return { table, trace };
}

/**
 * Checks the shape of a trace: height, numbers of columns and of public values, canonical elements.
 *
 * @throws {@link StarkError} `STARK_TRACE`
 */
export function assertTrace(table: Table, trace: Trace): void {
  const refuse = (part: string, expected: string, got: string): never => {
    throw new StarkError('STARK_TRACE', `${table.name}.${part}`, expected, got);
  };
  const { rows } = trace;
  if (!Number.isInteger(rows) || rows < 1 || 2 ** Math.round(Math.log2(rows)) !== rows) {
    refuse('rows', 'a power of two', String(rows));
  }
  logOfPowerOfTwo(rows);
  for (const area of ['main', 'preprocessed'] as const) {
    const [expected, got] = [table.names[area].length, trace[area].length];
    if (got !== expected) refuse(area, `${String(expected)} columns`, String(got));
    trace[area].forEach((values, index) => {
      const name = `${area}.${table.names[area][index]!}`;
      if (values.length !== rows) refuse(name, `${String(rows)} cells`, String(values.length));
      const wrong = values.find((value) => !isCanonical(value));
      if (wrong !== undefined) refuse(name, 'canonical elements', String(wrong));
    });
  }
  if (trace.publicValues.length !== table.publicValues.length) {
    refuse('publicValues', String(table.publicValues.length), String(trace.publicValues.length));
  }
  trace.publicValues.forEach((value, index) => {
    if (!isCanonical(value)) refuse(`publicValues.${table.publicValues[index]!}`, 'a canonical element', String(value));
  });
}
