import { BaseError } from '@commute/errors';

/** Codes of the errors this package throws; part of the public API. */
export type DiskErrorCode =
  /** An argument is outside its range. */
  'DISK_RANGE';

/** A mistake of the caller. `context` has `name`, `expected` and `got`. */
export class DiskError extends BaseError<DiskErrorCode, { name: string; expected: string; got: string }> {
  constructor(name: string, expected: string, got: string) {
    super('DISK_RANGE', `${name}: expected ${expected}, got ${got}`, { name, expected, got });
  }
}
