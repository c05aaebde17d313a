import { pruneStore, RhoSpace } from '@commute/rho-store';
import type { CommandHelp } from '../arguments.ts';
import type { CommandContext } from '../command.ts';
import { EXIT, UsageError, type ExitCode } from '../failure.ts';
import { bold, counted, grouped, hex } from '../terminal.ts';
import { STORE_OPTION, withNamedStore } from './store.ts';

export const RHO_PRUNE: CommandHelp = {
  name: 'rho prune',
  positional: '',
  positionals: [0, 0],
  help: 'forget all but the newest versions; histories and what proofs need stay',
  options: {
    ...STORE_OPTION,
    keep: { value: 'N', help: 'how many of the newest versions stay, at least 1' },
  },
};

/** Fields of `commute rho prune --json`. */
export interface RhoPruneReport {
  readonly command: 'rho prune';
  /** Oldest commit that is kept, and the newest. */
  readonly oldest: number;
  readonly newest: number;
  /** Number of commits that were forgotten, and of records that were removed. */
  readonly forgotten: number;
  readonly removed: number;
  /** State root, which pruning leaves as it is. */
  readonly root: string;
}

/** `commute rho prune`. */
export async function rhoPrune({ args, terminal }: CommandContext): Promise<ExitCode> {
  const keep = args.number('keep', 1, Number.MAX_SAFE_INTEGER);
  if (keep === undefined) throw new UsageError('keep', '--keep: expected how many versions stay, got nothing');
  const report = await withNamedStore(args, 'write', (store): RhoPruneReport => {
    const { history } = new RhoSpace(store);
    const { oldest: before, commits: newest } = history.trie.meta;
    // A store without a commit has nothing to forget.
    const { oldest, removed } = newest === 0 ? { oldest: before, removed: 0 } : pruneStore(history, keep);
    const root = hex(history.root());
    return { command: 'rho prune', oldest, newest, forgotten: oldest - before, removed, root };
  });
  if (args.flag('json')) terminal.out(`${JSON.stringify(report)}\n`);
  else {
    const { oldest, newest, forgotten, removed, root } = report;
    terminal.note(bold(forgotten === 0 ? 'nothing to forget' : `${counted(forgotten, 'version')} forgotten`));
    terminal.note(`commits ${grouped(oldest)} to ${grouped(newest)} stay, ${counted(removed, 'record')} removed`);
    terminal.note(`root ${root}`);
  }
  return EXIT.ok;
}
