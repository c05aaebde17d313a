import { BaseError } from '@commute/errors';
import type { Refusal } from '@commute/rho-store';

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

/** A deploy that no block can hold: its program is none, or sends what nobody can observe, or has too few tokens. */
export class DeployRefusedError extends BaseError<'RHO_NODE_DEPLOY_REFUSED', { refused: readonly Refusal[] }> {
  constructor(refused: readonly Refusal[]) {
    const [first] = refused;
    const place = `${first?.file ?? ''}:${String(first?.line)}:${String(first?.column)}`;
    super(
      'RHO_NODE_DEPLOY_REFUSED',
      `deploy: expected one that a block can hold, got ${place}: ${String(first?.message)}`,
      {
        refused,
      },
    );
  }
}
