import { BaseError } from '@commute/errors';

/** The caller gave something that discovery cannot take. */
export class DiscoveryArgumentError extends BaseError<
  'RHO_DISCOVERY_ARGUMENT_MISMATCH',
  { name: string; expected: string; got: string }
> {
  constructor(name: string, expected: string, got: string) {
    super('RHO_DISCOVERY_ARGUMENT_MISMATCH', `${name}: expected ${expected}, got ${got}`, { name, expected, got });
  }
}
