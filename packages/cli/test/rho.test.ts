import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createRuntime } from '@commute/rholang';
import { RhoSpace } from '@commute/rho-store';
import { openLmdb } from '@commute/rho-store/lmdb';
import { describe, expect, test } from 'vitest';
import { isIncomplete } from '../src/rho/repl.ts';
import { printable } from '../src/rho/text.ts';
import { rho, rhoJson } from './rho-support.ts';
import { file, scratchFolder } from './support.ts';

const folder = scratchFolder();
let stores = 0;
const freshStore = (): string => join(folder, `store-${String((stores += 1))}`);
const counter = file(folder, 'counter.rho', 'contract @"count"(@n, reply) = {\n  @"total"!(n) | reply!(n + 1)\n}\n');
const call = file(
  folder,
  'call.rho',
  'new r, out(`rho:io:stdout`) in {\n  @"count"!(41, *r) |\n  for (@n <- r) { out!(n) }\n}\n',
);

async function filledStore(): Promise<string> {
  const store = freshStore();
  await rho('run', counter, '--store', store);
  await rho('run', call, '--store', store);
  return store;
}

describe('commute rho run', () => {
  test('runs programs on a store that the next run finds', async () => {
    const store = freshStore();
    const first = await rhoJson('run', counter, '--store', store);
    expect(first).toMatchObject({
      status: 0,
      report: { command: 'rho run', block: 1, comms: 0, output: [], refused: [], rootBefore: `0x${'0'.repeat(64)}` },
    });
    const second = await rhoJson('run', call, '--store', store);
    expect(second).toMatchObject({
      status: 0,
      report: {
        block: 2,
        comms: 3,
        output: ['42'],
        errors: [],
        refused: [],
        rootBefore: first.report.root,
        trace: null,
      },
    });
    expect(second.report.deploys[0]!.tokens).toEqual({
      demand: 2,
      unbounded: null,
      supply: 2,
      spent: 2,
      left: 0,
      waiting: 0,
    });
    expect(first.report.deploys[0]!.tokens).toMatchObject({
      demand: null,
      unbounded: 'open-receive',
      supply: 100_000,
    });
    const people = await rho('run', call, '--store', store);
    expect(people.out).toBe('42\n');
    expect(people.notes).toMatch(/block 3: 3 reductions.*\nroot 0x[0-9a-f]{64}/);
  });

  test('gives the same root wherever and whenever the same programs run', async () => {
    const roots = await Promise.all(
      [filledStore(), filledStore()].map(async (store) => rhoJson('history', '--store', await store)),
    );
    expect(roots[0]!.report.root).toBe(roots[1]!.report.root);
    const machine = freshStore();
    for (const program of [counter, call]) await rho('run', program, '--store', machine, '--engine', 'bytecode');
    expect((await rhoJson('replay', '--store', machine)).report).toMatchObject({
      ok: true,
      root: roots[0]!.report.root,
    });
    expect((await rhoJson('replay', '--store', machine, '--engine', 'bytecode')).report.ok).toBe(true);
    const together = await rhoJson('run', counter, call, '--store', freshStore());
    expect(together.report).toMatchObject({ block: 1, output: ['42'] });
    expect(together.report.deploys.map((one) => one.file)).toEqual([counter, call]);
  });

  test('refuses with place and reason what has an error, cannot be observed, or fails, and keeps the rest', async () => {
    const store = freshStore();
    const bad = (name: string, source: string): string => file(folder, name, source);
    const files = [
      bad('syntax.rho', '@"a"!(1'),
      bad('unseen.rho', 'new a, b in {\n  a!(1) | for (@x <- a) { b!(x) }\n}'),
      bad('fails.rho', '@"x"!(1 + "a")'),
      bad('good.rho', '@"good"!(1)'),
    ];
    const { status, report } = await rhoJson('run', ...files, '--store', store);
    expect(status).toBe(1);
    expect(
      report.refused.map(({ stage, reason, file: name, line, column }) => [stage, reason, name, line, column]),
    ).toEqual([
      ['parse', 'unexpected-token', files[0], 1, 8],
      ['observability', 'unobserved-output', files[1], 2, 27],
      ['run', 'type-mismatch', files[2], 1, 1],
    ]);
    expect(report.block).toBe(1);
    const { report: keys } = await rhoJson('history', '--store', store);
    expect(keys.keys.map((one) => one.channel)).toContain('@"good"');
    expect(keys.keys.map((one) => one.channel)).not.toContain('@"x"');
    const again = await rhoJson('run', files[0]!, '--store', store);
    expect(again.report).toMatchObject({ block: null, root: report.root, rootBefore: report.root, comms: 0 });
    const people = await rho('run', files[1]!, '--store', store);
    expect(people.notes).toContain(`${files[1]!}:2:27: error: output: expected a receive`);
    expect(people.notes).toContain('^^^^^');
  });

  test('meters: refuses what needs more than it has, stops loops that are out of tokens, and lets them go on', async () => {
    const store = freshStore();
    const two = ['--code', '@"a"!(1) | for (@x <- @"a") { for (@y <- @"b") { Nil } }'];
    const short = await rhoJson('run', ...two, '--tokens', '1', '--store', store);
    expect(short).toMatchObject({ status: 1, report: { refused: [{ stage: 'admission', reason: 'short' }] } });
    expect((await rhoJson('run', ...two, '--tokens', '2', '--store', store)).status).toBe(0);
    const loop = ['--code', 'new out(`rho:io:stdout`), l in { contract l(@n) = { out!(n) | l!(n + 1) } | l!(0) }'];
    const bounded = await rhoJson('run', ...loop, '--bounded', '--store', store);
    expect(bounded).toMatchObject({
      status: 1,
      report: { refused: [{ stage: 'admission', reason: 'unbounded', line: 1 }] },
    });
    const stopped = await rhoJson('run', ...loop, '--tokens', '5', '--store', store);
    expect(stopped.report.deploys[0]!.tokens).toMatchObject({ demand: null, spent: 5, left: 0 });
    expect(stopped.report.deploys[0]!.tokens!.waiting).toBeGreaterThan(0);
    expect((await rho('run', ...loop, '--tokens', '4', '--store', store)).notes).toContain('out of tokens');
    const more = await rhoJson('tokens', stopped.report.deploys[0]!.id.slice(0, 20), '--tokens', '8', '--store', store);
    expect(more.report.output.length).toBeGreaterThan(1);
    expect(more.report.deploys[0]!.tokens).toMatchObject({ supply: 8, spent: 8 });
    const free = await rhoJson('run', ...loop, '--unmetered', '--max-comms', '50', '--store', store);
    expect(free).toMatchObject({ status: 1, report: { refused: [{ stage: 'run', reason: 'comm-limit' }] } });
    expect((await rhoJson('replay', '--store', store)).report.ok).toBe(true);
  });

  test('signs deploys, and a program knows who signed it, when, and in which block', async () => {
    const key = file(folder, 'key', `${'07'.repeat(32)}\n`);
    const source = `new out(\`rho:io:stdout\`), b(\`rho:block:data\`), me(\`rho:rchain:deployerId\`), ops(\`rho:rchain:deployerId:ops\`), r, s in {
      b!(*r) | ops!("pubKeyBytes", *me, *s) | for (@n, @t, @who <- r & @mine <- s) { out!((n, t, who == mine, mine.length())) } }`;
    const store = freshStore();
    const signed = await rhoJson('run', '--code', source, '--key', key, '--timestamp', '1234', '--store', store);
    expect(signed.report.output).toEqual(['(1, 1234, true, 65)']);
    expect(signed.report.deploys[0]!.deployer).toMatch(/^0x04[0-9a-f]{128}$/);
    const unsigned = await rhoJson('run', '--code', source, '--timestamp', '1234', '--store', store);
    expect(unsigned.report.output).toEqual(['(2, 1234, true, 0)']);
    expect((await rhoJson('replay', '--store', store)).report).toMatchObject({ ok: true, blocks: 2 });
    const wrong = await rho('run', '--code', 'Nil', '--key', counter, '--store', store);
    expect([wrong.status, wrong.notes]).toEqual([2, expect.stringContaining('key: expected 64 hex digits')]);
  });

  test('says what is wrong with a command line', async () => {
    expect((await rho('run', counter)).notes).toContain('--store: expected the folder of a store, got nothing');
    expect((await rho('run', '--store', freshStore())).notes).toContain('file: expected a program');
    expect((await rho('history', '--store', folder)).notes).toContain('which holds none');
    expect((await rho('verify', '--store', folder)).status).toBe(2);
    expect((await rho('bogus')).notes).toContain('command: expected rho run, rho eval,');
    expect((await rho('run', counter, '--store', counter)).status).toBe(2);
    expect(await rho()).toMatchObject({ status: 2, out: expect.stringContaining('commute rho history') as string });
    expect((await rho('trace', '--help')).out).toContain('--block N');
  });
});

describe('commute rho eval', () => {
  test('runs in memory and shows the value of an expression', async () => {
    expect((await rho('eval', '--code', '{"a": 1}.union({"b": [2 + 3]})')).out).toBe('{"a": 1, "b": [5]}\n');
    const { report } = await rhoJson('eval', counter, call, '--trace');
    expect(report).toMatchObject({ command: 'rho eval', output: ['42'], value: null });
    expect(report.trace).toHaveLength(3);
  });

  test('shows control characters of a program and does not obey them', async () => {
    const { out } = await rho('eval', '--code', 'new o(`rho:io:stdout`) in { o!("\u001b[2J\u202ehi") }');
    expect(out).toBe('"<U+001B>[2J<U+202E>hi"\n');
    expect(printable('a\tb\nü😀')).toBe('a\tb\nü😀');
  });
});

describe('what a store tells', () => {
  test('the history of a key, with values, source lines and its check', async () => {
    const store = await filledStore();
    const { status, report } = await rhoJson('history', '@"count"', '--store', store);
    expect(status).toBe(0);
    expect(report).toMatchObject({
      channel: '@"count"',
      verified: true,
      problems: [],
      length: 2,
      leftOut: 0,
      receives: 1,
    });
    const [first, second] = report.entries;
    expect(first).toMatchObject({
      sequence: 1,
      block: 1,
      event: 'receive-waits',
      place: { file: counter, line: 1, column: 1 },
      previous: `0x${'0'.repeat(64)}`,
      before: `0x${'0'.repeat(64)}`,
    });
    expect(second).toMatchObject({
      sequence: 2,
      block: 2,
      event: 'comm',
      previous: first!.hash,
      before: first!.after,
      metering: false,
      comm: {
        receive: { file: counter, line: 1, column: 1 },
        sends: [{ channel: '@"count"', place: { file: call, line: 2, column: 3 } }],
      },
    });
    expect(second!.comm!.sends[0]!.values[0]).toBe('41');
    for (const name of ['total', '"total"', '@"total"', report.path])
      expect((await rhoJson('history', name, '--store', store)).report.length).toBe(name === report.path ? 2 : 1);
    expect((await rhoJson('history', 'rho:io:stdout', '--store', store)).report.length).toBe(1);
    expect((await rhoJson('history', '@"count"', '--limit', '1', '--store', store)).report).toMatchObject({
      leftOut: 1,
      entries: [{ sequence: 2 }],
    });
    const nothing = await rhoJson('history', '@"never"', '--store', store);
    expect(nothing).toMatchObject({ status: 0, report: { verified: true, length: 0, entries: [] } });
    expect((await rho('history', 'x!(1', '--store', store)).status).toBe(2);
    const people = await rho('history', '@"count"', '--store', store);
    expect(people.out).toContain(`COMM: 41, Unforgeable(0x`);
    expect(people.out).toContain(`(${call}:2:3) -> ${counter}:1:1`);
  });

  test('all blocks and keys', async () => {
    const store = await filledStore();
    const { report } = await rhoJson('history', '--store', store);
    expect(report.blocks.map(({ block, deploys }) => [block, deploys.map((one) => one.file)])).toEqual([
      [2, [call]],
      [1, [counter]],
    ]);
    expect(report.keys.length).toBeGreaterThan(5);
    const limited = (await rhoJson('history', '--limit', '1', '--store', store)).report;
    expect([limited.blocks.length, limited.keys.length, limited.blocksLeftOut, limited.keysLeftOut]).toEqual([
      1,
      1,
      1,
      report.keys.length - 1,
    ]);
  });

  test('reductions with their source lines, of a block and of a program that is not kept', async () => {
    const store = await filledStore();
    const expected = [
      [{ file: call, line: 2, column: 3 }, { file: counter, line: 1, column: 1 }, null],
      [{ file: counter, line: 2, column: 18 }, { file: call, line: 3, column: 3 }, null],
      [{ file: call, line: 3, column: 19 }, null, 'rho:io:stdout'],
    ];
    for (const words of [['--block', '2'], [call]]) {
      const { report } = await rhoJson('trace', ...words, '--store', store);
      expect(report).toMatchObject({ comms: 3, output: ['42'], refused: [] });
      for (const [index, [send, receive, system]] of expected.entries())
        expect(report.trace[index]).toMatchObject({ receive, system, sends: [{ place: send }] });
      expect(report.trace).toHaveLength(3);
    }
    expect(
      (await rhoJson('trace', '--block', '2', '--metering', '--store', store)).report.trace.length,
    ).toBeGreaterThan(3);
    expect((await rhoJson('history', '--store', store)).report.blocks).toHaveLength(2);
    expect((await rho('trace', '--block', '9', '--store', store)).status).toBe(2);
    const people = await rho('trace', '--block', '2', '--store', store);
    expect(people.out).toContain(`${call}:2:3 -> ${counter}:1:1`);
  });

  test('that everything is as it was written, and comes out the same again', async () => {
    const store = await filledStore();
    const { report: verified } = await rhoJson('verify', '--store', store);
    expect(verified).toMatchObject({ ok: true, problems: [], commits: 2, blocks: 2, deploys: 2 });
    const copy = freshStore();
    const { report } = await rhoJson('replay', '--store', store, '--into', copy);
    expect(report).toMatchObject({
      ok: true,
      how: 'fresh',
      blocks: 2,
      comms: 3,
      failed: null,
      root: verified.root,
      storedRoot: verified.root,
    });
    expect((await rhoJson('history', '--store', copy)).report.blocks).toEqual(
      (await rhoJson('history', '--store', store)).report.blocks,
    );
    expect((await rhoJson('replay', '--store', store, '--block', '2')).report).toMatchObject({
      how: 'in-place',
      blocks: 1,
    });
    expect((await rho('replay', '--store', store, '--into', copy)).status).toBe(2);
  });
});

test('a store whose commits are no blocks is verified and read, and neither replayed nor added to', async () => {
  const path = freshStore();
  const store = openLmdb({ path });
  const space = new RhoSpace(store);
  createRuntime({ space }).run('@"other"!(1)', { seed: new Uint8Array(32) });
  space.commit();
  await store.close();
  expect((await rhoJson('verify', '--store', path)).report).toMatchObject({ ok: true, commits: 1, blocks: 0 });
  expect((await rhoJson('history', 'other', '--store', path)).report).toMatchObject({
    verified: true,
    entries: [{ block: null, event: 'message-waits', values: ['1'], place: null }],
  });
  for (const words of [['replay'], ['run', counter], ['trace', counter], ['conflicts', counter, call]])
    expect(await rho(...words, '--store', path)).toMatchObject({
      status: 1,
      notes: expect.stringContaining('another program made') as string,
    });
});

describe('commute rho conflicts', () => {
  test('tells where and why two programs conflict', async () => {
    const store = freshStore();
    const coin = file(folder, 'coin.rho', '@"coin"!(1)');
    const mine = file(folder, 'mine.rho', 'for (@x <- @"coin") {\n  @"mine"!(x)\n}');
    const yours = file(folder, 'yours.rho', 'for (@x <- @"coin") { @"yours"!(x) }');
    await rho('run', coin, '--store', store);
    const { status, report } = await rhoJson('conflicts', mine, yours, '--store', store);
    expect(status).toBe(0);
    expect(report).toMatchObject({
      conflict: true,
      reasons: [
        {
          kind: 'used-twice',
          channel: '@"coin"',
          items: [{ kind: 'message', text: '1', place: { file: coin, line: 1, column: 1 } }],
        },
      ],
      refused: [],
    });
    const apart = await rhoJson('conflicts', mine, file(folder, 'else.rho', '@"else"!(1)'), '--store', store);
    expect(apart.report).toMatchObject({ conflict: false, reasons: [] });
    const meeting = await rhoJson('conflicts', coin, mine);
    expect(meeting.report).toMatchObject({
      conflict: true,
      reasons: [
        {
          kind: 'could-meet',
          items: [
            { kind: 'message', place: { file: coin, line: 1, column: 1 } },
            { kind: 'receive', place: { file: mine, line: 1, column: 1 } },
          ],
        },
      ],
    });
    expect((await rhoJson('conflicts', coin, coin)).report).toMatchObject({ conflict: false });
    const broken = file(folder, 'broken.rho', '@"coin"!(');
    expect(await rhoJson('conflicts', coin, broken)).toMatchObject({
      status: 1,
      report: { conflict: false, refused: [{}] },
    });
    const people = await rho('conflicts', mine, yours, '--store', store);
    expect(people.out).toContain(`used-twice at @"coin": both use up the same message`);
  });

  test('compares event logs of two stores on a common base', async () => {
    const [one, two] = [await filledStore(), await filledStore()];
    const logs = [join(folder, 'one.log'), join(folder, 'two.log')];
    const take = '--code';
    await rho('run', take, 'for (@x <- @"total") { @"one"!(x) }', '--log', logs[0]!, '--store', one);
    await rho('run', take, 'for (@x <- @"total") { @"two"!(x) }', '--log', logs[1]!, '--store', two);
    const { report } = await rhoJson('conflicts', ...logs, '--base', '2', '--store', one);
    expect(report).toMatchObject({ conflict: true, reasons: [{ kind: 'used-twice', channel: '@"total"' }] });
    expect((await rho('conflicts', ...logs, '--base', '7', '--store', one)).status).toBe(2);
  });
});

describe('commute rho compile', () => {
  test('shows the stages', async () => {
    const ast = await rhoJson('compile', counter, '--emit', 'ast');
    expect(JSON.parse(ast.report.text!)).toMatchObject({ kind: 'contract' });
    const normal = await rhoJson('compile', counter);
    expect(normal.report).toMatchObject({ emit: 'normal', demand: null, refused: [] });
    expect(normal.report.text).toContain('for (x0, x1 <= @"count")');
    const metered = await rho('compile', counter, '--emit', 'metered');
    expect(metered.out).toContain('where *x2 > 0');
    expect((await rho('compile', counter, '--emit', 'rosette')).out).toContain('(consume-persistent [["count"');
    const plain = await rho('compile', counter, '--emit', 'rosette', '--unmetered');
    expect(plain.out.length).toBeLessThan((await rho('compile', counter, '--emit', 'rosette')).out.length);
    expect((await rho('compile', call, '--emit', 'ir')).out).toContain('procedure 0');
    const sum = ['--code', 'for (@x <- @"a") { @"b"!(x + 2 * 3) }', '--unmetered', '--emit', 'bytecode'];
    const [all, none] = [await rho('compile', ...sum), await rho('compile', ...sum, '--passes', 'none')];
    expect(all.out).toContain('passes: constant-folding');
    expect(none.out.split('\n').length).toBeGreaterThan(all.out.split('\n').length);
    expect((await rho('compile', ...sum, '--passes', 'bogus')).status).toBe(2);
    const renamed = await rhoJson('compile', '--code', 'contract @"count"(@m, r) = { r!(m + 1) | @"total"!(m) }');
    expect(renamed.report.hash).toBe(normal.report.hash);
    expect(await rhoJson('compile', '--code', 'x!(1)')).toMatchObject({
      status: 1,
      report: { text: null, refused: [{ stage: 'normalize', reason: 'unbound-variable' }] },
    });
    expect((await rho('compile', counter, '--emit', 'bogus')).status).toBe(2);
  });
});

describe('commute rho view', () => {
  test('writes one page that links blocks, source lines and keys', async () => {
    const store = await filledStore();
    const out = join(folder, 'deep', 'view.html');
    const { status, report } = await rhoJson('view', '--store', store, '--out', out);
    expect(status).toBe(0);
    expect(report).toMatchObject({ blocks: 2, leftOut: { blocks: 0, keys: 0 }, verified: true });
    const html = readFileSync(out, 'utf8');
    expect(html.length).toBeLessThanOrEqual(report.bytes);
    const anchors = new Set([...html.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id!));
    const links = [...html.matchAll(/ href="#([^"]+)"/g)].map(([, id]) => id!);
    expect(links.length).toBeGreaterThan(20);
    for (const link of links) expect(anchors).toContain(link);
    expect(links).toContain('b1d0L1');
    expect(html).not.toMatch(/ (?:src|href)="(?!#)/);
    expect(html).toContain('Verified');
  });

  test('escapes what programs hold, and lets no script in', async () => {
    const store = freshStore();
    const evil = file(
      folder,
      '<img src=x onerror=alert(1)>.rho',
      '// </pre><script>alert(1)</script>\n@"<script>alert(2)</script>"!("</code><b onclick=\'x\'>\u202e") | for (@x <- @"<script>alert(2)</script>") { Nil }',
    );
    await rho('run', evil, '--store', store);
    const out = join(folder, 'evil.html');
    await rho('view', '--store', store, '--out', out, '--no-verify');
    const html = readFileSync(out, 'utf8');
    expect(html.match(/<script/g)).toHaveLength(1);
    expect(html).not.toMatch(/<img|<b |\u202e/);
    expect(html).toContain('&#60;script&#62;alert(2)');
    expect(html).toContain(`default-src &#39;none&#39;`.replaceAll('&#39;', "'"));
  });

  test('stays within its bounds and says what it leaves out', async () => {
    const store = freshStore();
    const many = Array.from({ length: 300 }, (_, index) => `@"key ${String(index)}"!("${'x'.repeat(300)}")`).join(
      ' | ',
    );
    for (let index = 0; index < 3; index += 1) await rho('run', '--code', many, '--store', store);
    const out = join(folder, 'small.html');
    const { report } = await rhoJson(
      'view',
      '--store',
      store,
      '--out',
      out,
      '--no-verify',
      '--max-bytes',
      '200000',
      '--blocks',
      '2',
    );
    expect(report.bytes).toBeLessThanOrEqual(200_000);
    expect(report.leftOut.blocks).toBeGreaterThan(0);
    expect(report.leftOut.keys).toBeGreaterThan(100);
    expect(readFileSync(out, 'utf8')).toContain('Left out to keep the page small');
  });
});

describe('commute rho repl', () => {
  test('knows when a program goes on', () => {
    for (const source of ['new x in {', 'x!(1) |', 'for (@x <- y) {\n x!(1)', '"a', '/* b', '@"a"!(1,'])
      expect(isIncomplete(source)).toBe(true);
    for (const source of ['Nil', '1 + 2', 'x)', '@"a"!(1) | 2', 'x!(1 2) | y!('])
      expect(isIncomplete(source)).toBe(false);
  });
});
