import type { ConflictingUnits, KeyValueStore, MergeUnit } from '@commute/rho-store';
import type { Network } from './network.ts';
import type { TransferOptions } from './transfer/options.ts';

/** Which of the units that conflict a member wants to stand, by hash; `own` tells the ones that it proposed itself. */
export type Voter = (
  units: readonly (MergeUnit & { readonly own: boolean })[],
  pairs: readonly ConflictingUnits[],
) => readonly Uint8Array[];

/** Votes for the units that the member itself proposed. */
export const voteForOwn: Voter = (units, pairs) => {
  const clashing = new Set(pairs.flatMap((pair) => pair.units));
  return units.filter((one, index) => one.own && clashing.has(index)).map((one) => one.hash);
};

/** What a node is made of. */
export interface NodeOptions {
  /** New, or that of the same node. Must not be written by anything else. */
  readonly store: KeyValueStore;
  readonly network: Network;
  /** Ed25519 secret key of a member, 32 bytes; without it the node follows what the members say, and says nothing itself. */
  readonly secretKey?: Uint8Array;
  /** Milliseconds since 1970; the clock of the machine unless told. */
  readonly now?: () => number;
  /** Milliseconds that a round waits for members that are silent, at first; 2,000 unless told. Members may differ. */
  readonly patience?: number;
  /** Votes for its own units unless told. Asked only in a network that decides by votes, and only about conflicts. */
  readonly vote?: Voter;
  /** What a block holds at most, in deploys; 1,000 unless told. */
  readonly maximumDeploys?: number;
  /**
   * Closed rounds of which at least all is kept that others need to catch up, from 1; all unless told. At most twice as many are kept. A node that is further behind than
   * all others keep fetches the state instead.
   */
  readonly keepRounds?: number;
  /**
   * How the state is fetched after a round that others keep, if they keep those no more that this node needs; `false` to wait for one that does. What this node has of the rounds before is forgotten then, but for
   * the histories of keys.
   */
  readonly transfer?: TransferOptions | false;
}

/** How a program becomes a deploy. */
export interface NodeDeployOptions {
  /** Secret key of secp256k1 to sign with; unsigned unless told. */
  readonly secretKey?: Uint8Array;
  /** Name of the source, for people. */
  readonly file?: string;
  /** Tokens that pay for its reductions; not metered unless told. */
  readonly tokens?: number;
}
