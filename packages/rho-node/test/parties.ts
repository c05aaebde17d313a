import { Agreement, type NextStatement } from '../src/agreement.ts';
import {
  decodeSet,
  encodeOffer,
  encodeSet,
  signStatement,
  STEP,
  type Certificate,
  type Network,
  type Said,
  type Statement,
} from '../src/index.ts';
import { RoundBook } from '../src/round-book.ts';
import { hex, keyOf } from './keys.ts';

export const PATIENCE = 100;

const signed = new Map<string, Statement>();

/** Signs as a member; once for each statement, as that takes longer than all else. */
export function sign(network: Network, member: number, said: Pick<Said, 'step' | 'view' | 'body'>): Statement {
  const name = [hex(network.id), member, said.step, said.view, hex(said.body)].join(' ');
  const known = signed.get(name);
  if (known !== undefined) return known;
  const { step, view, body } = said;
  const statement = signStatement(network, { round: 1, step, view, member, body }, keyOf(member));
  signed.set(name, statement);
  return statement;
}

/** What goes from one party to another. */
export type Letter = { readonly statement: Statement } | { readonly certificate: Certificate };

/** A member of an agreement about blocks that are but bytes, which hears, says, stores and passes on what a node does. */
export class Party {
  readonly network: Network;
  readonly member: number;
  readonly book: RoundBook;
  readonly agreement: Agreement;
  /** What it said itself. */
  readonly said: Statement[];
  /** What is on its medium: what it said and what held it to that. */
  readonly #medium: { readonly statements: Statement[]; readonly certificates: Certificate[] };
  #letters: Letter[] = [];

  /** @param before - the same member, if its process was killed and begins anew. */
  constructor(network: Network, member: number, before?: Party) {
    this.network = network;
    this.member = member;
    this.book = new RoundBook(1, network.members.length);
    this.said = before?.said ?? [];
    this.#medium = before === undefined ? { statements: [], certificates: [] } : before.#medium;
    for (const one of this.#medium.statements) if (this.book.add(one) === 'known') this.book.keep(one);
    for (const one of this.#medium.certificates) this.book.certify(one);
    this.agreement = new Agreement(network, this.book, STEP.block, { member, patience: PATIENCE });
  }

  begin(body: number): Statement {
    return this.#say({ step: STEP.block, view: 0, body: Uint8Array.of(body) });
  }

  #say(said: Pick<Said, 'step' | 'view' | 'body'>): Statement {
    const statement = sign(this.network, this.member, said);
    if (this.book.add(statement) !== 'added') throw new Error('said twice');
    this.#medium.statements.push(statement);
    this.said.push(statement);
    this.#letters.push({ statement });
    return statement;
  }

  #certify(certificate: Certificate): void {
    if (this.book.certify(certificate)) this.#letters.push({ certificate });
  }

  #next(next: NextStatement): void {
    if (next.tell !== undefined) this.#certify(next.tell);
    if (next.keep !== undefined) {
      this.#medium.certificates.push(next.keep);
      this.#medium.statements.push(...this.agreement.statementsOf(next.keep.body)!);
    }
    this.#say(next);
  }

  /** Takes a letter, and passes it on if it is of use. */
  hear(letter: Letter): void {
    if ('certificate' in letter) {
      this.#certify(letter.certificate);
      return;
    }
    const { statement } = letter;
    if (this.book.add(statement) === 'known') {
      const wanted = this.agreement.wanted().some(({ hash }) => hex(hash) === hex(statement.hash));
      if (!wanted || statement.step !== STEP.block || !this.book.keep(statement)) return;
    }
    this.#letters.push(letter);
  }

  /** Says all that is next; gives what is to be sent to all others since the last time. */
  advance(now: number): readonly Letter[] {
    for (;;) {
      const settled = this.agreement.settled();
      if (settled !== undefined) this.#certify(settled);
      const next = this.agreement.next(now);
      if (next === undefined) break;
      this.#next(next);
    }
    const letters = this.#letters;
    this.#letters = [];
    return letters;
  }

  /** All that one hears who connects to it. */
  letters(): readonly Letter[] {
    const certificates = this.book.certificates().map((certificate) => ({ certificate }));
    return [...certificates, ...this.book.statements().map((statement) => ({ statement }))];
  }

  /** What it has of what another wants. */
  wantedBy({ agreement }: Party): readonly Letter[] {
    return agreement.wanted().flatMap(({ member, hash }) => {
      const statement = this.book.find(STEP.block, member, hash);
      return statement === undefined ? [] : [{ statement }];
    });
  }

  decision(): string | undefined {
    const decided = this.agreement.decided();
    return decided?.said.map(({ member, body }) => `${String(member)}:${hex(body)}`).join(' ');
  }
}

/** Numbers that look random and depend on a seed: in `[0, bound)`. */
export function drawer(seed: number): (bound: number) => number {
  let state = seed >>> 0;
  return (bound) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % bound;
  };
}

/** Members, a network that does what it wants with what they say, and one of them, at most, that cheats and is in league with it. */
export class World {
  readonly network: Network;
  readonly parties: Party[];
  readonly honest: readonly number[];
  readonly cheat: number | undefined;
  readonly draw: (bound: number) => number;
  /** What is under way to each, and from whom. */
  readonly #mail: { readonly from: number; readonly letter: Letter }[][];
  readonly #clocks: number[];
  /** All statements ever made, by step and view; the cheat knows them all. */
  readonly #made = new Map<string, Statement[]>();
  /** Sets that somebody named. */
  readonly #sets = new Map<string, Uint8Array>();

  constructor(network: Network, cheat: number | undefined, seed: number) {
    this.network = network;
    this.cheat = cheat;
    this.draw = drawer(seed);
    const members = network.members.map((_, member) => member);
    this.honest = members.filter((member) => member !== cheat);
    this.parties = members.map((member) => new Party(network, member));
    this.#mail = members.map(() => []);
    this.#clocks = members.map(() => 0);
    for (const member of this.honest) this.parties[member]!.begin(member);
  }

  #pick<T>(list: readonly T[]): T | undefined {
    return list[this.draw(Math.max(list.length, 1))];
  }

  #note(statement: Statement): void {
    const { step, view, body } = statement;
    const name = `${String(step)} ${String(view)}`;
    const all = this.#made.get(name) ?? [];
    if (!all.includes(statement)) this.#made.set(name, [...all, statement]);
    const set = step === STEP.blockOffer ? body.subarray(4) : body;
    if (step !== STEP.block && decodeSet(this.network, set) !== undefined) this.#sets.set(hex(set), set);
  }

  #at(step: number, view: number): readonly Statement[] {
    return this.#made.get(`${String(step)} ${String(view)}`) ?? [];
  }

  /** Lets a member say what it wants to; it is under way to all others then. */
  #advance(member: number): boolean {
    const letters = this.parties[member]!.advance(this.#clocks[member]!);
    for (const letter of letters) {
      if ('statement' in letter) this.#note(letter.statement);
      for (const to of this.honest) if (to !== member) this.#mail[to]!.push({ from: member, letter });
    }
    return letters.length > 0;
  }

  #advanceAll(): boolean {
    return this.honest.map((member) => this.#advance(member)).includes(true);
  }

  #kill(member: number): void {
    this.parties[member] = new Party(this.network, member, this.parties[member]);
    this.#mail[member] = [];
  }

  /** Delivers what is under way to a member, or the part of it that a condition holds for. */
  #deliver(to: number, part: (from: number) => boolean = () => true): void {
    const mail = this.#mail[to]!;
    this.#mail[to] = mail.filter(({ from }) => !part(from));
    for (const { from, letter } of mail) if (part(from)) this.parties[to]!.hear(letter);
  }

  /** A set of blocks that somebody might offer: a quorum of them, of the cheat any that it said. */
  #mixedSet(): Uint8Array {
    const blocks = this.#at(STEP.block, 0);
    const spared = this.draw(this.network.members.length + 1);
    const all = this.network.members.flatMap((_, member) => {
      const one = this.#pick(blocks.filter((each) => each.member === member));
      return one === undefined ? [] : [{ member, hash: one.hash }];
    });
    const some = encodeSet(all.filter(({ member }) => member !== spared));
    return decodeSet(this.network, some) === undefined ? encodeSet(all) : some;
  }

  /** Body of a lie: mostly what makes a quorum with what others say. */
  #lie(step: number, view: number): Uint8Array {
    if (step === STEP.block) return Uint8Array.of(100 + this.draw(3));
    const sets = [...this.#sets.values()];
    if (step === STEP.blockOffer) {
      const set = this.#pick([this.#mixedSet(), this.#pick(sets) ?? this.#mixedSet()])!;
      return encodeOffer({ prepared: this.draw(2) === 0 ? undefined : this.draw(view + 1), set });
    }
    const said = this.#at(step, view).map((one) => one.body);
    const prepared = this.#at(STEP.blockPrepare, view).map((one) => one.body);
    const offered = this.#at(STEP.blockOffer, view).map((one) => one.body.subarray(4));
    const choices = [...said, ...said, ...offered, ...prepared, this.#pick(sets), new Uint8Array(0)];
    return this.#pick(choices) ?? new Uint8Array(0);
  }

  /** The cheat says something to one of the others, who hears it at once. */
  lie(victim: number, step: number, view: number): void {
    this.#tell(victim, step, step === STEP.block ? 0 : view, this.#lie(step, view));
  }

  #tell(victim: number, step: number, view: number, body: Uint8Array): void {
    if (this.cheat === undefined) return;
    const statement = sign(this.network, this.cheat, { step, view, body });
    this.#note(statement);
    this.parties[victim]!.hear({ statement });
  }

  /** The cheat shows one of the others a quorum of what was ever said, which nobody may have heard. */
  reveal(victim: number): void {
    const { members, quorum } = this.network;
    const known = [...this.#made.values()].filter(
      ([one]) => one!.step === STEP.blockPrepare || one!.step === STEP.blockCommit,
    );
    const all = this.#pick(known);
    const body = all && this.#pick(all)!.body;
    if (all === undefined || body === undefined || body.length === 0) return;
    const { round, step, view } = all[0]!;
    const alike = all.filter((one) => hex(one.body) === hex(body));
    const statements = alike.sort((left, right) => left.member - right.member);
    if (statements.reduce((sum, one) => sum + members[one.member]!.stake, 0n) < quorum) return;
    this.parties[victim]!.hear({ certificate: { round, step, view, body, statements } });
  }

  /** Anything in any order: letters are lost for now, late, or come twice; clocks differ; members are killed. */
  chaos(turns: number): void {
    for (let turn = 0; turn < turns; turn += 1) {
      const member = this.#pick(this.honest)!;
      const { view } = this.parties[member]!.agreement;
      if (this.draw(3) === 0) this.lie(member, this.draw(4), Math.max(0, view + this.draw(3) - 1));
      if (this.draw(20) === 0) this.reveal(member);
      if (this.draw(40) === 0) this.#kill(member);
      if (this.draw(6) === 0) this.#clocks[member]! += this.draw(PATIENCE * 2);
      const mail = this.#mail[member]!;
      const at = this.draw(Math.max(mail.length, 1));
      const letter = mail[at];
      if (letter !== undefined && this.draw(5) > 0) {
        if (this.draw(5) > 0) mail.splice(at, 1);
        this.parties[member]!.hear(letter.letter);
      }
      this.#advance(member);
    }
  }

  /** The set that most say in a step and view. */
  #popular(step: number, view: number): Uint8Array | undefined {
    const counts = new Map<string, { readonly body: Uint8Array; readonly count: number }>();
    for (const { body, member } of this.#at(step, view))
      if (body.length > 0 && member !== this.cheat)
        counts.set(hex(body), { body, count: (counts.get(hex(body))?.count ?? 0) + 1 });
    return [...counts.values()].sort((left, right) => right.count - left.count)[0]?.body;
  }

  /** All of the others, one, or any. */
  #some(): readonly number[] {
    const [kind, one] = [this.draw(3), this.#pick(this.honest)];
    return this.honest.filter((member) => kind === 0 || (kind === 1 ? member === one : this.draw(2) === 0));
  }

  /** The cheat says what makes a quorum with what the others say, if it can be one, or nothing at all. */
  #complete(to: number, step: number, friendly: boolean): void {
    const { view } = this.parties[to]!.agreement;
    const popular = this.#popular(step, view);
    if (!friendly) this.#tell(to, step, view, new Uint8Array(0));
    else if (popular !== undefined) this.#tell(to, step, view, popular);
    else if (this.draw(3) === 0) this.#tell(to, step, view, new Uint8Array(0));
  }

  /**
   * Views in step. In each the network chooses whom each hears in time, and the cheat makes a quorum for some with what they say, and none for the others; in the views that
   * it leads it has some set of its own prepared. Mostly one that committed is not heard any more. So some commit to or decide what others do not know of, and then
   * the others are asked for another set, time and again.
   */
  siege(views: number): void {
    const { draw } = this;
    const alone = draw(4) > 0 ? this.#pick(this.honest) : undefined;
    this.#advanceAll();
    for (const to of this.honest) {
      if (draw(8) > 0) this.#deliver(to);
      if (draw(3) > 0) this.#tell(to, STEP.block, 0, Uint8Array.of(draw(8) > 0 ? 100 : 101));
    }
    for (let turn = 0; turn < views; turn += 1) {
      const aim = (draw(4) > 0 ? undefined : this.#pick([...this.#sets.values()])) ?? this.#mixedSet();
      const offer = encodeOffer({ prepared: draw(3) > 0 ? undefined : draw(turn + 1), set: aim });
      const friends = [0, 1, 2].map(() => this.#some());
      for (let beat = 0; beat < 4; beat += 1) {
        this.#advanceAll();
        const gone = this.parties[alone ?? 0]!.said.some(
          (one) => alone !== undefined && one.step === STEP.blockCommit && one.body.length > 0,
        );
        for (const to of this.honest) {
          const { view } = this.parties[to]!.agreement;
          if (friends[0]!.includes(to)) this.#tell(to, STEP.blockOffer, view, offer);
          // Nobody is deaf to so many that he would wait for ever.
          const deaf = draw(3) === 0 || gone ? undefined : this.#pick(this.honest);
          this.#deliver(to, (from) => from !== deaf && !(gone && from === alone));
          // What was not heard in time comes later, or once the network heals.
          if (draw(4) > 0) this.#mail[to] = [];
          this.#complete(to, STEP.blockPrepare, friends[1]!.includes(to));
          this.#complete(to, STEP.blockCommit, friends[2]!.includes(to));
          if (draw(12) === 0) this.lie(to, draw(4), view);
        }
        this.#advanceAll();
        for (const to of this.honest) {
          if (draw(40) === 0) this.#kill(to);
          if (draw(20) === 0) this.reveal(to);
          if (draw(8) > 0) this.#clocks[to]! += PATIENCE * 64;
        }
      }
    }
  }

  /** From here on what the others say comes in time, also what was held back; the cheat goes on. Gives how many times all had to wait. */
  heal(limit: number): number {
    for (const to of this.honest)
      for (const from of this.honest)
        if (to !== from) for (const letter of this.parties[from]!.letters()) this.#mail[to]!.push({ from, letter });
    for (let waits = 0; waits < limit; waits += 1) {
      do {
        for (const to of this.honest) {
          this.#deliver(to);
          for (const from of this.honest)
            for (const letter of this.parties[from]!.wantedBy(this.parties[to]!)) this.parties[to]!.hear(letter);
        }
      } while (this.#advanceAll());
      if (!this.decisions().includes(undefined)) return waits;
      const victim = this.#pick(this.honest)!;
      this.lie(victim, this.draw(4), this.parties[victim]!.agreement.view + this.draw(2));
      if (this.draw(4) === 0) this.reveal(victim);
      for (const member of this.honest) this.#clocks[member]! += PATIENCE * 64;
      this.#advanceAll();
    }
    return limit;
  }

  decisions(): readonly (string | undefined)[] {
    return this.honest.map((member) => this.parties[member]!.decision());
  }
}
