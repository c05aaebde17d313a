import { BaseError } from '@commute/errors';

/** The caller gave something that a node cannot take. */
export class NodeArgumentError extends BaseError<
  'RHO_NODE_ARGUMENT_MISMATCH',
  { name: string; expected: string; got: string }
> {
  constructor(name: string, expected: string, got: string) {
    super('RHO_NODE_ARGUMENT_MISMATCH', `${name}: expected ${expected}, got ${got}`, { name, expected, got });
  }
}

/** The store belongs to another network, or is not what a node wrote. */
export class NodeStoreError extends BaseError<'RHO_NODE_STORE_MISMATCH', { expected: string; got: string }> {
  constructor(expected: string, got: string) {
    super('RHO_NODE_STORE_MISMATCH', `store: expected ${expected}, got ${got}`, { expected, got });
  }
}
