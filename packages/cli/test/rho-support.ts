import { runCommand, type ExitCode, type Terminal } from '../src/index.ts';
import type { RhoCheckReport } from '../src/rho/check.ts';
import type { RhoCompileReport } from '../src/rho/compile.ts';
import type { RhoComposeReport } from '../src/rho/compose.ts';
import type { RhoConflictsReport } from '../src/rho/conflicts.ts';
import type { RhoDiscoverReport } from '../src/rho/discover.ts';
import type { RhoHistoryReport, RhoKeyHistoryReport } from '../src/rho/history.ts';
import type { RhoAuditReport } from '../src/rho/node/audit.ts';
import type { RhoPruneReport } from '../src/rho/prune.ts';
import type { RhoReplayReport } from '../src/rho/replay.ts';
import type { RhoRunReport } from '../src/rho/run.ts';
import type { RhoTraceReport } from '../src/rho/trace.ts';
import type { RhoVerifyReport } from '../src/rho/verify-store.ts';
import type { RhoViewReport } from '../src/rho/view.ts';

/** How a command ended that ran in this process. */
export interface Done {
  readonly status: ExitCode;
  readonly out: string;
  readonly notes: string;
}

/** Runs `commute rho` in this process. */
export function rho(...words: readonly string[]): Promise<Done> {
  return rhoHeard({}, ...words);
}

/** How a command is listened to while it runs. */
export interface Hearing {
  /** Is told all that was printed to standard output as it comes. */
  readonly heard?: (out: string) => void;
  readonly signal?: AbortSignal;
}

/** Like {@link rho}, for commands that run for long. */
export async function rhoHeard(
  { heard, signal = new AbortController().signal }: Hearing,
  ...words: readonly string[]
): Promise<Done> {
  let [out, notes] = ['', ''];
  const terminal: Terminal = {
    out: (text) => {
      out += String(text);
      heard?.(out);
    },
    errors: () => undefined,
    note: (text) => void (notes += `${text}\n`),
    status: () => undefined,
    endStatus: () => undefined,
  };
  const status = await runCommand(['rho', ...words], terminal, signal);
  return { status, out, notes };
}

/** What each command prints with --json. */
interface Reports {
  readonly run: RhoRunReport;
  readonly eval: RhoRunReport;
  readonly tokens: RhoRunReport;
  readonly history: RhoHistoryReport & RhoKeyHistoryReport;
  readonly verify: RhoVerifyReport;
  readonly replay: RhoReplayReport;
  readonly trace: RhoTraceReport;
  readonly conflicts: RhoConflictsReport;
  readonly check: RhoCheckReport;
  readonly prune: RhoPruneReport;
  readonly audit: RhoAuditReport;
  readonly compile: RhoCompileReport;
  readonly view: RhoViewReport;
  readonly discover: RhoDiscoverReport;
  readonly compose: RhoComposeReport;
}

/** Runs `commute rho` with --json and reads what it printed. */
export async function rhoJson<Name extends keyof Reports>(
  name: Name,
  ...words: readonly string[]
): Promise<{ readonly status: ExitCode; readonly report: Reports[Name] }> {
  const { status, out } = await rho(name, ...words, '--json');
  return { status, report: JSON.parse(out) as Reports[Name] };
}
