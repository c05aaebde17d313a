import { readFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { runCommand } from '../src/index.ts';
import { file, scratchFolder } from './support.ts';

const page = readFileSync(join(import.meta.dirname, '..', '..', '..', 'docs', 'rho.md'), 'utf8');
const before = process.cwd();
const folder = scratchFolder();
afterAll(() => {
  process.chdir(before);
});

interface Step {
  readonly command: string;
  /** What it prints; `…` stands for anything. */
  readonly printed: string[];
}

function steps(): Step[] {
  const found: Step[] = [];
  for (const [, text] of page.matchAll(/```console\n([^]*?)```/g)) {
    for (const line of text!.trimEnd().split('\n')) {
      if (line.startsWith('$ ')) found.push({ command: line.slice(2), printed: [] });
      else found.at(-1)!.printed.push(line);
    }
  }
  return found;
}

const pattern = (printed: readonly string[]): RegExp =>
  new RegExp(
    `^${printed.map((line) => line.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&').replaceAll('…', '[^]*')).join('\n')}\n$`,
  );

/** What a command prints on both streams. */
async function print(command: string): Promise<string> {
  const [name, ...words] = [...command.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain!);
  expect(name).toBe('commute');
  let printed = '';
  const terminal = {
    out: (text: string | Uint8Array) => void (printed += String(text)),
    errors: () => undefined,
    note: (text: string) => void (printed += `${text}\n`),
    status: () => undefined,
    endStatus: () => undefined,
  };
  await runCommand(words, terminal, new AbortController().signal);
  return printed;
}

/** A port that is free, as the one of the page may not be. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

test('the page about the command does what it says', async () => {
  process.chdir(folder);
  for (const [, name, source] of page.matchAll(/`([\w.]+\.rho)`:\n\n```rholang\n([^]*?)```/g))
    file(folder, name!, source!);
  const all = steps();
  expect(all.length).toBeGreaterThan(10);
  const port = String(await freePort());
  // What ends with & runs beside what follows.
  const beside: Promise<string>[] = [];
  for (const { command, printed } of all) {
    const words = command.replaceAll('7411', port);
    if (words.endsWith(' &')) beside.push(print(words.slice(0, -2)));
    else expect(await print(words), command).toMatch(pattern(printed));
  }
  for (const printed of await Promise.all(beside)) expect(printed).toContain(`listens on 127.0.0.1:${port}`);
});
