import { hasCode } from '@commute/errors';
import { auditRound, keptRounds, type Network, type RoundAudit } from '@commute/rho-node';
import { RhoSpace, type KeyValueStore } from '@commute/rho-store';
import type { CommandHelp } from '../../arguments.ts';
import type { CommandContext } from '../../command.ts';
import { EXIT, RejectedError, UsageError, type ExitCode } from '../../failure.ts';
import { Progress } from '../../progress.ts';
import { bold, counted, duration, grouped, hex } from '../../terminal.ts';
import { STORE_OPTION, withNamedStore } from '../store.ts';
import { readNetwork } from './network-file.ts';

export const RHO_AUDIT: CommandHelp = {
  name: 'rho audit',
  positional: '',
  positionals: [0, 0],
  help: 'check that the rounds that a store of a node keeps hold what a quorum of its network decided',
  options: {
    ...STORE_OPTION,
    network: { value: 'FILE', help: 'the network file' },
    round: { value: 'N', help: 'only round N' },
  },
};

/** Fields of `commute rho audit --json`. */
export interface RhoAuditReport {
  readonly command: 'rho audit';
  /** Whether all rounds that were looked at are as a quorum decided. */
  readonly ok: boolean;
  readonly network: string;
  /** The rounds that were looked at, in order; the last is the first that is not as it should be, if there is one. */
  readonly rounds: readonly {
    readonly round: number;
    /** Positions of the members whose blocks it holds; empty if it is not as it should be. */
    readonly members: readonly number[];
    /** Whether a quorum signed what it begins with. */
    readonly base: boolean;
  }[];
  /** The first round that is not as a quorum decided, and why; null if there is none. */
  readonly failed: { readonly round: number; readonly reason: string; readonly detail: string } | null;
  /** State root of the newest version. */
  readonly root: string;
  readonly seconds: number;
}

/** The rounds to look at: those that are kept, or one of them. */
function roundsOf(space: RhoSpace, network: Network, only: number | undefined): readonly number[] {
  let kept: ReturnType<typeof keptRounds>;
  try {
    kept = keptRounds(space, network);
  } catch (error) {
    if (hasCode(error, 'RHO_NODE_STORE_MISMATCH')) throw new RejectedError('store', (error as Error).message);
    throw error;
  }
  const { oldest, open } = kept;
  if (only === undefined) return Array.from({ length: open - oldest }, (_, index) => oldest + index);
  if (only < oldest || only >= open) {
    const some =
      open === oldest
        ? 'one that is closed and kept; there is none'
        : `one of ${grouped(oldest)} to ${grouped(open - 1)}`;
    throw new UsageError('round', `--round: expected ${some}, got ${String(only)}`);
  }
  return [only];
}

function audit(
  store: KeyValueStore,
  network: Network,
  only: number | undefined,
  progress: Progress,
): Omit<RhoAuditReport, 'seconds'> {
  const space = new RhoSpace(store);
  const numbers = roundsOf(space, network, only);
  const rounds: RhoAuditReport['rounds'][number][] = [];
  let failed: RhoAuditReport['failed'] = null;
  for (const [index, round] of numbers.entries()) {
    progress.show(index, numbers.length);
    const found: RoundAudit = auditRound(space, network, round);
    rounds.push({ round, members: found.ok ? found.members : [], base: found.ok && found.base });
    if (found.ok) continue;
    failed = { round, reason: found.reason, detail: found.detail };
    break;
  }
  const root = hex(space.root());
  return { command: 'rho audit', ok: failed === null, network: hex(network.id), rounds, failed, root };
}

/** `commute rho audit`. */
export async function rhoAudit({ args, terminal }: CommandContext): Promise<ExitCode> {
  const path = args.text('network');
  if (path === undefined) throw new UsageError('network', '--network: expected the network file, got nothing');
  const network = readNetwork(path);
  const only = args.number('round', 1, Number.MAX_SAFE_INTEGER);
  const started = performance.now();
  const progress = new Progress(terminal, 'audit', 'rounds');
  const found = await withNamedStore(args, 'read', (store) => audit(store, network, only, progress));
  progress.end();
  const report: RhoAuditReport = { ...found, seconds: (performance.now() - started) / 1000 };
  if (args.flag('json')) terminal.out(`${JSON.stringify(report)}\n`);
  else describe(report, terminal.note);
  return report.ok ? EXIT.ok : EXIT.rejected;
}

function describe({ ok, rounds, failed, root, seconds }: RhoAuditReport, note: (text: string) => void): void {
  if (failed !== null) note(`round ${grouped(failed.round)}: ${failed.reason}, ${failed.detail}`);
  const believed = rounds.filter(({ base, round }) => !base && round !== failed?.round);
  if (believed.length > 0)
    note(`no quorum signed what round ${grouped(believed[0]!.round)} begins with: that is believed`);
  note(bold(ok ? 'all of it is as a quorum decided' : 'not what a quorum decided'));
  note(`${counted(rounds.length, 'round')}, ${duration(seconds * 1000)}`);
  note(`root ${root}`);
}
