import { readFileSync } from 'node:fs';
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

/** What a command prints on both streams; `heard` is told as it comes. */
async function print(command: string, heard: (printed: string) => void = () => undefined): Promise<string> {
  const [name, ...words] = [...command.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, plain]) => quoted ?? plain!);
  expect(name).toBe('commute');
  let printed = '';
  const terminal = {
    out: (text: string | Uint8Array) => {
      heard((printed += String(text)));
    },
    errors: () => undefined,
    note: (text: string) => {
      heard((printed += `${text}\n`));
    },
    status: () => undefined,
    endStatus: () => undefined,
  };
  await runCommand(words, terminal, new AbortController().signal);
  return printed;
}

/** Starts what is to run beside others and listens, on any free port, as the one of the page may not be. */
async function listen(command: string): Promise<{ readonly port: string; readonly done: Promise<string> }> {
  let found: (port: string) => void;
  const port = new Promise<string>((resolve) => (found = resolve));
  const done = print(command.replaceAll(PORT, '0'), (printed) => {
    const [, heard] = /listens on 127\.0\.0\.1:(\d+)/.exec(printed) ?? [];
    if (heard !== undefined) found(heard);
  });
  const early = done.then((printed) => Promise.reject(new Error(`did not listen: ${printed}`)));
  return { port: await Promise.race([port, early]), done };
}

/** The port of the page. */
const PORT = '7411';

test('the page about the command does what it says', async () => {
  process.chdir(folder);
  for (const [, name, source] of page.matchAll(/`([\w.]+\.rho)`:\n\n```rholang\n([^]*?)```/g))
    file(folder, name!, source!);
  const all = steps();
  expect(all.length).toBeGreaterThan(10);
  // What ends with & listens, and runs beside what follows.
  const beside: Promise<string>[] = [];
  let port = PORT;
  for (const { command, printed } of all) {
    if (command.endsWith(' &')) {
      const listening = await listen(command.slice(0, -2));
      port = listening.port;
      beside.push(listening.done);
    } else expect(await print(command.replaceAll(PORT, port)), command).toMatch(pattern(printed));
  }
  expect(beside).toHaveLength(1);
  for (const printed of await Promise.all(beside)) expect(printed).toContain(`listens on 127.0.0.1:${port}`);
});
