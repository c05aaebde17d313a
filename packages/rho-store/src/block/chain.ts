import { equalBytes, textFromBytes } from '../bytes.ts';
import { tokenChannel } from '@commute/rholang';
import type { CommitInfo } from '../history/history-store.ts';
import { encodeChannel } from '../space/codec.ts';
import type { RhoSpace } from '../space/rho-space.ts';
import { blockHash, decodeBlock, type Block } from './block.ts';
import { deployId, type Deploy } from './deploy.ts';
import { refusalOf, type Refusal } from './examine.ts';

/** What a chain of blocks demands of the deploys in it. All who replay must have the same. */
export interface ChainRules {
  /** Identity of the network for which deploys must be made; not looked at if absent. */
  readonly network?: Uint8Array;
  /** Number of blocks after its `after` in which a deploy may stand; any unless told. */
  readonly lifetime?: number;
  /** Tells of a deploy whether it stands in a block of the chain after its `after`; looked up in the chain unless told. */
  readonly ranBefore?: (id: Uint8Array) => boolean;
}

/** The block that a commit carries; `undefined` if the commit carries something else. */
export function blockOf(commit: CommitInfo): Block | undefined {
  return decodeBlock(commit.note);
}

/** A block in the store with its commit. */
export interface StoredBlock {
  readonly block: Block;
  readonly hash: Uint8Array;
  readonly commit: CommitInfo;
}

/** The blocks that lead to the version that is open, newest first, down to the first one or to a commit that is no block or was pruned. */
export function* chainOf({ history }: Pick<RhoSpace, 'history'>): Generator<StoredBlock> {
  const { oldest } = history.trie.meta;
  for (let number = history.trie.head; number >= oldest && number > 0;) {
    const commit = history.commitAt(number);
    const block = blockOf(commit);
    if (block === undefined) return;
    yield { block, hash: blockHash(commit), commit };
    number = commit.parent;
  }
}

/** The block that is the version that is open. */
export function lastBlock(space: Pick<RhoSpace, 'history'>): StoredBlock | undefined {
  for (const block of chainOf(space)) return block;
  return undefined;
}

/** Which deploys ran before: in the block that is being made or played, and in the chain that it follows, which is read only as far as it must be. */
export class Predecessors {
  readonly #space: RhoSpace;
  readonly #number: number;
  readonly #rules: ChainRules;
  readonly #own = new Set<string>();
  readonly #chain: Iterator<StoredBlock>;
  readonly #read: { readonly number: number; readonly ids: ReadonlySet<string> }[] = [];

  /** @param number - of the block. */
  constructor(space: RhoSpace, number: number, rules: ChainRules) {
    this.#space = space;
    this.#number = number;
    this.#rules = rules;
    this.#chain = chainOf(space)[Symbol.iterator]();
  }

  /** Says that a deploy runs. */
  add(deploy: Deploy): void {
    this.#own.add(nameOf(deploy));
  }

  /** Ids of the blocks before, newest first. */
  *#blocks(): Generator<{ readonly number: number; readonly ids: ReadonlySet<string> }> {
    for (let index = 0; ; index += 1) {
      if (index === this.#read.length) {
        const next = this.#chain.next();
        if (next.done === true) return;
        const { number, deploys } = next.value.block;
        this.#read.push({ number, ids: new Set(deploys.map(nameOf)) });
      }
      yield this.#read[index]!;
    }
  }

  #ran(deploy: Deploy): boolean {
    const id = deployId(deploy);
    const name = textFromBytes(id);
    if (this.#own.has(name)) return true;
    if (this.#rules.ranBefore !== undefined) return this.#rules.ranBefore(id);
    for (const { number, ids } of this.#blocks()) {
      if (number <= deploy.after) return false;
      if (ids.has(name)) return true;
    }
    return false;
  }

  /** True if a deploy ran with metering: its tokens or its gates were on their channel, and keys never go away. */
  #wasMetered(id: Uint8Array): boolean {
    if (this.#own.has(textFromBytes(id))) return true;
    const { history } = this.#space;
    return history.trie.link !== undefined && history.key(encodeChannel(tokenChannel(id))) !== undefined;
  }

  /** What a deploy is refused for before it is looked at, if it is. */
  refusal(deploy: Deploy): Refusal | undefined {
    const { file, after, tokensFor, network } = deploy;
    const { lifetime = Infinity } = this.#rules;
    // What a network begins with comes before its first block.
    if (after >= Math.max(this.#number, 1)) {
      const message = `after: expected a block before number ${String(this.#number)}, got ${String(after)}`;
      return refusalOf('block', 'out-of-order', message, file);
    }
    if (this.#number > after + lifetime) {
      const message = `after: expected at least ${String(this.#number - lifetime)}, got ${String(after)}`;
      return refusalOf('block', 'out-of-time', message, file);
    }
    if (this.#rules.network !== undefined && !equalBytes(network, this.#rules.network))
      return refusalOf('block', 'other-network', 'network: expected that of the chain, got another', file);
    if (this.#ran(deploy)) {
      const message = 'deploy: expected one that did not run, got the same again';
      return refusalOf('block', 'duplicate-deploy', message, file);
    }
    if (tokensFor === undefined || this.#wasMetered(tokensFor)) return undefined;
    const message = 'tokensFor: expected the identity of a metered deploy in the chain, got another';
    return refusalOf('block', 'unknown-deploy', message, file);
  }
}

function nameOf(deploy: Deploy): string {
  return textFromBytes(deployId(deploy));
}
