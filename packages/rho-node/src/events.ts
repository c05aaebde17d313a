import type { BlockFailure, ConflictingUnits, Deploy, MergeUnit, Refusal } from '@commute/rho-store';
import type { OutputLine } from '@commute/rholang';
import type { Certificate } from './certificate.ts';
import type { Equivocation } from './round-book.ts';
import type { Statement } from './statement.ts';

/** Why a member's block counts as empty. */
export type BlockReason =
  | 'malformed'
  /** It says that somebody else made it. */
  | 'other-sender'
  /** Its deploys take more reductions than a block may. */
  | 'too-costly'
  /** It does not replay; of `refused-deploy`, `refusal` says why. */
  | BlockFailure['reason'];

/** What is wrong with a block. */
export interface InvalidBlock {
  readonly reason: BlockReason;
  readonly detail: string;
  /** Why a deploy of it is refused, if that is the reason. */
  readonly refusal: Refusal | undefined;
}

/** A round that is closed: the same at every node. */
export interface ClosedRound {
  readonly round: number;
  /** Root of the version that the round made, 32 bytes. */
  readonly root: Uint8Array;
  /** Ids of the deploys that it holds. */
  readonly accepted: readonly Uint8Array[];
  /** Ids of the deploys that gave way. Whoever proposed them proposes them again. */
  readonly refused: readonly Uint8Array[];
  /** Members whose blocks are in the round; those of the others came too late, or not at all. */
  readonly members: readonly number[];
  /** Blocks that count as empty. */
  readonly invalid: readonly ({ readonly member: number } & InvalidBlock)[];
  readonly units: readonly MergeUnit[];
  readonly pairs: readonly ConflictingUnits[];
}

/** What a deploy did when this node ran it for its block. What is accepted in the end may be preceded by other deploys. */
export interface RanDeploy {
  readonly id: Uint8Array;
  readonly ok: boolean;
  /** Why it failed: it waits in the queue, and is tried again. */
  readonly reason: string | undefined;
  readonly message: string;
  readonly comms: number;
  readonly output: readonly OutputLine[];
}

/** What a node tells its listeners. */
export type NodeEvent =
  /** There is a statement to pass on: of this node, or new from another. */
  | { readonly kind: 'statement'; readonly statement: Statement; readonly from: unknown }
  /** There is a certificate to pass on, before any statement that follows. */
  | { readonly kind: 'certificate'; readonly certificate: Certificate; readonly from: unknown }
  /** This node made its block. */
  | { readonly kind: 'proposed'; readonly round: number; readonly deploys: readonly RanDeploy[] }
  | ({ readonly kind: 'closed' } & ClosedRound)
  /** A round was closed without the block of this node; its deploys are in the queue still. */
  | { readonly kind: 'missed'; readonly round: number }
  /** Deploys of this node gave way; they are in the queue again. */
  | { readonly kind: 'refused'; readonly round: number; readonly deploys: readonly Deploy[] }
  /** Deploys of this node that can no longer be accepted; they left the queue. */
  | { readonly kind: 'expired'; readonly round: number; readonly deploys: readonly Deploy[] }
  /** Members agree on something that this node did not hear: whoever has it is asked to say it again. */
  | { readonly kind: 'want'; readonly round: number; readonly hash: Uint8Array }
  /** This node fetched the state after a round from others, who keep those before no more, and goes on from there. */
  | { readonly kind: 'transferred'; readonly round: number; readonly root: Uint8Array }
  /** This node forgot the rounds before one, as it was told to. */
  | { readonly kind: 'pruned'; readonly oldest: number }
  /**
   * Another node was asked for the round that is open here, and keeps none before `oldest`. What it keeps is told as soon as this node is there, by way of others or because it fetched
   * the state.
   */
  | { readonly kind: 'forgotten'; readonly round: number; readonly oldest: number; readonly from: unknown }
  /** A member contradicts itself: the two statements prove it. */
  | ({ readonly kind: 'equivocation'; readonly round: number } & Equivocation);
