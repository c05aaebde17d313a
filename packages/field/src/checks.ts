import { FieldError } from './errors.ts';
import { type CosetPoints } from './engine.ts';
import { canonical, logOfPowerOfTwo, rootOfUnity } from './goldilocks.ts';
import { type Matrix, type Storage } from './matrix.ts';

const shape = (matrix: Matrix): string => `${String(matrix.rows)} × ${String(matrix.columns)}`;

/** Throws `FIELD_RELEASED` unless all matrices are in use and belong to `owns`. */
export function assertOwned(owns: (storage: Storage) => boolean, ...matrices: readonly Matrix[]): void {
  for (const matrix of matrices) {
    if (!owns(matrix.storage)) {
      throw new FieldError('FIELD_RELEASED', 'matrix', 'one of this engine', 'one of another');
    }
  }
}

/** Throws `FIELD_SHAPE` unless all matrices have the shape of the first. */
export function assertSameShape(first: Matrix, ...others: readonly Matrix[]): void {
  for (const other of others) {
    if (other.rows !== first.rows || other.columns !== first.columns) {
      throw new FieldError('FIELD_SHAPE', 'operand', shape(first), shape(other));
    }
  }
}

/** Throws `FIELD_SHAPE` unless the matrix has this shape. */
export function assertShape(name: string, matrix: Matrix, rows: number, columns: number): void {
  if (matrix.rows !== rows || matrix.columns !== columns) {
    throw new FieldError('FIELD_SHAPE', name, `${String(rows)} × ${String(columns)}`, shape(matrix));
  }
}

/** Throws `FIELD_SHAPE` for a number of rows or columns that no matrix can have. */
export function assertSize(rows: number, columns: number): void {
  for (const [name, value] of [
    ['rows', rows],
    ['columns', columns],
  ] as const) {
    if (!Number.isInteger(value) || value < 0 || value > 2 ** 40) {
      throw new FieldError('FIELD_SHAPE', name, 'an integer in [0, 2^40]', String(value));
    }
  }
}

/** Throws `FIELD_SHAPE` where the words of two matrices overlap. */
export function assertDisjoint(name: string, a: Matrix, b: Matrix): void {
  if (a.storage === b.storage && a.address < b.address + 8 * b.size && b.address < a.address + 8 * a.size) {
    throw new FieldError('FIELD_SHAPE', name, 'separate matrices', 'overlapping ones');
  }
}

/** The logarithms of a low-degree extension's rows before and after. @throws `FIELD_SHAPE`, `FIELD_SIZE` */
export function extensionLogs(out: Matrix, a: Matrix): { readonly log: number; readonly outLog: number } {
  const log = logOfPowerOfTwo(a.rows, 'rows');
  const outLog = logOfPowerOfTwo(out.rows, 'rows');
  if (outLog < log || out.columns !== a.columns) {
    throw new FieldError('FIELD_SHAPE', 'out', `at least ${shape(a)}`, shape(out));
  }
  assertDisjoint('out', out, a);
  return { log, outLog };
}

/** Throws `FIELD_DIVISION_BY_ZERO` for a coset shift of zero. */
export function assertShift(shift: bigint): void {
  if (shift === 0n) throw new FieldError('FIELD_DIVISION_BY_ZERO', 'shift', 'an element other than zero', '0');
}

/** The logarithms of how many parts interleaved polynomials have, and of the rows of a part. @throws `FIELD_SIZE`, `FIELD_SHAPE` */
export function interleavedLogs(a: Matrix, parts: number): { readonly logParts: number; readonly log: number } {
  const logParts = logOfPowerOfTwo(parts, 'parts');
  const log = logOfPowerOfTwo(a.rows, 'rows') - logParts;
  if (log < 0) throw new FieldError('FIELD_SHAPE', 'rows', `at least ${String(parts)}`, String(a.rows));
  return { logParts, log };
}

/** Throws `FIELD_SHAPE` unless the parts are such whose values fit into blocks of `out`. */
export function assertParts(out: Matrix, parts: readonly (Matrix | undefined)[], rows: number): void {
  for (const part of parts) {
    if (part === undefined) continue;
    assertShape('part', part, rows, out.columns);
    assertDisjoint('out', out, part);
  }
}

/** Throws unless points are such of a coset for columns of so many rows. @throws `FIELD_SIZE`, `FIELD_SHAPE`, `FIELD_DIVISION_BY_ZERO` */
export function assertPoints(rows: number, { shift, blowup, numbers }: CosetPoints): void {
  logOfPowerOfTwo(rows, 'rows');
  logOfPowerOfTwo(blowup, 'blowup');
  rootOfUnity(logOfPowerOfTwo(rows * blowup, 'points'));
  assertShift(canonical(shift, 'shift'));
  const wrong = numbers.find((number) => !Number.isInteger(number) || number < 0 || number >= rows * blowup);
  if (wrong !== undefined) {
    throw new FieldError('FIELD_SHAPE', 'number', `an integer in [0, ${String(rows * blowup)})`, String(wrong));
  }
}
