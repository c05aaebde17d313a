import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  blockHash,
  blockOf,
  chainOf,
  checkBlock,
  createMemoryKeyValue,
  decideByHash,
  decodeBlock,
  encodeBlock,
  followBlock,
  makeBlock,
  mergeBlocks,
  mergedBlock,
  replayBlock,
  RhoSpace,
  signDeploy,
  Tracer,
  tryBlock,
  unsignedDeploy,
  verifyChain,
  verifyStore,
  type Deploy,
  type LoggedBlock,
  type MergedBlocks,
} from '../src/index.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

function deploy(source: string, after = 1, salt = 0): Deploy {
  const base = { file: 'a.rho', timestamp: 1000, tokens: undefined, tokensFor: undefined };
  return unsignedDeploy({ ...base, source, after, salt: Uint8Array.of(salt) });
}

const GENESIS = '@"seat"!(7) | contract @"log"(@x) = { @"lines"!(x) }';
const take = (who: string): string => `for (@n <- @"seat") { @"${who}"!(n) }`;

function start(): RhoSpace {
  const space = new RhoSpace(createMemoryKeyValue());
  makeBlock(space, { deploys: [deploy(GENESIS, 0)], timestamp: 0, first: 0 });
  return space;
}

/** What each party does to the version that is open. */
function parts(space: RhoSpace, ...programs: readonly (readonly string[])[]): LoggedBlock[] {
  const after = [...chainOf(space)][0]!.block.number;
  return programs.map((sources, party) => {
    const deploys = sources.map((source, index) => deploy(source, after, party * 16 + index));
    const sender = Uint8Array.of(party);
    const { block, log, outcomes } = tryBlock(space, { deploys, timestamp: 10 + party, sender });
    expect(outcomes.flatMap(({ refused }) => refused)).toEqual([]);
    return { block, log };
  });
}

function merged(space: RhoSpace, list: readonly LoggedBlock[]): Extract<MergedBlocks, { ok: true }> {
  for (const part of list) expect(checkBlock(space, part)).toMatchObject({ ok: true });
  const result = mergeBlocks(space, list);
  if (!result.ok) throw new Error(result.reason);
  return result;
}

/** The blocks of a store with their logs, oldest first. */
function blocksOf(space: RhoSpace): LoggedBlock[] {
  return [...chainOf(space)].reverse().map(({ block, commit }) => ({ block, log: space.history.log(commit.number)! }));
}

describe('merged blocks', () => {
  test('hold what stands and what gave way, and follow each other like any blocks', () => {
    const space = start();
    const first = merged(space, parts(space, [take('ann'), '@"tip"!(1)'], [take('bob'), '@"log"!("bob")']));
    expect([first.accepted.length, first.refused.length, first.pairs.length]).toEqual([3, 1, 1]);
    expect(first.block.deploys.map(({ source }) => source).sort()).toHaveLength(3);
    expect(first.block.number).toBe(1);
    const alone = makeBlock(space, { deploys: [deploy('for (@x <- @"tip") { Nil }')], timestamp: 20 });
    expect(alone.made!.block.parent).toEqual(first.hash);
    merged(space, parts(space, ['@"log"!("ann")'], [], ['@"log"!("eve")']));
    expect([...chainOf(space)].map(({ block }) => block.number)).toEqual([3, 2, 1, 0]);
    for (const number of [1, 2, 3, 4]) expect(replayBlock(space, number)).toMatchObject({ ok: true });
    expect(verifyChain(space.history)).toEqual({ ok: true, problems: [], blocks: 4, deploys: 7, others: 0 });
    expect(verifyStore(space.history).problems).toEqual([]);
    // Another store that follows the same blocks has the same roots.
    const other = new RhoSpace(createMemoryKeyValue());
    for (const [index, logged] of blocksOf(space).entries()) {
      const followed = followBlock(other, logged);
      expect(followed).toMatchObject({ ok: true });
      expect(followed.ok && hex(followed.commit.root)).toBe(hex(space.history.commitAt(index + 1).root));
    }
    expect(other.root()).toEqual(space.root());
    // A deploy runs once, wherever it stood.
    const again = { ...first.block.deploys[0]!, after: 2 };
    expect(tryBlock(space, { deploys: [again], timestamp: 1 }).outcomes[0]!.refused).toEqual([]);
    expect(tryBlock(space, { deploys: [first.block.deploys[0]!], timestamp: 1 }).outcomes[0]!.refused[0]!.reason).toBe(
      'duplicate-deploy',
    );
  });

  test('have one root whatever the order of their parts', () => {
    const programs = [take('x'), take('y'), '@"seat"!(8)', '@"log"!(1)', 'for (@x <- @"lines") { @"read"!(x) }'];
    fc.assert(
      fc.property(
        fc.array(fc.array(fc.constantFrom(...programs), { maxLength: 3 }), { minLength: 1, maxLength: 3 }),
        (choices) => {
          const [one, two] = [start(), start()];
          const list = parts(one, ...choices);
          const [left, right] = [merged(one, list), merged(two, list.toReversed())];
          expect(hex(left.commit.root)).toBe(hex(right.commit.root));
          expect(left.accepted).toEqual(right.accepted);
          const follower = start();
          const log = one.history.log(left.commit.number)!;
          const read = decodeBlock(encodeBlock(left.block))!;
          expect(followBlock(follower, { block: read, log })).toMatchObject({ ok: true });
          expect(hex(follower.root())).toBe(hex(left.commit.root));
        },
      ),
      { numRuns: 30 },
    );
  });

  test('hold names of the registry that several parties entered, unless they are the same', () => {
    const space = start();
    const insert = (owner: string, nonce: number): string =>
      `new i(\`rho:registry:insertSigned:secp256k1\`), me(\`rho:rchain:deployerId\`), r in { i!((${String(nonce)}, "${owner}"), *me, *r) | for (@u <- r) { @"${owner}"!(u, ${String(nonce)}) } }`;
    const signed = (byte: number, owner: string, nonce: number): LoggedBlock => {
      const {
        deployer: _,
        signature: __,
        ...unsigned
      } = deploy(insert(owner, nonce), [...chainOf(space)][0]!.block.number);
      const tried = tryBlock(space, { deploys: [signDeploy(unsigned, new Uint8Array(32).fill(byte))], timestamp: 1 });
      expect(tried.outcomes[0]!.refused).toEqual([]);
      return tried;
    };
    const arbitrary = (): LoggedBlock[] =>
      parts(
        space,
        ...['x', 'y'].map((value) => [
          `new i(\`rho:registry:insertArbitrary\`), r in { i!("${value}", *r) | for (@u <- r) { @"u"!(u) } }`,
        ]),
      );
    expect(merged(space, [signed(1, 'ann', 1), signed(2, 'bob', 1)]).pairs).toEqual([]);
    // Two first entries of one owner, and two that follow one.
    const first = merged(space, [signed(3, 'eve', 1), signed(3, 'eve', 2)]);
    expect(first.pairs.flatMap(({ conflicts }) => conflicts.map(({ kind }) => kind))).toContain('could-meet');
    const second = merged(space, [signed(1, 'ann', 2), signed(1, 'ann', 3), signed(2, 'bob', 2)]);
    expect([second.accepted.length, second.refused.length]).toEqual([2, 1]);
    expect(second.pairs.flatMap(({ conflicts }) => conflicts.map(({ kind }) => kind))).toContain('used-twice');
    expect(merged(space, arbitrary()).pairs).toEqual([]);
  });

  test('are not believed', () => {
    const space = start();
    const list = parts(space, [take('ann'), '@"tip"!(1)'], [take('bob')]);
    const { block, commit } = merged(space, list);
    const log = space.history.log(commit.number)!;
    const { origins } = block.merged!;
    const reasonOf = (changed: Partial<NonNullable<typeof block.merged>>, other = log): string => {
      const base = start();
      const forged = mergedBlock(block, { ...block.merged!, ...changed });
      if (forged === undefined) return 'no block';
      const result = checkBlock(base, { block: forged, log: other });
      expect([base.pending, base.history.trie.meta.commits]).toEqual([0, 1]);
      return result.ok ? 'ok' : result.reason;
    };
    expect(reasonOf({})).toBe('ok');
    const bob = { part: 1, deploy: 0 };
    const stands = origins.some(({ part }) => part === 1);
    // Both that conflict, neither, one that conflicts with nothing left out, twice the same, another order.
    expect(reasonOf({ origins: [{ part: 0, deploy: 0 }, { part: 0, deploy: 1 }, bob] })).toBe('other-merge');
    expect(reasonOf({ origins: origins.filter(({ part, deploy }) => part !== 0 || deploy !== 1) })).toBe('other-merge');
    expect(reasonOf({ origins: [...origins, origins[0]!] })).toBe('other-merge');
    expect(reasonOf({ origins: origins.toReversed() })).toBe('other-merge');
    expect(reasonOf({ origins: [...origins, { part: 2, deploy: 0 }] })).toBe('no block');
    // The other one of the two is another choice that does not conflict: whose it was to make, a network says.
    const swapped = stands ? { part: 0, deploy: 0 } : bob;
    const others = origins.filter(({ part, deploy }) => part === 0 && deploy === 1);
    const choice = [
      [swapped, ...others],
      [...others, swapped],
    ].map((one) => reasonOf({ origins: one }));
    expect(choice.sort()).toEqual(['other-events', 'other-merge']);
    // Made in earnest it is believed, but not by whoever knows that the least hash decides.
    const choosing = start();
    const made = mergeBlocks(choosing, list, (units, pairs) => {
      const [lost] = decideByHash(units, pairs);
      return pairs.flatMap(({ units: both }) => both).filter((unit) => unit !== lost);
    });
    if (!made.ok) throw new Error(made.reason);
    expect(hex(made.hash)).not.toBe(hex(blockHash(commit)));
    const chosen = { block: made.block, log: choosing.history.log(made.commit.number)! };
    for (const [one, decide, expected] of [
      [chosen, undefined, 'ok'],
      [chosen, decideByHash, 'other-merge'],
      [{ block, log }, decideByHash, 'ok'],
      [{ block, log }, () => [], 'other-merge'],
    ] as const) {
      const result = checkBlock(start(), one, decide === undefined ? {} : { decide });
      expect(result.ok ? 'ok' : result.reason).toBe(expected);
    }
    expect(reasonOf({}, Uint8Array.of(1, 0))).toBe('other-events');
    const [part] = list;
    const withPart = (changed: LoggedBlock): string => reasonOf({ parts: [changed, list[1]!] });
    expect(withPart({ block: part!.block, log: Uint8Array.of(9) })).toBe('malformed-log');
    expect(withPart({ block: part!.block, log: list[1]!.log })).toBe('unknown-comm');
    expect(withPart({ block: { ...part!.block, events: [1, 2] }, log: part!.log })).toBe('other-counts');
    expect(withPart({ block: { ...part!.block, number: 2 }, log: part!.log })).toBe('not-in-chain');
    expect(withPart({ block: { ...part!.block, parent: new Uint8Array(32) }, log: part!.log })).toBe('not-in-chain');
    const empty = new RhoSpace(createMemoryKeyValue());
    const base = { parent: new Uint8Array(32), number: 1 };
    const first = mergedBlock(base, { parts: [], origins: [] })!;
    expect(checkBlock(empty, { block: first, log: Uint8Array.of(1, 0) })).toMatchObject({ reason: 'not-in-chain' });
  });

  test('of nothing go on all the same', () => {
    const space = start();
    const { block, commit } = merged(space, []);
    expect([block.deploys, block.merged]).toEqual([[], { parts: [], origins: [] }]);
    expect(replayBlock(space, commit.number)).toEqual({ ok: true, outcomes: [] });
    expect(blockOf(commit)).toEqual(block);
  });

  test('are made of parts that fit, and within what a chain demands', () => {
    const space = start();
    const [one] = parts(space, ['@"a"!(1)']);
    expect(() => mergeBlocks(space, [{ ...one!, block: { ...one!.block, number: 9 } }])).toThrow('parts[0]: expected');
    expect(() => mergeBlocks(new RhoSpace(createMemoryKeyValue()), [])).toThrow('space: expected');
    expect(mergeBlocks(space, [{ block: one!.block, log: Uint8Array.of(7) }])).toEqual({
      ok: false,
      reason: 'malformed-log',
      proposal: 0,
    });
    const network = new Uint8Array(32).fill(5);
    const of = (deploys: Deploy[], rules: object, maximumBytes = Infinity): string[] =>
      tryBlock(space, { deploys, timestamp: 1, maximumBytes }, rules).outcomes.map(
        ({ refused: [why] }) => why?.reason ?? 'ok',
      );
    const mine = unsignedDeploy({ ...deploy('@"b"!(1)', 0), network });
    expect(of([mine], { network })).toEqual(['ok']);
    expect(of([mine], { network: new Uint8Array(32) })).toEqual(['other-network']);
    expect(of([deploy('@"b"!(1)', 0)], { network })).toEqual(['other-network']);
    for (let block = 1; block <= 3; block += 1) merged(space, []);
    expect(of([deploy('Nil', 1), deploy('Nil', 2)], { lifetime: 2 })).toEqual(['out-of-time', 'ok']);
    expect(of([deploy('@"b"!(1)', 3)], { ranBefore: () => true })).toEqual(['duplicate-deploy']);
    // Reductions and bytes that a block has room for.
    const loop = 'new l in { contract l(@n) = { if (n > 0) { l!(n - 1) } else { @"end"!(1) } } | l!(20) }';
    const loops = [1, 2, 3].map((salt) => deploy(loop, 3, salt));
    expect(of(loops, { maximumBlockComms: 50 })).toEqual(['ok', 'ok', 'no-room']);
    expect(of(loops, { maximumComms: 20, maximumBlockComms: 50 })).toEqual(['comm-limit', 'comm-limit', 'no-room']);
    const tried = tryBlock(space, { deploys: loops, timestamp: 1 });
    expect(checkBlock(space, tried, { maximumBlockComms: 63 })).toMatchObject({ ok: true });
    const costly = checkBlock(space, tried, { maximumBlockComms: 62 });
    expect(costly).toMatchObject({ reason: 'refused-deploy', refusal: { reason: 'no-room' } });
    const texts = [9000, 100, 780, 100].map((size, salt) => deploy(`@"t"!("${'x'.repeat(size)}")`, 3, salt));
    expect(of(texts, {}, 2000)).toEqual(['too-large', 'ok', 'no-room', 'ok']);
  });

  test('are traced to the lines of their parts', () => {
    const space = start();
    const list = parts(space, ['Nil |\n @"log"!("ann")'], [take('bob'), take('eve')]);
    const { commit } = merged(space, list);
    const trace = new Tracer(space.history.trie.store).block(commit.number);
    if (!trace.ok) throw new Error(trace.reason);
    const lines = trace.comms.map(({ deploy: index, messages, receive }) => [
      blockOf(commit)!.deploys[index]!.source.slice(0, 3),
      messages[0]!.place?.line,
      receive?.line,
    ]);
    expect(lines.sort()).toEqual([
      ['Nil', 2, 1],
      ['for', 1, 1],
    ]);
    const events = space.history.eventsOf(commit.number)!;
    expect(trace.places).toHaveLength(events.length);
    expect(trace.places.every((place) => place !== undefined)).toBe(true);
  });

  test('whose signatures are bad are found, also of what gave way', () => {
    const space = start();
    const key = new Uint8Array(32).fill(3);
    const signed = signDeploy({ ...deploy(take('ann')), after: 0 }, key);
    const [mine] = [tryBlock(space, { deploys: [signed], timestamp: 1 })];
    const forged = { ...mine.block, deploys: [{ ...signed, file: 'other.rho' }] };
    expect(checkBlock(space, { block: forged, log: mine.log })).toMatchObject({
      reason: 'refused-deploy',
      refusal: { reason: 'bad-signature' },
    });
    mergeBlocks(space, [{ block: forged, log: mine.log }]);
    expect(verifyChain(space.history).problems).toEqual([{ commit: 2, expected: 'good signatures in part 0' }]);
  });
});
