import { BaseError } from '@commute/errors';

/** Codes of the errors this package throws; part of the public API. */
export type ContinuationErrorCode =
  /** An argument is outside its range. */
  | 'CONTINUATION_RANGE'
  /** A program cannot be proved as it is. */
  | 'CONTINUATION_PROGRAM';

/** A mistake of the caller. `context` has `name`, `expected` and `got`. */
export class ContinuationError extends BaseError<
  ContinuationErrorCode,
  { name: string; expected: string; got: string }
> {
  constructor(code: ContinuationErrorCode, name: string, expected: string, got: string) {
    super(code, `${name}: expected ${expected}, got ${got}`, { name, expected, got });
  }
}
