/**
 * Columns as typed records: names with one column or several, never positions.
 *
 * @module
 */
import { StarkError } from './errors.ts';

/** One column. */
export interface Column {
  readonly kind: 'column';
  /** What its cells mean, for reports. */
  readonly description: string;
}

/** Several columns of one meaning, such as the bits of a word. */
export interface ColumnGroup {
  readonly kind: 'columns';
  readonly count: number;
  readonly description: string;
}

/** The columns of one area, by name. */
export type ColumnRecord = Readonly<Record<string, Column | ColumnGroup>>;

/** For each name of a record one `T`, or a list of them for a group. */
export type CellsOf<R extends ColumnRecord, T> = {
  readonly [K in keyof R]: R[K] extends ColumnGroup ? readonly T[] : T;
};

/** Declares a column. */
export function column(description = ''): Column {
  return { kind: 'column', description };
}

/** Declares `count` columns under one name. @throws {@link StarkError} `STARK_TABLE` unless `count` is in [1, 4096]. */
export function columns(count: number, description = ''): ColumnGroup {
  if (!Number.isInteger(count) || count < 1 || count > 4096) {
    throw new StarkError('STARK_TABLE', 'count', 'an integer in [1, 4096]', String(count));
  }
  return { kind: 'columns', count, description };
}

/** The name of each column of a record in order, members of a group as `name[i]`. */
export function columnNames(record: ColumnRecord): string[] {
  return Object.entries(record).flatMap(([name, entry]) =>
    entry.kind === 'column' ? [name] : Array.from({ length: entry.count }, (_, i) => `${name}[${String(i)}]`),
  );
}

/** A record of cells from a function that gives each column's. */
export function cellsFrom<R extends ColumnRecord, T>(record: R, cell: (index: number) => T): CellsOf<R, T> {
  let index = 0;
  return Object.fromEntries(
    Object.entries(record).map(([name, entry]) => [
      name,
      entry.kind === 'column' ? cell(index++) : Array.from({ length: entry.count }, () => cell(index++)),
    ]),
  ) as CellsOf<R, T>;
}

/**
 * The cells of a record in the order of {@link columnNames}.
 *
 * @throws {@link StarkError} `STARK_TRACE` for a name that is missing or too much, or a list of another length.
 */
export function flattenCells<T>(name: string, record: ColumnRecord, cells: Readonly<Record<string, unknown>>): T[] {
  for (const key of Object.keys(cells)) {
    if (!Object.hasOwn(record, key)) throw new StarkError('STARK_TRACE', name, 'the columns of the table', key);
  }
  return Object.entries(record).flatMap(([key, entry]) => {
    const value = cells[key];
    if (entry.kind === 'column') {
      if (value === undefined || Array.isArray(value)) {
        throw new StarkError('STARK_TRACE', `${name}.${key}`, 'one cell', value === undefined ? 'none' : 'a list');
      }
      return [value as T];
    }
    if (!Array.isArray(value) || value.length !== entry.count) {
      const got = Array.isArray(value) ? String(value.length) : typeof value;
      throw new StarkError('STARK_TRACE', `${name}.${key}`, `${String(entry.count)} cells`, got);
    }
    return value as T[];
  });
}

/** {@link flattenCells} for cells that are whole columns, which may be arrays themselves: the record tells them from groups. */
export function flattenColumns<T>(name: string, record: ColumnRecord, cells: Readonly<Record<string, unknown>>): T[] {
  const boxed = Object.fromEntries(
    Object.entries(cells).map(([key, value]) => [
      key,
      Object.hasOwn(record, key) && record[key]!.kind === 'columns' && Array.isArray(value)
        ? value.map((column: unknown) => ({ column }))
        : value === undefined
          ? undefined
          : { column: value },
    ]),
  );
  return flattenCells<{ readonly column: T }>(name, record, boxed).map(({ column: each }) => each);
}
