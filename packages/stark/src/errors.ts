import { BaseError } from '@commute/errors';

/** Codes of the errors this package throws; part of the public API. */
export type StarkErrorCode =
  /** A table is declared wrongly: a name twice, no columns, a bus with tuples of several lengths. */
  | 'STARK_TABLE'
  /** A term of another builder, or something that is no term, entered a constraint. */
  | 'STARK_TERM'
  /** A cell of the next row is read where there is none, or where it would be the first row. */
  | 'STARK_NEXT_ROW'
  /** A trace does not fit its table. */
  | 'STARK_TRACE'
  /** Constraints cannot be brought to the degree that is asked for. */
  | 'STARK_DEGREE';

/** A mistake of the caller. `context` has `name`, `expected` and `got`. */
export class StarkError extends BaseError<StarkErrorCode, { name: string; expected: string; got: string }> {
  constructor(code: StarkErrorCode, name: string, expected: string, got: string) {
    super(code, `${name}: expected ${expected}, got ${got}`, { name, expected, got });
  }
}
