import { BaseError } from '@commute/errors';

/** Codes of the errors this package throws; part of the public API. */
export type CommitmentErrorCode =
  /** Matrices, indices or elements do not fit together. */
  | 'COMMIT_SHAPE'
  /** A number is outside its range. */
  | 'COMMIT_RANGE'
  /** Parameters prove less security than was asked for. */
  | 'COMMIT_SECURITY'
  /** A committed tree was used after its release. */
  | 'COMMIT_RELEASED';

/** A mistake of the caller. `context` has `name`, `expected` and `got`. */
export class CommitmentError extends BaseError<CommitmentErrorCode, { name: string; expected: string; got: string }> {
  constructor(code: CommitmentErrorCode, name: string, expected: string, got: string) {
    super(code, `${name}: expected ${expected}, got ${got}`, { name, expected, got });
  }
}
