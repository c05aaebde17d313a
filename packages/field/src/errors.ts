import { BaseError } from '@commute/errors';

/** Codes of the errors this package throws; part of the public API. */
export type FieldErrorCode =
  /** A bigint is not a canonical element: not in [0, p). */
  | 'FIELD_NOT_CANONICAL'
  /** Zero has no inverse: a division by zero, points or roots that are not distinct. */
  | 'FIELD_DIVISION_BY_ZERO'
  /** Rows, columns or lengths of the operands do not fit together. */
  | 'FIELD_SHAPE'
  /** A size is not a power of two, or exceeds the 2^32 that the field has roots of unity for. */
  | 'FIELD_SIZE'
  /** The memory cannot grow any further. */
  | 'FIELD_OUT_OF_MEMORY'
  /** A matrix was used after its release, or belongs to another engine. */
  | 'FIELD_RELEASED'
  /** The modulus of an extension is not usable. */
  | 'FIELD_MODULUS'
  /** A worker failed. */
  | 'FIELD_WORKER';

/** A mistake of the caller, or a resource that ran out. `context` has `name`, `expected` and `got`. */
export class FieldError extends BaseError<FieldErrorCode, { name: string; expected: string; got: string }> {
  constructor(code: FieldErrorCode, name: string, expected: string, got: string) {
    super(code, `${name}: expected ${expected}, got ${got}`, { name, expected, got });
  }
}
