import { assertInteger } from '@commute/errors';
import {
  decideByHash,
  decideByVotes,
  encodeLoggedBlock,
  mergeBlocks,
  RhoSpace,
  signDeploy,
  tryBlock,
  unsignedDeploy,
  type Decision,
  type Deploy,
  type PlayOptions,
} from '@commute/rho-store';
import { equalBytes, textFromBytes } from '@commute/rho-store/bytes';
import { ed25519 } from '@noble/curves/ed25519.js';
import type { Agreement } from './agreement.ts';
import { ArchiveChanges, readArchived, readRound, readStatement, type Archived } from './archive.ts';
import { decodeCertificate, encodeCertificate, verifyCertificate, type Certificate } from './certificate.ts';
import { DeployQueue } from './deploy-queue.ts';
import { evaluateBlocks, type Evaluation } from './evaluation.ts';
import { NodeArgumentError, NodeStoreError } from './errors.ts';
import type { NodeEvent, RanDeploy } from './events.ts';
import { begin } from './genesis.ts';
import type { Network } from './network.ts';
import { OpenRound } from './open-round.ts';
import { voteForOwn, type NodeDeployOptions, type NodeOptions, type Voter } from './options.ts';
import { Pruning } from './pruning.ts';
import { rulesOf } from './rules.ts';
import {
  decodeStatement,
  decodeVote,
  encodeVote,
  isSubject,
  signStatement,
  STEP,
  verifyStatement,
  type Said,
  type Statement,
  type StatementReason,
  type Subject,
} from './statement.ts';
import { baseOf, offerState, type StateOffer } from './transfer/state-offer.ts';
import { tidy, Transfer, type FetchedState } from './transfer/transfer.ts';

/** What became of bytes that came from outside. */
export type ReceiveResult =
  /** `new` is false for what was known, or belongs to a round that is closed or not open yet. */
  { readonly ok: true; readonly new: boolean } | { readonly ok: false; readonly reason: StatementReason };

/** Where a round stands. */
export interface NodeStatus {
  /** The round that is open, from 1: the number of the block that it makes. */
  readonly round: number;
  /** Root of the last closed round. */
  readonly root: Uint8Array;
  /** Which try to agree is under way, from 0. */
  readonly view: number;
  /** Members of whom a block, or a vote if those are under way, is missing. */
  readonly waiting: readonly number[];
  /** Members that contradict themselves in the open round. */
  readonly equivocators: readonly number[];
  /** Number of deploys in the queue. */
  readonly queued: number;
}

/**
 * One of the nodes that run a RhoVM together. Does no input or output but for its store: {@link receive} takes what others said, and listeners get what is to be said to others.
 *
 * A round goes so: each member says its block, and the members agree on which blocks the round holds: all of them, or those that a quorum has once some are silent for too long. What others propose is replayed before it is
 * believed. If nothing conflicts the blocks are merged, and no one is asked. If
 * something does, the network's decision chooses, by hash or by votes that are agreed on in the same way. Then the next round starts from the new version, with the deploys that gave way in the queue again.
 *
 * What a node says is on the medium before it is told, so a node that was killed does not contradict itself. While there is no quorum the
 * round stays open: deploys wait in the queue, and nothing that was closed is ever taken back. Time passes only in {@link tick}.
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
  readonly #now: () => number;
  readonly #patience: number;
  readonly #vote: Voter;
  readonly #maximumDeploys: number;
  readonly #rules: PlayOptions;
  readonly #listeners = new Set<(event: NodeEvent) => void>();
  readonly #keepRounds: number | undefined;
  /** Fetches the state from others if they keep the rounds no more that this node needs; `undefined` if it is not to. */
  readonly transfer: Transfer | undefined;
  #queue: DeployQueue;
  #pruning: Pruning;
  #open: OpenRound;
  #advancing = false;

  /**
   * Opens a node on its store, or makes the first version of a new one.
   *
   * @throws NodeArgumentError if the key is of no member, or the genesis program fails. NodeStoreError if the store belongs to something else.
   */
  constructor(options: NodeOptions) {
    const {
      store,
      network,
      secretKey,
      now = Date.now,
      patience = 2000,
      vote = voteForOwn,
      maximumDeploys = 1000,
      keepRounds,
      transfer = {},
    } = options;
    assertInteger('RHO_NODE_ARGUMENT_RANGE', 'maximumDeploys', maximumDeploys, 1, 2 ** 20);
    assertInteger('RHO_NODE_ARGUMENT_RANGE', 'patience', patience, 1, 2 ** 31);
    if (keepRounds !== undefined) assertInteger('RHO_NODE_ARGUMENT_RANGE', 'keepRounds', keepRounds, 1, 2 ** 31);
    const publicKey = secretKey && ed25519.getPublicKey(secretKey);
    this.network = network;
    this.member =
      publicKey === undefined ? -1 : network.members.findIndex((one) => equalBytes(one.publicKey, publicKey));
    if (this.member < 0 && secretKey !== undefined)
      throw new NodeArgumentError('secretKey', 'that of a member', 'another');
    this.#secretKey = secretKey;
    this.#now = now;
    this.#patience = patience;
    this.#vote = vote;
    this.#maximumDeploys = maximumDeploys;
    this.#keepRounds = keepRounds;
    this.space = new RhoSpace(store);
    const { history } = this.space;
    const archived = readArchived(history);
    if (archived !== undefined && !equalBytes(archived.network, network.id))
      throw new NodeStoreError('that of a node of this network', 'one of another network');
    if (archived === undefined) begin(this.space, network);
    else tidy(history, archived.round);
    this.#queue = new DeployQueue(network, history, archived);
    this.#rules = rulesOf(network, (id) => this.#queue.accepted.has(id));
    this.#open = this.#openRound(archived?.round ?? 1, archived);
    this.#pruning = new Pruning(history, keepRounds, this.round);
    if (transfer !== false) {
      const adopt = (state: FetchedState): void => {
        this.#adopt(state);
      };
      this.transfer = new Transfer({ network, history, round: () => this.round, adopt }, transfer);
    }
    this.#advance();
  }

  #openRound(round: number, archived?: Archived): OpenRound {
    return new OpenRound(this.network, round, { member: this.member, patience: this.#patience }, archived);
  }

  /** The round that is open, from 1. */
  get round(): number {
    return this.#open.number;
  }

  /** The oldest round that this node can tell to others; 1 unless it forgets, as `keepRounds` says. */
  get oldest(): number {
    return this.#pruning.oldest;
  }

  /** Where the open round stands. */
  status(): NodeStatus {
    const { agreement, subject, book } = this.#open;
    return {
      round: this.round,
      root: this.space.root(),
      view: agreement.view,
      waiting: book.missing(subject),
      equivocators: book.equivocations.map((one) => one.member).sort((left, right) => left - right),
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
    return this.#queue.all();
  }

  /**
   * Puts a deploy into the queue, durably. It is proposed with the next block and, as long as it is refused or fails, again and again until it is
   * accepted or its time is over.
   *
   * @param program - source text, or a deploy that somebody made for the network.
   * @param options - about source text.
   * @returns the deploy; `deployId` of it names it later.
   * @throws NodeArgumentError if this node only follows. If its signature is wrong, its time is over, it is too large, or it was accepted already.
   * @throws DeployRefusedError if no block can hold it, with the places and reasons.
   */
  deploy(program: string | Deploy, options: NodeDeployOptions = {}): Deploy {
    if (this.member < 0) throw new NodeArgumentError('deploy', 'a node of a member to propose it', 'one that follows');
    const deploy = typeof program === 'string' ? this.#createDeploy(program, options) : program;
    this.#queue.add(deploy, this.round);
    return deploy;
  }

  #createDeploy(source: string, { secretKey, file = 'deploy', tokens }: NodeDeployOptions): Deploy {
    const salt = globalThis.crypto.getRandomValues(new Uint8Array(16));
    const about = { source, file, timestamp: this.#now(), after: this.round - 1, tokens, tokensFor: undefined };
    const unsigned = { ...about, network: this.network.id, salt };
    return secretKey === undefined ? unsignedDeploy(unsigned) : signDeploy(unsigned, secretKey);
  }

  /** Takes a deploy out of the queue. One that is in the block of the open round may be accepted all the same. */
  withdraw(id: Uint8Array): boolean {
    return this.#queue.remove(id);
  }

  /**
   * Runs the deploys of the queue and says the block of this node, unless it did already in this round. A node that hears the block of another
   * does so by itself, with what its queue holds then.
   *
   * @returns true if it said one.
   */
  propose(): boolean {
    if (!this.#open.owes(STEP.block) || this.#open.blocks.settled() !== undefined) return false;
    const { round } = this;
    const { block, log, outcomes } = tryBlock(
      this.space,
      {
        deploys: this.#queue.eligible(round).slice(0, this.#maximumDeploys),
        timestamp: this.#now(),
        sender: this.network.members[this.member]!.publicKey,
        maximumBytes: this.network.maximumBlockBytes,
      },
      this.#rules,
    );
    const tried = outcomes.filter(({ refused: [why] }) => why?.reason !== 'no-room');
    const deploys = tried.map(({ id, refused: [why], comms, output }): RanDeploy => {
      return { id, ok: why === undefined, reason: why?.reason, message: why?.message ?? '', comms, output };
    });
    // Those that fail do not keep the others from their turn.
    this.#queue.postpone(deploys.filter((one) => !one.ok).map((one) => one.id));
    this.#say({ step: STEP.block, view: 0, body: encodeLoggedBlock({ block, log }) });
    this.#tell({ kind: 'proposed', round, deploys });
    this.#advance();
    return true;
  }

  /** Says something: first on the medium, with what holds this member to it, then to others. */
  #say(
    { step, view, body }: Pick<Said, 'step' | 'view' | 'body'>,
    keep: readonly Statement[] = [],
    grounds?: Certificate,
  ): void {
    const said = { round: this.round, step, view, member: this.member, body };
    const statement = signStatement(this.network, said, this.#secretKey!);
    const changes = new ArchiveChanges().say(statement);
    if (grounds !== undefined) changes.certify(grounds);
    const stored = [...(isSubject(step) ? [statement] : []), ...keep.filter((one) => !this.#open.stored.has(one))];
    for (const one of stored) changes.keep(one);
    this.space.history.writeSide(changes);
    for (const one of stored) this.#open.stored.add(one);
    this.#open.book.add(statement);
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
    if (statement.round !== this.round || this.#open.book.knows(statement)) return { ok: true, new: false };
    if (!verifyStatement(this.network, statement)) return { ok: false, reason: 'bad-signature' };
    const known = this.#open.book.equivocations.length;
    // What a member says beyond one contradiction is of no use, unless others agree on it.
    if (this.#open.book.add(statement) === 'known' && !(this.#open.wants(statement) && this.#open.book.keep(statement)))
      return { ok: true, new: false };
    this.#tell({ kind: 'statement', statement, from });
    this.#tellEquivocations(known);
    this.#advance();
    return { ok: true, new: true };
  }

  /** Takes the word of another node that it keeps no round before `oldest`; listeners are told if that concerns the open one. Not signed: it decides nothing. */
  receiveForgotten(round: number, oldest: number, from?: unknown): void {
    if (round === this.round) this.#tell({ kind: 'forgotten', round, oldest, from });
  }

  /** Takes a certificate that came from outside, as {@link receive} does; may be hostile. What it proves holds whatever else was heard. */
  receiveCertificate(bytes: Uint8Array, from?: unknown): ReceiveResult {
    const decoded = decodeCertificate(this.network, bytes);
    if (!decoded.ok) return decoded;
    const { certificate } = decoded;
    const { round, step, view } = certificate;
    if (round !== this.round || this.#open.book.certificate(step, view) !== undefined) return { ok: true, new: false };
    if (!verifyCertificate(this.network, certificate, (one) => this.#open.book.knowsSigned(one)))
      return { ok: false, reason: 'bad-signature' };
    const known = this.#open.book.equivocations.length;
    this.#certify(certificate, from);
    this.#tellEquivocations(known);
    this.#advance();
    return { ok: true, new: true };
  }

  /** Tells a certificate unless it was. */
  #certify(certificate: Certificate, from: unknown): void {
    if (this.#open.book.certify(certificate)) this.#tell({ kind: 'certificate', certificate, from });
  }

  #tellEquivocations(known: number): void {
    for (const one of this.#open.book.equivocations.slice(known))
      this.#tell({ kind: 'equivocation', round: this.round, ...one });
  }

  /** What was said in the open round, or the blocks and votes that closed an earlier one, of forgotten ones the contradictions alone; nothing for one to come. */
  statements(round: number): readonly Uint8Array[] {
    if (round === this.round) return this.#open.book.statements().map((one) => one.bytes);
    return round > this.round ? [] : readRound(this.space.history, round).statements;
  }

  /** One of {@link statements}, by its hash. */
  statement(round: number, hash: Uint8Array): Uint8Array | undefined {
    if (round < this.round) return readStatement(this.space.history, round, hash);
    return this.#open.book.statements().find((one) => equalBytes(one.hash, hash))?.bytes;
  }

  /** What proves what was agreed on in the open round, as far as it was told, or in an earlier one. */
  certificates(round: number): readonly Uint8Array[] {
    if (round === this.round) return this.#open.book.certificates().map(encodeCertificate);
    return round > this.round ? [] : readRound(this.space.history, round).certificates;
  }

  /** Looks at the clock: a round that waits for silent members goes on without them once they were waited for long enough. Call it every now and then. */
  tick(): void {
    this.#advance();
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
    const open = this.#open;
    const settled = open.agreement.settled();
    // Others may not be able to find it in what they heard, and this node says no more about it.
    if (settled !== undefined) this.#certify(settled, undefined);
    const blocks = open.evaluation === undefined ? open.blocks.decided() : undefined;
    if (open.evaluation === undefined && blocks === undefined) return this.#agree(open.blocks, STEP.block);
    const evaluation = (open.evaluation ??= {
      ...blocks!,
      ...evaluateBlocks(this.space, this.network, blocks!.said, this.#rules),
    });
    if (!evaluation.compared.conflict || this.network.decision === 'hash') {
      this.#close(evaluation, undefined, decideByHash);
      return true;
    }
    const votes = open.votes.decided();
    if (votes === undefined) {
      if (open.owes(STEP.vote) && open.votes.settled() === undefined) {
        const { units, pairs } = evaluation.compared;
        const own = units.map((unit) => {
          return { ...unit, own: unit.proposals.some((part) => evaluation.makers[part] === this.member) };
        });
        this.#say({ step: STEP.vote, view: 0, body: encodeVote(this.#vote(own, pairs)) });
        return true;
      }
      return this.#agree(open.votes, STEP.vote);
    }
    const { members } = this.network;
    this.#close(
      evaluation,
      votes,
      decideByVotes(votes.said.map(({ member, body }) => ({ stake: members[member]!.stake, units: decodeVote(body) }))),
    );
    return true;
  }

  /** Says what is next in an agreement; false if there is nothing. */
  #agree(agreement: Agreement, subject: Subject): boolean {
    for (const { hash } of agreement.wanted()) {
      const name = textFromBytes(hash);
      if (this.#open.wanted.has(name)) continue;
      this.#open.wanted.add(name);
      this.#tell({ kind: 'want', round: this.round, hash });
    }
    // A round begins with the first block.
    if (this.#open.book.at(subject, 0).next().done === true) return false;
    if (this.#open.owes(STEP.base) && agreement.settled() === undefined) {
      this.#say({ step: STEP.base, view: 0, body: baseOf(this.space.history, this.#queue.accepted, this.round) });
      return true;
    }
    if (subject === STEP.block && this.#open.owes(STEP.block) && this.propose()) return true;
    const next = agreement.next(this.#now());
    if (next === undefined) return false;
    const { keep, tell } = next;
    if (tell !== undefined) this.#certify(tell, undefined);
    this.#say(next, keep === undefined ? [] : agreement.statementsOf(keep.body)!, keep);
    return true;
  }

  /** The newest version of which a quorum said that a round begins with it, for nodes that cannot replay what led to it. */
  stateOffer(): StateOffer | undefined {
    const { round: open } = this;
    return offerState(this.space.history, this.network, this.#queue.accepted, { open, base: this.#open.base() });
  }

  /** Goes on from a state that was fetched and checked, in one transaction. */
  #adopt({ round, receiver, accepted, ...commit }: FetchedState): void {
    const { history } = this.space;
    const changes = new ArchiveChanges().restart(history, round + 1);
    this.#open.prove(new Set(), changes);
    const expired = this.#queue.adopt(round + 1, accepted, changes);
    receiver.finish({ number: round + 1, ...commit }, changes);
    this.space.goTo(round + 1);
    tidy(history, round + 1);
    const archived = readArchived(history)!;
    this.#queue = new DeployQueue(this.network, history, archived);
    this.#open = this.#openRound(archived.round, archived);
    this.#pruning = new Pruning(history, this.#keepRounds, this.round);
    this.#tell({ kind: 'transferred', round, root: this.space.root() });
    if (expired.length > 0) this.#tell({ kind: 'expired', round, deploys: expired });
    this.#advance();
  }

  #close(
    { said, certificate, parts, invalid, compared }: Evaluation,
    votes: Pick<Evaluation, 'said' | 'certificate'> | undefined,
    decide: Decision,
  ): void {
    const { round } = this;
    const changes = new ArchiveChanges().round(round + 1);
    this.#open.archive(
      [certificate, ...(votes === undefined ? [] : [votes.certificate])],
      [...said, ...(votes?.said ?? [])],
      changes,
    );
    let settle: () => readonly Deploy[] = () => [];
    const result = mergeBlocks(this.space, parts, decide, ({ accepted }) => {
      settle = this.#queue.close(round, accepted, changes);
      return changes;
    });
    if (!result.ok) throw new Error(`unreachable: replayed logs are ${result.reason}`);
    const expired = settle();
    this.#open = this.#openRound(round + 1);
    const { accepted, refused } = result;
    const { units, pairs } = compared;
    const { root } = result.commit;
    const members = said.map((one) => one.member);
    const missed = this.member >= 0 && !members.includes(this.member);
    this.#tell({ kind: 'closed', round, root, accepted, refused, members, invalid, units, pairs });
    if (missed) this.#tell({ kind: 'missed', round });
    const mine = this.#queue.among(refused);
    if (mine.length > 0) this.#tell({ kind: 'refused', round, deploys: mine });
    if (expired.length > 0) this.#tell({ kind: 'expired', round, deploys: expired });
    this.transfer?.passed();
    tidy(this.space.history, this.round);
    // What is fetched meanwhile must not be forgotten.
    if (this.transfer?.active === true || !this.#pruning.prune(this.round)) return;
    this.transfer?.reset();
    this.#tell({ kind: 'pruned', oldest: this.oldest });
  }
}
