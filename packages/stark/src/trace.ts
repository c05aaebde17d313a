/**
 * Traces: the cells of a table, column after column.
 *
 * @module
 */
import { canonical, isCanonical, logOfPowerOfTwo } from '@commute/field';
import { cellsFrom, type CellsOf, columnNames, type ColumnRecord, flattenCells, flattenColumns } from './columns.ts';
import { StarkError } from './errors.ts';
import { type Table } from './table.ts';

/**
 * The cells of a column, canonical elements from the first row to the last. Typed columns go to the prover without a bigint per
 * cell; write them through a `Uint32Array` on their buffer, low half first, where that is quicker.
 */
export type ColumnCells = readonly bigint[] | BigUint64Array;

/** The cells of a table's main and preprocessed columns, and its public values. */
export interface Trace {
  /** Height, a power of two. */
  readonly rows: number;
  /** `rows` canonical elements per column. */
  readonly main: readonly ColumnCells[];
  readonly preprocessed: readonly ColumnCells[];
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

/** What {@link traceFromColumns} takes. */
export interface TraceColumns<M extends ColumnRecord, P extends ColumnRecord, V extends string> {
  /** All of one length, a power of two. */
  readonly main: CellsOf<M, ColumnCells>;
  /** May be left out for a table without preprocessed columns. */
  readonly preprocessed?: CellsOf<P, ColumnCells>;
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
  E extends string,
>(
  table: Table<M, A, P, V, C, E>,
  rows: TraceRows<M, P, V>,
): { readonly table: Table<M, A, P, V, C, E>; readonly trace: Trace } {
  const { name, columns } = table;
  const trace: Trace = {
    rows: rows.main.length,
    main: transpose(`${name}.main`, columns.main, rows.main),
    preprocessed: transpose(`${name}.preprocessed`, columns.preprocessed, rows.preprocessed ?? []),
    publicValues: listPublicValues(table, rows.publicValues),
  };
  assertTrace(table, trace);
  return { table, trace };
}

function listPublicValues(table: Table, values: Readonly<Record<string, bigint>> = {}): bigint[] {
  return table.publicValues.map((each) => {
    const value = values[each];
    if (value === undefined) throw new StarkError('STARK_TRACE', `${table.name}.publicValues`, each, 'nothing');
    return value;
  });
}

/**
 * Columns of zeros in typed memory, by name: where a machine writes its trace for {@link traceFromColumns}.
 *
 * @param record - the columns of one area of a table.
 */
export function allocateColumns<R extends ColumnRecord>(record: R, rows: number): CellsOf<R, BigUint64Array> {
  return cellsFrom<R, BigUint64Array>(record, () => new BigUint64Array(rows));
}

/**
 * A trace from whole columns, which are not copied: leave them unchanged while the trace is in use.
 *
 * @throws {@link StarkError} `STARK_TRACE` unless lengths are a power of two, the same for all, cells canonical, and names those of
 *   the table.
 * @example
 * ```ts
 * import { allocateColumns, checkTraces, column, defineTable, traceFromColumns } from '@commute/stark';
 * const table = defineTable({ name: 'counter', columns: { main: { value: column() } },
 *   eval: ({ main: { current, next }, onTransition }) => {
 *     onTransition.assertEqual('counts', next.value, current.value.add(1));
 *   } });
 * const main = allocateColumns(table.columns.main, 1024);
 * const words = new Uint32Array(main.value.buffer); // two for each cell, the low one first
 * for (let row = 0; row < 1024; row++) words[2 * row] = row;
 * if (!checkTraces([traceFromColumns(table, { main })]).ok) throw new Error('unreachable');
 * ```
 */
export function traceFromColumns<
  M extends ColumnRecord,
  A extends ColumnRecord,
  P extends ColumnRecord,
  V extends string,
  C extends string,
  E extends string,
>(
  table: Table<M, A, P, V, C, E>,
  given: TraceColumns<M, P, V>,
): { readonly table: Table<M, A, P, V, C, E>; readonly trace: Trace } {
  const { name, columns } = table;
  const main = flattenColumns<ColumnCells>(`${name}.main`, columns.main, given.main);
  const trace: Trace = {
    rows: main[0]!.length,
    main,
    preprocessed: flattenColumns<ColumnCells>(`${name}.preprocessed`, columns.preprocessed, given.preprocessed ?? {}),
    publicValues: listPublicValues(table, given.publicValues),
  };
  assertTrace(table, trace);
  return { table, trace };
}

/** The first cell that is no canonical element. */
function findNonCanonical(cells: ColumnCells): bigint | undefined {
  if (!(cells instanceof BigUint64Array)) return cells.find((value) => !isCanonical(value));
  const words = new Uint32Array(cells.buffer, cells.byteOffset, 2 * cells.length);
  // p - 1 is 2^64 - 2^32: words beyond it have all upper bits set, and a lower one besides.
  for (let at = 1; at < words.length; at += 2) {
    if (words[at] === 0xffffffff && words[at - 1] !== 0) return cells[at >>> 1];
  }
  return undefined;
}

/**
 * Checks the shape of a trace: height, numbers of columns and of public values, canonical elements.
 *
 * @throws {@link StarkError} `STARK_TRACE`
 */
export function assertTrace(table: Table, trace: Trace): void {
  assertTraceBut(table, trace, () => false);
}

/** {@link assertTrace}, but for the cells of some main columns. */
export function assertTraceBut(table: Table, trace: Trace, isSpared: (cells: ColumnCells) => boolean): void {
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
      if (area === 'main' && isSpared(values)) return;
      const wrong = findNonCanonical(values);
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
