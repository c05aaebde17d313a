import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Agreement } from '../src/agreement.ts';
import { encodeSet, signStatement, STEP, type Network, type Said, type Statement } from '../src/index.ts';
import { RoundBook } from '../src/round-book.ts';
import { hex, keyOf, networkOf } from './cluster.ts';

const PATIENCE = 100;

/** A member of an agreement about blocks that are but bytes. */
class Party {
  readonly book: RoundBook;
  agreement: Agreement;
  readonly said: Statement[] = [];
  readonly #network: Network;
  readonly #member: number;

  constructor(network: Network, member: number) {
    this.#network = network;
    this.#member = member;
    this.book = new RoundBook(1, network.members.length);
    this.agreement = new Agreement(network, this.book, STEP.block, { member, patience: PATIENCE });
  }

  /** A process that begins anew with what it said. */
  static reborn(network: Network, member: number, before: Party): Party {
    const party = new Party(network, member);
    for (const one of before.said) party.book.add(one);
    party.said.push(...before.said);
    party.agreement = new Agreement(network, party.book, STEP.block, { member, patience: PATIENCE });
    return party;
  }

  sign(said: Pick<Said, 'step' | 'view' | 'body'>): Statement {
    return signStatement(this.#network, { ...said, round: 1, member: this.#member }, keyOf(this.#member));
  }

  /** Says all that is next; gives it. */
  advance(now: number): Statement[] {
    const out: Statement[] = [];
    for (let next = this.agreement.next(now); next !== undefined; next = this.agreement.next(now)) {
      const statement = this.sign(next);
      expect(this.book.add(statement)).toBe('added');
      this.said.push(statement);
      out.push(statement);
    }
    return out;
  }

  begin(body: number): Statement {
    const statement = this.sign({ step: STEP.block, view: 0, body: Uint8Array.of(body) });
    this.book.add(statement);
    this.said.push(statement);
    return statement;
  }

  decision(): string | undefined {
    const decided = this.agreement.decided();
    return decided?.said.map(({ member, body }) => `${String(member)}:${hex(body)}`).join(' ');
  }
}

/** Passes everything on until nobody has anything to say; time passes when all wait. */
function settle(parties: readonly Party[], limit = 200): void {
  let now = 0;
  for (let turn = 0; turn < limit && parties.some((one) => one.decision() === undefined); turn += 1) {
    const fresh = parties.flatMap((one) => one.advance(now));
    for (const one of parties) for (const statement of fresh) one.book.add(statement);
    if (fresh.length === 0) now += PATIENCE;
  }
}

function share(parties: readonly Party[]): void {
  for (const from of parties) for (const to of parties) for (const one of from.said) to.book.add(one);
}

describe('an agreement', () => {
  test('is on everything in the first view, without a leader, while all speak', () => {
    const network = networkOf(4);
    const parties = [0, 1, 2, 3].map((member) => new Party(network, member));
    for (const [index, one] of parties.entries()) one.begin(index + 10);
    share(parties);
    settle(parties);
    for (const one of parties) expect(one.decision()).toBe('0:0a 1:0b 2:0c 3:0d');
    const steps = parties.flatMap((one) => one.said.map(({ step, view }) => `${String(step)} ${String(view)}`));
    expect([...new Set(steps)]).toEqual(['0 0', '2 0', '3 0']);
    const proof = parties[0]!.agreement.decided()!.proof;
    expect(proof.length).toBeGreaterThanOrEqual(3);
  });

  test('goes on without members that are silent, and not without a quorum', () => {
    for (const [silent, agrees] of [
      [1, true],
      [2, false],
    ] as const) {
      const network = networkOf(4);
      const parties = Array.from({ length: 4 - silent }, (_, member) => new Party(network, member));
      for (const [index, one] of parties.entries()) one.begin(index + 10);
      share(parties);
      settle(parties);
      for (const one of parties) expect(one.decision()).toBe(agrees ? '0:0a 1:0b 2:0c' : undefined);
    }
    // Stakes count, not heads; and a quorum of more than half may be asked for.
    const heavy = networkOf(3, {}, [5n, 1n, 1n]);
    const [first, second] = [new Party(heavy, 0), new Party(heavy, 1)];
    first.begin(1);
    second.begin(2);
    share([first, second]);
    settle([first, second]);
    expect([first.decision(), second.decision()]).toEqual(['0:01 1:02', '0:01 1:02']);
    const half = networkOf(3, { quorum: 2n });
    const two = [0, 2].map((member) => new Party(half, member));
    for (const one of two) one.begin(7);
    share(two);
    settle(two);
    expect(two.map((one) => one.decision())).toEqual(['0:07 2:07', '0:07 2:07']);
  });

  test('never is on two things, whatever is lost, late, repeated, killed or said twice, and comes to an end once all is heard', () => {
    let [views, cheated] = [0, 0];
    fc.assert(
      fc.property(
        fc.nat({ max: 3 }),
        fc.boolean(),
        fc.infiniteStream(fc.nat({ max: 2 ** 30 })),
        fc.integer({ min: 0, max: 120 }),
        (cheat, cheats, stream, length) => {
          const network = networkOf(4);
          const parties = [0, 1, 2, 3].map((member) => new Party(network, member));
          const draw = (bound: number): number => Number(stream.next().value) % bound;
          const honest = [0, 1, 2, 3].filter((member) => !cheats || member !== cheat);
          const mail: { to: number; statement: Statement }[] = [];
          const everything: Statement[] = [];
          const send = (statement: Statement): void => {
            everything.push(statement);
            for (const to of honest) mail.push({ to, statement });
          };
          for (const member of honest) send(parties[member]!.begin(member));
          let now = 0;
          const forge = (): void => {
            // One that cheats: any step and view, and any set that somebody has named, to one of the others.
            const { said } = parties[honest[draw(honest.length)]!]!;
            const bodies = [new Uint8Array(0), ...everything.map((one) => one.body)];
            const blocks = everything.filter((one) => one.step === STEP.block);
            const mixed = [0, 1, 2, 3].flatMap((member) => {
              const own = blocks.filter((one) => one.member === member);
              const one = own[draw(Math.max(own.length, 1))];
              return one === undefined ? [] : [{ member, hash: one.hash }];
            });
            bodies.push(encodeSet(mixed));
            const view = Math.max(0, (said.at(-1)?.view ?? 0) + draw(3) - 1);
            const step = draw(4);
            const body = step === STEP.block ? Uint8Array.of(100 + draw(3)) : bodies[draw(bodies.length)]!;
            const full = step === 1 ? new Uint8Array([0, 0, 0, draw(2) * view, ...body]) : body;
            const statement = parties[cheat]!.sign({ step, view: step === STEP.block ? 0 : view, body: full });
            everything.push(statement);
            mail.push({ to: honest[draw(honest.length)]!, statement });
          };
          for (let turn = 0; turn < length; turn += 1) {
            if (cheats && draw(3) === 0) forge();
            if (draw(40) === 0) {
              const member = honest[draw(honest.length)]!;
              parties[member] = Party.reborn(network, member, parties[member]!);
            }
            if (draw(6) === 0) now += draw(PATIENCE * 2);
            const at = draw(Math.max(mail.length, 1));
            const letter = mail[at];
            if (letter === undefined) continue;
            // Most are delivered once, in any order; some are lost for now, some come again.
            if (draw(5) > 0) mail.splice(at, 1);
            if (draw(5) > 0) parties[letter.to]!.book.add(letter.statement);
            for (const statement of parties[letter.to]!.advance(now)) send(statement);
          }
          const decisions = (): (string | undefined)[] => honest.map((member) => parties[member]!.decision());
          const early = new Set(decisions().filter((one) => one !== undefined));
          expect(early.size).toBeLessThanOrEqual(1);
          // Then the network heals: everything that was said comes through, also what cheats said.
          for (let turn = 0; turn < 400 && decisions().includes(undefined); turn += 1) {
            for (const member of honest) {
              const party = parties[member]!;
              for (const one of everything) {
                // Of one that cheats only what is wanted, and otherwise what came first: nobody passes on more.
                const known = party.book.first(one.step, one.view, one.member);
                const wanted = party.agreement.wanted().some(({ hash }) => hex(hash) === hex(one.hash));
                if (known === undefined || wanted || honest.includes(one.member)) party.book.add(one);
              }
              for (const statement of party.advance(now)) everything.push(statement);
            }
            now += PATIENCE;
          }
          const all = new Set(decisions());
          expect([...all]).toHaveLength(1);
          expect([...all][0]).toBeDefined();
          if (early.size === 1) expect(all).toEqual(early);
          // Members that follow the rules never say two things.
          for (const member of honest) {
            const names = parties[member]!.said.map(({ step, view }) => `${String(step)} ${String(view)}`);
            expect(new Set(names).size).toBe(names.length);
          }
          views = Math.max(views, ...honest.map((member) => parties[member]!.agreement.view));
          cheated += cheats ? 1 : 0;
        },
      ),
      { numRuns: Number(process.env['FC_NUM_RUNS'] ?? 60) },
    );
    expect(views).toBeGreaterThan(1);
    expect(cheated).toBeGreaterThan(0);
  }, 120_000);

  test('holds those to it that committed: a later leader cannot have another set prepared', () => {
    const network = networkOf(4);
    const parties = [0, 1, 2, 3].map((member) => new Party(network, member));
    for (const [index, one] of parties.entries()) one.begin(index);
    share(parties);
    const prepares = parties.map((one) => one.advance(0));
    // Only the first hears that a quorum prepared all four, and commits; the others wait in vain and commit to nothing.
    for (const list of prepares) for (const one of list) parties[0]!.book.add(one);
    const [committed] = parties[0]!.advance(0);
    expect([committed!.step, committed!.body.length > 0]).toEqual([STEP.blockCommit, true]);
    for (const one of parties.slice(1)) {
      // Two prepares are no quorum.
      one.book.add(prepares[0]![0]!);
      expect(one.advance(10 * PATIENCE)).toEqual([]);
    }
    // Round 1, view 1: member 2 leads. It knows of no prepared set and offers three blocks, which the first may not prepare.
    const set = encodeSet([1, 2, 3].map((member) => ({ member, hash: parties[member]!.said[0]!.hash })));
    const offer = parties[2]!.sign({ step: STEP.blockOffer, view: 1, body: new Uint8Array([0, 0, 0, 0, ...set]) });
    const first = parties[0]!;
    for (const member of [2, 3]) {
      const one = parties[member]!.sign({ step: STEP.blockPrepare, view: 1, body: new Uint8Array(0) });
      first.book.add(member === 2 ? offer : one);
      first.book.add(one);
    }
    const said = first.advance(0).filter((one) => one.view === 1);
    expect(said.map(({ step, body }) => [step, body.length])[0]).toEqual([STEP.blockPrepare, 0]);
  });
});

test('an agreement is as good as its quorum: two of four that cheat divide the others, one does not', () => {
  const network = networkOf(4);
  for (const cheats of [[2, 3], [3]]) {
    const parties = [0, 1, 2, 3].map((member) => new Party(network, member));
    for (const [index, one] of parties.entries()) one.begin(index);
    share(parties);
    const hashes = parties.map((one) => one.said[0]!.hash);
    for (const honest of [0, 1]) {
      // To each of the two the cheats say that the round is to hold its block, and not that of the other.
      const set = encodeSet([honest, 2, 3].map((member) => ({ member, hash: hashes[member]! })));
      const offer = new Uint8Array([0, 0, 0, 0, ...set]);
      const { book } = parties[honest]!;
      // Past view 0, in which nobody hears of the others, to one that a cheat leads.
      parties[honest]!.advance(0);
      for (const member of [2, 3]) {
        const says = (step: number, view: number, body: Uint8Array): unknown =>
          cheats.includes(member) ? book.add(parties[member]!.sign({ step, view, body })) : undefined;
        says(STEP.blockOffer, 2, offer);
        says(STEP.blockPrepare, 2, set);
        says(STEP.blockCommit, 2, set);
      }
      for (let turn = 0; turn < 5; turn += 1) parties[honest]!.advance(turn * 10 * PATIENCE);
    }
    const decisions = [0, 1].map((member) => parties[member]!.decision());
    if (cheats.length === 2) expect(decisions).toEqual(['0:00 2:02 3:03', '1:01 2:02 3:03']);
    else expect(decisions).toEqual([undefined, undefined]);
  }
});

describe('the book of a round', () => {
  const network = networkOf(2);
  const say = (view: number, body: number, step: number = STEP.blockPrepare): Statement =>
    signStatement(network, { round: 1, step, view, member: 1, body: Uint8Array.of(body) }, keyOf(1));

  test('keeps what was first said and the last that contradicts it', () => {
    const book = new RoundBook(1, 2);
    const [one, two, three] = [1, 2, 3].map((body) => say(0, body)) as [Statement, Statement, Statement];
    expect([one, one, two, three, two].map((each) => book.add(each))).toEqual([
      'added',
      'known',
      'contradicts',
      'replaced',
      'replaced',
    ]);
    expect([...book.at(STEP.blockPrepare, 0)]).toEqual([one, two]);
    expect(book.equivocations).toEqual([{ member: 1, statements: [one, two] }]);
    expect(book.contradicted(STEP.blockPrepare, 0, 1)).toBe(true);
  });

  test('is bounded: of views that are far away, the newest of each member', () => {
    const book = new RoundBook(1, 2);
    for (let view = 0; view < 2000; view += 1) book.add(say(view, 1));
    expect([...book.views(STEP.blockPrepare)]).toHaveLength(102);
    expect(book.first(STEP.blockPrepare, 1999, 1)).toBeDefined();
    expect(book.add(say(1500, 1))).toBe('known');
    expect(book.statements()).toHaveLength(102);
  });
});
