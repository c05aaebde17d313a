import {
  chainOf,
  compareProposals,
  deployId,
  logsOf,
  RhoSpace,
  type Conflict,
  type Deploy,
  type KeyValueStore,
  type ProposedDeploy,
  type StoredBlock,
} from '@commute/rho-store';
import { RejectedError, UsageError } from '../failure.ts';
import { hex } from '../terminal.ts';

/** A conflict between what two stores did since the base, with the blocks that hold it. */
export interface StoreConflict {
  readonly conflict: Conflict;
  /** Numbers of blocks of the one store and of the other, ascending. */
  readonly blocks: readonly [readonly number[], readonly number[]];
}

/** What two stores did since the newest block that both have. */
export interface StoreComparison {
  /** The block that both have. */
  readonly base: StoredBlock;
  readonly conflicts: readonly StoreConflict[];
  /** All that was deployed since. */
  readonly deploys: readonly Deploy[];
}

/** The newest block that two chains have in common, or the one with a number, as the first store has it. */
function commonBlock(one: RhoSpace, two: RhoSpace, number: number | undefined): StoredBlock {
  const hashes = new Set<string>();
  for (const { hash } of chainOf(two)) hashes.add(hex(hash));
  for (const block of chainOf(one))
    if (hashes.has(hex(block.hash)) && (number === undefined || block.block.number === number)) return block;
  if (number === undefined) throw new RejectedError('stores', 'expected a block that both keep, got none');
  throw new UsageError('base', `--base: expected a block that both stores keep, got ${String(number)}`);
}

/** The blocks of a chain behind the base, oldest first. */
function blocksSince(space: RhoSpace, base: StoredBlock): StoredBlock[] {
  const blocks: StoredBlock[] = [];
  for (const block of chainOf(space)) {
    if (block.block.number <= base.block.number) return blocks.reverse();
    blocks.push(block);
  }
  return blocks.reverse();
}

/** The deploys of a block with the log of each. */
function proposed({ history }: RhoSpace, { block, commit }: StoredBlock): ProposedDeploy[] {
  const log = history.log(commit.number);
  const logs = log && logsOf({ block, log });
  const name = `block ${String(block.number)}`;
  if (log === undefined) throw new RejectedError(name, 'expected its event log, which was pruned');
  if (logs === undefined) throw new RejectedError(name, 'expected the event log of its deploys, got another one');
  return block.deploys.map((deploy, index) => ({ id: deployId(deploy), log: logs[index]! }));
}

/**
 * Compares what two stores did since the newest block that both have, deploy by deploy, as a merge of the two would.
 * Takes the logs as the stores have them: `verify` and `replay` say whether they are what happened.
 *
 * @param number - of the block to start from, if it is not that one.
 */
export function compareStores(
  stores: readonly [KeyValueStore, KeyValueStore],
  number: number | undefined,
): StoreComparison {
  const spaces = stores.map((store) => new RhoSpace(store)) as [RhoSpace, RhoSpace];
  const base = commonBlock(...spaces, number);
  const blockOfDeploy = spaces.map(() => new Map<string, number>());
  const deploys: Deploy[] = [];
  const proposals = spaces.map((space, side) => ({
    deploys: blocksSince(space, base).flatMap((stored) => {
      deploys.push(...stored.block.deploys);
      for (const deploy of stored.block.deploys) blockOfDeploy[side]!.set(hex(deployId(deploy)), stored.block.number);
      return proposed(space, stored);
    }),
  }));
  const [first] = spaces;
  first.goTo(base.commit.number);
  const compared = compareProposals(first.history, proposals);
  if (!compared.ok) throw new RejectedError('stores', `expected logs of runs on one base, got ${compared.reason}`);
  const blocksOf = (unit: number, side: number): number[] => {
    const numbers = compared.units[unit]!.deploys.map((id) => blockOfDeploy[side]!.get(hex(id)));
    return [...new Set(numbers.filter((one) => one !== undefined))].sort((left, right) => left - right);
  };
  const conflicts = compared.pairs.flatMap(({ units, conflicts: found }) => {
    const [left, right] = compared.units[units[0]]!.proposals.includes(0) ? units : [units[1], units[0]];
    return found.map((conflict): StoreConflict => ({ conflict, blocks: [blocksOf(left, 0), blocksOf(right, 1)] }));
  });
  return { base, conflicts, deploys };
}
