import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';

/** Where a Chromium may be, by name on the path. */
const names = ['chromium', 'chromium-browser', 'google-chrome'];

/** The installed Chromium, or `undefined`. */
export function findChromium(): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(path.delimiter);
  return folders.flatMap((folder) => names.map((name) => path.join(folder, name))).find((file) => existsSync(file));
}

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.wasm': 'application/wasm',
};

/**
 * Serves a folder, opens its `index.html` in Chromium, and waits until the page is idle.
 *
 * @param limitMs - time the browser may take.
 * @returns the document as it then stands, and what the page wrote to the console.
 */
export async function openPage(
  chromium: string,
  folder: string,
  limitMs: number,
): Promise<{ dom: string; log: string }> {
  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? '/', 'http://localhost');
    const file = path.join(folder, pathname === '/' ? 'index.html' : path.posix.normalize(pathname));
    if (!existsSync(file)) {
      response.writeHead(404).end();
      return;
    }
    response.writeHead(200, { 'content-type': types[path.extname(file)] ?? 'application/octet-stream' });
    response.end(readFileSync(file));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  try {
    return await new Promise((resolve, reject) => {
      const child = spawn(
        chromium,
        [
          '--headless',
          '--no-sandbox',
          '--disable-gpu',
          '--disable-dev-shm-usage',
          '--enable-logging=stderr',
          '--virtual-time-budget=10000',
          '--dump-dom',
          `http://127.0.0.1:${String(port)}/`,
        ],
        { stdio: ['ignore', 'pipe', 'pipe'], timeout: limitMs, killSignal: 'SIGKILL' },
      );
      let dom = '';
      let log = '';
      child.stdout.setEncoding('utf8').on('data', (chunk: string) => (dom += chunk));
      child.stderr.setEncoding('utf8').on('data', (chunk: string) => (log += chunk));
      child.on('error', reject);
      child.on('close', () =>
        resolve({
          dom,
          log: log
            .split('\n')
            .filter((line) => line.includes('CONSOLE'))
            .join('\n'),
        }),
      );
    });
  } finally {
    server.close();
  }
}
