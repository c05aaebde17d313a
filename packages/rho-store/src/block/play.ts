import {
  createRuntime,
  equalTerms,
  meteringRole,
  positionAt,
  prepareSpace,
  tokenChannel,
  tokenStack,
  type BlockData,
  type Comm,
  type Demand,
  type Finding,
  type Located,
  type OnCopy,
  type OutputLine,
  type Runtime,
  type RuntimeOptions,
  type RunResult,
  type SystemProcess,
  type Term,
  type WarningReason,
} from '@commute/rholang';
import { ByteWriter, equalBytes, textFromBytes, ZERO_HASH } from '../bytes.ts';
import { StoreArgumentError } from '../errors.ts';
import { encodeLog } from '../history/event.ts';
import type { CommitInfo } from '../history/history-store.ts';
import type { ReplayResult, RhoSpace, SpaceCommit } from '../space/rho-space.ts';
import { blockHash, decodeBlock, encodeBlock, type Block } from './block.ts';
import { deployId, type Deploy } from './deploy.ts';
import { examineDeploy, refusalOf, type Refusal } from './examine.ts';

/** How blocks are made and played. */
export interface PlayOptions {
  /** System processes beside the standard ones. All who replay must have the same. */
  readonly systemProcesses?: readonly SystemProcess[];
  /** Makes what runs programs; the reducer, `createRuntime`, unless told. All that may be given have the same results. */
  readonly runtime?: (options: RuntimeOptions) => Runtime;
  /** Most reductions of a deploy, gates included; a million unless told. All who replay must have the same. */
  readonly maximumComms?: number;
  /** Is told each reduction of a deploy, by its position, in order, also those of a deploy that fails in the end. */
  readonly onComm?: (deploy: number, comm: Comm) => void;
  /** May replace the places of the processes of a deploy, before it runs. */
  readonly locate?: (deploy: number, locations: ReadonlyMap<Term, Located>) => ReadonlyMap<Term, Located>;
  /** Is told processes that are copied to be sent as data, with their copies. */
  readonly onCopy?: OnCopy;
  /** Is called when all deploys were played, before what is pending is committed or dropped. */
  readonly onPlayed?: (space: RhoSpace) => void;
}

/** What a deploy did. */
export interface DeployOutcome {
  readonly deploy: Deploy;
  readonly id: Uint8Array;
  /** Why the deploy did nothing; empty if it ran. */
  readonly refused: readonly Refusal[];
  readonly warnings: readonly Finding<WarningReason>[];
  /** The most that it could spend; nothing if it was refused before that was known. */
  readonly demand: Demand | undefined;
  /** Number of reductions of programs, without those of metering. */
  readonly comms: number;
  /** Number of reductions of all kinds. */
  readonly reductions: number;
  /** Tokens of the deploy that were spent while it ran. */
  readonly spent: number;
  readonly output: readonly OutputLine[];
}

/** A block that is to be made. */
export interface BlockDraft {
  readonly deploys: readonly Deploy[];
  /** What `rho:block:data` answers, in milliseconds since 1970; in `[0, 2^53)`. */
  readonly timestamp: number;
  /** Public key of whoever makes it; empty if absent. */
  readonly sender?: Uint8Array;
}

/** What came of making a block. */
export interface MadeBlock {
  /** In the order of the draft, with those that were refused. */
  readonly outcomes: readonly DeployOutcome[];
  /** The block and its commit; `undefined` if all deploys were refused, so that nothing was committed. */
  readonly made: { readonly block: Block; readonly hash: Uint8Array; readonly commit: SpaceCommit } | undefined;
}

/** What came of replaying a block. */
export type BlockReplay =
  | { readonly ok: true; readonly outcomes: readonly DeployOutcome[] }
  /** The commit is no block, or does not follow the one before. */
  | { readonly ok: false; readonly reason: 'not-a-block' | 'not-in-chain'; readonly detail: string }
  /** The log of the commit was pruned. */
  | { readonly ok: false; readonly reason: 'pruned'; readonly detail: string }
  /** A deploy of the block may not run, or fails. */
  | { readonly ok: false; readonly reason: 'refused-deploy'; readonly detail: string }
  | (Exclude<ReplayResult, { ok: true }> & { readonly detail: string });

const NO_SENDER: Uint8Array = /* @__PURE__ */ new Uint8Array(0);

/** The block that a commit carries; `undefined` if the commit carries something else. */
export function blockOf(commit: CommitInfo): Block | undefined {
  return decodeBlock(commit.note);
}

function tokenSeed(id: Uint8Array): Uint8Array {
  return new ByteWriter(64).raw(new TextEncoder().encode('tokens')).raw(id).finish();
}

interface Counts {
  comms: number;
  reductions: number;
  spent: number;
}

function failure(result: RunResult & { ok: false }, { source, file }: Deploy): Refusal {
  const { place } = result;
  const at = place === undefined ? {} : { ...positionAt(source, place.start), start: place.start, end: place.end };
  return refusalOf('run', result.reason, result.message, file, at);
}

/** Runs one deploy; one that fails leaves the space as it was. */
export function playDeploy(
  runtime: Runtime,
  deploy: Deploy,
  block: BlockData,
  index: number,
  options: PlayOptions,
): DeployOutcome {
  const id = deployId(deploy);
  const nothing = { deploy, id, comms: 0, reductions: 0, spent: 0, output: [] };
  const examined = examineDeploy(deploy, options.systemProcesses);
  const { warnings } = examined;
  if (!examined.ok) return { ...nothing, refused: examined.refused, warnings, demand: undefined };
  const { demand } = examined;
  const channel = tokenChannel(deploy.tokensFor ?? id);
  const counts: Counts = { comms: 0, reductions: 0, spent: 0 };
  const onComm = (comm: Comm): void => {
    counts.reductions += 1;
    const role = meteringRole(comm.consume);
    if (role === undefined) counts.comms += 1;
    if (role === 'gate' && equalTerms(comm.used[0]!.channel, channel)) counts.spent += 1;
    options.onComm?.(index, comm);
  };
  const context = {
    file: deploy.file,
    block,
    deploy: { timestamp: BigInt(deploy.timestamp), deployer: deploy.deployer, id },
    onComm,
    ...(options.maximumComms === undefined ? {} : { maximumComms: options.maximumComms }),
    ...(options.onCopy === undefined ? {} : { onCopy: options.onCopy }),
  };
  const revert = runtime.space.checkpoint();
  const output: OutputLine[] = [];
  const run = (term: Term, seed: Uint8Array, locations?: ReadonlyMap<Term, Located>): RunResult => {
    const result = runtime.run(term, { ...context, seed, ...(locations === undefined ? {} : { locations }) });
    output.push(...result.output);
    return result;
  };
  const tokens = BigInt(deploy.tokens ?? 0);
  const locations = options.locate?.(index, examined.locations) ?? examined.locations;
  let result: RunResult | undefined;
  if (tokens > 0n) result = run(tokenStack(channel, tokens), tokenSeed(id), options.locate?.(index, new Map()));
  if (result?.ok !== false) result = run(examined.term, id, locations);
  if (result.ok) return { ...nothing, ...counts, refused: [], warnings, demand, output };
  revert();
  return { ...nothing, refused: [failure(result, deploy)], warnings, demand, output };
}

/** A runtime on a space, which gets what it needs to have if it is new. */
function runtimeOn(space: RhoSpace, options: PlayOptions): Runtime {
  if (space.history.trie.head === 0 && space.pending === 0) prepareSpace(space);
  const { systemProcesses, runtime = createRuntime } = options;
  return runtime({ space, ...(systemProcesses === undefined ? {} : { systemProcesses }) });
}

/** Which deploys ran before: in the block that is being made or played, and in the chain that it follows, which is read only as far as it must be. */
class Predecessors {
  readonly #number: number;
  readonly #own = new Set<string>();
  readonly #chain: Iterator<StoredBlock>;
  readonly #read: { readonly number: number; readonly ids: ReadonlySet<string> }[] = [];

  /** @param number - of the block. */
  constructor(space: RhoSpace, number: number) {
    this.#number = number;
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

  #ranSince(after: number, name: string): boolean {
    if (this.#own.has(name)) return true;
    for (const { number, ids } of this.#blocks()) {
      if (number <= after) return false;
      if (ids.has(name)) return true;
    }
    return false;
  }

  /** What a deploy is refused for before it is looked at, if it is. */
  refusal(deploy: Deploy): Refusal | undefined {
    const { file, after, tokensFor } = deploy;
    if (after >= this.#number) {
      const message = `after: expected a block before number ${String(this.#number)}, got ${String(after)}`;
      return refusalOf('block', 'out-of-order', message, file);
    }
    if (this.#ranSince(after, nameOf(deploy))) {
      const message = 'deploy: expected one that did not run, got the same again';
      return refusalOf('block', 'duplicate-deploy', message, file);
    }
    if (tokensFor === undefined || this.#ranSince(0, textFromBytes(tokensFor))) return undefined;
    const message = 'tokensFor: expected the identity of a deploy in the chain, got another';
    return refusalOf('block', 'unknown-deploy', message, file);
  }
}

function nameOf(deploy: Deploy): string {
  return textFromBytes(deployId(deploy));
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
function lastBlock(space: RhoSpace): StoredBlock | undefined {
  for (const block of chainOf(space)) return block;
  return undefined;
}

function dataOf(block: Pick<Block, 'number' | 'timestamp' | 'sender'>): BlockData {
  return { number: BigInt(block.number), timestamp: BigInt(block.timestamp), sender: block.sender };
}

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
  const { timestamp, sender = NO_SENDER } = draft;
  const place = { parent: last?.hash ?? ZERO_HASH, number: (last?.block.number ?? 0) + 1, timestamp, sender };
  const runtime = runtimeOn(space, options);
  const outcomes: DeployOutcome[] = [];
  const deploys: Deploy[] = [];
  const before = new Predecessors(space, place.number);
  for (const [index, deploy] of draft.deploys.entries()) {
    const refusal = before.refusal(deploy);
    const outcome =
      refusal === undefined
        ? playDeploy(runtime, deploy, dataOf(place), index, options)
        : refusedOutcome(deploy, refusal);
    outcomes.push(outcome);
    if (outcome.refused.length > 0) continue;
    deploys.push(deploy);
    before.add(deploy);
  }
  options.onPlayed?.(space);
  return { outcomes, block: { ...place, deploys } };
}

/**
 * Runs deploys and commits what they did as a block on the version that is open. Deploys that are refused or fail are left out.
 *
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
export function makeBlock(space: RhoSpace, draft: BlockDraft, options: PlayOptions = {}): MadeBlock {
  const { head } = space.history.trie;
  try {
    const { outcomes, block } = playDraft(space, draft, options);
    if (block.deploys.length === 0) {
      space.goTo(head);
      return { outcomes, made: undefined };
    }
    const commit = space.commit(encodeBlock(block));
    return { outcomes, made: { block, hash: blockHash(commit), commit } };
  } catch (error) {
    space.goTo(head);
    throw error;
  }
}

/** What a block would do. */
export interface TriedBlock {
  /** In the order of the draft, with those that are refused. */
  readonly outcomes: readonly DeployOutcome[];
  /** What would be the log of the block; `compareLogs` takes it. */
  readonly log: Uint8Array<ArrayBuffer>;
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
  const { head } = space.history.trie;
  try {
    const { outcomes } = playDraft(space, draft, options);
    return { outcomes, log: encodeLog(space.pendingLog().map((entry) => entry.bytes)) };
  } finally {
    space.goTo(head);
  }
}

function refusedOutcome(deploy: Deploy, refusal: Refusal): DeployOutcome {
  const nothing = { warnings: [], demand: undefined, comms: 0, reductions: 0, spent: 0, output: [] };
  return { deploy, id: deployId(deploy), refused: [refusal], ...nothing };
}

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

class RefusedInReplay extends Error {}

/** Plays the deploys of a block on the version that is open, where the block follows, and holds them to a log. Leaves what happened pending. */
export function playAgain(space: RhoSpace, block: Block, log: Uint8Array, options: PlayOptions = {}): BlockReplay {
  const head = space.history.trie.head;
  const last = lastBlock(space);
  const number = (last?.block.number ?? 0) + 1;
  if (head > 0 && last === undefined)
    return { ok: false, reason: 'not-in-chain', detail: 'the commit before carries no block' };
  if (block.number !== number)
    return {
      ok: false,
      reason: 'not-in-chain',
      detail: `number: expected ${String(number)}, got ${String(block.number)}`,
    };
  if (!equalBytes(last?.hash ?? ZERO_HASH, block.parent))
    return { ok: false, reason: 'not-in-chain', detail: 'the block before has another hash' };
  const outcomes: DeployOutcome[] = [];
  try {
    const replayed = space.replay(log, () => {
      const runtime = runtimeOn(space, options);
      const before = new Predecessors(space, block.number);
      for (const [index, deploy] of block.deploys.entries()) {
        const refusal = before.refusal(deploy);
        const outcome =
          refusal === undefined
            ? playDeploy(runtime, deploy, dataOf(block), index, options)
            : refusedOutcome(deploy, refusal);
        outcomes.push(outcome);
        before.add(deploy);
        const [why] = outcome.refused;
        if (why !== undefined) throw new RefusedInReplay(`deploy ${String(index)}: ${why.message}`);
      }
      options.onPlayed?.(space);
    });
    if (replayed.ok) return { ok: true, outcomes };
    return { ...replayed, detail: explain(replayed) };
  } catch (error) {
    if (error instanceof RefusedInReplay) return { ok: false, reason: 'refused-deploy', detail: error.message };
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
  if (space.pending > 0) throw new StoreArgumentError('space', 'nothing pending', `${String(space.pending)} events`);
  try {
    space.goTo(commit.parent);
    return playAgain(space, block, log, options);
  } finally {
    space.goTo(head);
  }
}
