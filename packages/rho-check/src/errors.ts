import { BaseError } from '@commute/errors';

/** The caller gave something that the checker cannot take. */
export class CheckArgumentError extends BaseError<
  'RHO_CHECK_ARGUMENT_MISMATCH',
  { name: string; expected: string; got: string }
> {
  constructor(name: string, expected: string, got: string) {
    super('RHO_CHECK_ARGUMENT_MISMATCH', `${name}: expected ${expected}, got ${got}`, { name, expected, got });
  }
}
