import type { ConflictingUnits, MergeUnit } from '@commute/rho-store';
import type { OutputLine } from '@commute/rholang';
import type { Deploy } from './deploy.ts';
import type { Equivocation } from './round-book.ts';
import type { Statement } from './statement.ts';

/** Why a member's block counts as empty. */
export type BlockReason =
  | 'malformed'
  | 'other-base'
  /** A deploy is not signed by its deployer. */
  | 'bad-signature'
  /** A deploy is outside of its rounds. */
  | 'out-of-time'
  /** A deploy was accepted before, or stands twice. */
  | 'repeated'
  /** Its deploys take more reductions than a block may. */
  | 'too-costly'
  /** A log is not the log of its deploy. */
  | 'not-replayed';

/** A round that is closed: the same at every node. */
export interface ClosedRound {
  readonly round: number;
  /** Root of the version that the round made, 32 bytes. */
  readonly root: Uint8Array;
  /** Ids of the deploys that it holds. */
  readonly accepted: readonly Uint8Array[];
  /** Ids of the deploys that gave way. Whoever proposed them proposes them again. */
  readonly refused: readonly Uint8Array[];
  /** Blocks that count as empty. */
  readonly invalid: readonly { readonly member: number; readonly reason: BlockReason }[];
  readonly units: readonly MergeUnit[];
  readonly pairs: readonly ConflictingUnits[];
}

/** What a deploy did when this node ran it for its block. What is accepted in the end may be preceded by other deploys. */
export interface RanDeploy {
  readonly id: Uint8Array;
  readonly ok: boolean;
  /** Why it failed. */
  readonly reason: string | undefined;
  readonly message: string;
  readonly comms: number;
  readonly output: readonly OutputLine[];
}

/** What a node tells its listeners. */
export type NodeEvent =
  /** There is a statement to pass on: of this node, or new from another. */
  | { readonly kind: 'statement'; readonly statement: Statement; readonly from: unknown }
  /** This node made its block. */
  | { readonly kind: 'proposed'; readonly round: number; readonly deploys: readonly RanDeploy[] }
  | ({ readonly kind: 'closed' } & ClosedRound)
  /** Deploys of this node gave way; they are in the queue again. */
  | { readonly kind: 'refused'; readonly round: number; readonly deploys: readonly Deploy[] }
  /** Deploys of this node that can no longer be accepted; they left the queue. */
  | { readonly kind: 'expired'; readonly round: number; readonly deploys: readonly Deploy[] }
  /** A member contradicts itself: the round cannot be closed, and the two statements prove why. */
  | ({ readonly kind: 'equivocation'; readonly round: number } & Equivocation);
