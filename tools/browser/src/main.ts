/*
 * Runs every scenario in Node and in Chromium, with and without shared memory, and compares what they return. Prints one line for each, then
 * `N passed, N failed`.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { findChromium } from '@commute-tools/packages';
import { chromium } from 'playwright-core';
import { build } from 'vite';
import { FIELD_THREADS, scenarios } from './scenarios.ts';

const guests = join(import.meta.dirname, '..', '..', 'guests', 'dist');
const names = ['hello.elf', 'sha256.elf', 'sha256.micro.elf'];
const programs = Object.fromEntries(names.map((name) => [name, new Uint8Array(readFileSync(join(guests, name)))]));
const encoded = Object.fromEntries(
  Object.entries(programs).map(([name, bytes]) => [name, Buffer.from(bytes).toString('base64')]),
);

const executablePath = findChromium();
if (executablePath === undefined) throw new Error('Chromium: expected one on the path, got none');

const folder = mkdtempSync(join(tmpdir(), 'commute-browser-'));
let passed = 0;
let failed = 0;
try {
  writeFileSync(
    join(folder, 'index.html'),
    `<!doctype html><title>scenarios</title><script type="module" src="/page.js"></script>`,
  );
  await build({
    configFile: false,
    logLevel: 'warn',
    root: folder,
    resolve: { conditions: ['@commute/source', 'import', 'module', 'browser', 'default'] },
    build: {
      lib: { entry: join(import.meta.dirname, 'page.ts'), formats: ['es'], fileName: () => 'page.js' },
      outDir: join(folder, 'out'),
      target: 'es2023',
    },
  });
  const files: Readonly<Record<string, readonly [string, string]>> = {
    '/': ['index.html', 'text/html'],
    '/page.js': [join('out', 'page.js'), 'text/javascript'],
  };
  // What lets a page share memory between threads. Each scenario runs in a page with it and in one without.
  const isolation = { 'cross-origin-opener-policy': 'same-origin', 'cross-origin-embedder-policy': 'require-corp' };
  // A policy that many pages have: WebAssembly, but no workers other than from files of their own.
  const strict = { 'content-security-policy': "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'" };
  let [isolated, restricted] = [false, false];
  const server = createServer((request, response) => {
    const file = files[request.url ?? ''];
    if (file === undefined) response.writeHead(404).end();
    else {
      const headers = {
        'content-type': file[1],
        'cache-control': 'no-store',
        ...(isolated ? isolation : {}),
        ...(restricted ? strict : {}),
      };
      response.writeHead(200, headers).end(readFileSync(join(folder, file[0])));
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const args = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--disable-background-networking', '--disable-sync'];
  const browser = await chromium.launch({ executablePath, args });
  try {
    const expected: string[] = [];
    for (const scenario of scenarios) expected.push(await scenario.run(programs));
    for (isolated of [true, false]) {
      const page = await browser.newPage();
      page.on('pageerror', (error) => {
        console.log(`     page: ${error.message}`);
      });
      await page.goto(`http://127.0.0.1:${String(port)}/`);
      await page.waitForFunction('typeof globalThis.runScenario === "function"');
      const shared = await page.evaluate<boolean>('globalThis.crossOriginIsolated');
      if (shared !== isolated) throw new Error(`page: expected crossOriginIsolated to be ${String(isolated)}`);
      for (const [index, scenario] of scenarios.entries()) {
        const call = `globalThis.runScenario(${String(index)}, ${JSON.stringify(encoded)})`;
        const got = await page.evaluate<string>(call).catch((error: unknown) => `error: ${String(error)}`);
        const same = got === expected[index];
        if (same) passed++;
        else failed++;
        console.log(`${same ? 'ok  ' : 'FAIL'} ${scenario.name}${isolated ? '' : ', without shared memory'}`);
        if (!same) console.log(`     Node:     ${String(expected[index])}\n     Chromium: ${got}`);
      }
      await page.close();
    }
    for (restricted of [false, true]) {
      isolated = true;
      const page = await browser.newPage();
      await page.goto(`http://127.0.0.1:${String(port)}/`);
      await page.waitForFunction('typeof globalThis.countThreads === "function"');
      const threads = await page.evaluate<unknown>('globalThis.countThreads()').catch(String);
      const same = threads === (restricted ? FIELD_THREADS.alone : FIELD_THREADS.shared);
      if (same) passed++;
      else failed++;
      console.log(
        `${same ? 'ok  ' : 'FAIL'} threads${restricted ? ' where blob: workers are forbidden' : ''}: ${String(threads)}`,
      );
      await page.close();
    }
    console.log(`Node ${process.version}, Chromium ${browser.version()}`);
  } finally {
    await browser.close();
    server.close();
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
console.log(`${String(passed)} passed, ${String(failed)} failed`);
if (failed > 0) process.exitCode = 1;
