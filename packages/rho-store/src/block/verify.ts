import { equalBytes, hexFromBytes, ZERO_HASH } from '../bytes.ts';
import { StoreDamagedError } from '../errors.ts';
import type { CommitInfo, HistoryStore } from '../history/history-store.ts';
import { blockHash, decodeBlock } from './block.ts';
import { deployId, verifyDeploy } from './deploy.ts';

/** One thing that is wrong with a chain of blocks. */
export interface ChainProblem {
  /** Number of the commit that carries the block. */
  readonly commit: number;
  readonly expected: string;
}

/** What a look at a chain of blocks found. */
export interface ChainResult {
  readonly ok: boolean;
  readonly problems: readonly ChainProblem[];
  /** Number of blocks on the way from the open version to the oldest kept commit. */
  readonly blocks: number;
  readonly deploys: number;
  /** Number of commits on that way that are no blocks, such as merges. */
  readonly others: number;
}

/**
 * Checks the blocks that lead to the version that is open: each holds the hash of the one before, counts on from it, and its deploys are signed well,
 * were made for an earlier block and stand in the chain once. What the blocks did is checked by `verifyStore` and `replayBlock`. Never throws on damaged records.
 */
export function verifyChain(history: HistoryStore): ChainResult {
  const problems: ChainProblem[] = [];
  const seen = new Set<string>();
  let [blocks, deploys, others] = [0, 0, 0];
  const read = (number: number): CommitInfo | undefined => {
    try {
      return history.commitAt(number);
    } catch (error) {
      if (!(error instanceof StoreDamagedError)) throw error;
      problems.push({ commit: number, expected: 'the record of the commit' });
      return undefined;
    }
  };
  const { oldest } = history.trie.meta;
  const { head } = history.trie;
  let commit = head >= oldest && head > 0 ? read(head) : undefined;
  while (commit !== undefined) {
    const { number, parent, note } = commit;
    const problem = (expected: string): void => void problems.push({ commit: number, expected });
    // Parents come before; damage cannot make a circle.
    const before: CommitInfo | undefined = parent >= oldest && parent > 0 && parent < number ? read(parent) : undefined;
    const block = decodeBlock(note);
    if (block === undefined) {
      others += 1;
      commit = before;
      continue;
    }
    blocks += 1;
    const last = before && decodeBlock(before.note);
    const known = before !== undefined || parent === 0;
    if (known && !equalBytes(block.parent, before === undefined ? ZERO_HASH : blockHash(before)))
      problem('the hash of the block before');
    // What a network begins with has number 0.
    const first = known && before === undefined && block.number === 0;
    if (known && !first && (before === undefined || last !== undefined) && block.number !== (last?.number ?? 0) + 1)
      problem('the number after that of the block before');
    for (const [index, part] of (block.merged?.parts ?? []).entries()) {
      const about = `part ${String(index)}`;
      if (!equalBytes(part.block.parent, block.parent) || part.block.number !== block.number)
        problem(`${about} to have the parent and the number of its block`);
      // Also those that gave way; those that stand follow.
      if (!part.block.deploys.every(verifyDeploy)) problem(`good signatures in ${about}`);
    }
    for (const [index, deploy] of block.deploys.entries()) {
      deploys += 1;
      const id = hexFromBytes(deployId(deploy));
      if (block.merged === undefined && !verifyDeploy(deploy)) problem(`a good signature of deploy ${String(index)}`);
      if (deploy.after >= Math.max(block.number, 1)) problem(`deploy ${String(index)} to be made for an earlier block`);
      if (seen.has(id)) problem(`deploy ${String(index)} to stand in the chain once`);
      seen.add(id);
    }
    commit = before;
  }
  return { ok: problems.length === 0, problems, blocks, deploys, others };
}
