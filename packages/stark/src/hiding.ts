/**
 * Zero knowledge: random polynomials, columns and messages under which a proof hides its traces.
 *
 * What is random, how much of it, and why that is enough is written down in ZERO-KNOWLEDGE.md of this package.
 *
 * @module
 */
import { type FieldEngine, type Matrix, MODULUS, negate, add, subtract } from '@commute/field';
import { StarkError } from './errors.ts';
import { constraintsOf } from './symbolic.ts';
import { type Table } from './table.ts';
import { type ColumnCells, type Trace } from './trace.ts';

/** Random coefficients of each polynomial. */
export interface Hiding {
  /** Of a column of a trace, in multiples of the zerofier of its rows. */
  readonly column: number;
  /** Of a piece of a quotient, moved from each piece to the one before. */
  readonly piece: number;
}

/** Fills bytes with random ones that nobody can predict. */
export type RandomBytes = (bytes: Uint8Array<ArrayBuffer>) => void;

/** Random polynomials among the main columns of each height: they make up one over the extension that covers the low-degree test. */
export const COVER_COLUMNS = 3;
/** Random polynomials in each leaf of a tree: without them a leaf of few columns could be guessed. */
export const SALT_COLUMNS = 3;
/** Columns of multiplicities of random messages, which cover the sum of a table: as many as its coefficients. */
const SUM_COLUMNS = 3;
const BUS = 'zero knowledge';

/**
 * The randomness that covers what a proof opens: a column at the rows of all queries and of the rows next to them, which the quotient depends on,
 * and at two points of the extension; a piece at the rows of the queries and one such point.
 */
export function hidingFor(queries: number, extensionDegree: number): Hiding {
  return { column: 2 * (queries + extensionDegree), piece: queries + extensionDegree };
}

/** log2 of the coefficients that the polynomials of a table have room for. */
export function committedLogRows(hiding: Hiding | undefined, logRows: number): number {
  if (hiding === undefined) return logRows;
  return Math.ceil(Math.log2(2 ** logRows + hiding.column + hiding.piece));
}

/** Random elements of the field, by rejection. */
export function randomElements(random: RandomBytes, count: number): BigUint64Array<ArrayBuffer> {
  const elements = new BigUint64Array(count);
  const bytes = new Uint8Array(elements.buffer);
  random(bytes);
  for (let at = 0; at < count; at++) {
    while (elements[at]! >= MODULUS) random(bytes.subarray(8 * at, 8 * at + 8));
  }
  return elements;
}

/** The system's source of randomness. */
export function secureRandomBytes(bytes: Uint8Array<ArrayBuffer>): void {
  const most = 65_536;
  for (let at = 0; at < bytes.length; at += most) crypto.getRandomValues(bytes.subarray(at, at + most));
}

/**
 * The coefficients of columns: of p + r·(x^n - 1), with p the polynomial of the column's n values and r a random one.
 *
 * @param values - n rows; unspecified afterwards.
 * @param rows - of the result.
 * @param count - coefficients of r.
 */
export function hideColumns(
  engine: FieldEngine,
  values: Matrix,
  rows: number,
  count: number,
  random: RandomBytes,
): Matrix {
  const result = engine.allocate(rows, values.columns);
  engine.interpolateInPlace(values);
  const [from, to] = [values.view(), result.view()];
  for (let column = 0; column < values.columns; column++) {
    const start = rows * column;
    to.set(from.subarray(values.rows * column, values.rows * (column + 1)), start);
    randomElements(random, count).forEach((value, power) => {
      to[start + power] = subtract(to[start + power]!, value);
      to[start + values.rows + power] = add(to[start + values.rows + power]!, value);
    });
  }
  return result;
}

/** Random polynomials of full degree. */
export function randomPolynomials(engine: FieldEngine, rows: number, columns: number, random: RandomBytes): Matrix {
  const result = engine.allocate(rows, columns);
  const elements = randomElements(random, rows * columns);
  result.view().set(elements);
  return result;
}

/**
 * Cuts a quotient into other pieces that add up to it: q_i + x^m·r_i - r_{i - 1}, with m coefficients of the quotient each, and random r_i.
 *
 * @param quotient - pieces of as many coefficients as it has rows, three columns each; unspecified afterwards.
 */
export function hidePieces(
  engine: FieldEngine,
  quotient: Matrix,
  { piece: count }: Hiding,
  random: RandomBytes,
): Matrix {
  const { rows } = quotient;
  const result = engine.allocate(rows, quotient.columns);
  const pieces = quotient.columns / 3;
  const length = rows - count;
  const [from, to] = [quotient.view(), result.view()];
  for (let k = 0; k < 3; k++) {
    const whole = new BigUint64Array(rows * pieces);
    for (let piece = 0; piece < pieces; piece++) {
      const start = rows * (3 * piece + k);
      whole.set(from.subarray(start, start + rows), rows * piece);
    }
    let before = new BigUint64Array(count);
    for (let piece = 0; piece < pieces; piece++) {
      const start = rows * (3 * piece + k);
      to.set(whole.subarray(length * piece, length * (piece + 1)), start);
      before.forEach((value, power) => {
        to[start + power] = subtract(to[start + power]!, value);
      });
      if (piece === pieces - 1) break;
      before = randomElements(random, count);
      to.set(before, start + length);
    }
  }
  return result;
}

/** Whether a table has a sum that a proof states. */
function hasSum(table: Table, exposedBuses: readonly string[]): boolean {
  return constraintsOf(table).messages.some(({ bus }) => !exposedBuses.includes(bus));
}

/** Numbers of the tables whose sums say something: none if there is one alone, whose sum the statement determines. */
export function tablesWithSums(tables: readonly Table[], exposedBuses: readonly string[]): number[] {
  const found = tables.flatMap((table, index) => (hasSum(table, exposedBuses) ? [index] : []));
  return found.length > 1 ? found : [];
}

/** The tables with columns whose cells are multiplicities of messages of a bus of their own, where sums say something. */
export function coverSums(tables: readonly Table[], exposedBuses: readonly string[]): readonly Table[] {
  const covered = tablesWithSums(tables, exposedBuses);
  const taken = tables.find((table) => constraintsOf(table).messages.some(({ bus }) => bus === BUS));
  if (taken !== undefined) throw new StarkError('STARK_TABLE', `${taken.name}: bus`, 'another name', BUS);
  return tables.map((table, index) => {
    if (!covered.includes(index)) return table;
    const first = table.names.main.length;
    const added = Array.from({ length: SUM_COLUMNS }, (_, at) => `${BUS}[${String(at)}]`);
    return {
      ...table,
      names: { ...table.names, main: [...table.names.main, ...added] },
      run: (environment): void => {
        table.run(environment);
        added.forEach((_, at) => {
          environment.message(BUS, 'send', [environment.constant(at)], environment.cell('main', first + at, false));
        });
      },
    };
  });
}

/** The traces of {@link coverSums}: the multiplicities are random in the first rows, and cancel. */
export function coverTraces(
  traces: readonly Trace[],
  covered: readonly number[],
  random: RandomBytes,
): readonly Trace[] {
  const totals = new BigUint64Array(SUM_COLUMNS);
  return traces.map((trace, index) => {
    const place = covered.indexOf(index);
    if (place < 0) return trace;
    const values =
      place === covered.length - 1 ? totals.map((total) => negate(total)) : randomElements(random, SUM_COLUMNS);
    const columns = Array.from(values, (value, at): ColumnCells => {
      totals[at] = add(totals[at]!, value);
      const cells = new BigUint64Array(trace.rows);
      cells[0] = value;
      return cells;
    });
    return { ...trace, main: [...trace.main, ...columns] };
  });
}
