import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';
import { openSnapshotStore } from '../src/node.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'swap-lock-'));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

test('of many processes that find a lock left behind, one gets the store', async () => {
  await (await openSnapshotStore(folder)).close();
  writeFileSync(
    path.join(folder, 'lock'),
    JSON.stringify({ pid: process.pid, host: hostname(), born: '1', token: 'left behind' }),
  );
  const script = fileURLToPath(new URL('./support/lock-child.ts', import.meta.url));
  const children = Array.from({ length: 6 }, () =>
    spawn(process.execPath, ['--conditions=@commute/source', '--no-warnings', script, folder], {
      stdio: ['pipe', 'pipe', 'inherit'],
    }),
  );
  const said = await Promise.all(
    children.map(
      (child) =>
        new Promise<string>((resolve) => {
          child.stdout.setEncoding('utf8').once('data', (text: string) => {
            resolve(text.trim());
          });
        }),
    ),
  );
  expect(said.filter((text) => text === 'opened')).toHaveLength(1);
  expect(said.filter((text) => text === 'SWAP_STORE_LOCKED')).toHaveLength(5);
  await Promise.all(
    children.map((child) => {
      child.stdin.end();
      return new Promise((resolve) => child.on('close', resolve));
    }),
  );
  expect(readdirSync(folder).sort()).toEqual(['pages.pack', 'snapshots.log']);
  await (await openSnapshotStore(folder)).close();
});
