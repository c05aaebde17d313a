import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { countTokens, tokenChannel, type Term } from '@commute/rholang';
import {
  blockHash,
  blockOf,
  chainOf,
  checkBlock,
  compareLogs,
  createMemoryKeyValue,
  decodeItem,
  deployId,
  encodeBlock,
  encodeChannel,
  followBlock,
  makeBlock,
  pruneStore,
  replayBlock,
  RhoSpace,
  signDeploy,
  Tracer,
  tryBlock,
  unsignedDeploy,
  verifyChain,
  verifyHistory,
  verifyStore,
  type Deploy,
  type DeployOutcome,
  type KeyValueStore,
  type MadeBlock,
} from '../src/index.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const secret = (byte: number): Uint8Array => new Uint8Array(32).fill(byte);
const base = { file: 'a.rho', timestamp: 1000, after: 0, tokens: 1000, tokensFor: undefined };

function deploy(source: string, more: Partial<Deploy> = {}): Deploy {
  return unsignedDeploy({ ...base, source, ...more });
}

function add(space: RhoSpace, ...deploys: Deploy[]): MadeBlock {
  const number = space.history.trie.meta.commits;
  return makeBlock(space, { deploys: deploys.map((one) => ({ ...one, after: number })), timestamp: 5000 });
}

const linesOf = ({ outcomes }: { readonly outcomes: readonly DeployOutcome[] }): string[] =>
  outcomes.flatMap(({ output }) => output.map(({ text }) => text));

function waiting(space: RhoSpace, channel: Term): { tokens: bigint; gates: number } {
  const items = [...space.history.items(encodeChannel(channel))].map(({ bytes }) => decodeItem(bytes)!);
  const data = items.flatMap((item) => (item.kind === 'message' ? [item.datum] : []));
  return { tokens: countTokens(data), gates: items.length - data.length };
}

const COUNTER = `contract @"count"(@n, reply) = { @"total"!(n) | reply!(n + 1) }`;
const CALL = 'new r, out(`rho:io:stdout`) in {\n  @"count"!(41, *r) |\n  for (@n <- r) { out!(n) }\n}';

describe('blocks', () => {
  test('run deploys, keep them, and replay to the same log', () => {
    const space = new RhoSpace(createMemoryKeyValue());
    const first = add(space, deploy(COUNTER));
    const second = add(space, deploy(CALL), deploy('for (@t <- @"total") { @"got"!(t) }'));
    expect(linesOf(second)).toEqual(['42']);
    expect(second.outcomes.map(({ comms, spent }) => [comms, spent])).toEqual([
      [3, 2],
      [1, 1],
    ]);
    expect([...chainOf(space)].map(({ block }) => block.number)).toEqual([2, 1]);
    expect([...chainOf(space)][0]!.block.parent).toEqual(first.made!.hash);
    expect(blockHash(second.made!.commit)).toEqual(second.made!.hash);
    for (const number of [1, 2]) expect(replayBlock(space, number)).toMatchObject({ ok: true });
    expect(verifyChain(space.history)).toEqual({ ok: true, problems: [], blocks: 2, deploys: 3, others: 0 });
    expect(verifyStore(space.history).problems).toEqual([]);
  });

  test('give the same roots and hashes on another machine, and others when replayed with another log', () => {
    const one = new RhoSpace(createMemoryKeyValue());
    add(one, deploy(COUNTER));
    add(one, deploy(CALL));
    const two = new RhoSpace(createMemoryKeyValue());
    for (const { block, commit } of [...chainOf(one)].reverse()) {
      const log = one.history.log(commit.number)!;
      const wrong = followBlock(two, { block, log: one.history.log(3 - commit.number)! });
      expect(wrong).toMatchObject({ ok: false });
      expect(two.history.trie.meta.commits).toBe(commit.number - 1);
      const followed = followBlock(two, { block, log });
      expect(followed.ok && followed.commit).toEqual({ ...commit, log: new Uint8Array(log) });
    }
    expect(hex(two.root())).toBe(hex(one.root()));
  });

  test('answer what a deploy asks about the block and itself, and so does the replay', () => {
    const space = new RhoSpace(createMemoryKeyValue());
    const source = `new out(\`rho:io:stdout\`), b(\`rho:block:data\`), d(\`rho:deploy:data\`), id(\`rho:rchain:deployId\`),
      ops(\`rho:rchain:deployerId:ops\`), me(\`rho:rchain:deployerId\`), r, s, t in {
        b!(*r) | d!(*s) | ops!("pubKeyBytes", *me, *t) |
        for (@number, @time, @sender <- r & @at, @who, @mine <- s & @key <- t) {
          out!([number, time, sender.bytesToHex().length(), at, *me == who, mine == *id, key.length()])
        }
      }`;
    const signed = signDeploy({ ...base, source }, secret(3));
    const { outcomes, made } = makeBlock(space, { deploys: [signed], timestamp: 5000, sender: signed.deployer });
    expect(outcomes[0]!.refused).toEqual([]);
    expect(outcomes[0]!.output[0]!.text).toBe('[1, 5000, 130, 1000, true, true, 65]');
    expect(outcomes[0]!.id).toEqual(deployId(signed));
    const replayed = replayBlock(space, made!.commit.number);
    expect(replayed.ok && linesOf(replayed)).toEqual(['[1, 5000, 130, 1000, true, true, 65]']);
  });

  test('leave out what is refused, with the place and the reason, and keep the rest', () => {
    const space = new RhoSpace(createMemoryKeyValue());
    const signed = signDeploy({ ...base, source: '@"signed"!(1)' }, secret(3));
    const deploys = [
      deploy('@"a"!('),
      deploy('x!(1)'),
      deploy('new a in {\n  a!(2)\n}'),
      deploy('@"a"!(1) | for (@x <- @"a") { for (@y <- @"a") { Nil } }', { tokens: 1 }),
      deploy('@"kept"!(1)'),
      deploy('@"lost"!(1) |\nfor (@x <- @"lost") { @"b"!(1 + x, "a" + 1) }'),
      { ...signed, tokens: 5 },
      deploy('@"kept"!(2)', { after: 7 }),
    ];
    const { outcomes, made } = makeBlock(space, { deploys, timestamp: 5 });
    expect(
      outcomes.map(({ refused: [why] }) => why && [why.stage, why.reason, why.line, why.column].join(' ')),
    ).toEqual([
      'parse unexpected-token 1 7',
      'normalize unbound-variable 1 1',
      'observability unobserved-output 2 3',
      'admission short 1 1',
      undefined,
      'run type-mismatch 2 23',
      'block bad-signature 1 1',
      'block out-of-order 1 1',
    ]);
    expect(made!.block.deploys).toEqual([deploys[4]]);
    const kept = [...space.history.channels()].map((channel) => Buffer.from(channel).toString('latin1'));
    expect(kept.some((name) => name.includes('kept'))).toBe(true);
    expect(kept.some((name) => name.includes('lost') || name.includes('signed'))).toBe(false);
    const nothing = makeBlock(space, { deploys: [deploy('@"a"!(')], timestamp: 5 });
    expect([nothing.made, space.pending, space.history.trie.meta.commits]).toEqual([undefined, 0, 1]);
  });

  test('take a deploy once', () => {
    const space = new RhoSpace(createMemoryKeyValue());
    const one = deploy('@"a"!(1)');
    const { outcomes } = makeBlock(space, { deploys: [one, one], timestamp: 5 });
    expect(outcomes.map(({ refused }) => refused[0]?.reason)).toEqual([undefined, 'duplicate-deploy']);
    add(space, deploy('@"b"!(1)'));
    expect(makeBlock(space, { deploys: [one], timestamp: 9 }).outcomes[0]!.refused[0]!.reason).toBe('duplicate-deploy');
    expect(add(space, one).made).toBeDefined();
  });

  test('wait when their tokens are spent, and go on in a later block that brings more', () => {
    const space = new RhoSpace(createMemoryKeyValue());
    const loop = deploy('new out(`rho:io:stdout`), l in { contract l(@n) = { out!(n) | l!(n + 1) } | l!(0) }', {
      tokens: 6,
    });
    const { outcomes } = makeBlock(space, { deploys: [loop], timestamp: 5 });
    expect(outcomes[0]).toMatchObject({ refused: [], spent: 6, demand: { kind: 'unbounded', reason: 'recursion' } });
    const channel = tokenChannel(deployId(loop));
    const stopped = waiting(space, channel);
    expect(stopped).toEqual({ tokens: 0n, gates: stopped.gates });
    expect(stopped.gates).toBeGreaterThan(0);
    const more = add(space, deploy('', { tokens: 10, tokensFor: deployId(loop) }));
    expect(more.outcomes[0]).toMatchObject({ refused: [], spent: 10 });
    expect(linesOf(more).length).toBeGreaterThan(2);
    expect(replayBlock(space, 2)).toMatchObject({ ok: true });
    const nobody = makeBlock(space, {
      deploys: [deploy('', { after: 2, tokensFor: new Uint8Array(32).fill(9) })],
      timestamp: 5,
    });
    expect(nobody.outcomes[0]!.refused[0]!.reason).toBe('unknown-deploy');
  });

  test('that were changed are not replayed', () => {
    const space = new RhoSpace(createMemoryKeyValue());
    add(space, deploy('new b(`rho:block:data`), r in { b!(*r) | for (@n, @t, _ <- r) { @"at"!(n, t) } }'));
    const commit = space.history.commitAt(1);
    const block = blockOf(commit)!;
    const log = space.history.log(1)!;
    const empty = new RhoSpace(createMemoryKeyValue());
    const reasonOf = (changed: Partial<typeof block>): string => {
      const result = checkBlock(empty, { block: { ...block, ...changed }, log });
      return result.ok ? 'ok' : result.reason;
    };
    expect(reasonOf({})).toBe('ok');
    expect(reasonOf({ timestamp: 6 })).toBe('unknown-comm');
    expect(reasonOf({ number: 2 })).toBe('not-in-chain');
    expect(reasonOf({ parent: new Uint8Array(32).fill(1) })).toBe('not-in-chain');
    expect(reasonOf({ deploys: [] })).toBe('unused-comms');
    expect(reasonOf({ deploys: [deploy('new a in { a!(1) }')] })).toBe('refused-deploy');
    expect(reasonOf({ deploys: [...block.deploys, ...block.deploys] })).toBe('refused-deploy');
  });

  test('tell what two deploys on one base would do to each other', () => {
    const space = new RhoSpace(createMemoryKeyValue());
    add(space, deploy('@"coin"!(1)'));
    const logOf = (source: string): Uint8Array => tryBlock(space, { deploys: [deploy(source)], timestamp: 5 }).log;
    const spend = 'for (@x <- @"coin") { @"mine"!(x) }';
    const compared = compareLogs(space.history, [logOf(spend), logOf(spend.replace('mine', 'yours'))]);
    expect(compared).toMatchObject({ ok: true, conflict: true, pairs: [{ conflicts: [{ kind: 'used-twice' }] }] });
    expect(compareLogs(space.history, [logOf(spend), logOf('@"other"!(1)')])).toMatchObject({ conflict: false });
    expect([space.pending, space.history.trie.meta.commits]).toEqual([0, 1]);
  });

  test('that do not fit the chain are found in it', () => {
    const space = new RhoSpace(createMemoryKeyValue());
    const { block } = add(space, deploy('@"a"!(1)')).made!;
    const put = (changed: Partial<typeof block>): readonly string[] => {
      const next = { ...block, parent: [...chainOf(space)][0]!.hash, number: 2, deploys: [], events: [], ...changed };
      space.commit(encodeBlock(next));
      const { problems } = verifyChain(space.history);
      space.goTo(1);
      return problems.map(({ commit, expected }) => `${String(commit - space.history.trie.meta.commits)} ${expected}`);
    };
    expect(put({})).toEqual([]);
    expect(put({ parent: new Uint8Array(32) })).toEqual(['0 the hash of the block before']);
    expect(put({ number: 3 })).toEqual(['0 the number after that of the block before']);
    expect(put({ deploys: block.deploys })).toEqual([
      `${String(1 - space.history.trie.meta.commits)} deploy 0 to stand in the chain once`,
    ]);
    expect(put({ deploys: [deploy('Nil', { after: 2 })] })).toEqual(['0 deploy 0 to be made for an earlier block']);
    const signed = signDeploy({ ...base, source: 'Nil' }, secret(1));
    expect(put({ deploys: [signed] })).toEqual([]);
    expect(put({ deploys: [{ ...signed, file: 'b.rho' }] })).toEqual(['0 a good signature of deploy 0']);
  });

  test('stand on the version that they follow when others are pruned', () => {
    const space = new RhoSpace(createMemoryKeyValue());
    for (const n of [1, 2, 3]) add(space, deploy(`@"n"!(${String(n)})`));
    pruneStore(space.history, 2);
    expect(replayBlock(space, 3)).toMatchObject({ ok: true });
    expect(replayBlock(space, 2)).toMatchObject({ ok: false, reason: 'pruned' });
    expect(verifyChain(space.history)).toMatchObject({ ok: true, blocks: 2 });
  });
});

describe('tracing', () => {
  const placeAt = (place: { line: number; column: number; deploy: Deploy } | undefined): string | undefined =>
    place && `${place.deploy.file}:${String(place.line)}:${String(place.column)}`;

  test('finds the source lines of both sides, also of code that an earlier block left', () => {
    const store = createMemoryKeyValue();
    const space = new RhoSpace(store);
    add(space, deploy(COUNTER, { file: 'counter.rho' }));
    add(space, deploy(CALL, { file: 'call.rho' }));
    add(space, deploy('for (@t <- @"total") { Nil }', { file: 'total.rho' }));
    const tracer = new Tracer(store);
    const trace = tracer.block(2);
    if (!trace.ok) throw new Error(trace.detail);
    const own = trace.comms.filter(({ role }) => role === undefined);
    expect(
      own.map(({ receive, system, messages }) => [placeAt(receive) ?? system, placeAt(messages[0]!.place)]),
    ).toEqual([
      ['counter.rho:1:1', 'call.rho:2:3'],
      ['call.rho:3:3', 'counter.rho:1:49'],
      ['rho:io:stdout', 'call.rho:3:19'],
    ]);
    const late = tracer.block(3);
    expect(late.ok && placeAt(late.comms[0]!.messages[0]!.place)).toBe('counter.rho:1:34');
    expect(trace.places.filter((place) => place === undefined).length).toBeLessThan(trace.places.length);
  });

  test('follows code that is sent and run elsewhere, later', () => {
    const store = createMemoryKeyValue();
    const space = new RhoSpace(store);
    const source = 'new n in {\n  @"code"!({ for (@x <- @"in") {\n    @"out"!(x, *n) } })\n}';
    add(space, deploy(source, { file: 'code.rho' }));
    add(space, deploy('for (@p <- @"code") { p }', { file: 'run.rho' }));
    add(space, deploy('@"in"!(1) | for (@x, _ <- @"out") { Nil }', { file: 'use.rho' }));
    const trace = new Tracer(store).block(3);
    const own = trace.ok ? trace.comms.filter(({ role }) => role === undefined) : [];
    expect(own.map(({ receive, messages }) => [placeAt(receive), placeAt(messages[0]!.place)])).toEqual([
      ['code.rho:2:14', 'use.rho:1:1'],
      ['use.rho:1:13', 'code.rho:3:5'],
    ]);
  });

  test('shows a draft without keeping it', () => {
    const store = createMemoryKeyValue();
    add(new RhoSpace(store), deploy(COUNTER, { file: 'counter.rho' }));
    const tracer = new Tracer(store);
    const tried = tracer.try({ deploys: [deploy(CALL, { after: 1, file: 'call.rho' })], timestamp: 5 });
    expect(linesOf(tried)).toEqual(['42']);
    expect(placeAt(tried.comms[0]!.receive)).toBe('counter.rho:1:1');
    expect(new RhoSpace(store).history.trie.meta.commits).toBe(1);
    const made = tracer.make({ deploys: [deploy(CALL, { after: 1, file: 'call.rho' })], timestamp: 5 });
    expect(made.comms).toEqual(tried.comms);
    expect(new RhoSpace(store).history.trie.meta.commits).toBe(2);
  });

  test('plays any blocks again as they were', () => {
    const channel = fc.constantFrom('"a"', '"b"', '[1]');
    const value = fc.constantFrom('1', '"s"', '{@"q"!(7)}', 'Nil');
    const step = fc.oneof(
      fc.tuple(channel, value).map(([to, what]) => `@${to}!(${what})`),
      fc
        .tuple(channel, channel)
        .map(([from, to]) => `for (@x <- @${from}) { @${to}!(x) | for (@y <- @${from}) { @${to}!([x, y]) } }`),
      fc.tuple(channel, channel).map(([from, to]) => `for (@x <- @${from} & @y <<- @${to}) { x | y }`),
      channel.map((from) => `contract @${from}(@x) = { new n in { n!(x) | for (@z <- n) { z } } }`),
    );
    const block = fc.array(step, { minLength: 1, maxLength: 4 }).map((steps) => steps.join(' | '));
    fc.assert(
      fc.property(fc.array(block, { minLength: 1, maxLength: 5 }), (sources) => {
        const store: KeyValueStore = createMemoryKeyValue();
        const space = new RhoSpace(store);
        for (const source of sources) add(space, deploy(source, { tokens: 100 }));
        const tracer = new Tracer(store);
        for (let number = space.history.trie.meta.commits; number > 0; number -= 1) {
          const trace = tracer.block(number);
          if (!trace.ok) throw new Error(trace.detail);
          for (const { role, system, receive, messages } of trace.comms) {
            if (role === 'relay' || system !== undefined) continue;
            expect(receive).toBeDefined();
            if (role === undefined) for (const message of messages) expect(message.place).toBeDefined();
          }
        }
      }),
      { numRuns: 60 },
    );
  });
});

describe('the history of one key', () => {
  test('is checked against the root', () => {
    const store = createMemoryKeyValue();
    const space = new RhoSpace(store);
    for (const n of [1, 2, 3]) add(space, deploy(`@"n"!(${String(n)}) | for (@x <- @"n") { @"m"!(x) }`));
    for (const channel of space.history.channels()) {
      const whole = verifyHistory(space.history, channel);
      expect(whole).toMatchObject({ ok: true, keys: 1, entries: [...space.history.history(channel)].length });
    }
    const unknown = encodeChannel({ ...tokenChannel(new Uint8Array(1)) });
    expect(verifyHistory(space.history, unknown)).toMatchObject({ ok: true, keys: 0, entries: 0 });
    let found = 0;
    for (const [key, value] of [...store.entries()]) {
      const damaged = createMemoryKeyValue();
      const puts = [...store.entries()].map(([k, v]) =>
        hex(k) === hex(key) ? ([k, v.map((b, i) => (i === 40 ? b ^ 1 : b))] as const) : ([k, v] as const),
      );
      damaged.commit({ puts });
      if (value.length < 41 || key[0] === 'm'.charCodeAt(0)) continue;
      let history;
      try {
        ({ history } = new RhoSpace(damaged));
      } catch {
        continue;
      }
      for (const channel of space.history.channels()) if (!verifyHistory(history, channel).ok) found += 1;
    }
    expect(found).toBeGreaterThan(5);
  });
});
