import { ed25519 } from '@noble/curves/ed25519.js';
import { createMemoryKeyValue, encodeLog, RhoSpace } from '@commute/rho-store';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  createDeploy,
  decodeBlock,
  decodeStatement,
  encodeBlock,
  RhoNode,
  signStatement,
  STEP,
  type Block,
  type Network,
} from '../src/index.ts';
import { contentOf, eventsOf, expectSame, hex, joined, keyOf, networkOf, watched, type Watched } from './cluster.ts';

function cluster(network: Network, count = network.members.length): Watched[] {
  const nodes = Array.from({ length: count }, (_, index) => watched(network, index));
  joined(nodes);
  return nodes;
}

const take = (who: string): string => `for (@n <- @"seat") { @"${who}"!(n) }`;

describe('nodes of one network', () => {
  test('merge what does not conflict without a decision', () => {
    const [ann, bob] = cluster(networkOf(2, { genesis: 'contract @"log"(@x) = { @"lines"!(x) }', decision: 'votes' }));
    for (const one of ['@"a"!(1)', '@"log"!("ann")']) ann!.node.deploy(one);
    for (const one of ['@"b"!(2)', '@"log"!("bob")']) bob!.node.deploy(one);
    ann!.node.propose();
    expectSame([ann!, bob!], 2);
    expect(contentOf(ann!)).toEqual(['"a"!(1)', '"b"!(2)', '"lines"!("ann")', '"lines"!("bob")']);
    const [closed] = eventsOf(bob!, 'closed');
    expect([closed!.accepted.length, closed!.refused, closed!.pairs]).toEqual([4, [], []]);
    // Blocks and their seals, and no vote.
    const steps = eventsOf(ann!, 'statement').map((one) => one.statement.step);
    expect(steps.sort()).toEqual([STEP.block, STEP.block, STEP.seal, STEP.seal]);
  });

  test('decide what conflicts, and propose again what gave way', () => {
    const [ann, bob] = cluster(networkOf(2, { genesis: '@"seat"!(7) | @"seat"!(7)' }));
    ann!.node.deploy(take('ann'));
    bob!.node.deploy(take('bob'));
    ann!.node.deploy('@"c"!(1)');
    ann!.node.propose();
    expectSame([ann!, bob!], 2);
    const [closed] = eventsOf(ann!, 'closed');
    expect([closed!.accepted.length, closed!.refused.length]).toEqual([2, 1]);
    expect(closed!.pairs[0]!.conflicts[0]!.kind).toBe('used-twice');
    const loser = eventsOf(ann!, 'refused').length > 0 ? ann! : bob!;
    const [refused] = eventsOf(loser, 'refused');
    expect(refused!.deploys.map((one) => hex(one.id))).toEqual([hex(closed!.refused[0]!)]);
    expect(loser.node.queue()).toEqual(refused!.deploys);
    loser.node.propose();
    expectSame([ann!, bob!], 3);
    expect(contentOf(bob!)).toEqual(['"ann"!(7)', '"bob"!(7)', '"c"!(1)']);
    expect([ann!, bob!].flatMap((one) => one.node.queue())).toEqual([]);
  });

  test('count votes by stake', () => {
    const network = networkOf(3, { genesis: '@"seat"!(7)', decision: 'votes' }, [1n, 1n, 3n]);
    const nodes = Array.from({ length: 3 }, (_, index) =>
      watched(network, index, {
        // The third proposed neither, and wants the second to win.
        vote: (units) => units.filter((one) => one.proposals.includes(Math.min(index, 1))).map((one) => one.hash),
      }),
    );
    joined(nodes);
    nodes[0]!.node.deploy(take('ann'));
    nodes[1]!.node.deploy(take('bob'));
    nodes[0]!.node.propose();
    expectSame(nodes, 2);
    expect(contentOf(nodes[2]!)).toEqual(['"bob"!(7)']);
    expect(eventsOf(nodes[0]!, 'refused')).toHaveLength(1);
  });

  test('come to the same root whatever the order in which they hear each other', () => {
    const programs = [
      take('x'),
      take('y'),
      '@"seat"!(8)',
      '@"lines"!(1)',
      'for (@x <- @"lines") { @"read"!(x) }',
      'for (@x <<- @"seat") { @"saw"!(x) }',
      'new n in { n!(1) | for (@x <- n) { @"lines"!(x + 1) } }',
      '@"x"!(1) | contract @"x"(_) = { @"x"!(1) }',
      'not a program',
    ];
    fc.assert(
      fc.property(
        fc.array(fc.array(fc.nat({ max: programs.length - 1 }), { maxLength: 3 }), { minLength: 3, maxLength: 3 }),
        fc.constantFrom('hash', 'votes'),
        fc.infiniteStream(fc.nat({ max: 1000 })),
        (choices, decision, turns) => {
          const network = networkOf(3, { genesis: '@"seat"!(7) | @"seat"!(6)', decision, maximumComms: 30 });
          const nodes = [0, 1, 2].map((index) => watched(network, index));
          const mail: { to: Watched; bytes: Uint8Array }[] = [];
          for (const one of nodes)
            one.node.listen((event) => {
              if (event.kind !== 'statement' || event.from !== undefined) return;
              for (const two of nodes) if (two !== one) mail.push({ to: two, bytes: event.statement.bytes });
            });
          const ids = choices.flatMap((list, index) =>
            list.map((choice) => hex(nodes[index]!.node.deploy(programs[choice]!).id)),
          );
          const done = new Set<string>();
          for (let round = 1; round <= 12 && done.size < ids.length; round += 1) {
            nodes[round % 3]!.node.propose();
            // Each letter may overtake others, and may come twice; one that comes too early comes again.
            while (mail.length > 0) {
              const turn = Number(turns.next().value);
              const [letter] = mail.splice(turn % mail.length, 1);
              const decoded = decodeStatement(network, letter!.bytes);
              if (!decoded.ok) throw new Error(decoded.reason);
              if (decoded.statement.round > letter!.to.node.round) mail.push(letter!);
              else letter!.to.node.receive(letter!.bytes);
              if (turn % 5 === 0) letter!.to.node.receive(letter!.bytes);
            }
            expectSame(nodes, round + 1);
            for (const id of eventsOf(nodes[0]!, 'closed').at(-1)!.accepted) done.add(hex(id));
          }
          // Everything that was deployed is accepted in the end, once.
          expect([...done].sort()).toEqual(ids.sort());
          const accepted = eventsOf(nodes[1]!, 'closed').flatMap((one) => one.accepted);
          expect(accepted).toHaveLength(ids.length);
        },
      ),
      { numRuns: Number(process.env['FC_NUM_RUNS'] ?? 25) },
    );
  }, 120_000);

  test('wait for a silent member, and go on with it', () => {
    const network = networkOf(3);
    const nodes = [0, 1, 2].map((index) => watched(network, index));
    joined(nodes.slice(0, 2));
    nodes[0]!.node.deploy('@"a"!(1)');
    nodes[0]!.node.propose();
    expect(nodes[0]!.node.status()).toMatchObject({ round: 1, waiting: [2], stalled: false });
    for (const bytes of nodes[0]!.node.statements(1)) nodes[2]!.node.receive(bytes);
    for (const bytes of nodes[2]!.node.statements(1)) nodes[0]!.node.receive(bytes);
    for (const bytes of nodes[0]!.node.statements(1)) nodes[2]!.node.receive(bytes);
    expect(nodes.map((one) => one.node.round)).toEqual([2, 2, 2]);
    expectSame(nodes, 2);
  });

  test('say the same after a restart, and keep their queue', () => {
    const network = networkOf(2, { genesis: '@"seat"!(7)' });
    const [ann, bob] = [watched(network, 0), watched(network, 1)];
    ann.node.deploy(take('ann'));
    ann.node.propose();
    const kept = ann.node.deploy('@"later"!(1)');
    const said = ann.node.statements(1);
    const again = watched(network, 0, { now: () => 2_000_000 }, ann.store);
    expect(again.node.statements(1)).toEqual(said);
    expect(again.node.propose()).toBe(false);
    expect(again.node.queue().map((one) => hex(one.id))).toEqual(ann.node.queue().map((one) => hex(one.id)));
    joined([again, bob]);
    for (const bytes of said) bob.node.receive(bytes);
    expectSame([again, bob], 2);
    const third = watched(network, 0, {}, ann.store);
    expect(third.node.status()).toEqual(again.node.status());
    expect(third.node.queue()).toEqual([kept]);
    expect(() => third.node.deploy(eventsOf(again, 'closed').length > 0 ? ann.node.queue()[0]! : kept)).toThrow(
      'RHO_NODE_ARGUMENT_MISMATCH',
    );
    expect(third.node.withdraw(kept.id)).toBe(true);
    expect(third.node.withdraw(kept.id)).toBe(false);
    expect(watched(network, 0, {}, ann.store).node.queue()).toEqual([]);
    expect(() => watched(networkOf(2), 0, {}, ann.store)).toThrow('RHO_NODE_STORE_MISMATCH');
  });

  test('tell a deploy whose time is over, and never forget one silently', () => {
    const network = networkOf(2, { genesis: '@"seat"!(7)', lifetime: 2 });
    const [ann, bob] = cluster(network);
    const early = ann!.node.deploy('@"a"!(1)');
    expect(ann!.node.withdraw(early.id)).toBe(true);
    const salt = Uint8Array.of(1);
    const later = bob!.node.deploy(createDeploy(network, '@"b"!(1)', { timestamp: 5, from: 2, salt }));
    bob!.node.propose();
    expect(contentOf(ann!)).toEqual(['"seat"!(7)']);
    bob!.node.propose();
    expect(contentOf(ann!)).toEqual(['"b"!(1)', '"seat"!(7)']);
    expect(() => ann!.node.deploy(later)).toThrow('accepted');
    expect(() => ann!.node.deploy(early)).toThrow('rounds that are over');
    const doomed = watched(network, 0, { maximumDeploys: 1 });
    const other = watched(network, 1);
    joined([doomed, other]);
    const deploys = [1, 2, 3].map((index) => doomed.node.deploy(`@"q"!(${String(index)})`));
    for (let round = 1; round <= 2; round += 1) other.node.propose();
    expect(eventsOf(doomed, 'expired').map((one) => one.deploys.map((each) => hex(each.id)))).toEqual([
      [hex(deploys[2]!.id)],
    ]);
  });

  test('answer a program about its block and its deployer', () => {
    const network = networkOf(2);
    const [ann, bob] = cluster(network);
    const user = new Uint8Array(32).fill(77);
    const source =
      'new block(`rho:block:data`), deploy(`rho:deploy:data`), r, s in { block!(*r) | deploy!(*s) | for (@n, @t, @who <- r & @time, @by, @id <- s) { @"saw"!(n, t, who, time, by) } }';
    ann!.node.deploy(source, user);
    ann!.node.propose();
    expectSame([ann!, bob!], 2);
    const member = hex(network.members[0]!.publicKey);
    const deployer = hex(new Uint8Array([...new TextEncoder().encode('deployer:'), ...ed25519.getPublicKey(user)]));
    expect(contentOf(bob!)).toEqual([
      `"saw"!(1, 1000000, "${member}".hexToBytes(), 1000000, Unforgeable(0x${deployer}))`,
    ]);
  });
});

describe('a member that cheats', () => {
  /** Ann with a second member whose key the test holds. */
  const versus = (
    genesis = '@"seat"!(7)',
  ): { ann: Watched; network: Network; say: (step: number, body: Uint8Array) => void } => {
    const network = networkOf(2, { genesis });
    const ann = watched(network, 0);
    const say = (step: number, body: Uint8Array): void => {
      const statement = signStatement(network, { round: ann.node.round, step, member: 1, body }, keyOf(1));
      expect(ann.node.receive(statement.bytes).ok).toBe(true);
    };
    return { ann, network, say };
  };
  const sealOf = ({ node }: Watched, network: Network): Uint8Array => {
    const seals = node.statements(node.round).flatMap((bytes) => {
      const decoded = decodeStatement(network, bytes);
      return decoded.ok && decoded.statement.step === STEP.seal && decoded.statement.member === node.member
        ? [decoded.statement.body]
        : [];
    });
    return seals[0]!;
  };
  const honest = (network: Network, source: string): Block => {
    const bob = watched(network, 1);
    bob.node.deploy(source);
    bob.node.propose();
    const [statement] = eventsOf(bob, 'statement');
    return decodeBlock(network, statement!.statement.body)!;
  };

  test.for([
    ['not-replayed', (block: Block) => ({ ...block, deploys: [{ ...block.deploys[0]!, log: encodeLog([]) }] })],
    ['not-replayed', (block: Block) => ({ ...block, deploys: [{ ...block.deploys[0]!, log: Uint8Array.of(9) }] })],
    ['repeated', (block: Block) => ({ ...block, deploys: [block.deploys[0]!, block.deploys[0]!] })],
    ['other-base', (block: Block) => ({ ...block, base: new Uint8Array(32) })],
  ] as const)('with its block counts as empty: %s', ([reason, forge]) => {
    const { ann, network, say } = versus();
    ann.node.deploy('@"a"!(1)');
    say(STEP.block, encodeBlock(forge(honest(network, take('bob')))));
    say(STEP.seal, sealOf(ann, network));
    expect(eventsOf(ann, 'closed')).toMatchObject([{ round: 1, invalid: [{ member: 1, reason }] }]);
    expect(contentOf(ann)).toEqual(['"a"!(1)', '"seat"!(7)']);
  });

  test('with bytes that are no block, a signature that is wrong, or a deploy of another time', () => {
    const { ann, network, say } = versus();
    say(STEP.block, Uint8Array.of(1, 2, 3));
    say(STEP.seal, sealOf(ann, network));
    const user = new Uint8Array(32).fill(3);
    const options = { timestamp: 1, from: 1, salt: Uint8Array.of(1) };
    const signed = createDeploy(network, '@"d"!(1)', { ...options, secretKey: user });
    const late = createDeploy(network, '@"e"!(1)', { ...options, from: 50 });
    const signature = Uint8Array.from(signed.signature);
    signature[3]! ^= 1;
    for (const deploy of [{ ...signed, signature }, late]) {
      say(
        STEP.block,
        encodeBlock({ base: ann.node.status().root, timestamp: 1, deploys: [{ deploy, log: encodeLog([]) }] }),
      );
      say(STEP.seal, sealOf(ann, network));
    }
    expect(eventsOf(ann, 'closed').map((one) => one.invalid.map(({ reason }) => reason))).toEqual([
      ['malformed'],
      ['bad-signature'],
      ['out-of-time'],
    ]);
  });

  test('with more reductions than a block may take, even of deploys that fail; and an honest node stays below', () => {
    const network = networkOf(2, { maximumComms: 20, maximumBlockComms: 50 });
    const ann = watched(network, 0);
    const endless = '@"x"!(1) | contract @"x"(_) = { @"x"!(1) }';
    const deploys = [1, 2, 3].map((salt) => {
      const deploy = createDeploy(network, endless, { timestamp: 1, from: 1, salt: Uint8Array.of(salt) });
      return { deploy, log: encodeLog([]) };
    });
    const say = (step: number, body: Uint8Array): void => {
      ann.node.receive(signStatement(network, { round: ann.node.round, step, member: 1, body }, keyOf(1)).bytes);
    };
    for (const count of [3, 2]) {
      const block = { base: ann.node.status().root, timestamp: 1, deploys: deploys.slice(0, count) };
      say(STEP.block, encodeBlock(block));
      say(STEP.seal, sealOf(ann, network));
    }
    expect(eventsOf(ann, 'closed').map((one) => [one.accepted.length, one.invalid])).toEqual([
      [0, [{ member: 1, reason: 'too-costly' }]],
      [2, []],
    ]);
    const bob = watched(network, 1);
    for (const { deploy } of deploys) bob.node.deploy(deploy);
    bob.node.propose();
    expect(eventsOf(bob, 'proposed')[0]!.deploys.map((one) => one.reason)).toEqual(['comm-limit', 'comm-limit']);
    expect(bob.node.queue()).toHaveLength(3);
  });

  test('and says two things stops the round, with the proof, and divides nobody', () => {
    const network = networkOf(3);
    const block = (text: string): Uint8Array => {
      const bob = watched(network, 1);
      bob.node.deploy(text);
      bob.node.propose();
      return eventsOf(bob, 'statement')[0]!.statement.bytes;
    };
    const [one, two] = [block('@"x"!(1)'), block('@"y"!(1)')];
    const alone = watched(network, 0);
    const apart = watched(network, 2);
    alone.node.receive(one);
    apart.node.receive(two);
    for (const [from, to] of [
      [alone, apart],
      [apart, alone],
    ] as const)
      for (const bytes of from.node.statements(1)) to.node.receive(bytes);
    for (const each of [alone, apart]) {
      const [proof] = eventsOf(each, 'equivocation');
      expect(proof!.member).toBe(1);
      expect(proof!.statements.map((statement) => hex(statement.bytes)).sort()).toEqual([hex(one), hex(two)].sort());
      expect(each.node.status()).toMatchObject({ round: 1, stalled: true });
    }
    // Bob seals to each what it has: still nobody closes, because the two sealed different blocks.
    for (const each of [alone, apart]) {
      const seal = signStatement(
        network,
        { round: 1, step: STEP.seal, member: 1, body: sealOf(each, network) },
        keyOf(1),
      );
      each.node.receive(seal.bytes);
    }
    for (const bytes of apart.node.statements(1)) alone.node.receive(bytes);
    for (const bytes of alone.node.statements(1)) apart.node.receive(bytes);
    expect(hex(sealOf(alone, network))).not.toBe(hex(sealOf(apart, network)));
    expect([alone, apart].map((each) => each.node.round)).toEqual([1, 1]);
  });

  test('or is no member is not heard', () => {
    const { ann, network } = versus();
    const body = new Uint8Array(0);
    const forged = signStatement(network, { round: 1, step: 0, member: 1, body }, keyOf(9));
    expect(ann.node.receive(forged.bytes)).toEqual({ ok: false, reason: 'bad-signature' });
    const unknown = signStatement(network, { round: 1, step: 0, member: 2, body }, keyOf(2));
    expect(ann.node.receive(unknown.bytes)).toEqual({ ok: false, reason: 'unknown-member' });
    const other = signStatement(networkOf(2), { round: 1, step: 0, member: 1, body }, keyOf(1));
    expect(ann.node.receive(other.bytes)).toEqual({ ok: false, reason: 'other-network' });
    const early = signStatement(network, { round: 7, step: 0, member: 1, body }, keyOf(1));
    expect(ann.node.receive(early.bytes)).toEqual({ ok: true, new: false });
    expect(ann.events).toEqual([]);
  });
});

describe('a node', () => {
  test('takes only what it can: keys, stores, genesis, deploys', () => {
    const network = networkOf(2);
    const store = createMemoryKeyValue();
    expect(() => new RhoNode({ store, network, secretKey: keyOf(5) })).toThrow('RHO_NODE_ARGUMENT_MISMATCH');
    const bad = networkOf(1, { genesis: '@"a"!(' });
    expect(() => new RhoNode({ store, network: bad, secretKey: keyOf(0) })).toThrow('RHO_NODE_ARGUMENT_MISMATCH');
    const used = createMemoryKeyValue();
    const space = new RhoSpace(used);
    space.commit();
    expect(() => new RhoNode({ store: used, network, secretKey: keyOf(0) })).toThrow('RHO_NODE_STORE_MISMATCH');
    const { node } = watched(network, 0);
    const options = { timestamp: 1, from: 1, salt: new Uint8Array(0) };
    const other = createDeploy(networkOf(1), 'Nil', options);
    expect(() => node.deploy(other)).toThrow('RHO_NODE_ARGUMENT_MISMATCH');
    const forged = {
      ...createDeploy(network, 'Nil', { ...options, secretKey: keyOf(8) }),
      signature: new Uint8Array(64),
    };
    expect(() => node.deploy(forged)).toThrow('signature');
    expect(() => node.deploy(`@"${'x'.repeat(2 ** 21)}"!(1)`)).toThrow('bytes');
    expect(() => createDeploy(network, '\ud800', options)).toThrow('RHO_NODE_ARGUMENT_MISMATCH');
    const twice = createDeploy(network, 'Nil', options);
    expect(node.deploy(twice)).toBe(node.deploy(twice));
    expect(node.status().queued).toBe(1);
  });

  test('alone is its own network, and splits a long queue into blocks', () => {
    const one = watched(networkOf(1, { maximumBlockBytes: 4096 }), 0, { maximumDeploys: 20 });
    for (let index = 0; index < 50; index += 1) one.node.deploy(`@"k"!(${String(index)})`);
    const large = one.node.deploy(
      'new loop in { contract loop(@n) = { if (n > 0) { @"big"!(n) | loop!(n - 1) } } | loop!(100) }',
    );
    let rounds = 0;
    while (one.node.queue().length > 1 && rounds < 20) {
      one.node.propose();
      rounds += 1;
    }
    expect(contentOf(one).filter((line) => line.startsWith('"k"'))).toHaveLength(50);
    expect(rounds).toBeGreaterThan(2);
    one.node.propose();
    const told = eventsOf(one, 'proposed').at(-1)!.deploys;
    expect(told).toMatchObject([{ id: large.id, ok: false, reason: 'too-large' }]);
    expect(one.node.queue()).toEqual([large]);
    expect(contentOf(one).filter((line) => line.startsWith('"big"'))).toEqual([]);
  });
});
