import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { join } from 'node:path';
import { openLmdb } from '@commute/rho-store/lmdb';
import { describe, expect, test } from 'vitest';
import { EXIT } from '../src/index.ts';
import type { RhoNodeLine } from '../src/rho/node/reporter.ts';
import type { RhoKeyReport, RhoNetworkReport } from '../src/rho/node/network.ts';
import { rho, rhoHeard, rhoJson } from './rho-support.ts';
import { file, scratchFolder } from './support.ts';

const folder = scratchFolder();
const at = (name: string): string => join(folder, name);

async function key(name: string): Promise<string> {
  const { out } = await rho('key', at(name), '--json');
  return (JSON.parse(out) as RhoKeyReport).publicKey;
}

async function listening(): Promise<{ server: Server; port: string }> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { server, port: String((server.address() as AddressInfo).port) };
}

interface NodeDone {
  readonly status: number;
  readonly notes: string;
  readonly lines: RhoNodeLine[];
}

const linesOf = (out: string): RhoNodeLine[] =>
  out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as RhoNodeLine);

async function node(...words: readonly string[]): Promise<NodeDone> {
  const { status, out, notes } = await rho('node', ...words, '--json');
  return { status, notes, lines: linesOf(out) };
}

/** Starts a node that listens on any free port. */
async function listeningNode(
  words: readonly string[],
  signal = new AbortController().signal,
): Promise<{ port: number; done: Promise<NodeDone> }> {
  let found: (port: number) => void;
  const port = new Promise<number>((resolve) => (found = resolve));
  const heard = (out: string): void => {
    const first = out.endsWith('\n') ? linesOf(out)[0] : undefined;
    if (first?.event === 'listening') found(first.port);
  };
  const run = rhoHeard({ heard, signal }, 'node', ...words, '--listen', '0', '--json');
  const done = run.then(({ status, out, notes }) => ({ status, notes, lines: linesOf(out) }));
  const early = done.then(({ notes }) => Promise.reject(new Error(`did not listen: ${notes}`)));
  return { port: await Promise.race([port, early]), done };
}

describe('commute rho key and network', () => {
  test('make a key once, for its owner, and a network that cannot be changed unseen', async () => {
    const ann = await key('ann.key');
    expect(ann).toMatch(/^0x[0-9a-f]{64}$/);
    expect(statSync(at('ann.key')).mode & 0o777).toBe(0o600);
    const again = await rho('key', at('ann.key'));
    expect([again.status, again.notes]).toEqual([EXIT.usage, expect.stringContaining('EEXIST')]);
    const bob = await key('bob.key');
    const text = await rho('network', ann, at('bob.key'), '--out', at('two.json'), '--json');
    expect(JSON.parse(text.out) as RhoNetworkReport).toMatchObject({ members: [ann, bob], quorum: 2 });
    for (const [words, why] of [
      [[ann, ann, '--out', at('x.json')], 'distinct'],
      [['nobody', '--out', at('x.json')], 'member: expected'],
      [[ann, bob, '--quorum', '1', '--out', at('x.json')], 'quorum: expected'],
      [[ann], '--out'],
    ] as const) {
      const { status, notes } = await rho('network', ...words);
      expect([status, notes]).toEqual([EXIT.usage, expect.stringContaining(why)]);
    }
    const good = readFileSync(at('two.json'), 'utf8');
    for (const [name, bad] of [
      ['changed', good.replace('"lifetime": 100', '"lifetime": 101')],
      ['fields', good.replace('"lifetime": 100', '"lifetime": "100"')],
      ['range', good.replace('"lifetime": 100', '"lifetime": 0')],
      ['member', good.replace(ann, '0x12')],
      ['json', good.slice(1)],
      ['null', 'null'],
    ] as const) {
      file(folder, `${name}.json`, bad);
      const { status, notes } = await rho('node', '--network', at(`${name}.json`), '--store', at('never'));
      expect([name, status, notes]).toEqual([name, EXIT.rejected, expect.stringContaining('network file')]);
    }
    expect(existsSync(at('never'))).toBe(false);
  });
});

describe('commute rho node', () => {
  test('merges what two nodes do, and tells programs what happens line by line', async () => {
    for (const name of ['one', 'two', 'three']) await key(`${name}.key`);
    file(folder, 'seat.rho', '@"seat"!(7)');
    await rho('network', at('one.key'), at('two.key'), '--genesis', at('seat.rho'), '--out', at('pair.json'));
    file(folder, 'a.rho', 'new out(`rho:io:stdout`) in { for (@n <- @"seat") { @"a"!(n) } | out!("a") }');
    file(folder, 'b.rho', 'new out(`rho:io:stdout`) in { for (@n <- @"seat") { @"b"!(n) } | out!("b") }');
    file(folder, 'bad.rho', 'new x in { x!(1) }');
    const common = ['--network', at('pair.json'), '--rounds', '2', '--interval', '20'];
    const { port, done } = await listeningNode([
      at('a.rho'),
      ...common,
      '--member',
      at('one.key'),
      '--store',
      at('one'),
    ]);
    const [one, two] = await Promise.all([
      done,
      node(
        at('b.rho'),
        at('bad.rho'),
        ...common,
        '--member',
        at('two.key'),
        '--store',
        at('two'),
        '--peers',
        `localhost:${String(port)}`,
      ),
    ]);
    expect([one.status, two.status]).toEqual([EXIT.ok, EXIT.rejected]);
    expect(two.notes).toContain('bad.rho:1:12: error: output');
    expect(one.lines[0]).toEqual({ event: 'listening', host: '127.0.0.1', port });
    const roundsOf = ({ lines }: { lines: RhoNodeLine[] }): Extract<RhoNodeLine, { event: 'round' }>[] =>
      lines.filter((line) => line.event === 'round');
    const [left, right] = [roundsOf(one), roundsOf(two)];
    expect(left.map(({ round, root, accepted, refused }) => [round, root, accepted.length, refused.length])).toEqual(
      right.map(({ round, root, accepted, refused }) => [round, root, accepted.length, refused.length]),
    );
    expect(left[0]).toMatchObject({
      round: 1,
      members: [0, 1],
      conflicts: [{ kind: 'used-twice', channel: '@"seat"' }],
      invalid: [],
    });
    expect([...left, ...right].flatMap(({ output }) => output).sort()).toEqual(['"a"', '"b"']);
    expect(one.lines.at(-1)).toMatchObject({ event: 'end', command: 'rho node', round: 3, queued: 0 });
    // The store of a node is a store like any other.
    const { report } = await rhoJson('replay', '--store', at('one'));
    expect(report).toMatchObject({ ok: true, how: 'fresh', blocks: 3, root: left[1]!.root });
    expect((await rhoJson('verify', '--store', at('two'))).report.ok).toBe(true);
    const trace = await rhoJson('trace', '--block', '1', '--store', at('two'));
    expect(trace.report.trace.some(({ receive }) => receive?.file.endsWith('.rho') ?? false)).toBe(true);
    // Whoever has it can look whether it is what the members decided.
    const audited = ['--store', at('one'), '--network', at('pair.json')];
    const audit = await rhoJson('audit', ...audited);
    expect([audit.status, audit.report]).toMatchObject([
      EXIT.ok,
      {
        ok: true,
        failed: null,
        rounds: [1, 2].map((round) => ({ round, members: [0, 1], base: true })),
        root: left[1]!.root,
      },
    ]);
    expect((await rhoJson('audit', ...audited, '--round', '2')).report.rounds).toHaveLength(1);
    for (const [words, status, why] of [
      [['--store', at('one')], EXIT.usage, '--network'],
      [['--network', at('pair.json')], EXIT.usage, '--store'],
      [[...audited, '--round', '3'], EXIT.usage, 'one of 1 to 2'],
      [['--store', at('one'), '--network', at('two.json')], EXIT.rejected, 'node of this network'],
    ] as const) {
      const done = await rho('audit', ...words);
      expect([done.status, done.notes]).toEqual([status, expect.stringContaining(why)]);
    }
    // Without what proves it, nobody need believe it.
    const store = openLmdb({ path: at('one') });
    const certificates = [...store.entries({ from: Uint8Array.of(0x73, 8), to: Uint8Array.of(0x73, 9) })];
    store.commit({ puts: [], deletes: certificates.map(([name]) => new Uint8Array(name)) });
    const refused = await rho('audit', ...audited);
    expect([refused.status, refused.notes]).toEqual([EXIT.rejected, expect.stringContaining('round 1: not-decided')]);
    store.commit({ puts: certificates });
    await store.close();
    // It belongs to its network and its members.
    const other = await rho('node', ...common, '--member', at('three.key'), '--store', at('one'));
    expect([other.status, other.notes]).toEqual([EXIT.usage, expect.stringContaining('secretKey')]);
    await rho('network', at('one.key'), '--out', at('single.json'));
    const foreign = await rho('node', '--network', at('single.json'), '--store', at('one'));
    expect([foreign.status, foreign.notes]).toEqual([EXIT.rejected, expect.stringContaining('another network')]);
  });

  test('forgets rounds as told, and tells its state to one that comes too late', async () => {
    for (const name of ['keeper.key', 'late.key']) await key(name);
    await rho('network', at('keeper.key'), '--out', at('forgetting.json'));
    const common = ['--network', at('forgetting.json'), '--interval', '5'];
    const member = ['--member', at('keeper.key'), '--store', at('forgetting'), '--keep-rounds', '1'];
    for (let round = 1; round <= 4; round += 1) {
      file(folder, 'more.rho', `@"x"!(${String(round)})`);
      const { lines } = await node(at('more.rho'), ...common, ...member, '--rounds', String(round));
      const forgotten = lines.filter(({ event }) => event === 'pruned');
      expect(forgotten).toEqual(round === 3 ? [{ event: 'pruned', oldest: 3 }] : []);
    }
    expect((await rhoJson('verify', '--store', at('forgetting'))).report.problems).toEqual([]);
    const stop = new AbortController();
    const { port, done } = await listeningNode([...common, ...member], stop.signal);
    const peers = ['--peers', `localhost:${String(port)}`];
    const patient = new AbortController();
    const heard = (out: string): void => {
      if (out.includes('"event":"forgotten"')) patient.abort();
    };
    const waits = await rhoHeard(
      { heard, signal: patient.signal },
      'node',
      ...common,
      '--store',
      at('waits'),
      ...peers,
      '--all-rounds',
      '--json',
    );
    expect(linesOf(waits.out)).toMatchObject([
      { event: 'forgotten', round: 1, oldest: 3 },
      { event: 'end', round: 1 },
    ]);
    // Unless it is to wait it fetches the state, and goes on from there.
    const late = await node(...common, '--store', at('late'), ...peers, '--rounds', '4');
    expect(late.lines).toMatchObject([
      { event: 'forgotten', round: 1, oldest: 3 },
      { event: 'transferred', round: 3 },
      { event: 'round', round: 4 },
      { event: 'end', round: 5 },
    ]);
    expect((await rhoJson('verify', '--store', at('late'))).report.problems).toEqual([]);
    const audit = await rhoJson('audit', '--store', at('late'), '--network', at('forgetting.json'));
    expect(audit.report.rounds).toEqual([{ round: 4, members: [0], base: true }]);
    const history = await rhoJson('history', '@"x"', '--store', at('late'));
    expect(history.report).toMatchObject({ verified: true, length: 4 });
    stop.abort();
    expect((await done).lines.at(-1)).toMatchObject({ event: 'end', round: 5 });
  });

  test('deploys what comes into its inbox, once', async () => {
    await key('alone.key');
    await rho('network', at('alone.key'), '--out', at('alone.json'));
    mkdirSync(at('inbox'));
    writeFileSync(at('inbox/1.rho'), '@"x"!(1)');
    writeFileSync(at('inbox/2.rho'), 'not a program');
    writeFileSync(at('inbox/notes.txt'), 'not looked at');
    const words = [
      '--network',
      at('alone.json'),
      '--member',
      at('alone.key'),
      '--store',
      at('alone'),
      '--interval',
      '10',
    ];
    const { status, notes } = await rho('node', ...words, '--inbox', at('inbox'), '--rounds', '1');
    expect([status, notes]).toEqual([EXIT.ok, expect.stringContaining('round 1: 1 program accepted')]);
    expect(notes).toContain('2.rho:1:');
    const there = ['1.rho.deployed', '2.rho.refused', 'notes.txt', '1.rho', '2.rho'].map((name) =>
      existsSync(at(`inbox/${name}`)),
    );
    expect(there).toEqual([true, true, true, false, false]);
    const lost = await rho('node', ...words, '--inbox', at('nowhere'));
    expect([lost.status, lost.notes]).toEqual([EXIT.usage, expect.stringContaining('inbox: expected')]);
  });

  test('says what is wrong with the command line', async () => {
    await key('cl.key');
    await rho('network', at('cl.key'), '--out', at('cl.json'));
    const { server, port } = await listening();
    const common = ['--network', at('cl.json'), '--store', at('cl')];
    for (const [words, why] of [
      [['--store', at('cl')], '--network'],
      [['--network', at('cl.json')], '--store'],
      [[...common, '--listen', 'x'], 'HOST:PORT'],
      [[...common, '--listen', port], 'EADDRINUSE'],
      [[...common, '--peers', 'host:0'], 'HOST:PORT'],
      [[...common, '--member', at('cl.json')], '64 hex digits'],
    ] as const) {
      const { status, notes } = await rho('node', ...words);
      expect([status, notes]).toEqual([EXIT.usage, expect.stringContaining(why)]);
    }
    await new Promise((resolve) => server.close(resolve));
  });
});
