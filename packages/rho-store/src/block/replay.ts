import { equalBytes, textFromBytes, ZERO_HASH } from '../bytes.ts';
import { StoreArgumentError } from '../errors.ts';
import { encodeLog, type LogEntry } from '../history/event.ts';
import type { CommitInfo, SideChanges } from '../history/history-store.ts';
import type { Decision, MergeUnit } from '../merge/decide.ts';
import { planMerge, type Proposal } from '../merge/merge.ts';
import type { ReplayResult, RhoSpace } from '../space/rho-space.ts';
import { encodeBlock, type Block, type LoggedBlock, type Merging } from './block.ts';
import { blockOf, lastBlock } from './chain.ts';
import type { Refusal } from './examine.ts';
import { originsOf, proposalOf } from './merge.ts';
import { Party, type DeployOutcome, type PlayOptions } from './play.ts';

/** Why a block is not what its log says, or does not belong where it is. */
export type BlockFailure =
  /** The commit is no block, or does not follow the one before. */
  | { readonly ok: false; readonly reason: 'not-a-block' | 'not-in-chain'; readonly detail: string }
  /** The log of the commit was pruned. */
  | { readonly ok: false; readonly reason: 'pruned'; readonly detail: string }
  /** A deploy of the block may not run, or fails. */
  | { readonly ok: false; readonly reason: 'refused-deploy'; readonly detail: string; readonly refusal: Refusal }
  /** A deploy did another number of events than the block says. */
  | { readonly ok: false; readonly reason: 'other-counts'; readonly detail: string }
  /** The parts are not merged as the rules say: what stands conflicts, or something gave way to nothing. */
  | { readonly ok: false; readonly reason: 'other-merge'; readonly detail: string }
  | (Exclude<ReplayResult, { ok: true }> & { readonly detail: string });

/** What came of replaying a block: what each deploy that stands in it did, or the first thing that is wrong. */
export type BlockReplay = { readonly ok: true; readonly outcomes: readonly DeployOutcome[] } | BlockFailure;

/** Says in words what a replay found. */
function explain(result: Exclude<ReplayResult, { ok: true }>): string {
  switch (result.reason) {
    case 'malformed-log':
      return 'the log of the block is damaged';
    case 'unknown-comm':
      return `a reduction that is not in the log: ${result.event}`;
    case 'unused-comms':
      return `reductions of the log that did not happen: ${result.events.join(', ')}`;
    case 'other-events':
      return 'the same reductions, but in another order, or other things wait';
  }
}

/** Leaves a replay whose block is not what it should be; never leaves this file. */
class BlockFailureError extends Error {
  readonly failure: BlockFailure;

  constructor(failure: BlockFailure) {
    super(failure.reason);
    this.failure = failure;
  }
}

/** What is wrong with the place of a block on the version that is open, if something is. */
function misplaced(space: RhoSpace, { number, parent }: Pick<Block, 'number' | 'parent'>): BlockFailure | undefined {
  const reason = 'not-in-chain';
  const last = lastBlock(space);
  if (space.history.trie.head > 0 && last === undefined)
    return { ok: false, reason, detail: 'the commit before carries no block' };
  const numbers = last === undefined ? [0, 1] : [last.block.number + 1];
  if (!numbers.includes(number))
    return { ok: false, reason, detail: `number: expected ${numbers.join(' or ')}, got ${String(number)}` };
  return equalBytes(last?.hash ?? ZERO_HASH, parent)
    ? undefined
    : { ok: false, reason, detail: 'the block before has another hash' };
}

/** Plays the deploys of one party and holds them to a log. Leaves what happened pending if it is the same, and nothing else. */
function playAlone(
  space: RhoSpace,
  { block, log }: LoggedBlock,
  options: PlayOptions,
  placesOf?: (starts: readonly number[], pending: number) => readonly (number | undefined)[],
): BlockReplay {
  const outcomes: DeployOutcome[] = [];
  try {
    const replayed = space.replay(log, () => {
      const party = new Party(space, block, options);
      const starts: number[] = [];
      for (const [index, deploy] of block.deploys.entries()) {
        const start = space.pending;
        starts.push(start);
        const outcome = party.play(deploy, index);
        outcomes.push(outcome);
        const about = `deploy ${String(index)}`;
        const [refusal] = outcome.refused;
        if (refusal !== undefined) {
          const detail = `${about}: ${refusal.message}`;
          throw new BlockFailureError({ ok: false, reason: 'refused-deploy', detail, refusal });
        }
        party.stands(deploy);
        const [count, said] = [space.pending - start, block.events[index]];
        if (count === said) continue;
        const detail = `${about}: expected ${String(said)} events, got ${String(count)}`;
        throw new BlockFailureError({ ok: false, reason: 'other-counts', detail });
      }
      const { pending } = space;
      const places = placesOf?.(starts, pending) ?? Array.from({ length: pending }, (_, index) => index);
      options.onPlayed?.(space, places);
    });
    return replayed.ok ? { ok: true, outcomes } : { ...replayed, detail: explain(replayed) };
  } catch (error) {
    if (error instanceof BlockFailureError) return error.failure;
    throw error;
  }
}

/** Options for a part of a merged block: whoever watches is told positions in the merged block, and nothing of what is not in it. */
function optionsOfPart(part: number, { origins }: Merging, options: PlayOptions): PlayOptions {
  const { onComm, locate } = options;
  const positions = new Map(origins.flatMap((one, index) => (one.part === part ? [[one.deploy, index]] : [])));
  return {
    ...options,
    ...(onComm === undefined
      ? {}
      : {
          onComm: (deploy, comm) => {
            const position = positions.get(deploy);
            if (position !== undefined) onComm(position, comm);
          },
        }),
    ...(locate === undefined
      ? {}
      : {
          locate: (deploy, locations) => {
            const position = positions.get(deploy);
            return position === undefined ? locations : locate(position, locations);
          },
        }),
  };
}

/** Plays the parts of a merged block, each alone, and merges them again. */
function checkMerged(
  space: RhoSpace,
  { block, log }: LoggedBlock,
  merged: Merging,
  options: PlayOptions,
):
  | { readonly ok: true; readonly outcomes: readonly DeployOutcome[]; readonly entries: readonly LogEntry[] }
  | BlockFailure {
  const { parts, origins } = merged;
  if (space.history.trie.head === 0)
    return { ok: false, reason: 'not-in-chain', detail: 'the first block of a chain is merged of others' };
  const ran: (readonly DeployOutcome[])[] = [];
  const proposals: Proposal[] = [];
  const starts: number[] = [];
  let start = 0;
  for (const count of block.events) {
    starts.push(start);
    start += count;
  }
  for (const [index, part] of parts.entries()) {
    const fail = (failure: BlockFailure): BlockFailure => ({
      ...failure,
      detail: `part ${String(index)}: ${failure.detail}`,
    });
    const wrong = misplaced(space, part.block);
    if (wrong !== undefined) return fail(wrong);
    const revert = space.checkpoint();
    const replayed = playAlone(space, part, optionsOfPart(index, merged, options), (own, pending) => {
      const places = new Array<number | undefined>(pending).fill(undefined);
      for (const [position, origin] of origins.entries())
        if (origin.part === index)
          for (let event = 0; event < block.events[position]!; event += 1)
            places[own[origin.deploy]! + event] = starts[position]! + event;
      return places;
    });
    revert();
    if (!replayed.ok) return fail(replayed);
    ran.push(replayed.outcomes);
    const proposal = proposalOf(part);
    if (proposal === undefined)
      return fail({ ok: false, reason: 'malformed-log', detail: explain({ ok: false, reason: 'malformed-log' }) });
    proposals.push(proposal);
  }
  const other = (detail: string): BlockFailure => ({ ok: false, reason: 'other-merge', detail });
  const standing = new Set(
    origins.map(({ part, deploy }) => `${String(part)} ${textFromBytes(proposals[part]!.deploys[deploy]!.id)}`),
  );
  const stands = ({ proposals: from, deploys }: MergeUnit): boolean =>
    from.some((part) => deploys.some((id) => standing.has(`${String(part)} ${textFromBytes(id)}`)));
  // The choice of the block itself, unless the caller knows whose it was.
  const asBlock: Decision = (units) => units.flatMap((unit, index) => (stands(unit) ? [] : [index]));
  const plan = planMerge(space.history, proposals, options.decide ?? asBlock);
  if (!plan.ok) return other(`the parts cannot be merged: ${plan.reason}`);
  const clashing = new Set(plan.pairs.flatMap(({ units }) => units));
  if ([...plan.gaveWay].some((unit) => !clashing.has(unit)))
    return other('something gave way that conflicts with nothing');
  if (textOfOrigins(originsOf(plan, proposals)) !== textOfOrigins(origins))
    return other('other deploys stand, or in another order');
  const entries = encodeLog(plan.entries.map((entry) => entry.bytes));
  if (!equalBytes(entries, log))
    return { ok: false, reason: 'other-events', detail: explain({ ok: false, reason: 'other-events' }) };
  return { ok: true, outcomes: origins.map(({ part, deploy }) => ran[part]![deploy]!), entries: plan.entries };
}

function textOfOrigins(origins: Merging['origins']): string {
  return origins.map(({ part, deploy }) => `${String(part)} ${String(deploy)}`).join();
}

function assertNothingPending(space: RhoSpace): void {
  if (space.pending > 0) throw new StoreArgumentError('space', 'nothing pending', `${String(space.pending)} events`);
}

/**
 * Plays a block with its log on the version that is open and holds it to its log: refuses a COMM that is not in the log and reports those that did not
 * happen. Of a merged block, each part is played alone, and what stands is compared and merged again. Whatever others send is believed only so.
 * Which of the parts that conflict stand is not in the block: without `decide` any choice is good that leaves no conflict and lets nothing give way to nothing.
 * Leaves the space as it was.
 *
 * @throws StoreArgumentError if something is pending in the space. StoreDamagedError if a record cannot be read.
 */
export function checkBlock(space: RhoSpace, logged: LoggedBlock, options: PlayOptions = {}): BlockReplay {
  assertNothingPending(space);
  const wrong = misplaced(space, logged.block);
  if (wrong !== undefined) return wrong;
  const { merged } = logged.block;
  if (merged !== undefined) {
    const checked = checkMerged(space, logged, merged, options);
    return checked.ok ? { ok: true, outcomes: checked.outcomes } : checked;
  }
  const revert = space.checkpoint();
  try {
    return playAlone(space, logged, options);
  } finally {
    revert();
  }
}

/** What came of following a block. */
export type FollowedBlock =
  { readonly ok: true; readonly outcomes: readonly DeployOutcome[]; readonly commit: CommitInfo } | BlockFailure;

/**
 * Plays a block as {@link checkBlock} does and commits it. Whoever follows the same blocks has the same roots.
 *
 * @param side - records of the caller's own for the same transaction.
 * @throws StoreArgumentError if something is pending in the space. StoreStaleError, StoreWriteError as a commit does.
 * @example
 * ```ts
 * import { createMemoryKeyValue, followBlock, RhoSpace, tryBlock, unsignedDeploy } from '@commute/rho-store';
 * const [ann, bob] = [new RhoSpace(createMemoryKeyValue()), new RhoSpace(createMemoryKeyValue())];
 * const deploy = unsignedDeploy({ source: '@1!(2)', file: 'a', timestamp: 0, after: 0, tokens: 9, tokensFor: undefined });
 * const tried = tryBlock(ann, { deploys: [deploy], timestamp: 0 });
 * if (!followBlock(ann, tried).ok || !followBlock(bob, tried).ok) throw new Error('not followed');
 * if (ann.root().join() !== bob.root().join()) throw new Error('not the same');
 * ```
 */
export function followBlock(
  space: RhoSpace,
  logged: LoggedBlock,
  options: PlayOptions = {},
  side: SideChanges = {},
): FollowedBlock {
  assertNothingPending(space);
  const { block } = logged;
  const wrong = misplaced(space, block);
  if (wrong !== undefined) return wrong;
  const { head } = space.history.trie;
  const note = encodeBlock(block);
  if (block.merged !== undefined) {
    const checked = checkMerged(space, logged, block.merged, options);
    if (!checked.ok) return checked;
    const commit = space.history.commit(checked.entries, { note, side });
    space.goTo(commit.number);
    return { ok: true, outcomes: checked.outcomes, commit };
  }
  try {
    const played = playAlone(space, logged, options);
    return played.ok ? { ...played, commit: space.commit(note, side) } : played;
  } catch (error) {
    space.goTo(head);
    throw error;
  }
}

/**
 * Plays a stored block again on the version before it and compares every event. The space ends at the version where it was.
 *
 * @param number - of the commit that carries the block.
 * @throws StoreArgumentError if something is pending in the space. StoreDamagedError if a record cannot be read.
 */
export function replayBlock(space: RhoSpace, number: number, options: PlayOptions = {}): BlockReplay {
  const { head } = space.history.trie;
  const commit = space.history.commitAt(number);
  const block = blockOf(commit);
  if (block === undefined)
    return { ok: false, reason: 'not-a-block', detail: `commit ${String(number)} carries no block` };
  const log = space.history.log(number);
  if (log === undefined || (commit.parent > 0 && commit.parent < space.history.trie.meta.oldest))
    return { ok: false, reason: 'pruned', detail: `the version before block ${String(block.number)} is gone` };
  assertNothingPending(space);
  try {
    space.goTo(commit.parent);
    return checkBlock(space, { block, log }, options);
  } finally {
    space.goTo(head);
  }
}
