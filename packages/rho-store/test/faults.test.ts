import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { createRuntime } from '@commute/rholang';
import { decodeChannel, encodeChannel, RhoSpace, verifyStore, type KeyValueStore } from '../src/index.ts';
import { openLmdb } from '../src/lmdb.ts';
import { temporaryFolder } from './folder.ts';

const kills = Number(process.env['RHO_STORE_KILLS'] ?? 30);
const writer = path.join(import.meta.dirname, 'run-writer.ts');
const node = ['--conditions=@commute/source', writer];

interface Ended {
  /** What it said, line by line. */
  readonly lines: readonly string[];
  readonly code: number | null;
}

/** Runs a writer until it ends or says `lines` lines and is killed `delay` milliseconds later. */
function runWriter(command: string, parts: readonly string[], lines: number, delay: number): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, parts, { stdio: ['ignore', 'pipe', 'inherit'] });
    let said = '';
    let killing = false;
    child.stdout.on('data', (data: Buffer) => {
      said += data.toString();
      if (killing || said.split('\n').length <= lines) return;
      killing = true;
      setTimeout(() => child.kill('SIGKILL'), delay);
    });
    child.on('error', reject);
    child.on('close', (code) => {
      // A line that was cut off was not acknowledged.
      resolve({ lines: said.split('\n').slice(0, -1), code });
    });
  });
}

const rootsOf = (lines: readonly string[]): string[] => lines.filter((line) => line.length === 64);
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

async function withSpace<T>(
  folder: string,
  use: (space: RhoSpace, store: KeyValueStore) => T | Promise<T>,
): Promise<T> {
  const store = openLmdb({ path: folder });
  try {
    return await use(new RhoSpace(store), store);
  } finally {
    await store.close();
  }
}

describe('a store on LMDB', () => {
  test(
    `is whole after ${String(kills)} kills in the midst of commits, with all that was acknowledged`,
    { timeout: 1_800_000 },
    async () => {
      const folder = temporaryFolder();
      const acknowledged: string[] = [];
      for (let round = 0; round < kills; round += 1) {
        const { lines } = await runWriter(process.execPath, [...node, folder, '20'], 2 + (round % 3), (round * 7) % 23);
        acknowledged.push(...rootsOf(lines));
        await withSpace(folder, ({ history }) => {
          const { commits } = history.trie.meta;
          // The commit that was cut off may be there, and no other.
          expect(commits - acknowledged.length).toBeOneOf([0, 1]);
          if (commits > acknowledged.length) acknowledged.push(hex(history.root()));
          expect(hex(history.root())).toBe(acknowledged.at(-1));
          if (round % 10 === 9 || round === kills - 1) expect(verifyStore(history).problems).toEqual([]);
        });
      }
      await withSpace(folder, (space) => {
        for (const root of [acknowledged[0]!, acknowledged.at(-1)!])
          space.reset(Uint8Array.from(Buffer.from(root, 'hex')));
      });
      expect(acknowledged.length).toBeGreaterThan(kills);
    },
  );

  test('says that the disk is full, and keeps what it had', async () => {
    const folder = temporaryFolder();
    // Files of at most 600 KiB: `ulimit -f` counts in units of 512 or 1,024 bytes.
    const limited = `ulimit -f 600; exec "$0" "$@"`;
    const { lines, code } = await runWriter('sh', ['-c', limited, process.execPath, ...node, folder, '20'], 100_000, 0);
    expect([lines.at(-1), code]).toEqual(['RHO_STORE_WRITE_EXHAUSTED', 3]);
    const roots = rootsOf(lines);
    expect(roots.length).toBeGreaterThan(0);
    await withSpace(folder, (space) => {
      expect(hex(space.root())).toBe(roots.at(-1));
      expect(verifyStore(space.history).problems).toEqual([]);
      createRuntime({ space }).run('@"more"!(1)', { seed: new Uint8Array(1) });
      space.commit();
      expect(verifyStore(space.history)).toMatchObject({ ok: true, commits: roots.length + 1 });
    });
  });

  test('reports a byte that was flipped in its file, with the key', async () => {
    const folder = temporaryFolder();
    const secret = 'a message that is found in the file';
    await withSpace(folder, (space) => {
      createRuntime({ space }).run(`@"key"!("${secret}") | @"other"!(1)`, { seed: new Uint8Array(1) });
      space.commit();
    });
    const file = path.join(folder, 'data.mdb');
    const whole = readFileSync(file);
    const places: number[] = [];
    for (let at = whole.indexOf(secret); at >= 0; at = whole.indexOf(secret, at + 1)) places.push(at);
    // The event in the log and the item in the state.
    expect(places.length).toBeGreaterThanOrEqual(2);
    for (const at of places) {
      const damaged = Buffer.from(whole);
      damaged[at + 3]! ^= 4;
      writeFileSync(file, damaged);
      const { problems } = await withSpace(folder, (space) => verifyStore(space.history));
      const keys = problems.flatMap((one) => (one.kind === 'key' ? [one] : []));
      expect(keys.map((one) => decodeChannel(one.channel))).toMatchObject([{ kind: 'string', value: 'key' }]);
    }
    writeFileSync(file, whole);
    expect(await withSpace(folder, (space) => verifyStore(space.history).ok)).toBe(true);
  });

  test('is shared by two processes, of which one at a time commits', async () => {
    const folder = temporaryFolder();
    await withSpace(folder, async (space) => {
      const runtime = createRuntime({ space });
      runtime.run('@"mine"!(1)', { seed: Uint8Array.of(1) });
      const { lines } = await runWriter(process.execPath, [...node, folder], 3, 0);
      const roots = rootsOf(lines);
      expect(roots.length).toBeGreaterThan(0);
      expect(() => space.commit()).toThrow('RHO_STORE_VERSION_MISMATCH');
      space.refresh();
      expect(space.history.trie.meta.commits).toBeGreaterThanOrEqual(roots.length);
      runtime.run('@"mine"!(1)', { seed: Uint8Array.of(1) });
      space.commit();
      expect(verifyStore(space.history).problems).toEqual([]);
      const channel = [...space.history.channels()].find((one) => {
        const term = decodeChannel(one);
        return term?.kind === 'string' && term.value === 'mine';
      })!;
      expect(encodeChannel(decodeChannel(channel)!)).toEqual(Uint8Array.from(channel));
      expect([...space.history.history(channel)]).toHaveLength(1);
    });
  });
});
