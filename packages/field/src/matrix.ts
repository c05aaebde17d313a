import { FieldError } from './errors.ts';
import { canonical } from './goldilocks.ts';

/** Where the words of matrices live. The buffer may be replaced when a memory grows. */
export interface Storage {
  readonly buffer: ArrayBuffer | SharedArrayBuffer;
}

/** One allocation; the matrices on it share it. */
export interface Allocation {
  readonly storage: Storage;
  readonly address: number;
  released: boolean;
  readonly free: () => void;
}

/**
 * A column-major table of canonical field elements, 64-bit little-endian words: a vector if it has one column, a
 * vector over an extension of degree d if it has d.
 *
 * Created by an engine, which also releases it. `column` and `slice` give views on the same words.
 */
export class Matrix {
  readonly rows: number;
  readonly columns: number;
  /** Byte address of the first word in the engine's memory; kernels take it. */
  readonly address: number;
  readonly #allocation: Allocation;
  readonly #owner: boolean;
  #view: BigUint64Array | undefined;

  /** For engines; users call `engine.allocate` or `engine.from`. */
  constructor(
    allocation: Allocation,
    rows: number,
    columns: number,
    address: number = allocation.address,
    owner = true,
  ) {
    this.#allocation = allocation;
    this.rows = rows;
    this.columns = columns;
    this.address = address;
    this.#owner = owner;
  }

  /** What the matrix lives in; engines compare it with their own. */
  get storage(): Storage {
    if (this.#allocation.released) throw new FieldError('FIELD_RELEASED', 'matrix', 'one in use', 'a released one');
    return this.#allocation.storage;
  }

  /** Whether the matrix has been released. */
  get released(): boolean {
    return this.#allocation.released;
  }

  /** Number of elements. */
  get size(): number {
    return this.rows * this.columns;
  }

  /**
   * The words themselves, column after column. Whoever writes must write canonical elements.
   *
   * Valid until the engine allocates the next time, since its memory may move then.
   */
  view(): BigUint64Array {
    const { buffer } = this.storage;
    if (this.#view?.buffer !== buffer) this.#view = new BigUint64Array(buffer, this.address, this.size);
    return this.#view;
  }

  #index(row: number, column: number): number {
    if (!Number.isInteger(row) || row < 0 || row >= this.rows) {
      throw new FieldError('FIELD_SHAPE', 'row', `an integer in [0, ${String(this.rows)})`, String(row));
    }
    if (!Number.isInteger(column) || column < 0 || column >= this.columns) {
      throw new FieldError('FIELD_SHAPE', 'column', `an integer in [0, ${String(this.columns)})`, String(column));
    }
    return column * this.rows + row;
  }

  /** The element at a place. */
  get(row: number, column = 0): bigint {
    return this.view()[this.#index(row, column)]!;
  }

  /**
   * Sets the element at a place.
   *
   * @throws {@link FieldError} `FIELD_NOT_CANONICAL` outside [0, p).
   */
  set(row: number, value: bigint, column = 0): void {
    this.view()[this.#index(row, column)] = canonical(value);
  }

  /** All elements, column after column. */
  toArray(): bigint[] {
    return Array.from(this.view());
  }

  /**
   * Sets all elements, column after column.
   *
   * @throws {@link FieldError} `FIELD_NOT_CANONICAL` outside [0, p), `FIELD_SHAPE` for another number of values.
   */
  write(values: ArrayLike<bigint>): void {
    if (values.length !== this.size) {
      throw new FieldError('FIELD_SHAPE', 'values', `${String(this.size)} elements`, String(values.length));
    }
    const view = this.view();
    for (let i = 0; i < values.length; i++) view[i] = canonical(values[i]!);
  }

  /** A view on `count` neighbouring columns. */
  column(first: number, count = 1): Matrix {
    if (
      !Number.isInteger(first) ||
      !Number.isInteger(count) ||
      first < 0 ||
      count < 0 ||
      first + count > this.columns
    ) {
      throw new FieldError(
        'FIELD_SHAPE',
        'columns',
        `a range within ${String(this.columns)}`,
        `${String(first)} + ${String(count)}`,
      );
    }
    return new Matrix(this.#allocation, this.rows, count, this.address + 8 * this.rows * first, false);
  }

  /** A view on the rows from `start` to before `end` of a matrix of one column. */
  slice(start: number, end?: number): Matrix {
    end ??= this.rows;
    if (
      this.columns !== 1 ||
      !Number.isInteger(start) ||
      !Number.isInteger(end) ||
      start < 0 ||
      end < start ||
      end > this.rows
    ) {
      throw new FieldError(
        'FIELD_SHAPE',
        'slice',
        `a range within ${String(this.rows)} rows of one column`,
        `[${String(start)}, ${String(end)})`,
      );
    }
    return new Matrix(this.#allocation, end - start, 1, this.address + 8 * start, false);
  }

  /** The same words with another number of rows per column. */
  reshape(rows: number, columns: number): Matrix {
    if (rows * columns !== this.size) {
      throw new FieldError(
        'FIELD_SHAPE',
        'reshape',
        `${String(this.size)} elements`,
        `${String(rows)} × ${String(columns)}`,
      );
    }
    return new Matrix(this.#allocation, rows, columns, this.address, false);
  }

  /** Gives the words back to the engine; views on them become unusable. On a view it does nothing. */
  release(): void {
    if (!this.#owner || this.#allocation.released) return;
    this.#allocation.released = true;
    this.#view = undefined;
    this.#allocation.free();
  }
}
