import { ed25519 } from '@noble/curves/ed25519.js';
import {
  chainOf,
  createMemoryKeyValue,
  decodeLoggedBlock,
  deployId,
  encodeLog,
  encodeLoggedBlock,
  replayBlock,
  RhoSpace,
  signDeploy,
  tryBlock,
  unsignedDeploy,
  verifyChain,
  type Block,
  type Deploy,
  type LoggedBlock,
  type UnsignedDeploy,
} from '@commute/rho-store';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readArchived, readRound } from '../src/archive.ts';
import {
  decodeCertificate,
  decodeSet,
  decodeStatement,
  RhoNode,
  signStatement,
  STEP,
  type Network,
  type NetworkOptions,
} from '../src/index.ts';
import { contentOf, eventsOf, expectSame, hex, joined, keyOf, networkOf, watched, type Watched } from './cluster.ts';

function cluster(network: Network, count = network.members.length): Watched[] {
  const nodes = Array.from({ length: count }, (_, index) => watched(network, index));
  joined(nodes);
  return nodes;
}

const idOf = (deploy: Deploy): string => hex(deployId(deploy));

/** A deploy that somebody made for a network. */
function made(network: Network, source: string, more: Partial<UnsignedDeploy> = {}, secretKey?: Uint8Array): Deploy {
  const base = { source, file: 'a.rho', timestamp: 5, after: 0, tokens: undefined, tokensFor: undefined };
  const unsigned = { ...base, network: network.id, ...more };
  return secretKey === undefined ? unsignedDeploy(unsigned) : signDeploy(unsigned, secretKey);
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
    // Blocks and that all have them, and no vote.
    const steps = eventsOf(ann!, 'statement').map((one) => one.statement.step);
    const each = [STEP.block, STEP.blockPrepare, STEP.blockCommit, STEP.base];
    expect(steps.sort()).toEqual(each.flatMap((step) => [step, step]));
    // What closed the round is a block of both, with all that is needed to replay it.
    expect(closed!.members).toEqual([0, 1]);
    expect(replayBlock(ann!.node.space, 2)).toMatchObject({ ok: true });
    expect(verifyChain(ann!.node.space.history)).toMatchObject({ ok: true, blocks: 2, deploys: 5, others: 0 });
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
    expect(refused!.deploys.map(idOf)).toEqual([hex(closed!.refused[0]!)]);
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
            list.map((choice) => idOf(nodes[index]!.node.deploy(programs[choice]!))),
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
    expect(again.node.queue().map(idOf)).toEqual(ann.node.queue().map(idOf));
    joined([again, bob]);
    for (const bytes of said) bob.node.receive(bytes);
    expectSame([again, bob], 2);
    const third = watched(network, 0, {}, ann.store);
    expect(third.node.status()).toEqual(again.node.status());
    expect(third.node.queue()).toEqual([kept]);
    expect(() => third.node.deploy(ann.node.queue()[0]!)).toThrow('RHO_NODE_ARGUMENT_MISMATCH');
    expect(third.node.withdraw(deployId(kept))).toBe(true);
    expect(third.node.withdraw(deployId(kept))).toBe(false);
    expect(watched(network, 0, {}, ann.store).node.queue()).toEqual([]);
    expect(() => watched(networkOf(2), 0, {}, ann.store)).toThrow('RHO_NODE_STORE_MISMATCH');
  });

  test('have on the medium what they say before they say it, and what holds them to it', () => {
    const network = networkOf(3, { genesis: '@"seat"!(7)', decision: 'votes' });
    const nodes = [0, 1, 2].map((index) => watched(network, index));
    let committed = 0;
    for (const { node } of nodes)
      node.listen((event) => {
        if (event.kind !== 'statement' || event.statement.member !== node.member) return;
        const { step, bytes, body } = event.statement;
        const { own, open } = readArchived(node.space.history)!;
        expect([...own, ...open.statements].map(hex)).toContain(hex(bytes));
        if ((step !== STEP.blockCommit && step !== STEP.voteCommit) || body.length === 0) return;
        committed += 1;
        const hashes = open.statements
          .map((one) => decodeStatement(network, one))
          .map((one) => one.ok && hex(one.statement.hash));
        for (const { hash } of decodeSet(network, body)!) expect(hashes).toContain(hex(hash));
        const grounds = open.certificates.map((one) => decodeCertificate(network, one));
        const why = grounds.flatMap((one) => (one.ok && one.certificate.step === step - 1 ? [one.certificate] : []));
        expect(why.map((one) => hex(one.body))).toEqual([hex(body)]);
      });
    joined(nodes);
    for (const [index, { node }] of nodes.entries()) node.deploy(take(`m${String(index)}`));
    nodes[0]!.node.propose();
    expectSame(nodes, 2);
    expect(committed).toBe(6);
    // Of a round that is closed is left what closes it, and of the open one nothing yet.
    const { history } = nodes[0]!.node.space;
    expect(readArchived(history)).toMatchObject({ own: [], open: { statements: [], certificates: [] } });
    expect([readRound(history, 1).certificates.length, readRound(history, 1).statements.length]).toEqual([3, 6]);
  });

  test('tell a deploy whose time is over, and never forget one silently', () => {
    const network = networkOf(2, { genesis: '@"seat"!(7)', lifetime: 2 });
    const [ann, bob] = cluster(network);
    const early = ann!.node.deploy('@"a"!(1)');
    expect(ann!.node.withdraw(deployId(early))).toBe(true);
    const later = bob!.node.deploy(made(network, '@"b"!(1)', { after: 1 }));
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
    expect(eventsOf(doomed, 'expired').map((one) => one.deploys.map(idOf))).toEqual([[idOf(deploys[2]!)]]);
  });

  test('try what failed again, after all others, until its time is over', () => {
    const network = networkOf(1, { genesis: '@"n"!("text")', lifetime: 3, maximumComms: 50, maximumBlockComms: 51 });
    const one = watched(network, 0);
    const sum = one.node.deploy('for (@n <- @"n") { @"sum"!(n + 1) }');
    const endless = one.node.deploy('@"x"!(1) | contract @"x"(_) = { @"x"!(1) }');
    one.node.deploy('for (_ <- @"n") { @"n"!(1) }');
    one.node.propose();
    // The endless one took the room of the third.
    expect(eventsOf(one, 'proposed')[0]!.deploys.map(({ ok, reason }) => [ok, reason])).toEqual([
      [false, 'type-mismatch'],
      [false, 'comm-limit'],
    ]);
    one.node.propose();
    expect(eventsOf(one, 'proposed')[1]!.deploys.map((each) => each.ok)).toEqual([true, true]);
    expect(contentOf(one)).toEqual(['"sum"!(2)']);
    expect(one.node.queue()).toEqual([endless]);
    one.node.propose();
    expect(eventsOf(one, 'expired').map((each) => each.deploys)).toEqual([[endless]]);
    expect(eventsOf(one, 'closed').map((each) => each.accepted.map(hex))[1]).toContain(idOf(sum));
  });

  test('answer a program about its block and its deployer', () => {
    const network = networkOf(2);
    const [ann, bob] = cluster(network);
    const user = new Uint8Array(32).fill(77);
    const source =
      'new block(`rho:block:data`), deploy(`rho:deploy:data`), r, s in { block!(*r) | deploy!(*s) | for (@n, @t, @who <- r & @time, @by, @id <- s) { @"saw"!(n, t, who, time, by) } }';
    const { deployer } = ann!.node.deploy(source, { secretKey: user, file: 'saw.rho', tokens: 100 });
    ann!.node.propose();
    expectSame([ann!, bob!], 2);
    const member = hex(network.members[0]!.publicKey);
    const name = hex(new Uint8Array([...new TextEncoder().encode('deployer:'), ...deployer]));
    expect(contentOf(bob!)).toContain(`"saw"!(1, 1000000, "${member}".hexToBytes(), 1000000, Unforgeable(0x${name}))`);
  });
});

describe('a member that cheats', () => {
  /** Ann with a second member whose key the test holds, and who agrees to whatever Ann has. */
  const versus = (
    options: Partial<NetworkOptions> = {},
  ): { ann: Watched; network: Network; block: (body: Uint8Array) => void } => {
    const network = networkOf(2, { genesis: '@"seat"!(7)', ...options });
    const ann = watched(network, 0);
    const say = (step: number, body: Uint8Array): void => {
      const { round } = ann.node;
      const statement = signStatement(network, { round, step, view: 0, member: 1, body }, keyOf(1));
      expect(ann.node.receive(statement.bytes).ok).toBe(true);
    };
    const block = (body: Uint8Array): void => {
      say(STEP.block, body);
      const prepared = eventsOf(ann, 'statement').findLast((one) => one.statement.step === STEP.blockPrepare);
      const set = prepared!.statement.body;
      say(STEP.blockPrepare, set);
      say(STEP.blockCommit, set);
    };
    return { ann, network, block };
  };
  const honest = (network: Network, source: string): LoggedBlock => {
    const bob = watched(network, 1);
    bob.node.deploy(source);
    bob.node.propose();
    const [statement] = eventsOf(bob, 'statement');
    return decodeLoggedBlock(statement!.statement.body)!;
  };
  const changed = (logged: LoggedBlock, block: Partial<Block>): LoggedBlock => {
    return { ...logged, block: { ...logged.block, ...block } };
  };

  test.for<[string, (logged: LoggedBlock) => LoggedBlock]>([
    ['other-counts', (logged) => changed(logged, { events: [1] })],
    ['unused-comms', (logged) => changed(logged, { deploys: [], events: [] })],
    ['unknown-comm', (logged) => ({ ...logged, log: encodeLog([]) })],
    ['malformed-log', (logged) => ({ ...logged, log: Uint8Array.of(9) })],
    [
      'duplicate-deploy',
      (logged) => changed(logged, { deploys: [...logged.block.deploys, ...logged.block.deploys], events: [2, 2] }),
    ],
    ['not-in-chain', (logged) => changed(logged, { parent: new Uint8Array(32) })],
    ['not-in-chain', (logged) => changed(logged, { number: 2 })],
    ['other-sender', (logged) => changed(logged, { sender: ed25519.getPublicKey(keyOf(0)) })],
  ])('with its block counts as empty: %s', ([reason, forge]) => {
    const { ann, network, block } = versus();
    ann.node.deploy('@"a"!(1)');
    block(encodeLoggedBlock(forge(honest(network, take('bob')))));
    expect(eventsOf(ann, 'closed')).toMatchObject([{ round: 1, members: [0, 1], invalid: [{ member: 1 }] }]);
    const [invalid] = eventsOf(ann, 'closed')[0]!.invalid;
    expect(invalid!.refusal?.reason ?? invalid!.reason).toBe(reason);
    expect(contentOf(ann)).toEqual(['"a"!(1)', '"seat"!(7)']);
  });

  test('with bytes that are no block, or a deploy that the network refuses', () => {
    const { ann, network, block } = versus();
    block(Uint8Array.of(1, 2, 3));
    const signed = made(network, '@"d"!(1)', {}, new Uint8Array(32).fill(3));
    const signature = Uint8Array.from(signed.signature);
    signature[3]! ^= 1;
    const deploys: Deploy[] = [
      { ...signed, signature },
      made(network, '@"e"!(1)', { after: 50 }),
      made(networkOf(3), '@"e"!(1)'),
      made(network, 'new a in { a!(1) }'),
      made(network, '@"e"!(1 + "a")'),
    ];
    for (const deploy of deploys) {
      const { hash } = [...chainOf(ann.node.space)][0]!;
      const sender = network.members[1]!.publicKey;
      const about = { parent: hash, number: ann.node.round, timestamp: 1, sender, merged: undefined };
      block(encodeLoggedBlock({ block: { ...about, deploys: [deploy], events: [0] }, log: encodeLog([]) }));
    }
    expect(
      eventsOf(ann, 'closed').map((one) => one.invalid.map(({ reason, refusal }) => refusal?.reason ?? reason)),
    ).toEqual([
      ['malformed'],
      ['bad-signature'],
      ['out-of-order'],
      ['other-network'],
      ['unobserved-output'],
      ['type-mismatch'],
    ]);
  });

  test('with more reductions than a block may take', () => {
    const { ann, network, block } = versus({ maximumComms: 20, maximumBlockComms: 50 });
    const loop = 'new l in { contract l(@n) = { if (n > 0) { l!(n - 1) } else { @"end"!(1) } } | l!(15) }';
    const large = networkOf(2, { genesis: '@"seat"!(7)', maximumComms: 20, maximumBlockComms: 100 });
    const bob = watched(large, 1);
    const deploys = [1, 2, 3, 4].map((salt) => made(network, loop, { salt: Uint8Array.of(salt) }));
    // What would be its block if the network allowed more.
    const { block: header, log } = tryBlock(ann.node.space, {
      deploys,
      timestamp: 1,
      sender: bob.node.network.members[1]!.publicKey,
    });
    block(encodeLoggedBlock({ block: header, log }));
    expect(eventsOf(ann, 'closed').map((one) => one.invalid)).toMatchObject([[{ member: 1, reason: 'too-costly' }]]);
  });

  test('or is no member is not heard', () => {
    const { ann, network } = versus();
    const said = { round: 1, step: STEP.block, view: 0, member: 1, body: new Uint8Array(0) };
    const forged = signStatement(network, said, keyOf(9));
    expect(ann.node.receive(forged.bytes)).toEqual({ ok: false, reason: 'bad-signature' });
    const unknown = signStatement(network, { ...said, member: 2 }, keyOf(2));
    expect(ann.node.receive(unknown.bytes)).toEqual({ ok: false, reason: 'unknown-member' });
    const other = signStatement(networkOf(2), said, keyOf(1));
    expect(ann.node.receive(other.bytes)).toEqual({ ok: false, reason: 'other-network' });
    const early = signStatement(network, { ...said, round: 7 }, keyOf(1));
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
    expect(() => node.deploy(made(networkOf(1), 'Nil'))).toThrow('RHO_NODE_ARGUMENT_MISMATCH');
    const forged = { ...made(network, 'Nil', {}, keyOf(8)), signature: new Uint8Array(64) };
    expect(() => node.deploy(forged)).toThrow('signature');
    expect(() => node.deploy(`@"${'x'.repeat(2 ** 21)}"!(1)`)).toThrow('bytes');
    expect(() => node.deploy('not a program')).toThrow('RHO_NODE_DEPLOY_REFUSED');
    expect(() => node.deploy('new a in {\n a!(1) }', { file: 'a.rho' })).toThrow('a.rho:2:2');
    expect(node.queue()).toEqual([]);
    const twice = made(network, 'Nil');
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
    expect(told).toMatchObject([{ id: deployId(large), ok: false, reason: 'too-large' }]);
    expect(one.node.queue()).toEqual([large]);
    expect(contentOf(one).filter((line) => line.startsWith('"big"'))).toEqual([]);
  });
});
