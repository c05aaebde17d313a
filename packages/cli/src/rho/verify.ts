import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import type { CommandHelp } from '../arguments.ts';
import type { CommandContext } from '../command.ts';
import { EXIT, RejectedError, UsageError, type ExitCode } from '../failure.ts';
import { bold, counted, duration, grouped } from '../terminal.ts';
import { assertStore, STORE_OPTION } from './store.ts';
import { readable } from './text.ts';
import { crashed, type RhoVerifyReport } from './verify-store.ts';

export const RHO_VERIFY: CommandHelp = {
  name: 'rho verify',
  positional: '',
  positionals: [0, 0],
  help: 'check every byte of a store: records, histories, the chain of blocks',
  options: { ...STORE_OPTION },
};

/** Verifies a store in a process of its own: LMDB trusts the structure of its pages, so a damaged one can end the process that reads it. */
export async function verifyInChild(path: string, signal: AbortSignal): Promise<RhoVerifyReport> {
  const started = performance.now();
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  const module = fileURLToPath(new URL(`verify-worker.${extension}`, import.meta.url));
  const child = spawn(process.execPath, [...process.execArgv, module, path], {
    stdio: ['ignore', 'pipe', 'inherit'],
    signal,
  });
  try {
    const closed = once(child, 'close') as Promise<[code: number | null, signal: string | null]>;
    const [said, [code, killer]] = await Promise.all([text(child.stdout), closed]);
    const seconds = (performance.now() - started) / 1000;
    if (killer !== null || code !== 0) return { ...crashed(killer ?? `exit code ${String(code)}`), seconds };
    return { ...(JSON.parse(said) as RhoVerifyReport), seconds };
  } catch (error) {
    if (signal.aborted) throw new RejectedError('verify', 'interrupted');
    throw error;
  }
}

/** `commute rho verify`. */
export async function rhoVerify({ args, terminal, signal }: CommandContext): Promise<ExitCode> {
  const path = args.text('store');
  if (path === undefined) throw new UsageError('store', '--store: expected the folder of a store, got nothing');
  assertStore(path);
  terminal.status('verifying');
  const report = await verifyInChild(path, signal);
  terminal.endStatus();
  if (args.flag('json')) terminal.out(`${JSON.stringify(report)}\n`);
  else describe(report, terminal.note);
  return report.ok ? EXIT.ok : EXIT.rejected;
}

function describe(report: RhoVerifyReport, note: (text: string) => void): void {
  for (const { kind, key, sequence, commit, expected } of report.problems) {
    const entry = sequence === null ? '' : `, entry ${grouped(sequence)}`;
    const where = key !== null ? `${key}${entry}` : commit !== null ? `commit ${grouped(commit)}` : kind;
    note(readable(`${where}: expected ${expected}`));
  }
  note(bold(report.ok ? 'everything is as it was written' : counted(report.problems.length, 'problem')));
  const { commits, blocks, deploys, keys, entries } = report;
  note(
    `${counted(commits, 'commit')}, ${counted(blocks, 'block')} with ${counted(deploys, 'deploy')}, ` +
      `${counted(keys, 'key')} with ${counted(entries, 'entry', 'entries')}, ${duration(report.seconds * 1000)}`,
  );
  if (report.root !== null) note(`root ${report.root}`);
}
