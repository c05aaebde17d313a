import {
  blockOf,
  chainOf,
  createMemoryKeyValue,
  blockHash,
  followBlock,
  replayBlock,
  RhoSpace,
  type BlockReplay,
  type KeyValueStore,
  type PlayOptions,
} from '@commute/rho-store';
import type { CommandHelp } from '../arguments.ts';
import type { CommandContext } from '../command.ts';
import { EXIT, RejectedError, UsageError, type ExitCode } from '../failure.ts';
import { Progress } from '../progress.ts';
import { bold, counted, duration, grouped, hex } from '../terminal.ts';
import { DEPLOY_OPTIONS, engineOf, playOptions } from './deploys.ts';
import { STORE_OPTION, withNamedStore, withPath } from './store.ts';

export const RHO_REPLAY: CommandHelp = {
  name: 'rho replay',
  positional: '',
  positionals: [0, 0],
  help: 'run all blocks again from the first on, and compare every event and root',
  options: {
    ...STORE_OPTION,
    block: { value: 'N', help: 'only block N, on the stored version before it' },
    into: { value: 'DIR', help: 'keep what comes of it in a store of its own; in memory unless told' },
    engine: DEPLOY_OPTIONS['engine']!,
    'max-comms': { value: 'N', help: 'most reductions of a program, as in the runs (default 1000000)' },
  },
};

/** Fields of `commute rho replay --json`. */
export interface RhoReplayReport {
  readonly command: 'rho replay';
  /** Whether everything came out as it is in the store. */
  readonly ok: boolean;
  /** `fresh`: from the first block on in an empty store; `in-place`: on the stored versions, since the first ones were pruned or one block was asked for. */
  readonly how: 'fresh' | 'in-place';
  /** Number of blocks that came out the same. */
  readonly blocks: number;
  readonly comms: number;
  /** State root that came out, and that of the store. */
  readonly root: string;
  readonly storedRoot: string;
  /** The first block that did not come out the same; null if all did. */
  readonly failed: { readonly block: number; readonly reason: string; readonly detail: string } | null;
  readonly seconds: number;
}

interface Outcome {
  blocks: number;
  comms: number;
  failed: RhoReplayReport['failed'];
}

function count(outcome: Outcome, block: number, result: BlockReplay): boolean {
  if (!result.ok) {
    outcome.failed = { block, reason: result.reason, detail: result.detail };
    return false;
  }
  outcome.blocks += 1;
  for (const { comms } of result.outcomes) outcome.comms += comms;
  return true;
}

function replayFresh(
  source: RhoSpace,
  numbers: readonly number[],
  target: KeyValueStore,
  options: PlayOptions,
  progress: Progress,
): Outcome & { root: Uint8Array } {
  const space = new RhoSpace(target);
  const outcome: Outcome = { blocks: 0, comms: 0, failed: null };
  for (const [index, number] of numbers.entries()) {
    progress.show(index, numbers.length);
    const commit = source.history.commitAt(number);
    const stored = blockOf(commit)!;
    const log = source.history.log(number) ?? new Uint8Array(0);
    const followed = followBlock(space, { block: stored, log }, options);
    if (!count(outcome, stored.number, followed) || !followed.ok) break;
    if (hex(blockHash(followed.commit)) !== hex(blockHash(commit))) {
      outcome.blocks -= 1;
      const detail = `the root came out as ${hex(followed.commit.root)}`;
      outcome.failed = { block: stored.number, reason: 'other-root', detail };
      break;
    }
  }
  return { ...outcome, root: space.root() };
}

function replayInPlace(space: RhoSpace, numbers: readonly number[], options: PlayOptions, progress: Progress): Outcome {
  const outcome: Outcome = { blocks: 0, comms: 0, failed: null };
  for (const [index, number] of numbers.entries()) {
    progress.show(index, numbers.length);
    const block = blockOf(space.history.commitAt(number))!;
    if (!count(outcome, block.number, replayBlock(space, number, options))) break;
  }
  return outcome;
}

/** `commute rho replay`. */
export async function rhoReplay({ args, terminal }: CommandContext): Promise<ExitCode> {
  const only = args.number('block', 1, Number.MAX_SAFE_INTEGER);
  const into = args.text('into');
  if (only !== undefined && into !== undefined)
    throw new UsageError('into', '--into: expected no --block beside it, got one');
  const options = playOptions({
    maximumComms: args.number('max-comms', 0, Number.MAX_SAFE_INTEGER) ?? 1_000_000,
    runtime: engineOf(args),
  });
  const started = performance.now();
  const progress = new Progress(terminal, 'replay', 'blocks');
  const report = await withNamedStore(args, 'read', async (store): Promise<RhoReplayReport> => {
    const space = new RhoSpace(store);
    const chain = [...chainOf(space)]
      .reverse()
      .map(({ block, commit }) => ({ block: block.number, commit: commit.number }));
    if (chain.length === 0 && space.history.trie.head > 0)
      throw new RejectedError('store', 'expected blocks, got commits that another program made');
    const root = hex(space.root());
    const finish = (how: RhoReplayReport['how'], { blocks, comms, failed }: Outcome, end: string): RhoReplayReport => {
      const seconds = (performance.now() - started) / 1000;
      return {
        command: 'rho replay',
        ok: failed === null,
        how,
        blocks,
        comms,
        root: end,
        storedRoot: root,
        failed,
        seconds,
      };
    };
    if (only !== undefined) {
      const found = chain.find(({ block }) => block === only);
      if (found === undefined)
        throw new UsageError('block', `--block: expected one that the store keeps, got ${String(only)}`);
      return finish('in-place', replayInPlace(space, [found.commit], options, progress), root);
    }
    const numbers = chain.map(({ commit }) => commit);
    if (chain[0] !== undefined && chain[0].block > 1) {
      if (into !== undefined)
        throw new RejectedError('replay', 'expected all blocks from the first on, got a pruned store');
      // The version before the oldest kept block is gone.
      return finish('in-place', replayInPlace(space, numbers.slice(1), options, progress), root);
    }
    const play = (target: KeyValueStore): RhoReplayReport => {
      const outcome = replayFresh(space, numbers, target, options, progress);
      return finish('fresh', outcome, hex(outcome.root));
    };
    return into === undefined ? play(createMemoryKeyValue()) : withPath(into, 'fresh', play);
  });
  progress.end();
  if (args.flag('json')) terminal.out(`${JSON.stringify(report)}\n`);
  else describe(report, terminal.note);
  return report.ok ? EXIT.ok : EXIT.rejected;
}

function describe(report: RhoReplayReport, note: (text: string) => void): void {
  if (report.failed !== null)
    note(`block ${grouped(report.failed.block)}: ${report.failed.reason}, ${report.failed.detail}`);
  const where = report.how === 'fresh' ? 'from the first block on' : 'on the stored versions';
  note(bold(report.ok ? `everything came out the same, ${where}` : 'not the same'));
  note(`${counted(report.blocks, 'block')}, ${counted(report.comms, 'reduction')}, ${duration(report.seconds * 1000)}`);
  note(`root ${report.root}`);
}
