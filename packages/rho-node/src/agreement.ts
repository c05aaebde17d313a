import { equalBytes, textFromBytes } from '@commute/rho-store/bytes';
import type { Network } from './network.ts';
import type { RoundBook } from './round-book.ts';
import { decodeOffer, decodeSet, encodeOffer, encodeSet, type SetEntry, type StatementSet } from './statement-set.ts';
import type { Said, Statement, Subject } from './statement.ts';

/** Steps of an agreement, after its subject. */
const OFFER = 1;
const PREPARE = 2;
const COMMIT = 3;

/** Views after which waiting grows no more. */
const GROWING_VIEWS = 64;

/** The body of a prepare or a commit to nothing. */
const NOTHING: Uint8Array<ArrayBuffer> = /* @__PURE__ */ new Uint8Array(0);

/** A set and the view in which a quorum prepared it. */
interface Prepared {
  readonly view: number;
  readonly set: Uint8Array;
}

/** How an agreement goes. */
export interface AgreementOptions {
  /** Position of this node among the members, -1 for one that follows. */
  readonly member: number;
  /** Milliseconds that the first view waits for whom it lacks; later views wait longer. */
  readonly patience: number;
}

/**
 * How the members of a round agree on a set of statements, blocks or votes, though some are silent and some cheat. Says nothing itself: {@link next} is what
 * this member is to say.
 *
 * It goes in views. In view 0 nobody leads: who has the statements of all members prepares all of them. If that does not come to pass in time, each later view has a leader, who offers a set of at
 * least a quorum. Each member prepares one set in a view, or none, and commits to the set that a quorum prepared, or to none; the set to which a quorum commits in one view is
 * decided. Who committed to a set prepares another only if a quorum prepared that one later: so two sets are never decided, as long as any two quorums have a member in common that
 * does not contradict itself. This is the agreement of Tendermint (Buchman, Kwon, Milosevic: The latest gossip on BFT consensus, 2018) for one height, with a view
 * without a leader before all others.
 */
export class Agreement {
  readonly #network: Network;
  readonly #book: RoundBook;
  readonly #subject: Subject;
  readonly #member: number;
  readonly #patience: number;
  #view = 0;
  /** What this member is about to do in its view. */
  #phase: typeof PREPARE | typeof COMMIT | 'end' = PREPARE;
  /** To what it last committed. */
  #locked: Prepared | undefined;
  /** What a quorum last prepared, as far as this node knows. */
  #valid: Prepared | undefined;
  #deadline: number | undefined;

  /** Goes on where the member stood, if the book has what it said before. */
  constructor(network: Network, book: RoundBook, subject: Subject, { member, patience }: AgreementOptions) {
    this.#network = network;
    this.#book = book;
    this.#subject = subject;
    this.#member = member;
    this.#patience = patience;
    for (const step of [OFFER, PREPARE, COMMIT])
      for (const view of book.views(subject + step)) {
        const said = book.first(subject + step, view, member);
        if (said === undefined) continue;
        if (view > this.#view) this.#view = view;
        if (step === COMMIT && said.body.length > 0 && view >= (this.#locked?.view ?? 0))
          this.#locked = { view, set: said.body };
      }
    this.#resume();
  }

  /** The view in which this node is. */
  get view(): number {
    return this.#view;
  }

  #resume(): void {
    this.#deadline = undefined;
    const said = (step: number): boolean => this.#said(step) !== undefined;
    this.#phase = said(COMMIT) ? 'end' : said(PREPARE) ? COMMIT : PREPARE;
    this.#book.reach(this.#view);
  }

  #said(step: number): Statement | undefined {
    return this.#book.first(this.#subject + step, this.#view, this.#member);
  }

  /** Stake of the members that said something for which a condition holds. */
  #stake(statements: Iterable<Statement>, holds: (one: Statement) => boolean = () => true): bigint {
    const members = new Set<number>();
    for (const one of statements) if (holds(one)) members.add(one.member);
    let stake = 0n;
    for (const member of members) stake += this.#network.members[member]!.stake;
    return stake;
  }

  /** What a quorum said in a step and view; empty bytes for nothing. */
  #quorumOf(step: number, view: number): Uint8Array | undefined {
    const all = [...this.#book.at(this.#subject + step, view)];
    if (this.#stake(all) < this.#network.quorum) return undefined;
    for (const body of new Map(all.map((one) => [textFromBytes(one.body), one.body])).values()) {
      const supported = this.#stake(all, (one) => equalBytes(one.body, body)) >= this.#network.quorum;
      if (supported && (body.length === 0 || decodeSet(this.#network, body) !== undefined)) return body;
    }
    return undefined;
  }

  #anyQuorum(step: number): boolean {
    return this.#stake(this.#book.at(this.#subject + step, this.#view)) >= this.#network.quorum;
  }

  #find({ member, hash }: SetEntry): Statement | undefined {
    return this.#book.find(this.#subject, member, hash);
  }

  #holds(bytes: Uint8Array): boolean {
    return decodeSet(this.#network, bytes)?.every((entry) => this.#find(entry) !== undefined) ?? false;
  }

  /** What is decided, in any view, though some of it may be missing here. */
  settled(): { readonly view: number; readonly set: StatementSet } | undefined {
    for (const view of this.#book.views(this.#subject + COMMIT)) {
      const body = this.#quorumOf(COMMIT, view);
      const set = body !== undefined && body.length > 0 ? decodeSet(this.#network, body) : undefined;
      if (set !== undefined) return { view, set };
    }
    return undefined;
  }

  /** The statements that are decided, ascending by member, once all of them are here, with the commits that prove it. */
  decided(): { readonly said: readonly Statement[]; readonly proof: readonly Statement[] } | undefined {
    const settled = this.settled();
    if (settled === undefined) return undefined;
    const said: Statement[] = [];
    for (const entry of settled.set) {
      const statement = this.#find(entry);
      if (statement === undefined) return undefined;
      said.push(statement);
    }
    const body = encodeSet(settled.set);
    const commits = [...this.#book.at(this.#subject + COMMIT, settled.view)];
    return { said, proof: commits.filter((one) => equalBytes(one.body, body)) };
  }

  /** Statements that others agree on and that are not here. */
  wanted(): readonly SetEntry[] {
    const bodies = new Map<string, Uint8Array>();
    const settled = this.settled();
    if (settled !== undefined) bodies.set('', encodeSet(settled.set));
    const offer = this.#leadersOffer();
    if (offer !== undefined) bodies.set('offer', offer.set);
    const prepared = this.#quorumOf(PREPARE, this.#view);
    if (prepared !== undefined) bodies.set('prepared', prepared);
    const entries = [...bodies.values()].flatMap((body) => decodeSet(this.#network, body) ?? []);
    return entries.filter((entry) => this.#find(entry) === undefined);
  }

  /** Who leads a view. */
  #leader(view: number): number {
    return (this.#book.round + view) % this.#network.members.length;
  }

  #leadersOffer(): ReturnType<typeof decodeOffer> {
    const said = this.#book.first(this.#subject + OFFER, this.#view, this.#leader(this.#view));
    return this.#view === 0 || said === undefined ? undefined : decodeOffer(said.body);
  }

  /** Goes to the view in which members are of whom one at least follows the rules, as others may have gone on without this node. */
  #catchUp(): void {
    const newest = this.#network.members.map(() => -1);
    for (const step of [OFFER, PREPARE, COMMIT])
      for (const view of this.#book.views(this.#subject + step))
        for (const { member } of this.#book.at(this.#subject + step, view))
          newest[member] = Math.max(newest[member]!, view);
    const order = newest.map((view, member) => ({ view, stake: this.#network.members[member]!.stake }));
    let stake = 0n;
    for (const one of order.sort((left, right) => right.view - left.view)) {
      if (one.view <= this.#view) return;
      stake += one.stake;
      if (stake <= this.#network.stake - this.#network.quorum) continue;
      this.#view = one.view;
      this.#resume();
      return;
    }
  }

  /** Remembers the newest set that a quorum prepared. */
  #learn(): void {
    for (const view of this.#book.views(this.#subject + PREPARE)) {
      if (view <= (this.#valid?.view ?? -1)) continue;
      const set = this.#quorumOf(PREPARE, view);
      if (set !== undefined && set.length > 0 && this.#holds(set)) this.#valid = { view, set };
    }
  }

  /** True once time is up, counted from the first time that it is asked in this phase. */
  #late(now: number): boolean {
    this.#deadline ??= now + this.#patience * Math.min(this.#view + 1, GROWING_VIEWS);
    return now >= this.#deadline;
  }

  #say(step: number, body: Uint8Array): Pick<Said, 'step' | 'view' | 'body'> {
    return { step: this.#subject + step, view: this.#view, body };
  }

  /**
   * What this member is to say next; `undefined` if it is to wait, for others or for time to pass. Whoever asks says it, adds it to the book, and asks again.
   *
   * @param now - milliseconds by any clock that does not go back.
   */
  next(now: number): Pick<Said, 'step' | 'view' | 'body'> | undefined {
    if (this.#member < 0 || this.settled() !== undefined) return undefined;
    for (;;) {
      this.#catchUp();
      this.#learn();
      // What was said since the last time.
      if (this.#phase === PREPARE && this.#said(PREPARE) !== undefined) this.#resume();
      if (this.#phase === COMMIT && this.#said(COMMIT) !== undefined) this.#resume();
      if (this.#phase === PREPARE) return this.#offer() ?? this.#prepare(now);
      if (this.#phase === COMMIT) return this.#commit(now);
      if (!this.#isOver(now)) return undefined;
      this.#view += 1;
      this.#resume();
    }
  }

  /** All statements of those that do not contradict themselves, if they are a quorum. */
  #gathered(): Uint8Array | undefined {
    const set: SetEntry[] = [];
    for (const { member, hash } of this.#book.at(this.#subject, 0))
      if (!this.#book.contradicted(this.#subject, 0, member)) set.push({ member, hash });
    const bytes = encodeSet(set);
    return decodeSet(this.#network, bytes) === undefined ? undefined : bytes;
  }

  /** What this member offers, if it leads and has not yet. */
  #offer(): Pick<Said, 'step' | 'view' | 'body'> | undefined {
    if (this.#view === 0 || this.#leader(this.#view) !== this.#member || this.#said(OFFER) !== undefined)
      return undefined;
    const set = this.#valid?.set ?? this.#gathered();
    return set && this.#say(OFFER, encodeOffer({ prepared: this.#valid?.view, set }));
  }

  #prepare(now: number): Pick<Said, 'step' | 'view' | 'body'> | undefined {
    const choice = this.#view === 0 ? this.#allOrNothing() : this.#acceptable();
    if (choice !== undefined) return this.#say(PREPARE, choice);
    return this.#late(now) ? this.#say(PREPARE, NOTHING) : undefined;
  }

  /** What all members said; nothing if one contradicts itself; `undefined` while one is missing. */
  #allOrNothing(): Uint8Array | undefined {
    const members = Array.from(this.#network.members, (_, member) => member);
    if (members.some((member) => this.#book.contradicted(this.#subject, 0, member))) return NOTHING;
    const set = members.flatMap((member) => this.#book.first(this.#subject, 0, member) ?? []);
    return set.length < members.length ? undefined : encodeSet(set);
  }

  /** The set that the leader offers if this member may prepare it, or nothing; `undefined` while that is not known. */
  #acceptable(): Uint8Array | undefined {
    const leader = this.#leader(this.#view);
    if (this.#book.contradicted(this.#subject + OFFER, this.#view, leader)) return NOTHING;
    const said = this.#book.first(this.#subject + OFFER, this.#view, leader);
    if (said === undefined) return undefined;
    const offer = decodeOffer(said.body);
    const set = offer && decodeSet(this.#network, offer.set);
    if (offer === undefined || set === undefined) return NOTHING;
    const same = this.#locked !== undefined && equalBytes(this.#locked.set, offer.set);
    if (offer.prepared === undefined) {
      if (this.#locked !== undefined && !same) return NOTHING;
      if (!same && set.some(({ member }) => this.#book.contradicted(this.#subject, 0, member))) return NOTHING;
    } else {
      if (offer.prepared >= this.#view) return NOTHING;
      const prepared = this.#quorumOf(PREPARE, offer.prepared);
      if (prepared === undefined || !equalBytes(prepared, offer.set)) return undefined;
      if (this.#locked !== undefined && this.#locked.view > offer.prepared && !same) return NOTHING;
    }
    return this.#holds(offer.set) ? offer.set : undefined;
  }

  #commit(now: number): Pick<Said, 'step' | 'view' | 'body'> | undefined {
    const set = this.#quorumOf(PREPARE, this.#view);
    if (set?.length === 0) return this.#say(COMMIT, NOTHING);
    if (set !== undefined && this.#holds(set)) {
      this.#locked = { view: this.#view, set };
      return this.#say(COMMIT, set);
    }
    return this.#anyQuorum(PREPARE) && this.#late(now) ? this.#say(COMMIT, NOTHING) : undefined;
  }

  /** True once nothing can be decided in this view that a member would learn of in time. */
  #isOver(now: number): boolean {
    if (this.#quorumOf(COMMIT, this.#view)?.length === 0) return true;
    return this.#anyQuorum(COMMIT) && this.#late(now);
  }
}
