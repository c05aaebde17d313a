import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll } from 'vitest';
import type { CheckCommandReport } from '../src/commands/check.ts';
import type { DisputeReport } from '../src/commands/dispute.ts';
import type { InspectReport } from '../src/commands/inspect.ts';
import type { ProveReport } from '../src/commands/prove.ts';
import type { RunReport } from '../src/commands/run.ts';
import type { VerifyReport } from '../src/commands/verify.ts';
import type { DiskRunReport } from '../src/disk/run.ts';
import type { DiskVerifyReport } from '../src/disk/verify.ts';

const MAIN = join(import.meta.dirname, '..', 'src', 'main.ts');
const NODE = ['--conditions=@commute/source', MAIN];

/** Path of a sample program. */
export const guest = (name: string): string =>
  join(import.meta.dirname, '..', '..', '..', 'tools', 'guests', 'dist', name);

/** How a command ended. */
export interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs `commute` to its end. */
export function commute(...words: readonly string[]): Ended {
  const { status, stdout, stderr } = spawnSync(process.execPath, [...NODE, ...words], {
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
  });
  return { status, stdout, stderr };
}

/** What each command prints with --json. */
interface Reports {
  readonly run: RunReport;
  readonly check: CheckCommandReport;
  readonly dispute: DisputeReport;
  readonly inspect: InspectReport;
  readonly prove: ProveReport;
  readonly verify: VerifyReport;
  readonly 'disk run': DiskRunReport;
  readonly 'disk verify': DiskVerifyReport;
}

/** Runs `commute … --json` and parses the one object it prints. */
export function commuteJson<C extends keyof Reports>(
  command: C,
  ...words: readonly string[]
): { readonly status: number | null; readonly report: Reports[C] } {
  const { status, stdout, stderr } = commute(...command.split(' '), ...words, '--json');
  try {
    return { status, report: JSON.parse(stdout) as Reports[C] };
  } catch {
    throw new Error(`no JSON on stdout: ${stdout}\n${stderr}`);
  }
}

/** Starts `commute` without waiting for it. */
export function startCommute(...words: readonly string[]): ChildProcess {
  return spawn(process.execPath, [...NODE, ...words], { stdio: ['ignore', 'pipe', 'pipe'] });
}

/** Kills a command as soon as something holds. One that ends before is left to end. Tells whether it was killed. */
export async function killWhen(child: ChildProcess, holds: () => boolean): Promise<boolean> {
  const exited = once(child, 'exit');
  while (child.exitCode === null && child.signalCode === null && !holds()) await delay(5);
  child.kill('SIGKILL');
  await exited;
  return child.signalCode === 'SIGKILL';
}

/** A folder that is gone after the tests of the file. */
export function scratchFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'commute-cli-'));
  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });
  return folder;
}

/** Writes a file into a folder and returns its path. */
export function file(folder: string, name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}
