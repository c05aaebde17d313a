import { type Table, type TableTrace } from '@commute/stark';
import { ContinuationError } from '../errors.ts';

/** Least number of rows of a table. */
const LEAST_ROWS = 2;

/** The height of a table with this many rows in use: a power of two. */
export function heightFor(rows: number): number {
  return rows <= LEAST_ROWS ? LEAST_ROWS : 2 ** Math.ceil(Math.log2(rows));
}

/** A trace with rows of zeros after its own, where it has fewer than asked. */
export function raiseTrace(given: TableTrace, rows: number): TableTrace {
  const { table, trace } = given;
  if (trace.rows >= rows) return given;
  const raised = ({ main }: typeof trace): BigUint64Array[] =>
    main.map((cells) => {
      const column = new BigUint64Array(rows);
      column.set(cells);
      return column;
    });
  return { table, trace: { ...trace, rows, main: raised(trace) } };
}

/** Columns that were given back, to be written again: memory that was written before is much quicker to write than fresh one. */
export class ColumnPool {
  readonly #free = new Map<number, BigUint64Array[]>();
  readonly #own = new WeakSet<object>();

  /** A column of zeros. */
  take(rows: number): BigUint64Array {
    const known = this.#free.get(rows)?.pop();
    if (known !== undefined) return known.fill(0n);
    const made = new BigUint64Array(rows);
    this.#own.add(made);
    return made;
  }

  /** Takes a column back, if it is one of this pool. */
  give(column: object): void {
    if (!(column instanceof BigUint64Array) || !this.#own.has(column)) return;
    const free = this.#free.get(column.length);
    if (free === undefined) this.#free.set(column.length, [column]);
    else if (!free.includes(column)) free.push(column);
  }
}

let pool: ColumnPool = new ColumnPool();

/** Runs `body`, whose writers take their columns from a pool. */
export function withColumns<T>(from: ColumnPool, body: () => T): T {
  const before = pool;
  pool = from;
  try {
    return body();
  } finally {
    pool = before;
  }
}

/** Writes the main columns of a table into typed memory; cells that are not written are 0. */
export class TraceWriter {
  readonly rows: number;
  readonly #table: Table;
  readonly #columns: readonly BigUint64Array[];

  constructor(table: Table, rows: number) {
    this.rows = rows;
    this.#table = table;
    this.#columns = table.names.main.map(() => pool.take(rows));
  }

  /** The cells of a column; members of a group are `name[i]`. */
  column(name: string): BigUint64Array {
    const index = this.#table.names.main.indexOf(name);
    if (index < 0) throw new ContinuationError('CONTINUATION_RANGE', 'name', `a column of ${this.#table.name}`, name);
    return this.#columns[index]!;
  }

  /** The words of a column, two for each cell, the lower one first. */
  words(name: string): Uint32Array {
    return new Uint32Array(this.column(name).buffer);
  }

  /** The trace with what has been written. */
  trace(preprocessed: readonly BigUint64Array[] = [], publicValues: readonly bigint[] = []): TableTrace {
    return { table: this.#table, trace: { rows: this.rows, main: this.#columns, preprocessed, publicValues } };
  }
}
