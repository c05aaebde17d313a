import { join } from 'node:path';
import { proveItem, proveKey, RhoSpace, verifyItem, verifyKey, type HistoryStore } from '@commute/rho-store';
import { openLmdb } from '@commute/rho-store/lmdb';
import { describe, expect, test } from 'vitest';
import { rho, rhoJson } from './rho-support.ts';
import { scratchFolder } from './support.ts';

const folder = scratchFolder();
let stores = 0;
const freshStore = (): string => join(folder, `store-${String((stores += 1))}`);

async function run(store: string, ...sources: readonly string[]): Promise<void> {
  for (const source of sources) expect((await rho('run', '--code', source, '--store', store)).status).toBe(0);
}

/** A store with some blocks, and another one with the same. */
async function twins(...sources: readonly string[]): Promise<[string, string]> {
  const [one, two] = [freshStore(), freshStore()];
  await run(one, ...sources);
  expect((await rho('replay', '--store', one, '--into', two)).status).toBe(0);
  return [one, two];
}

async function withHistory<T>(path: string, use: (history: HistoryStore, space: RhoSpace) => T): Promise<T> {
  const store = openLmdb({ path });
  try {
    const space = new RhoSpace(store);
    return use(space.history, space);
  } finally {
    await store.close();
  }
}

describe('commute rho conflicts of two stores', () => {
  test('tells which blocks since the newest that both have conflict, where and why', async () => {
    const [one, two] = await twins('@"seat"!(7) | @"tip"!(1)', '@"more"!(1)');
    await run(one, '@"else"!(1)', 'for (@n <- @"seat") { @"ann"!(n) }');
    await run(two, 'for (@n <- @"tip") { Nil }', '@"quiet"!(2)', 'for (@n <- @"seat") { @"bob"!(n) }');
    const { status, report } = await rhoJson('conflicts', one, two);
    expect(status).toBe(0);
    expect(report).toMatchObject({
      command: 'rho conflicts',
      conflict: true,
      refused: [],
      baseBlock: 2,
      reasons: [
        {
          kind: 'used-twice',
          channel: '@"seat"',
          items: [{ kind: 'message', text: '7', place: { file: '<code>', line: 1, column: 1 } }],
          blocks: [[4], [5]],
        },
      ],
    });
    // The other way around it is the same.
    const back = await rhoJson('conflicts', two, one);
    expect(back.report).toMatchObject({ conflict: true, reasons: [{ kind: 'used-twice', blocks: [[5], [4]] }] });
    const people = await rho('conflicts', one, two);
    expect(people.out).toContain('used-twice at @"seat"');
    expect(people.out).toContain('block 4 of the one, block 5 of the other');
    // From an older block on it is the same, and the deploys of the block between are one and the same in both.
    const older = await rhoJson('conflicts', one, two, '--base', '1');
    expect(older.report).toMatchObject({ conflict: true, baseBlock: 1, reasons: [{ kind: 'used-twice' }] });
  });

  test('finds none where deploys have nothing to do with each other, are the same, or are on one side only', async () => {
    const [one, two] = await twins('@"seat"!(7)');
    expect((await rhoJson('conflicts', one, two)).report).toMatchObject({ conflict: false, reasons: [], baseBlock: 1 });
    await run(one, '@"ann"!(1) | for (@x <- @"ann") { @"a"!(x) }');
    expect((await rhoJson('conflicts', one, two)).report).toMatchObject({ conflict: false, reasons: [] });
    await run(two, '@"bob"!(1)', 'for (@n <- @"seat") { @"bob"!(n) }');
    expect((await rhoJson('conflicts', one, two)).report).toMatchObject({ conflict: false, reasons: [] });
    const words = ['--code', 'for (@n <- @"bob") { @"taken"!(n) }', '--tokens', '3'];
    await rho('run', ...words, '--store', two);
    // What one leaves the other could receive; the two blocks that made it stand or fall together.
    await run(one, 'for (@n <- @"taken") { @"bob"!(n) }');
    expect((await rhoJson('conflicts', one, two)).report).toMatchObject({
      conflict: true,
      reasons: [{ kind: 'could-meet', channel: '@"taken"', blocks: [[3], [3, 4]] }],
    });
  });

  test('refuses stores without a common block, one store beside a program, and bases that are none', async () => {
    const [one, two] = await twins('@"seat"!(7)');
    const stranger = freshStore();
    await run(stranger, '@"other"!(1)');
    expect(await rho('conflicts', one, stranger)).toMatchObject({
      status: 1,
      notes: expect.stringContaining('expected a block that both keep, got none') as string,
    });
    for (const words of [
      [one, 'a.rho'],
      [one, two, '--store', one],
      [one, two, '--base', '9'],
    ])
      expect((await rho('conflicts', ...words)).status).toBe(2);
  });
});

describe('commute rho prune', () => {
  const sources = Array.from(
    { length: 6 },
    (_, index) => `@"a"!(${String(index)}) | for (@x <- @"b") { Nil } | @"b"!(1)`,
  );

  test('forgets old versions, and keeps histories, proofs against kept roots and what comes next', async () => {
    const store = freshStore();
    await run(store, ...sources);
    const channel = await withHistory(store, (history) => {
      const named = [...history.channels()].find((one) => Buffer.from(one).toString('latin1').endsWith('\u0001a'));
      return Uint8Array.from(named!);
    });
    const roots = await withHistory(store, ({ trie }) =>
      Array.from({ length: 6 }, (_, index) => Uint8Array.from(trie.commitAt(index + 1).root)),
    );
    const before = (await rhoJson('history', '@"a"', '--store', store)).report;
    const { status, report } = await rhoJson('prune', '--store', store, '--keep', '2');
    expect(status).toBe(0);
    expect(report).toMatchObject({ command: 'rho prune', oldest: 5, newest: 6, forgotten: 4 });
    expect(report.removed).toBeGreaterThan(8);
    expect(report.root).toBe(`0x${Buffer.from(roots[5]!).toString('hex')}`);

    expect((await rhoJson('verify', '--store', store)).report).toMatchObject({ ok: true, problems: [], commits: 2 });
    const after = (await rhoJson('history', '@"a"', '--store', store)).report;
    expect(after.verified).toBe(true);
    expect(after.entries.map(({ sequence, hash }) => [sequence, hash])).toEqual(
      before.entries.map(({ sequence, hash }) => [sequence, hash]),
    );
    await withHistory(store, (history, space) => {
      const items = [...history.items(channel)];
      expect(items).toHaveLength(6);
      for (const root of roots.slice(4)) {
        history.trie.reset(root);
        const key = verifyKey(root, channel, proveKey(history, channel));
        expect(key.ok && key.key?.sequence).toBe(root === roots[5] ? 6 : 5);
        const absent = verifyKey(root, Uint8Array.of(9), proveKey(history, Uint8Array.of(9)));
        expect(absent).toEqual({ ok: true, key: undefined });
        const counts = items.map(({ bytes }) => {
          const item = Uint8Array.from(bytes);
          return verifyItem(root, channel, item, proveItem(history, channel, item));
        });
        expect(counts.filter((one) => one.ok && one.count === 1)).toHaveLength(root === roots[5] ? 6 : 5);
        expect(counts.filter((one) => one.ok)).toHaveLength(6);
      }
      for (const root of roots.slice(0, 4))
        expect(() => {
          space.reset(root);
        }).toThrow('RHO_STORE_VERSION_UNKNOWN');
    });
    expect((await rhoJson('replay', '--store', store)).report).toMatchObject({ ok: true, how: 'in-place', blocks: 1 });
    expect(await rho('replay', '--block', '2', '--store', store)).not.toMatchObject({ status: 0 });
    expect(await rho('trace', '--block', '2', '--store', store)).not.toMatchObject({ status: 0 });
    await run(store, '@"a"!(7)');
    expect((await rhoJson('verify', '--store', store)).report).toMatchObject({ ok: true, commits: 3 });
    const again = await rhoJson('prune', '--store', store, '--keep', '9');
    expect(again.report).toMatchObject({ oldest: 5, newest: 7, forgotten: 0, removed: 0 });
  });

  test('refuses a command line that does not say what stays, and a folder without a store', async () => {
    const store = freshStore();
    await run(store, '@"a"!(1)');
    for (const words of [
      ['--store', store],
      ['--store', store, '--keep', '0'],
      ['--keep', '1'],
      ['--store', join(folder, 'nothing'), '--keep', '1'],
    ])
      expect((await rho('prune', ...words)).status).toBe(2);
    expect((await rho('prune', '--store', store, '--keep', '1')).notes).toContain('nothing to forget');
  });
});
