import { describe, expect, test } from 'vitest';
import { encodeOffer, encodeSet, STEP, type Certificate, type Statement } from '../src/index.ts';
import { hex, networkOf } from './keys.ts';
import { Party, PATIENCE, sign } from './parties.ts';

// Round 1 of four: members 2, 3, 0, 1 lead views 1, 2, 3, 4. All is seen by member 0, and the test speaks for the others.
const network = networkOf(4);
const { blockOffer: OFFER, blockPrepare: PREPARE, blockCommit: COMMIT } = STEP;
const NOTHING = new Uint8Array(0);

const block = (member: number, body = member): Statement =>
  sign(network, member, { step: STEP.block, view: 0, body: Uint8Array.of(body) });
const setOf = (...members: number[]): Uint8Array<ArrayBuffer> =>
  encodeSet(members.map((member) => ({ member, hash: block(member).hash })));
const ALL = setOf(0, 1, 2, 3);
const THREE = setOf(0, 1, 2);

/** Member 0 with the blocks of some. */
function party(blocks: readonly number[] = [1, 2, 3]): Party {
  const one = new Party(network, 0);
  one.begin(0);
  for (const member of blocks) one.hear({ statement: block(member) });
  return one;
}

function hears(one: Party, step: number, view: number, body: Uint8Array, members: readonly number[]): void {
  for (const member of members) one.hear({ statement: sign(network, member, { step, view, body }) });
}

function certificate(step: number, view: number, body: Uint8Array, members: readonly number[]): Certificate {
  const statements = members.map((member) => sign(network, member, { step, view, body }));
  return { round: 1, step, view, body, statements };
}

/** What a member said in a step and view, in digits. */
function said(one: Party, step: number, view: number): string | undefined {
  const all = one.said.filter((each) => each.step === step && each.view === view);
  expect(all.length).toBeLessThanOrEqual(1);
  return all[0] && hex(all[0].body);
}

/** Member 0 committed to ALL in view 0 and all others to nothing; it is in view 1. */
function locked(): Party {
  const one = party();
  one.advance(0);
  hears(one, PREPARE, 0, ALL, [1, 3]);
  one.advance(0);
  expect(said(one, COMMIT, 0)).toBe(hex(ALL));
  hears(one, COMMIT, 0, NOTHING, [1, 2]);
  one.advance(0);
  one.advance(PATIENCE);
  expect(one.agreement.view).toBe(1);
  return one;
}

/** Moves on to a view in which nothing was prepared before. */
function pass(one: Party, view: number, now: number): void {
  hears(one, PREPARE, view, NOTHING, [1, 2, 3]);
  one.advance(now);
  one.advance(now + PATIENCE * (view + 1));
  hears(one, COMMIT, view, NOTHING, [1, 2, 3]);
  one.advance(now);
  expect(one.agreement.view).toBe(view + 1);
}

const offer = (set: Uint8Array, prepared?: number): Uint8Array<ArrayBuffer> => encodeOffer({ prepared, set });

describe('a member of an agreement', () => {
  test('prepares all blocks in view 0, nothing if somebody says two, and waits for those that are missing', () => {
    const one = party([1, 2]);
    one.advance(0);
    expect(said(one, PREPARE, 0)).toBeUndefined();
    const two = party([1, 2]);
    two.advance(0);
    two.advance(PATIENCE);
    expect(said(two, PREPARE, 0)).toBe('');
    one.hear({ statement: block(3) });
    one.advance(0);
    expect(said(one, PREPARE, 0)).toBe(hex(ALL));
    const other = party();
    other.hear({ statement: block(3, 7) });
    other.advance(0);
    expect(said(other, PREPARE, 0)).toBe('');
  });

  test('commits to what a quorum prepared, no fewer and not to different things, and says each thing once', () => {
    const one = party();
    one.advance(0);
    hears(one, PREPARE, 0, ALL, [1]);
    hears(one, PREPARE, 0, THREE, [2]);
    one.advance(0);
    expect(said(one, COMMIT, 0)).toBeUndefined();
    hears(one, PREPARE, 0, ALL, [3]);
    const [passed] = one.advance(0).filter((letter) => 'statement' in letter && letter.statement.step === COMMIT);
    expect(passed).toBeDefined();
    expect(one.advance(0)).toEqual([]);
    hears(one, COMMIT, 0, ALL, [1]);
    hears(one, COMMIT, 0, THREE, [2]);
    expect(one.agreement.settled()).toBeUndefined();
    hears(one, COMMIT, 0, ALL, [3]);
    expect(one.decision()).toBe('0:00 1:01 2:02 3:03');
    // And tells what proves it.
    expect(one.advance(0).filter((letter) => 'certificate' in letter)).toMatchObject([
      { certificate: { step: COMMIT, view: 0, statements: [{ member: 0 }, { member: 1 }, { member: 3 }] } },
    ]);
  });

  test('that committed prepares no other set, also after a restart', () => {
    for (const restart of [false, true]) {
      const one = restart ? new Party(network, 0, locked()) : locked();
      if (restart) {
        for (const member of [1, 2, 3]) one.hear({ statement: block(member) });
        hears(one, PREPARE, 1, NOTHING, [2, 3]);
        one.advance(0);
        expect(one.agreement.view).toBe(1);
      }
      hears(one, OFFER, 1, offer(THREE), [2]);
      one.advance(PATIENCE);
      expect(said(one, PREPARE, 1)).toBe('');
      // The same set again it may.
      const same = restart ? new Party(network, 0, locked()) : locked();
      hears(same, PREPARE, 1, NOTHING, restart ? [1, 3] : []);
      hears(same, OFFER, 1, offer(ALL), [2]);
      same.advance(PATIENCE);
      expect(said(same, PREPARE, 1)).toBe(hex(ALL));
    }
  });

  test('that committed prepares another set that a quorum prepared later, if it is shown', () => {
    const shown = (prepared: Certificate | undefined, claim: number): string | undefined => {
      const one = locked();
      pass(one, 1, PATIENCE);
      if (prepared !== undefined) one.hear({ certificate: prepared });
      hears(one, OFFER, 2, offer(THREE, claim), [3]);
      one.advance(PATIENCE * 4);
      one.advance(PATIENCE * 10);
      return said(one, PREPARE, 2);
    };
    expect(shown(certificate(PREPARE, 1, THREE, [1, 2, 3]), 1)).toBe(hex(THREE));
    expect(shown(undefined, 1)).toBe('');
    expect(shown(certificate(PREPARE, 1, setOf(1, 2, 3), [1, 2, 3]), 1)).toBe('');
    // A quorum in this very view is no reason yet.
    expect(shown(certificate(PREPARE, 2, THREE, [1, 2, 3]), 2)).toBe('');
  });

  test('that committed prepares no other set that a quorum prepared before', () => {
    const one = party();
    one.advance(0);
    one.advance(PATIENCE);
    pass(one, 0, PATIENCE);
    hears(one, OFFER, 1, offer(ALL), [2]);
    one.advance(PATIENCE);
    hears(one, PREPARE, 1, ALL, [1, 3]);
    one.advance(PATIENCE);
    expect(said(one, COMMIT, 1)).toBe(hex(ALL));
    hears(one, COMMIT, 1, NOTHING, [1, 2]);
    one.advance(PATIENCE);
    one.advance(PATIENCE * 10);
    expect(one.agreement.view).toBe(2);
    one.hear({ certificate: certificate(PREPARE, 0, THREE, [1, 2, 3]) });
    hears(one, OFFER, 2, offer(THREE, 0), [3]);
    one.advance(PATIENCE * 10);
    expect(said(one, PREPARE, 2)).toBe('');
  });

  test('that leads offers what a quorum prepared last and tells that, also after a restart', () => {
    for (const restart of [false, true]) {
      const before = locked();
      const one = restart ? new Party(network, 0, before) : before;
      hears(one, PREPARE, 3, NOTHING, [1, 2]);
      // Whoever connects to one that begins anew hears first what it has.
      const letters = [...(restart ? one.letters() : []), ...one.advance(PATIENCE)];
      expect(said(one, OFFER, 3)).toBe(hex(offer(ALL, 0)));
      const told = letters.findIndex((letter) => 'certificate' in letter);
      const offered = letters.findIndex((letter) => 'statement' in letter && letter.statement.step === OFFER);
      expect(letters[told]).toMatchObject({ certificate: { step: PREPARE, view: 0 } });
      expect(told).toBeLessThan(offered);
    }
  });

  test('that leads offers the blocks of those that do not contradict themselves', () => {
    const one = party();
    one.hear({ statement: block(3, 7) });
    hears(one, PREPARE, 3, NOTHING, [1, 2]);
    one.advance(0);
    expect(said(one, OFFER, 3)).toBe(hex(offer(THREE)));
    // And prepares no others anew.
    const other = party();
    other.hear({ statement: block(3, 7) });
    hears(other, PREPARE, 2, NOTHING, [1, 2]);
    hears(other, OFFER, 2, offer(ALL), [3]);
    other.advance(0);
    expect(said(other, PREPARE, 2)).toBe('');
  });

  test('that commits in a view that is led tells first why it may', () => {
    const one = party();
    hears(one, PREPARE, 1, NOTHING, [3]);
    hears(one, OFFER, 1, offer(ALL), [2]);
    one.advance(0);
    hears(one, PREPARE, 1, ALL, [1, 2]);
    const letters = one.advance(0);
    const told = letters.findIndex((letter) => 'certificate' in letter);
    const committed = letters.findIndex((letter) => 'statement' in letter && letter.statement.step === COMMIT);
    expect(letters[told]).toMatchObject({ certificate: { step: PREPARE, view: 1, body: ALL } });
    expect(told).toBeLessThan(committed);
  });

  test('neither prepares nor commits to what it does not have, and says what it wants', () => {
    const one = party([1, 2]);
    hears(one, PREPARE, 1, NOTHING, [1]);
    hears(one, OFFER, 1, offer(ALL), [2]);
    one.advance(0);
    expect(said(one, PREPARE, 1)).toBeUndefined();
    expect(one.agreement.wanted().map(({ member }) => member)).toEqual([3]);
    one.advance(PATIENCE * 10);
    expect(said(one, PREPARE, 1)).toBe('');
    hears(one, PREPARE, 1, ALL, [2, 3]);
    one.hear({ certificate: certificate(PREPARE, 1, ALL, [1, 2, 3]) });
    one.advance(PATIENCE * 10);
    expect(said(one, COMMIT, 1)).toBeUndefined();
    one.hear({ statement: block(3) });
    one.advance(PATIENCE * 10);
    expect(said(one, COMMIT, 1)).toBe(hex(ALL));
  });

  test('wants what is decided, and goes on in its view after a restart', () => {
    const one = party([1, 2]);
    one.hear({ certificate: certificate(COMMIT, 0, ALL, [1, 2, 3]) });
    expect(one.agreement.wanted().map(({ member }) => member)).toEqual([3]);
    expect(one.decision()).toBeUndefined();
    const before = party();
    hears(before, PREPARE, 5, NOTHING, [1, 2]);
    before.advance(0);
    before.advance(PATIENCE * 10);
    expect(said(before, PREPARE, 5)).toBe('');
    expect(new Party(network, 0, before).agreement.view).toBe(5);
  });

  test('leaves no view at once in which somebody may have committed to a set', () => {
    const one = party();
    one.advance(0);
    hears(one, PREPARE, 0, THREE, [1]);
    hears(one, PREPARE, 0, NOTHING, [2]);
    one.advance(0);
    one.advance(PATIENCE);
    expect(said(one, COMMIT, 0)).toBe('');
    hears(one, COMMIT, 0, NOTHING, [1, 2]);
    one.advance(PATIENCE);
    expect(one.agreement.view).toBe(0);
    one.advance(PATIENCE * 2);
    expect(one.agreement.view).toBe(1);
  });

  test('goes where two others are, of whom one does not cheat, and nowhere for one', () => {
    const one = party([1, 2]);
    hears(one, PREPARE, 7, NOTHING, [3]);
    one.advance(0);
    expect(one.agreement.view).toBe(0);
    hears(one, COMMIT, 5, NOTHING, [1]);
    one.advance(0);
    expect(one.agreement.view).toBe(5);
  });
});

describe('a cheat that says more than two things', () => {
  test('cannot keep a decision from those that heard the others first', () => {
    const one = party();
    one.advance(0);
    hears(one, PREPARE, 0, ALL, [1, 2]);
    one.advance(0);
    // Member 3 says two other things to this one, and what decides to member 1 alone, which goes on to the next round.
    for (const other of [THREE, setOf(1, 2, 3), ALL]) hears(one, COMMIT, 0, other, [3]);
    hears(one, COMMIT, 0, ALL, [1]);
    hears(one, COMMIT, 0, NOTHING, [2]);
    for (let now = 0; now < 50; now += 1) one.advance(now * PATIENCE);
    expect(one.decision()).toBeUndefined();
    one.hear({ certificate: certificate(COMMIT, 0, ALL, [0, 1, 3]) });
    expect(one.decision()).toBe('0:00 1:01 2:02 3:03');
    // And passes it on.
    expect(one.advance(0).some((letter) => 'certificate' in letter)).toBe(true);
  });

  test('cannot take away a block that others agree on, not even by a restart', () => {
    const own = encodeSet(
      [0, 1, 2, 3].map((member) => ({ member, hash: block(member, member === 3 ? 9 : member).hash })),
    );
    const before = party();
    before.hear({ statement: block(3, 7) });
    before.hear({ statement: block(3, 9) });
    before.advance(0);
    before.hear({ certificate: certificate(PREPARE, 0, own, [1, 2, 3]) });
    expect(before.agreement.wanted().map(({ hash }) => hex(hash))).toEqual([hex(block(3, 9).hash)]);
    before.hear({ statement: block(3, 8) });
    before.hear({ statement: block(3, 9) });
    before.advance(PATIENCE);
    expect(said(before, COMMIT, 0)).toBe(hex(own));
    const one = new Party(network, 0, before);
    for (const body of [3, 7, 8]) one.hear({ statement: block(3, body) });
    one.hear({ certificate: certificate(COMMIT, 0, own, [0, 1, 2]) });
    expect(one.decision()).toBe('0:00 1:01 2:02 3:09');
  });
});
