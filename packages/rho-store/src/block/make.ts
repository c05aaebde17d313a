import { ZERO_HASH } from '../bytes.ts';
import { StoreArgumentError } from '../errors.ts';
import type { SideChanges } from '../history/history-store.ts';
import type { RhoSpace, SpaceCommit } from '../space/rho-space.ts';
import { blockHash, encodeBlock, type Block, type LoggedBlock } from './block.ts';
import { lastBlock } from './chain.ts';
import { encodeDeploy, type Deploy } from './deploy.ts';
import { refusalOf } from './examine.ts';
import { noRoom, Party, refusedOutcome, type DeployOutcome, type PlayOptions } from './play.ts';

/** A block that is to be made. */
export interface BlockDraft {
  readonly deploys: readonly Deploy[];
  /** What `rho:block:data` answers, in milliseconds since 1970; in `[0, 2^53)`. */
  readonly timestamp: number;
  /** Public key of whoever makes it; empty if absent. */
  readonly sender?: Uint8Array;
  /** Number of the block if it is the first of its chain; 1 unless told, 0 for what a network begins with, which may be without deploys. */
  readonly first?: 0 | 1;
  /** Most bytes of the block with its log; any number unless told. */
  readonly maximumBytes?: number;
}

/** What came of making a block. */
export interface MadeBlock {
  /** In the order of the draft, with those that were refused. */
  readonly outcomes: readonly DeployOutcome[];
  /** The block and its commit; `undefined` if all deploys were refused, so that nothing was committed. */
  readonly made: { readonly block: Block; readonly hash: Uint8Array; readonly commit: SpaceCommit } | undefined;
}

const NO_SENDER: Uint8Array = /* @__PURE__ */ new Uint8Array(0);
/** Bytes of a block without deploys, sender and log, and of the lengths around it. */
const HEADER_BYTES = 96;
/** Bytes of the lengths around a deploy and its events, and of their number. */
const DEPLOY_OVERHEAD = 16;

/** Runs deploys on the version that is open, leaves what they did pending and gives the block that they make. */
function playDraft(
  space: RhoSpace,
  draft: BlockDraft,
  options: PlayOptions,
): { readonly outcomes: DeployOutcome[]; readonly block: Block } {
  if (space.pending > 0) throw new StoreArgumentError('space', 'nothing pending', `${String(space.pending)} events`);
  const last = lastBlock(space);
  if (space.history.trie.head > 0 && last === undefined)
    throw new StoreArgumentError('space', 'a block as the version that is open', 'a commit that is none');
  const { timestamp, sender = NO_SENDER, first = 1, maximumBytes = Infinity } = draft;
  const number = last === undefined ? first : last.block.number + 1;
  const place = { parent: last?.hash ?? ZERO_HASH, number, timestamp, sender };
  const party = new Party(space, place, options);
  const outcomes: DeployOutcome[] = [];
  const deploys: Deploy[] = [];
  const events: number[] = [];
  const room = maximumBytes - HEADER_BYTES - sender.length;
  let left = room;
  for (const [index, deploy] of draft.deploys.entries()) {
    const start = space.pending;
    const back = space.checkpoint();
    let outcome = party.play(deploy, index);
    if (outcome.refused.length === 0 && maximumBytes !== Infinity) {
      const size = encodeDeploy(deploy).length + space.logSince(start).length + DEPLOY_OVERHEAD;
      if (size > left) {
        back();
        const message = `log: expected at most ${String(room)} bytes with its deploy, got ${String(size)}`;
        outcome = refusedOutcome(
          deploy,
          size > room ? refusalOf('block', 'too-large', message, deploy.file) : noRoom(deploy, 'bytes'),
        );
      } else left -= size;
    }
    outcomes.push(outcome);
    if (outcome.refused.length > 0) continue;
    deploys.push(deploy);
    events.push(space.pending - start);
    party.stands(deploy);
  }
  options.onPlayed?.(
    space,
    Array.from({ length: space.pending }, (_, index) => index),
  );
  return { outcomes, block: { ...place, deploys, events, merged: undefined } };
}

/**
 * Runs deploys and commits what they did as a block on the version that is open. Deploys that are refused or fail are left out.
 *
 * @param side - records of the caller's own for the same transaction.
 * @throws StoreArgumentError if something is pending in the space, or the version that is open is not a block.
 * @throws StoreStaleError, StoreWriteError as a commit does; what was run is dropped then.
 * @example
 * ```ts
 * import { createMemoryKeyValue, makeBlock, replayBlock, RhoSpace, unsignedDeploy } from '@commute/rho-store';
 * const space = new RhoSpace(createMemoryKeyValue());
 * const source = 'new out(`rho:io:stdout`) in { out!("hello") }';
 * const deploy = unsignedDeploy({ source, file: 'a.rho', timestamp: 0, after: 0, tokens: 9, tokensFor: undefined });
 * const { outcomes, made } = makeBlock(space, { deploys: [deploy], timestamp: 0 });
 * if (outcomes[0]?.output[0]?.text !== '"hello"' || made === undefined) throw new Error('unexpected output');
 * if (!replayBlock(space, made.commit.number).ok) throw new Error('not the same');
 * ```
 */
export function makeBlock(
  space: RhoSpace,
  draft: BlockDraft,
  options: PlayOptions = {},
  side: SideChanges = {},
): MadeBlock {
  const { head } = space.history.trie;
  try {
    const { outcomes, block } = playDraft(space, draft, options);
    if (block.deploys.length === 0 && block.number > 0) {
      space.goTo(head);
      return { outcomes, made: undefined };
    }
    const commit = space.commit(encodeBlock(block), side);
    return { outcomes, made: { block, hash: blockHash(commit), commit } };
  } catch (error) {
    space.goTo(head);
    throw error;
  }
}

/** What a block would do: the block with its log, which others can check, merge and follow. */
export interface TriedBlock extends LoggedBlock {
  /** In the order of the draft, with those that are refused. */
  readonly outcomes: readonly DeployOutcome[];
}

/**
 * Runs deploys on the version that is open and takes everything back: what they would do there.
 *
 * @throws StoreArgumentError as {@link makeBlock} does.
 * @example
 * ```ts
 * import { compareLogs, createMemoryKeyValue, RhoSpace, tryBlock, unsignedDeploy } from '@commute/rho-store';
 * const space = new RhoSpace(createMemoryKeyValue());
 * const logOf = (source: string): Uint8Array => {
 *   const deploy = unsignedDeploy({ source, file: 'a.rho', timestamp: 0, after: 0, tokens: 9, tokensFor: undefined });
 *   return tryBlock(space, { deploys: [deploy], timestamp: 0 }).log;
 * };
 * const compared = compareLogs(space.history, [logOf('@"a"!(1)'), logOf('for (@x <- @"a") { Nil }')]);
 * if (!compared.ok || !compared.conflict) throw new Error('expected a conflict');
 * ```
 */
export function tryBlock(space: RhoSpace, draft: BlockDraft, options: PlayOptions = {}): TriedBlock {
  const revert = space.checkpoint();
  try {
    const { outcomes, block } = playDraft(space, draft, options);
    return { outcomes, block, log: space.logSince(0) };
  } finally {
    revert();
  }
}
