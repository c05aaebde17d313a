import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { encodeSet, signStatement, STEP, type Statement } from '../src/index.ts';
import { RoundBook } from '../src/round-book.ts';
import { keyOf, networkOf } from './cluster.ts';
import { Party, PATIENCE, sign, World } from './parties.ts';

/** Passes everything on until nobody has anything to say; time passes when all wait. */
function settle(parties: readonly Party[], limit = 200): void {
  let now = 0;
  for (let turn = 0; turn < limit && parties.some((one) => one.decision() === undefined); turn += 1) {
    const fresh = parties.flatMap((one) => one.advance(now));
    for (const one of parties) for (const letter of fresh) one.hear(letter);
    if (fresh.length === 0) now += PATIENCE;
  }
}

/** What a party says next. */
function sayings(party: Party, now: number): Statement[] {
  const before = party.said.length;
  party.advance(now);
  return party.said.slice(before);
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
    const proof = parties[0]!.agreement.decided()!.certificate.statements;
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
    const network = networkOf(4);
    let [views, divided] = [0, 0];
    fc.assert(
      fc.property(fc.nat(), fc.nat({ max: 4 }), fc.boolean(), fc.nat({ max: 60 }), (seed, cheat, siege, length) => {
        const world = new World(network, cheat < 4 ? cheat : undefined, seed);
        if (siege) world.siege(length / 6);
        else world.chaos(length * 3);
        const early = new Set(world.decisions().filter((one) => one !== undefined));
        expect(early.size).toBeLessThanOrEqual(1);
        divided += early.size === 1 && world.decisions().includes(undefined) ? 1 : 0;
        // Then the network heals, and the cheat goes on.
        expect(world.heal(100)).toBeLessThan(100);
        const all = new Set(world.decisions());
        expect([...all]).toHaveLength(1);
        if (early.size === 1) expect(all).toEqual(early);
        // Members that follow the rules never say two things.
        for (const member of world.honest) {
          const names = world.parties[member]!.said.map(({ step, view }) => `${String(step)} ${String(view)}`);
          expect(new Set(names).size).toBe(names.length);
        }
        views = Math.max(views, ...world.honest.map((member) => world.parties[member]!.agreement.view));
      }),
      { numRuns: Number(process.env['FC_NUM_RUNS'] ?? 400) },
    );
    expect(views).toBeGreaterThan(5);
    expect(divided).toBeGreaterThan(10);
  }, 120_000);

  test('holds those to it that committed: a later leader cannot have another set prepared', () => {
    const network = networkOf(4);
    const parties = [0, 1, 2, 3].map((member) => new Party(network, member));
    for (const [index, one] of parties.entries()) one.begin(index);
    share(parties);
    const prepares = parties.map((one) => sayings(one, 0));
    // Only the first hears that a quorum prepared all four, and commits; the others wait in vain and commit to nothing.
    for (const list of prepares) for (const one of list) parties[0]!.book.add(one);
    const [committed] = sayings(parties[0]!, 0);
    expect([committed!.step, committed!.body.length > 0]).toEqual([STEP.blockCommit, true]);
    for (const one of parties.slice(1)) {
      // Two prepares are no quorum.
      one.book.add(prepares[0]![0]!);
      expect(sayings(one, 10 * PATIENCE)).toEqual([]);
    }
    // Round 1, view 1: member 2 leads. It knows of no prepared set and offers three blocks, which the first may not prepare.
    const set = encodeSet([1, 2, 3].map((member) => ({ member, hash: parties[member]!.said[0]!.hash })));
    const offer = sign(network, 2, { step: STEP.blockOffer, view: 1, body: new Uint8Array([0, 0, 0, 0, ...set]) });
    const first = parties[0]!;
    for (const member of [2, 3]) {
      const one = sign(network, member, { step: STEP.blockPrepare, view: 1, body: new Uint8Array(0) });
      first.book.add(member === 2 ? offer : one);
      first.book.add(one);
    }
    const said = sayings(first, 0).filter((one) => one.view === 1);
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
          cheats.includes(member) ? book.add(sign(network, member, { step, view, body })) : undefined;
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

  test('keeps what was first said and the first that contradicts it', () => {
    const book = new RoundBook(1, 2);
    const [one, two, three] = [1, 2, 3].map((body) => say(0, body)) as [Statement, Statement, Statement];
    expect([one, one, two, three, two].map((each) => book.add(each))).toEqual([
      'added',
      'known',
      'contradicts',
      'known',
      'known',
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
