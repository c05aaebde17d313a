import { equalBytes, textFromBytes } from '@commute/rho-store/bytes';
import { quorumAmong, type Certificate } from './certificate.ts';
import type { Network } from './network.ts';
import type { RoundBook } from './round-book.ts';
import { decodeOffer, decodeSet, encodeOffer, encodeSet, type SetEntry } from './statement-set.ts';
import type { Said, Statement, Subject } from './statement.ts';

/** Steps of an agreement, after its subject. */
const OFFER = 1;
const PREPARE = 2;
const COMMIT = 3;

/** Views after which waiting grows no more. */
const GROWING_VIEWS = 64;

/** The body of a prepare or a commit to nothing. */
const NOTHING: Uint8Array<ArrayBuffer> = /* @__PURE__ */ new Uint8Array(0);

/** A set and the view in which a member committed to it. */
interface Locked {
  readonly view: number;
  readonly set: Uint8Array;
}

/** What a member is to say next. */
export interface NextStatement extends Pick<Said, 'step' | 'view' | 'body'> {
  /**
   * Of a commit to a set, that a quorum prepared it. Must be on the medium no later than the commit, with the statements of the set: the commit holds this member to
   * the set, and nobody else may have them.
   */
  readonly keep: Certificate | undefined;
  /** What the others must hear before the statement. */
  readonly tell: Certificate | undefined;
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
 *
 * Tendermint assumes that what one member hears all hear in the end. That cannot be had of those who cheat: they can say so many different things that no one keeps all. So it is
 * had of what counts, quorums, by certificates: who commits in a view that has a leader tells first why it may, who offers a set that was prepared before tells that, and
 * who knows what is decided tells it.
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
  #locked: Locked | undefined;
  /** What a quorum last prepared and is here, as far as this node knows. */
  #valid: Certificate | undefined;
  /** What a quorum last prepared, though some of it may be missing here. */
  #prepared: Certificate | undefined;
  #settled: Certificate | undefined;
  /** Quorums that were found among what was said, by view, of prepares and of commits. */
  readonly #found: readonly Map<number, Certificate>[] = [new Map(), new Map()];
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

  #anyQuorum(step: number): boolean {
    let stake = 0n;
    let before = -1;
    for (const { member } of this.#book.at(this.#subject + step, this.#view)) {
      if (member !== before) stake += this.#network.members[member]!.stake;
      before = member;
    }
    return stake >= this.#network.quorum;
  }

  /** What a quorum said in a step and view, with no body if it said nothing. */
  #quorumOf(step: typeof PREPARE | typeof COMMIT, view: number): Certificate | undefined {
    const told = this.#book.certificate(this.#subject + step, view);
    if (told !== undefined) return told;
    const found = this.#found[step - PREPARE]!;
    const known = found.get(view);
    if (known !== undefined) return known;
    const quorum = this.#gatherQuorum(this.#subject + step, view);
    if (quorum !== undefined) found.set(view, quorum);
    return quorum;
  }

  #gatherQuorum(step: number, view: number): Certificate | undefined {
    const isGood = (body: Uint8Array): boolean => body.length === 0 || decodeSet(this.#network, body) !== undefined;
    const quorum = quorumAmong(this.#network, this.#book.at(step, view), isGood);
    return quorum && { round: this.#book.round, step, view, ...quorum };
  }

  #find({ member, hash }: SetEntry): Statement | undefined {
    return this.#book.find(this.#subject, member, hash);
  }

  #holds(bytes: Uint8Array): boolean {
    return decodeSet(this.#network, bytes)?.every((entry) => this.#find(entry) !== undefined) ?? false;
  }

  /** That something is decided, in any view, though some of it may be missing here. */
  settled(): Certificate | undefined {
    if (this.#settled !== undefined) return this.#settled;
    for (const view of this.#book.views(this.#subject + COMMIT)) {
      const quorum = this.#quorumOf(COMMIT, view);
      if (quorum !== undefined && quorum.body.length > 0) return (this.#settled = quorum);
    }
    return undefined;
  }

  /** The statements that are decided, ascending by member, once all of them are here, with the commits that prove it. */
  decided(): { readonly said: readonly Statement[]; readonly certificate: Certificate } | undefined {
    const certificate = this.settled();
    const said = certificate && this.statementsOf(certificate.body);
    return said && { said, certificate };
  }

  /** The statements of a set, ascending by member, if all of them are here. */
  statementsOf(set: Uint8Array): readonly Statement[] | undefined {
    const said: Statement[] = [];
    for (const entry of decodeSet(this.#network, set) ?? []) {
      const statement = this.#find(entry);
      if (statement === undefined) return undefined;
      said.push(statement);
    }
    return said;
  }

  /** Statements that others agree on and that are not here. */
  wanted(): readonly SetEntry[] {
    const settled = this.settled();
    if (settled === undefined) this.#learn();
    const sets = settled === undefined ? [this.#leadersOffer()?.set, this.#prepared?.body] : [settled.body];
    const missing = new Map<string, SetEntry>();
    for (const set of sets)
      for (const entry of (set && decodeSet(this.#network, set)) ?? [])
        if (this.#find(entry) === undefined) missing.set(textFromBytes(entry.hash), entry);
    return [...missing.values()];
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

  /** Remembers the newest set that a quorum prepared, and the newest of which all is here. */
  #learn(): void {
    for (const view of this.#book.views(this.#subject + PREPARE)) {
      if (view <= (this.#valid?.view ?? -1)) continue;
      const quorum = this.#quorumOf(PREPARE, view);
      if (quorum === undefined || quorum.body.length === 0) continue;
      if (view > (this.#prepared?.view ?? -1)) this.#prepared = quorum;
      if (this.#holds(quorum.body)) this.#valid = quorum;
    }
  }

  /** True once time is up, counted from the first time that it is asked in this phase. */
  #late(now: number): boolean {
    this.#deadline ??= now + this.#patience * Math.min(this.#view + 1, GROWING_VIEWS);
    return now >= this.#deadline;
  }

  #say(step: number, body: Uint8Array, grounds?: Certificate): NextStatement {
    const keep = step === COMMIT ? grounds : undefined;
    // In view 0 all hear what each prepares, unless somebody cheats; then those that it holds tell why when they lead.
    const tell = this.#view > 0 ? grounds : undefined;
    return { step: this.#subject + step, view: this.#view, body, keep, tell };
  }

  /**
   * What this member is to say next; `undefined` if it is to wait, for others or for time to pass. Whoever asks says it, adds it to the book, and asks again.
   *
   * @param now - milliseconds by any clock that does not go back.
   */
  next(now: number): NextStatement | undefined {
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
  #offer(): NextStatement | undefined {
    if (this.#view === 0 || this.#leader(this.#view) !== this.#member || this.#said(OFFER) !== undefined)
      return undefined;
    const set = this.#valid?.body ?? this.#gathered();
    return set && this.#say(OFFER, encodeOffer({ prepared: this.#valid?.view, set }), this.#valid);
  }

  #prepare(now: number): NextStatement | undefined {
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
      if (prepared === undefined || !equalBytes(prepared.body, offer.set)) return undefined;
      if (this.#locked !== undefined && this.#locked.view > offer.prepared && !same) return NOTHING;
    }
    return this.#holds(offer.set) ? offer.set : undefined;
  }

  #commit(now: number): NextStatement | undefined {
    const quorum = this.#quorumOf(PREPARE, this.#view);
    if (quorum?.body.length === 0) return this.#say(COMMIT, NOTHING);
    if (quorum !== undefined && this.#holds(quorum.body)) {
      this.#locked = { view: this.#view, set: quorum.body };
      return this.#say(COMMIT, quorum.body, quorum);
    }
    return this.#anyQuorum(PREPARE) && this.#late(now) ? this.#say(COMMIT, NOTHING) : undefined;
  }

  /** True once nothing can be decided in this view that a member would learn of in time. */
  #isOver(now: number): boolean {
    const nothing = (step: typeof PREPARE | typeof COMMIT): boolean =>
      this.#quorumOf(step, this.#view)?.body.length === 0;
    // If a quorum prepared nothing, nobody committed to a set. Otherwise somebody may have, of whom the next leader should hear.
    if (nothing(COMMIT) && nothing(PREPARE)) return true;
    return this.#anyQuorum(COMMIT) && this.#late(now);
  }
}
