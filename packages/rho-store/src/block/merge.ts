import { textFromBytes } from '../bytes.ts';
import { StoreArgumentError } from '../errors.ts';
import type { CommitInfo, SideChanges } from '../history/history-store.ts';
import { decideByHash, type Decision } from '../merge/decide.ts';
import {
  commitMerge,
  planMerge,
  type MergeFailure,
  type MergeOutcome,
  type MergePlan,
  type Proposal,
} from '../merge/merge.ts';
import type { RhoSpace } from '../space/rho-space.ts';
import { blockHash, encodeBlock, logsOf, mergedBlock, type Block, type LoggedBlock, type Origin } from './block.ts';
import { lastBlock } from './chain.ts';
import { deployId } from './deploy.ts';

/** The deploys of a block with their identities and logs, as merging takes them; `undefined` if the log does not fit the block. */
export function proposalOf(logged: LoggedBlock): Proposal | undefined {
  const logs = logsOf(logged);
  return (
    logs && { deploys: logged.block.deploys.map((deploy, index) => ({ id: deployId(deploy), log: logs[index]! })) }
  );
}

/** Where each accepted deploy comes from: the first proposal that holds its unit. */
export function originsOf({ accepted, units, gaveWay }: MergePlan, proposals: readonly Proposal[]): Origin[] {
  const parts = new Map<string, number>();
  for (const [index, unit] of units.entries())
    if (!gaveWay.has(index)) for (const id of unit.deploys) parts.set(textFromBytes(id), Math.min(...unit.proposals));
  const positions = proposals.map(
    ({ deploys }) => new Map(deploys.map(({ id }, index): [string, number] => [textFromBytes(id), index])),
  );
  return accepted.map((id) => {
    const name = textFromBytes(id);
    const part = parts.get(name)!;
    return { part, deploy: positions[part]!.get(name)! };
  });
}

/** What came of merging blocks. */
export type MergedBlocks =
  | (MergeOutcome & {
      readonly ok: true;
      readonly block: Block;
      readonly hash: Uint8Array;
      readonly commit: CommitInfo;
    })
  | MergeFailure;

/**
 * Merges what several parties did to the version that is open into one block, and commits it: what does not conflict stands whoever made it, and `decide`
 * is asked only if something does. The block holds all parts, so that whoever has it can replay each and merge them again.
 *
 * @param parts - blocks on the version that is open, each of which `checkBlock` found good.
 * @param describe - records of the caller's own for the same transaction, once it is known what the block holds.
 * @throws StoreArgumentError if something is pending, a part is for another version or merged itself, or a decision leaves conflicts.
 * @throws StoreStaleError, StoreWriteError as a commit does.
 * @example
 * ```ts
 * import { checkBlock, createMemoryKeyValue, makeBlock, mergeBlocks, replayBlock, RhoSpace, tryBlock, unsignedDeploy } from '@commute/rho-store';
 * const space = new RhoSpace(createMemoryKeyValue());
 * const deploy = (source: string, after: number) =>
 *   unsignedDeploy({ source, file: 'a', timestamp: 0, after, tokens: 9, tokensFor: undefined });
 * makeBlock(space, { deploys: [deploy('@"seat"!(7)', 0)], timestamp: 0 });
 * const sources = ['for (@n <- @"seat") { @"ann"!(n) }', 'for (@n <- @"seat") { @"bob"!(n) }', '@"tip"!(1)'];
 * const parts = sources.map((source) => tryBlock(space, { deploys: [deploy(source, 1)], timestamp: 0 }));
 * if (!parts.every((part) => checkBlock(space, part).ok)) throw new Error('not replayed');
 * const merged = mergeBlocks(space, parts);
 * if (!merged.ok || merged.accepted.length !== 2 || merged.refused.length !== 1) throw new Error('not merged');
 * if (!replayBlock(space, merged.commit.number).ok) throw new Error('not the same');
 * ```
 */
export function mergeBlocks(
  space: RhoSpace,
  parts: readonly LoggedBlock[],
  decide: Decision = decideByHash,
  describe: (outcome: MergeOutcome) => SideChanges = () => ({}),
): MergedBlocks {
  if (space.pending > 0) throw new StoreArgumentError('space', 'nothing pending', `${String(space.pending)} events`);
  const last = lastBlock(space);
  if (last === undefined) throw new StoreArgumentError('space', 'a block as the version that is open', 'none');
  const place = { parent: last.hash, number: last.block.number + 1 };
  const proposals: Proposal[] = [];
  for (const [index, part] of parts.entries()) {
    const { parent, number, merged } = part.block;
    if (merged !== undefined || number !== place.number || textFromBytes(parent) !== textFromBytes(place.parent))
      throw new StoreArgumentError(`parts[${String(index)}]`, 'a block on the version that is open', 'another');
    const proposal = proposalOf(part);
    if (proposal === undefined) return { ok: false, reason: 'malformed-log', proposal: index };
    proposals.push(proposal);
  }
  const plan = planMerge(space.history, proposals, decide);
  if (!plan.ok) {
    if (plan.reason !== 'undecided') return plan;
    throw new StoreArgumentError('decide', 'a choice without conflicts', `units ${plan.units.join(' and ')} together`);
  }
  const block = mergedBlock(place, { parts, origins: originsOf(plan, proposals) })!;
  const { accepted, refused, units, pairs } = plan;
  const outcome = { accepted, refused, units, pairs };
  const result = commitMerge(space.history, plan, { note: encodeBlock(block), side: describe(outcome) }, outcome);
  if (!result.ok) return result;
  // What runs next starts from the bytes of the new version.
  space.goTo(result.commit.number);
  return { ...result, block, hash: blockHash(result.commit) };
}
