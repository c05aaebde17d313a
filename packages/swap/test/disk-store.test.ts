import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Snapshot, sha256 } from '@commute/machine';
import { afterAll, describe, expect, test } from 'vitest';
import { MemorySnapshotStore, firstDifference, runWithSnapshots, type SnapshotStore } from '../src/index.ts';
import { openSnapshotStore, type DiskSnapshotStore } from '../src/node.ts';
import { countdown, spread } from './support/accumulator.ts';
import { testStack } from './support/stack.ts';

const root = mkdtempSync(join(tmpdir(), 'swap-store-'));
afterAll(() => {
  rmSync(root, { recursive: true });
});
let folders = 0;
const folder = (): string => join(root, String(folders++));

const { stack, initial } = testStack(1);
const start = (): ReturnType<(typeof stack)[0]['upper']> => {
  const machine = stack[0]!.upper();
  machine.restore(initial(spread()));
  return machine;
};
const run = async (store: SnapshotStore, segments: number): Promise<void> => {
  await runWithSnapshots({ machine: start(), stepsPerSnapshot: 25, segments, store });
};
const reference = new MemorySnapshotStore();
const expectSame = async (store: SnapshotStore, indices?: readonly number[]): Promise<void> => {
  if (reference.length < store.length) await run(reference, store.length - 1);
  for (const index of indices ?? Array.from({ length: store.length }, (_, i) => i)) {
    expect(store.entry(index)).toEqual(reference.entry(index));
    expect(firstDifference(await reference.load(index), await store.load(index)), `S_${String(index)}`).toBeUndefined();
  }
};
const filled = async (segments: number): Promise<string> => {
  const directory = folder();
  const store = await openSnapshotStore(directory);
  await run(store, segments);
  await store.close();
  return directory;
};
const damagedAt = (directory: string, file: string, change: (bytes: Uint8Array) => void): void => {
  const path = join(directory, file);
  const bytes = readFileSync(path);
  change(bytes);
  writeFileSync(path, bytes);
};

describe('a store on disk', () => {
  test('keeps every snapshot, also for the next process, in any order', async () => {
    const directory = folder();
    const store = await openSnapshotStore(directory);
    await run(store, 40);
    await expectSame(store);
    await store.close();
    const again = await openSnapshotStore(directory);
    expect(again.length).toBe(41);
    expect(again.durableLength).toBe(41);
    expect(again.repaired).toEqual([]);
    await expectSame(again);
    await expectSame(again, [7, 3, 40, 0, 39, 12, 12, 13, 2]);
    await again.close();
  });

  test('costs what changed, and holds equal pages once', async () => {
    const directory = await filled(100);
    const store = await openSnapshotStore(directory);
    // Registers and program, then at most the registers' page and the nine pages of 25 steps.
    expect(store.pageCount).toBeLessThanOrEqual(2 + 100 * 10);
    expect(statSync(join(directory, 'pages.pack')).size).toBe(store.pageCount * 4096);
    const before = store.pageCount;
    const last = await store.load(100);
    await store.append(await store.load(0), 5000, false);
    await store.append(last, 5001, true);
    await store.append(last, 5002, true);
    expect(store.pageCount).toBe(before);
    await store.flush();
    expect(firstDifference(await store.load(102), last)).toBeUndefined();
    expect(store.entry(103)).toEqual({ index: 103, step: 5002, halted: true });
    await store.close();
  });

  test('shares pages between snapshots that are loaded one after the other', async () => {
    const store = await openSnapshotStore(await filled(20), { readOnly: true });
    let before = await store.load(0);
    for (let i = 1; i <= 20; i++) {
      const next = await store.load(i);
      expect(before.differences(next).length).toBeLessThanOrEqual(10);
      before = next;
    }
    await store.close();
  });

  test('continues a run, and comes to the same end', async () => {
    const directory = await filled(13);
    const store = await openSnapshotStore(directory);
    await run(store, 30);
    await expectSame(store);
    await store.close();
  });

  test('has the bytes of version 1', async () => {
    const directory = folder();
    const store = await openSnapshotStore(directory, { hasher: sha256 });
    const bytes = new Uint8Array(4096);
    bytes[0] = 1;
    const one = Snapshot.empty(sha256).withPages([{ index: 3, bytes }]);
    await store.append(one, 0, false);
    await store.append(
      one.withPages([
        { index: 3, bytes: null },
        { index: 9, bytes },
      ]),
      8,
      true,
    );
    await store.flush();
    await store.close();
    const log = readFileSync(join(directory, 'snapshots.log'));
    expect(log.toString('hex')).toMatchInlineSnapshot(
      `"434f4d4d55544553010000007368613235360000000000000000000000000000000000000000000000000000000000000000000000000000000000007560ea6200000000000000008000000000000000000000000000000000000000c53781eb01000000000000000001000000000000020000000100000000000000ad94b67653534e504c000000000000000000000000000000000000000100000001000000f0c500e2401e1aee33d11ae25ae14e574820fbdb1731670af1888f88f3c1779403000000000000006feb035853534e503400000001000000010000000800000000000000000000000200000003000000ffffffff0900000000000000ef9fce4d"`,
    );
    expect(readFileSync(join(directory, 'pages.pack')).equals(bytes)).toBe(true);
    expect(readdirSync(directory).sort()).toEqual(['pages.pack', 'snapshots.log']);
  });

  test('is written by one process at a time; readers do not mind', async () => {
    const directory = await filled(3);
    const store = await openSnapshotStore(directory);
    await expect(openSnapshotStore(directory)).rejects.toThrow(/SWAP_STORE_LOCKED/);
    const reader = await openSnapshotStore(directory, { readOnly: true });
    await expectSame(reader);
    await expect(reader.append(Snapshot.empty(), 1000, false)).rejects.toThrow(/SWAP_STORE_READ_ONLY/);
    await reader.close();
    await store.close();
    await expect(store.append(Snapshot.empty(), 1000, false)).rejects.toThrow(/SWAP_STORE_CLOSED/);
    await (await openSnapshotStore(directory)).close();
  });

  test('takes over the lock of a process that has ended, or of another process with its number', async () => {
    const directory = await filled(3);
    const ended = spawn('true');
    await new Promise((resolve) => ended.on('exit', resolve));
    const { hostname } = await import('node:os');
    const lock = (pid: number, born: string): void => {
      writeFileSync(join(directory, 'lock'), JSON.stringify({ pid, host: hostname(), born, token: 'x' }));
    };
    lock(ended.pid!, '1');
    await (await openSnapshotStore(directory)).close();
    lock(process.pid, '1');
    await (await openSnapshotStore(directory)).close();
    writeFileSync(join(directory, 'lock'), 'nonsense');
    await (await openSnapshotStore(directory)).close();
    writeFileSync(join(directory, 'lock'), JSON.stringify({ pid: 1, host: 'elsewhere', born: '', token: 'x' }));
    await expect(openSnapshotStore(directory)).rejects.toThrow(/process 1 on elsewhere.*SWAP_STORE_LOCKED/);
    expect(readdirSync(directory).sort()).toEqual(['lock', 'pages.pack', 'snapshots.log']);
  });

  test('writes nothing more once its lock is gone or another one is there', async () => {
    for (const other of [undefined, JSON.stringify({ pid: 7, host: 'elsewhere', born: '', token: 'x' })]) {
      const directory = await filled(3);
      const store = await openSnapshotStore(directory);
      rmSync(join(directory, 'lock'));
      if (other !== undefined) writeFileSync(join(directory, 'lock'), other);
      await expect(run(store, 5)).rejects.toThrow(/SWAP_STORE_LOCKED/);
      expect(store.durableLength).toBe(4);
      await expectSame(store, [0, 3]);
      await store.close();
      const reader = await openSnapshotStore(directory, { readOnly: true });
      expect(reader.length).toBe(4);
      await reader.close();
    }
  });

  test('refuses what is not a store, another hash, and a missing one', async () => {
    await expect(openSnapshotStore(folder(), { readOnly: true })).rejects.toThrow(/SWAP_STORE_MISSING/);
    const directory = await filled(1);
    await expect(openSnapshotStore(directory, { hasher: sha256 })).rejects.toThrow(/SWAP_STORE_MISMATCH/);
    writeFileSync(
      join(directory, 'snapshots.log'),
      'something else altogether, longer than a header has to be, is in here',
    );
    await expect(openSnapshotStore(directory)).rejects.toThrow(/SWAP_STORE_DAMAGED/);
    rmSync(join(directory, 'snapshots.log'));
    await expect(openSnapshotStore(directory)).rejects.toThrow(/SWAP_STORE_DAMAGED/);
  });

  test('says so when the disk is full, and leaves what was acknowledged', async () => {
    const other = folder();
    const store = await openSnapshotStore(other);
    await store.close();
    rmSync(join(other, 'pages.pack'));
    // Every write to this device fails as on a full disk.
    symlinkSync('/dev/full', join(other, 'pages.pack'));
    const broken = await openSnapshotStore(other);
    await expect(run(broken, 3)).rejects.toThrow(/SWAP_STORE_FULL/);
    await expect(broken.flush()).rejects.toThrow(/0 snapshots are acknowledged/);
    await broken.close();
    expect(readdirSync(other)).not.toContain('lock');
  });

  test('says nothing of its snapshots where it cannot be opened', async () => {
    const file = folder();
    writeFileSync(file, 'no folder');
    const refused: unknown = await openSnapshotStore(join(file, 'store')).catch((error: unknown) => error);
    expect(refused).toMatchObject({ code: 'SWAP_STORE_WRITE', context: { acknowledged: undefined } });
    expect(String(refused)).not.toContain('acknowledged');
  });
});

describe('a store after a crash', () => {
  test('holds what was acknowledged after kill -9 at any moment, and continues to the same end', async () => {
    const directory = folder();
    const script = join(import.meta.dirname, 'support', 'run-child.ts');
    let acknowledged = 0;
    for (const delay of [0, 1, 7, 20, 33, 60]) {
      const child = spawn(
        process.execPath,
        ['--conditions=@commute/source', '--no-warnings', script, directory, '100000'],
        {
          stdio: ['ignore', 'pipe', 'inherit'],
        },
      );
      let output = '';
      const closed = once(child, 'close');
      child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
      await once(child.stdout, 'data');
      await new Promise((resolve) => setTimeout(resolve, delay));
      child.kill('SIGKILL');
      await closed;
      const said = Number(output.split('\n').at(-2));
      expect(said).toBeGreaterThanOrEqual(acknowledged);
      const reader: DiskSnapshotStore = await openSnapshotStore(directory, { readOnly: true });
      expect(reader.length).toBeGreaterThanOrEqual(said);
      acknowledged = reader.length;
      await reader.close();
    }
    const store = await openSnapshotStore(directory);
    const end = store.length + 5;
    await run(store, end);
    const some = Array.from({ length: 30 }, (_, i) => Math.floor((i * end) / 29));
    await expectSame(store, some);
    expect((await store.load(end)).root()).toEqual((await reference.load(end)).root());
    await store.close();
  });

  test('is cut back to the last commit wherever the end was torn off', async () => {
    const whole = await filled(6);
    const log = readFileSync(join(whole, 'snapshots.log'));
    const pack = readFileSync(join(whole, 'pages.pack'));
    // The state of the files as they were when the first three snapshots had been committed, and more was being written.
    const early = await filled(3);
    const earlyLog = readFileSync(join(early, 'snapshots.log'));
    for (const extra of [0, 1, 31, 40, 100, 300, 5000]) {
      writeFileSync(
        join(early, 'snapshots.log'),
        Buffer.concat([earlyLog, log.subarray(earlyLog.length, earlyLog.length + extra)]),
      );
      writeFileSync(join(early, 'pages.pack'), pack.subarray(0, pack.length - 4096 * 2 - 17));
      const store = await openSnapshotStore(early);
      expect(store.length).toBeGreaterThanOrEqual(4);
      await expectSame(store);
      await run(store, 6);
      await expectSame(store);
      await store.close();
      expect(readFileSync(join(early, 'pages.pack')).equals(pack)).toBe(true);
    }
  });

  test('counts whole records without a commit only if their pages are whole', async () => {
    const whole = await filled(6);
    const early = await filled(3);
    const log = readFileSync(join(whole, 'snapshots.log'));
    const earlyLog = readFileSync(join(early, 'snapshots.log'));
    writeFileSync(join(early, 'snapshots.log'), Buffer.concat([earlyLog, log.subarray(earlyLog.length)]));
    const pack = readFileSync(join(whole, 'pages.pack'));
    writeFileSync(join(early, 'pages.pack'), pack);
    damagedAt(early, 'pages.pack', (bytes) => (bytes[bytes.length - 1]! ^= 1));
    const store = await openSnapshotStore(early);
    expect(store.length).toBe(6);
    await expectSame(store);
    await store.close();
  });
});

describe('a flipped bit', () => {
  test('in a page is found when a snapshot with it is loaded, and named', async () => {
    const directory = await filled(10);
    const intact = await openSnapshotStore(directory, { readOnly: true });
    const pages = intact.pageCount;
    await intact.close();
    for (let page = 0; page < pages; page += 7) {
      damagedAt(directory, 'pages.pack', (bytes) => (bytes[page * 4096 + ((page * 331) % 4096)]! ^= 1 << (page % 8)));
      const store = await openSnapshotStore(directory, { readOnly: true });
      let found: unknown;
      for (let i = 0; i < store.length && found === undefined; i++) {
        await store.load(i).catch((error: unknown) => (found = error));
      }
      expect(String(found)).toMatch(/snapshot \d+, page at 0x[0-9a-f]{8}: .*SWAP_STORE_DAMAGED/);
      expect(found).toMatchObject({ context: { packOffset: page * 4096 } });
      await store.close();
      damagedAt(directory, 'pages.pack', (bytes) => (bytes[page * 4096 + ((page * 331) % 4096)]! ^= 1 << (page % 8)));
    }
  });

  test('in the log is found when the store is opened, and names the snapshot', async () => {
    const directory = await filled(10);
    const size = statSync(join(directory, 'snapshots.log')).size;
    for (let at = 0; at < size; at += at < 128 ? 1 : 41) {
      damagedAt(directory, 'snapshots.log', (bytes) => (bytes[at]! ^= 1 << (at % 8)));
      if (at < 64 || at >= 128) {
        const opening = openSnapshotStore(directory, { readOnly: true });
        await expect(opening, `byte ${String(at)}`).rejects.toThrow(
          at < 64 ? /SWAP_STORE_DAMAGED/ : /snapshot \d+: .*SWAP_STORE_DAMAGED/,
        );
      } else {
        // A commit slot exists twice, and whole records speak for themselves: nothing is lost.
        const store = await openSnapshotStore(directory, { readOnly: true });
        expect(store.length).toBe(11);
        expect(store.repaired.length).toBeGreaterThan(0);
        await store.close();
      }
      damagedAt(directory, 'snapshots.log', (bytes) => (bytes[at]! ^= 1 << (at % 8)));
    }
  });

  test('in a later record leaves the snapshots before it to be salvaged', async () => {
    const directory = await filled(10);
    const size = statSync(join(directory, 'snapshots.log')).size;
    damagedAt(directory, 'snapshots.log', (bytes) => (bytes[size - 5]! ^= 1));
    await expect(openSnapshotStore(directory)).rejects.toThrow(/snapshot 10/);
    const store = await openSnapshotStore(directory, { salvage: true });
    expect(store.length).toBe(10);
    await expectSame(store);
    await store.close();
  });

  test('or a cut in any place is never taken for an undamaged store', async () => {
    const directory = await filled(4);
    const log = readFileSync(join(directory, 'snapshots.log'));
    for (let length = 0; length < log.length; length += 13) {
      writeFileSync(join(directory, 'snapshots.log'), log.subarray(0, length));
      await expect(openSnapshotStore(directory, { readOnly: true })).rejects.toThrow(/SWAP_STORE_DAMAGED/);
    }
    writeFileSync(join(directory, 'snapshots.log'), log);
    truncateSync(join(directory, 'pages.pack'), 4096 * 3);
    const store = await openSnapshotStore(directory, { readOnly: true });
    await expect(store.load(4)).rejects.toThrow(/the end of the pack.*SWAP_STORE_DAMAGED/);
    await store.close();
  });
});

test('countdown halts in the store as in memory', async () => {
  const machine = stack[0]!.upper();
  machine.restore(initial(countdown(4)));
  const store = await openSnapshotStore(folder());
  await runWithSnapshots({ machine, stepsPerSnapshot: 10, store });
  expect(store.entry(store.length - 1)).toEqual({ index: 4, step: 33, halted: true });
  await store.close();
});
