import {
  chainOf,
  decodeLog,
  deployId,
  HistoryStore,
  Tracer,
  verifyHistory,
  type HistoryStep,
  type KeyValueStore,
  type StoredBlock,
  type StoreEvent,
} from '@commute/rho-store';
import type { CommandHelp } from '../arguments.ts';
import type { CommandContext } from '../command.ts';
import { EXIT, UsageError, type ExitCode } from '../failure.ts';
import { writeNamed } from '../program.ts';
import { Progress } from '../progress.ts';
import { grouped, hex, size } from '../terminal.ts';
import { commReports } from './comms.ts';
import { EntryReader } from './entries.ts';
import { blockNumbers, keyReport, waitingAt } from './history.ts';
import { namesIn } from './keys.ts';
import { STORE_OPTION, withNamedStore } from './store.ts';
import type { ChannelNames } from './text.ts';
import { verifyInChild } from './verify.ts';
import type { RhoVerifyReport } from './verify-store.ts';
import { MAXIMUM_WAITING, renderView, type BlockView, type KeyView, type View } from './view-page.ts';

export const RHO_VIEW: CommandHelp = {
  name: 'rho view',
  positional: '',
  positionals: [0, 0],
  help: 'write one HTML page in which blocks, reductions and histories can be clicked through',
  options: {
    ...STORE_OPTION,
    out: { value: 'FILE', help: 'where the page goes' },
    blocks: { value: 'N', help: 'most blocks, the newest (default 200)' },
    keys: { value: 'N', help: 'most keys, first those that the shown blocks touch (default 500)' },
    entries: { value: 'N', help: 'most entries of a key and reductions of a block (default 200)' },
    'max-bytes': { value: 'N', help: 'most bytes of the page (default 16777216)' },
    'no-verify': { help: 'do not verify the store first' },
  },
};

/** Fields of `commute rho view --json`. */
export interface RhoViewReport {
  readonly command: 'rho view';
  readonly out: string;
  readonly bytes: number;
  readonly blocks: number;
  readonly keys: number;
  /** What the page leaves out, and says that it does. */
  readonly leftOut: { readonly blocks: number; readonly keys: number };
  /** Whether the store was verified, and is in order; null if it was not verified. */
  readonly verified: boolean | null;
}

interface Limits {
  readonly blocks: number;
  readonly keys: number;
  readonly entries: number;
  readonly bytes: number;
}

function limitsOf({ args }: CommandContext): Limits {
  return {
    blocks: args.number('blocks', 0, 100_000) ?? 200,
    keys: args.number('keys', 0, 1_000_000) ?? 500,
    entries: args.number('entries', 0, 1_000_000) ?? 200,
    bytes: args.number('max-bytes', 65_536, 2 ** 30) ?? 2 ** 24,
  };
}

function blockView(stored: StoredBlock, tracer: Tracer, names: ChannelNames, limit: number): BlockView {
  const { block, hash, commit } = stored;
  const trace = tracer.block(commit.number);
  const comms = trace.ok ? commReports(trace.comms, names) : [];
  return {
    number: block.number,
    hash: hex(hash),
    parent: hex(block.parent),
    root: hex(commit.root),
    logHash: hex(commit.logHash),
    timestamp: block.timestamp,
    sender: block.sender.length === 0 ? null : hex(block.sender),
    notReplayed: trace.ok ? null : `${trace.reason}: ${trace.detail}`,
    comms: comms.slice(0, limit),
    commsLeftOut: Math.max(0, comms.length - limit),
    deploys: block.deploys.map((deploy, index) => {
      const outcome = trace.ok ? trace.outcomes[index] : undefined;
      return {
        id: hex(deployId(deploy)),
        file: deploy.file,
        source: deploy.source,
        deployer: deploy.deployer.length === 0 ? null : hex(deploy.deployer),
        tokens: deploy.tokens ?? null,
        spent: outcome?.spent ?? null,
        tokensFor: deploy.tokensFor === undefined ? null : hex(deploy.tokensFor),
        output: outcome?.output.map(({ text }) => text) ?? [],
      };
    }),
  };
}

/** Channels in the order in which they are shown: those of the newest events first, then all others by hash. */
function channelsInOrder(history: HistoryStore, commits: readonly number[]): Uint8Array[] {
  const seen = new Map<string, Uint8Array>();
  const add = (channel: Uint8Array): void => {
    const key = hex(channel);
    if (!seen.has(key)) seen.set(key, channel);
  };
  for (const commit of commits) {
    const log = decodeLog(history.log(commit) ?? new Uint8Array(0));
    for (const { event } of log.ok ? log.entries : []) for (const channel of channelsOf(event)) add(channel);
  }
  for (const channel of history.channels()) add(channel);
  return [...seen.values()];
}

function channelsOf(event: StoreEvent): readonly Uint8Array[] {
  if (event.kind === 'produce') return [event.channel];
  return event.kind === 'consume' ? event.channels : event.uses.map(({ channel }) => channel);
}

function keyView(
  history: HistoryStore,
  channel: Uint8Array,
  reader: EntryReader,
  names: ChannelNames,
  limit: number,
): KeyView {
  const key = keyReport(history, channel, names);
  const steps: HistoryStep[] = [];
  for (const step of history.history(channel)) if (step.entry.sequence > key.entries - limit) steps.push(step);
  return {
    ...key,
    verified: verifyHistory(history, channel).ok,
    head: hex(history.key(channel)?.head ?? new Uint8Array(32)),
    shown: steps.map((step) => reader.entry(step)),
    waiting: waitingAt(history, channel, MAXIMUM_WAITING),
  };
}

function viewOf(
  store: KeyValueStore,
  path: string,
  limits: Limits,
  verified: RhoVerifyReport | null,
  progress: Progress,
): View {
  const history = new HistoryStore(store);
  const names = namesIn(history);
  const tracer = new Tracer(store, { maximumBlocks: Math.max(limits.blocks, 100) });
  const stored: StoredBlock[] = [];
  let blocksLeftOut = 0;
  for (const block of chainOf({ history })) {
    if (stored.length < limits.blocks) stored.push(block);
    else blocksLeftOut += 1;
  }
  // Oldest first, so that places of older code are there when newer blocks are played.
  const blocks = stored.toReversed().map((block, index) => {
    progress.show(index, stored.length);
    return blockView(block, tracer, names, limits.entries);
  });
  const channels = channelsInOrder(
    history,
    stored.map(({ commit }) => commit.number),
  );
  const reader = new EntryReader(history, tracer, names, blockNumbers(history));
  const keys = channels
    .slice(0, limits.keys)
    .map((channel) => keyView(history, channel, reader, names, limits.entries));
  return {
    store: path,
    root: hex(history.root()),
    verified,
    blocks: blocks.reverse(),
    keys,
    blocksLeftOut,
    keysLeftOut: Math.max(0, channels.length - limits.keys),
    limit: limits.entries,
  };
}

/** `commute rho view`. */
export async function rhoView(context: CommandContext): Promise<ExitCode> {
  const { args, terminal, signal } = context;
  const [path, out] = [args.text('store'), args.text('out')];
  if (out === undefined) throw new UsageError('out', '--out: expected where the page goes, got nothing');
  const limits = limitsOf(context);
  const report = await withNamedStore(args, 'read', async (store): Promise<RhoViewReport> => {
    const verified = args.flag('no-verify') ? null : await verifyInChild(path!, signal);
    const progress = new Progress(terminal, 'view', 'blocks');
    const { html, blocksLeftOut, keysLeftOut, blocks, keys } = renderView(
      viewOf(store, path!, limits, verified, progress),
      limits.bytes,
    );
    progress.end();
    writeNamed('out', out, html);
    const leftOut = { blocks: blocksLeftOut, keys: keysLeftOut };
    return {
      command: 'rho view',
      out,
      bytes: Buffer.byteLength(html),
      blocks,
      keys,
      leftOut,
      verified: verified === null ? null : verified.ok,
    };
  });
  if (args.flag('json')) terminal.out(`${JSON.stringify(report)}\n`);
  else {
    const { blocks, keys, leftOut } = report;
    terminal.note(`${out}: ${grouped(blocks)} blocks, ${grouped(keys)} keys, ${size(report.bytes)}`);
    if (leftOut.blocks + leftOut.keys > 0)
      terminal.note(`left out: ${grouped(leftOut.blocks)} blocks, ${grouped(leftOut.keys)} keys`);
    if (report.verified === false) terminal.note('the store is damaged; the page says where');
  }
  return report.verified === false ? EXIT.rejected : EXIT.ok;
}
