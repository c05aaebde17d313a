import { assertInteger } from '@commute/errors';
import { createRuntime, prepareSpace, type Runtime } from '@commute/rholang';
import {
  compareProposals,
  decideByHash,
  decideByVotes,
  mergeProposals,
  replayProposal,
  RhoSpace,
  type CompareProposalsResult,
  type ConflictingUnits,
  type Decision,
  type KeyValueStore,
  type MergeUnit,
  type Proposal,
} from '@commute/rho-store';
import { ByteWriter, equalBytes, hashBytes, textFromBytes } from '@commute/rho-store/bytes';
import { ed25519 } from '@noble/curves/ed25519.js';
import { ArchiveChanges, readArchived, readRound } from './archive.ts';
import { decodeBlock, encodeBlock, type Block, type BlockDeploy } from './block.ts';
import { createDeploy, decodeDeploy, encodeDeploy, verifyDeploy, type Deploy } from './deploy.ts';
import { NodeArgumentError, NodeStoreError } from './errors.ts';
import type { BlockReason, NodeEvent, RanDeploy } from './events.ts';
import type { Network } from './network.ts';
import { RoundBook } from './round-book.ts';
import {
  decodeStatement,
  decodeVote,
  encodeVote,
  signStatement,
  STEP,
  STEPS,
  verifyStatement,
  type StatementReason,
} from './statement.ts';

/** Which of the units that conflict a member wants to stand, by hash; `own` tells the ones that it proposed itself. */
export type Voter = (
  units: readonly (MergeUnit & { readonly own: boolean })[],
  pairs: readonly ConflictingUnits[],
) => readonly Uint8Array[];

/** What a node is made of. */
export interface NodeOptions {
  /** New, or that of the same node. Must not be written by anything else. */
  readonly store: KeyValueStore;
  readonly network: Network;
  /** Ed25519 secret key of a member, 32 bytes; without it the node follows what the members say, and says nothing itself. */
  readonly secretKey?: Uint8Array;
  /** Milliseconds since 1970; the clock of the machine unless told. */
  readonly now?: () => number;
  /** Votes for its own units unless told. Asked only in a network that decides by votes, and only about conflicts. */
  readonly vote?: Voter;
  /** What a block holds at most, in deploys; 1,000 unless told. */
  readonly maximumDeploys?: number;
}

/** What became of bytes that came from outside. */
export type ReceiveResult =
  /** `new` is false for what was known, or belongs to a round that is closed or not open yet. */
  { readonly ok: true; readonly new: boolean } | { readonly ok: false; readonly reason: StatementReason };

/** Where a round stands. */
export interface NodeStatus {
  /** The round that is open, from 1. */
  readonly round: number;
  /** Root of the last closed round. */
  readonly root: Uint8Array;
  /** Members of whom a statement is missing. */
  readonly waiting: readonly number[];
  /** Why the round cannot be closed whatever comes: a member said different things to different nodes. */
  readonly stalled: boolean;
  /** Number of deploys in the queue. */
  readonly queued: number;
}

interface Evaluation {
  readonly proposals: readonly Proposal[];
  readonly invalid: readonly { readonly member: number; readonly reason: BlockReason }[];
  readonly compared: Extract<CompareProposalsResult, { ok: true }>;
}

interface Queued {
  readonly number: number;
  readonly deploy: Deploy;
}

/** Leaves the replay of a block that takes too long; never leaves this file. */
class BlockBoundError extends Error {}

const voteForOwn: Voter = (units, pairs) => {
  const clashing = new Set(pairs.flatMap((pair) => pair.units));
  return units.filter((one, index) => one.own && clashing.has(index)).map((one) => one.hash);
};

/**
 * One of the nodes that run a RhoVM together. Does no input or output but for its store: {@link receive} takes what others said, and listeners get what is to be said to others.
 *
 * A round goes so: each member says its block; once a node has all of them it says their hash, and once all said the same hash every node has
 * the same blocks. What others propose is replayed before it is believed. If nothing conflicts the blocks are merged, and no one is asked. If
 * something does, the network's decision chooses, with a vote and its own hash if it counts votes. Then the next round starts from the new version, with the deploys that gave way in the queue again.
 *
 * What a node says is on the medium before it is told, so a node that was killed does not contradict itself. As long as one member is silent the
 * round stays open: deploys wait in the queue, and nothing that was closed is ever taken back.
 *
 * @example
 * ```ts
 * import { createMemoryKeyValue } from '@commute/rho-store';
 * import { createNetwork, RhoNode } from '@commute/rho-node';
 * import { ed25519 } from '@noble/curves/ed25519.js';
 * const keys = [1, 2].map((byte) => new Uint8Array(32).fill(byte));
 * const network = createNetwork({ members: keys.map((key) => ({ publicKey: ed25519.getPublicKey(key) })) });
 * const [ann, bob] = keys.map((secretKey) => new RhoNode({ store: createMemoryKeyValue(), network, secretKey }));
 * ann!.listen((event) => event.kind === 'statement' && bob!.receive(event.statement.bytes));
 * bob!.listen((event) => event.kind === 'statement' && ann!.receive(event.statement.bytes));
 * ann!.deploy('@"a"!(1)');
 * bob!.deploy('@"b"!(2)');
 * ann!.propose();
 * if (ann!.status().round !== 2 || ann!.status().root.join() !== bob!.status().root.join()) throw new Error('not merged');
 * ```
 */
export class RhoNode {
  readonly network: Network;
  readonly space: RhoSpace;
  /** Position of this node among the members, -1 for one that follows. */
  readonly member: number;
  readonly #secretKey: Uint8Array | undefined;
  readonly #runtime: Runtime;
  readonly #now: () => number;
  readonly #vote: Voter;
  readonly #maximumDeploys: number;
  readonly #listeners = new Set<(event: NodeEvent) => void>();
  readonly #queue = new Map<string, Queued>();
  readonly #accepted = new Map<string, number>();
  #nextQueued = 1;
  #book: RoundBook;
  #evaluation: Evaluation | undefined;
  #advancing = false;

  /**
   * Opens a node on its store, or makes the first version of a new one.
   *
   * @throws NodeArgumentError if the key is of no member, or the genesis program fails. NodeStoreError if the store belongs to something else.
   */
  constructor({ store, network, secretKey, now = Date.now, vote = voteForOwn, maximumDeploys = 1000 }: NodeOptions) {
    assertInteger('RHO_NODE_ARGUMENT_RANGE', 'maximumDeploys', maximumDeploys, 1, 2 ** 20);
    const publicKey = secretKey && ed25519.getPublicKey(secretKey);
    this.network = network;
    this.member =
      publicKey === undefined ? -1 : network.members.findIndex((one) => equalBytes(one.publicKey, publicKey));
    if (this.member < 0 && secretKey !== undefined)
      throw new NodeArgumentError('secretKey', 'that of a member', 'another');
    this.#secretKey = secretKey;
    this.#now = now;
    this.#vote = vote;
    this.#maximumDeploys = maximumDeploys;
    this.space = new RhoSpace(store);
    this.#runtime = createRuntime({ space: this.space });
    const archived = readArchived(this.space.history);
    this.#book = new RoundBook(archived?.round ?? 1, network.members.length);
    if (archived === undefined) this.#begin();
    else {
      if (!equalBytes(archived.network, network.id))
        throw new NodeStoreError('that of a node of this network', 'one of another network');
      for (const { until, id } of archived.accepted) this.#accepted.set(textFromBytes(id), until);
      for (const { number, bytes } of archived.queue) {
        const deploy = decodeDeploy(network, bytes);
        if (deploy === undefined) throw new NodeStoreError('deploys in the queue', 'other bytes');
        this.#queue.set(textFromBytes(deploy.id), { number, deploy });
        this.#nextQueued = number + 1;
      }
      for (const bytes of archived.own) {
        const decoded = decodeStatement(network, bytes);
        if (decoded.ok && decoded.statement.round === this.#book.round) this.#book.add(decoded.statement);
      }
      this.#advance();
    }
  }

  #begin(): void {
    prepareSpace(this.space);
    const { genesis, id, maximumComms } = this.network;
    if (genesis !== '') {
      const result = this.#runtime.run(genesis, { seed: id, maximumComms, file: 'genesis' });
      if (!result.ok)
        throw new NodeArgumentError('genesis', 'a program that runs', `${result.reason}: ${result.message}`);
    }
    this.space.commit(undefined, new ArchiveChanges().network(id).round(1));
  }

  /** The round that is open, from 1. */
  get round(): number {
    return this.#book.round;
  }

  /** Where the open round stands. */
  status(): NodeStatus {
    const step = [STEP.block, STEP.seal, STEP.vote, STEP.voteSeal].find((one) => this.#book.all(one) === undefined);
    return {
      round: this.round,
      root: this.space.root(),
      waiting: this.#book.missing(step ?? STEP.seal),
      stalled: this.#book.equivocations.length > 0 || this.#disagrees(),
      queued: this.#queue.size,
    };
  }

  /** Calls `listener` with what happens. The function that is returned ends that. Listeners must not throw. */
  listen(listener: (event: NodeEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  #tell(event: NodeEvent): void {
    for (const listener of [...this.#listeners]) listener(event);
  }

  /** The deploys that wait to be proposed or to be accepted, in order. */
  queue(): readonly Deploy[] {
    return [...this.#queue.values()].map((one) => one.deploy);
  }

  /**
   * Puts a deploy into the queue, durably. It is proposed with the next block and, as long as it is refused, again and again until it is
   * accepted or its time is over.
   *
   * @param program - source text, or a deploy that somebody made for the network.
   * @param secretKey - Ed25519 secret key to sign the source with; unsigned unless told.
   * @returns the deploy, whose id later names it.
   * @throws NodeArgumentError if this node only follows. If its signature is wrong, its time is over, it is too large, or it was accepted already.
   */
  deploy(program: string | Deploy, secretKey?: Uint8Array): Deploy {
    const deploy = typeof program === 'string' ? this.#createDeploy(program, secretKey) : program;
    const bytes = encodeDeploy(deploy);
    const name = textFromBytes(deploy.id);
    const refuse = (expected: string, got: string): never => {
      throw new NodeArgumentError('deploy', expected, got);
    };
    if (this.member < 0) return refuse('a node of a member to propose it', 'one that follows');
    const again = decodeDeploy(this.network, bytes);
    if (again === undefined || !equalBytes(again.id, deploy.id)) return refuse('one for this network', 'another');
    if (!verifyDeploy(deploy)) return refuse('a valid signature', 'another');
    if (deploy.from + this.network.lifetime <= this.round) return refuse('a round to come', 'rounds that are over');
    if (bytes.length > this.network.maximumBlockBytes / 4)
      return refuse(`at most ${String(this.network.maximumBlockBytes / 4)} bytes`, `${String(bytes.length)} bytes`);
    if (this.#accepted.has(name)) return refuse('one that was not accepted', 'one that was');
    if (this.#queue.has(name)) return deploy;
    const number = this.#nextQueued;
    this.space.history.writeSide(new ArchiveChanges().enqueue(number, bytes));
    this.#nextQueued += 1;
    this.#queue.set(name, { number, deploy });
    return deploy;
  }

  #createDeploy(source: string, secretKey: Uint8Array | undefined): Deploy {
    const salt = globalThis.crypto.getRandomValues(new Uint8Array(16));
    const options = { timestamp: this.#now(), from: this.round, salt };
    return createDeploy(this.network, source, secretKey === undefined ? options : { ...options, secretKey });
  }

  /** Takes a deploy out of the queue. One that is in the block of the open round may be accepted all the same. */
  withdraw(id: Uint8Array): boolean {
    const queued = this.#queue.get(textFromBytes(id));
    if (queued === undefined) return false;
    this.space.history.writeSide(new ArchiveChanges().dequeue(queued.number));
    this.#queue.delete(textFromBytes(id));
    return true;
  }

  /**
   * Runs the deploys of the queue and says the block of this node, unless it did already in this round. A node that hears the block of another
   * does so by itself, with what its queue holds then.
   *
   * @returns true if it said one.
   */
  propose(): boolean {
    if (!this.#owes(STEP.block)) return false;
    const { round } = this;
    const timestamp = this.#now();
    const { deploys, ran } = this.#runQueue(timestamp);
    const block = encodeBlock({ base: this.space.root(), timestamp, deploys });
    this.#say(STEP.block, block);
    this.#tell({ kind: 'proposed', round, deploys: ran });
    this.#advance();
    return true;
  }

  #runQueue(timestamp: number): { deploys: BlockDeploy[]; ran: RanDeploy[] } {
    const deploys: BlockDeploy[] = [];
    const ran: RanDeploy[] = [];
    const revert = this.space.checkpoint();
    // The header and the count take less than 64 bytes, each pair of lengths at most 8.
    let room = this.network.maximumBlockBytes - 64;
    let comms = this.network.maximumBlockComms;
    try {
      for (const { deploy } of this.#queue.values()) {
        if (deploys.length >= this.#maximumDeploys) break;
        if (deploy.from > this.round || deploy.from + this.network.lifetime <= this.round) continue;
        const start = this.space.pending;
        const back = this.space.checkpoint();
        const did = this.#run(deploy, this.member, timestamp);
        comms -= did.comms;
        if (comms < 0) {
          back();
          break;
        }
        const log = this.space.logSince(start);
        const size = encodeDeploy(deploy).length + log.length + 16;
        if (size > room) {
          back();
          if (deploys.length > 0) break;
          const message = `log: expected at most ${String(room)} bytes with its deploy, got ${String(size)}`;
          ran.push({ ...did, ok: false, reason: 'too-large', message });
          continue;
        }
        room -= size;
        deploys.push({ deploy, log });
        ran.push(did);
      }
    } finally {
      revert();
    }
    return { deploys, ran };
  }

  #run(deploy: Deploy, member: number, timestamp: number): RanDeploy {
    const { publicKey } = this.network.members[member]!;
    const result = this.#runtime.run(deploy.source, {
      // Names belong to the network: those of another cannot be made here.
      seed: hashBytes(new ByteWriter().byte(0x13).raw(this.network.id).raw(deploy.id).finish()),
      maximumComms: this.network.maximumComms,
      block: { number: BigInt(this.round), timestamp: BigInt(timestamp), sender: publicKey },
      deploy: { timestamp: BigInt(deploy.timestamp), deployer: deploy.deployer, id: deploy.id },
    });
    const { id } = deploy;
    const { comms, output } = result;
    return result.ok
      ? { id, ok: true, reason: undefined, message: '', comms, output }
      : { id, ok: false, reason: result.reason, message: result.message, comms, output };
  }

  /** True if this node is a member that has not said its part of a step. */
  #owes(step: number): boolean {
    return this.member >= 0 && !this.#book.has(step, this.member);
  }

  /** Says something: first on the medium, then to others. */
  #say(step: number, body: Uint8Array): void {
    const statement = signStatement(
      this.network,
      { round: this.round, step, member: this.member, body },
      this.#secretKey!,
    );
    this.space.history.writeSide(new ArchiveChanges().say(step, statement.bytes));
    this.#book.add(statement);
    this.#tell({ kind: 'statement', statement, from: undefined });
  }

  /**
   * Takes a statement that came from outside; may be hostile. Replays and merges at once if it was the last one that was missing.
   *
   * @param from - anything that tells where it came from; listeners get it.
   */
  receive(bytes: Uint8Array, from?: unknown): ReceiveResult {
    const decoded = decodeStatement(this.network, bytes);
    if (!decoded.ok) return decoded;
    const { statement } = decoded;
    if (statement.round !== this.round || this.#book.knows(statement)) return { ok: true, new: false };
    if (!verifyStatement(this.network, statement)) return { ok: false, reason: 'bad-signature' };
    const outcome = this.#book.add(statement);
    if (outcome === 'known') return { ok: true, new: false };
    this.#tell({ kind: 'statement', statement, from });
    if (outcome === 'contradicts')
      this.#tell({ kind: 'equivocation', round: this.round, ...this.#book.equivocations.at(-1)! });
    this.#advance();
    return { ok: true, new: true };
  }

  /** What was said in the open round, or in one that is closed; nothing for one to come. */
  statements(round: number): readonly Uint8Array[] {
    if (round === this.round) return this.#book.statements().map((one) => one.bytes);
    return round > this.round ? [] : readRound(this.space.history, round);
  }

  /** True if the members sealed different things. */
  #disagrees(): boolean {
    return ([STEP.seal, STEP.voteSeal] as const).some((step) => {
      const said = this.#book.all(step);
      const subject = step === STEP.seal ? STEP.block : STEP.vote;
      if (said === undefined || this.#book.all(subject) === undefined) return false;
      const expected = this.#book.seal(subject);
      return said.some((one) => !equalBytes(one.body, expected));
    });
  }

  /** Goes as far as what was said allows. */
  #advance(): void {
    // What is said on the way may come back as an answer before it returns.
    if (this.#advancing) return;
    this.#advancing = true;
    try {
      while (this.#step());
    } finally {
      this.#advancing = false;
    }
  }

  /** Does the next thing that can be done; false if there is none. */
  #step(): boolean {
    const book = this.#book;
    if (this.#owes(STEP.block)) return book.count(STEP.block) > 0 && this.propose();
    if (book.all(STEP.block) === undefined) return false;
    if (this.#owes(STEP.seal)) {
      this.#say(STEP.seal, book.seal(STEP.block));
      return true;
    }
    if (book.all(STEP.seal) === undefined || this.#disagrees()) return false;
    const evaluation = (this.#evaluation ??= this.#evaluate());
    if (!evaluation.compared.conflict || this.network.decision === 'hash') {
      this.#close(evaluation, decideByHash);
      return true;
    }
    if (this.#owes(STEP.vote)) {
      const { units, pairs } = evaluation.compared;
      const own = units.map((unit) => ({ ...unit, own: unit.proposals.includes(this.member) }));
      this.#say(STEP.vote, encodeVote(this.#vote(own, pairs)));
      return true;
    }
    const votes = book.all(STEP.vote);
    if (votes === undefined) return false;
    if (this.#owes(STEP.voteSeal)) {
      this.#say(STEP.voteSeal, book.seal(STEP.vote));
      return true;
    }
    if (book.all(STEP.voteSeal) === undefined || this.#disagrees()) return false;
    const { members } = this.network;
    this.#close(
      evaluation,
      decideByVotes(votes.map(({ member, body }) => ({ stake: members[member]!.stake, units: decodeVote(body) }))),
    );
    return true;
  }

  /** Reads and replays the blocks; one that is not what it should be counts as empty, at every node alike. */
  #evaluate(): Evaluation {
    const invalid: { member: number; reason: BlockReason }[] = [];
    const proposals = this.#book.all(STEP.block)!.map(({ member, body }): Proposal => {
      const block = this.#checked(body, member);
      if (typeof block === 'string') {
        invalid.push({ member, reason: block });
        return { deploys: [] };
      }
      return { deploys: block.deploys.map(({ deploy, log }) => ({ id: deploy.id, log })) };
    });
    const compared = compareProposals(this.space.history, proposals);
    if (!compared.ok) throw new Error(`unreachable: replayed logs are ${compared.reason}`);
    return { proposals, invalid, compared };
  }

  #checked(body: Uint8Array, member: number): Block | BlockReason {
    const block = decodeBlock(this.network, body);
    if (block === undefined) return 'malformed';
    if (!equalBytes(block.base, this.space.root())) return 'other-base';
    const seen = new Set<string>();
    for (const { deploy } of block.deploys) {
      const name = textFromBytes(deploy.id);
      if (seen.has(name) || this.#accepted.has(name)) return 'repeated';
      seen.add(name);
      if (deploy.from > this.round || deploy.from + this.network.lifetime <= this.round) return 'out-of-time';
      if (!verifyDeploy(deploy)) return 'bad-signature';
    }
    const proposal = { deploys: block.deploys.map(({ deploy, log }) => ({ id: deploy.id, log })) };
    let comms = this.network.maximumBlockComms;
    try {
      const replayed = replayProposal(this.space, proposal, (_, index) => {
        comms -= this.#run(block.deploys[index]!.deploy, member, block.timestamp).comms;
        if (comms < 0) throw new BlockBoundError();
      });
      return replayed.ok ? block : 'not-replayed';
    } catch (error) {
      if (error instanceof BlockBoundError) return 'too-costly';
      throw error;
    }
  }

  #close({ proposals, invalid, compared }: Evaluation, decide: Decision): void {
    const { round, network } = this;
    const changes = new ArchiveChanges()
      .round(round + 1)
      .forgetSaid(STEPS)
      .archive(round, this.#book.statements());
    const done: string[] = [];
    const expired: Queued[] = [];
    const result = mergeProposals(this.space.history, proposals, decide, ({ accepted }) => {
      for (const id of accepted) {
        done.push(textFromBytes(id));
        // The round from which on no deploy with this id can be accepted any more, whatever its first round.
        changes.accept(round + network.lifetime, id);
        const queued = this.#queue.get(textFromBytes(id));
        if (queued !== undefined) changes.dequeue(queued.number);
      }
      for (const queued of this.#queue.values()) {
        if (queued.deploy.from + network.lifetime > round + 1 || done.includes(textFromBytes(queued.deploy.id)))
          continue;
        expired.push(queued);
        changes.dequeue(queued.number);
      }
      for (const [name, until] of this.#accepted)
        if (until <= round)
          changes.forgetAccepted(
            until,
            Uint8Array.from(name, (one) => one.charCodeAt(0)),
          );
      return { side: changes };
    });
    if (!result.ok) throw new Error(`unreachable: replayed logs are ${result.reason}`);
    // What runs next starts from the bytes of the new version.
    this.space.reset(result.commit.root);
    for (const [name, until] of this.#accepted) if (until <= round) this.#accepted.delete(name);
    for (const name of done) {
      this.#accepted.set(name, round + network.lifetime);
      this.#queue.delete(name);
    }
    for (const { deploy } of expired) this.#queue.delete(textFromBytes(deploy.id));
    this.#book = new RoundBook(round + 1, network.members.length);
    this.#evaluation = undefined;
    const { accepted, refused } = result;
    const { units, pairs } = compared;
    this.#tell({ kind: 'closed', round, root: result.commit.root, accepted, refused, invalid, units, pairs });
    const mine = refused.flatMap((id) => this.#queue.get(textFromBytes(id))?.deploy ?? []);
    if (mine.length > 0) this.#tell({ kind: 'refused', round, deploys: mine });
    if (expired.length > 0) this.#tell({ kind: 'expired', round, deploys: expired.map((one) => one.deploy) });
  }
}
