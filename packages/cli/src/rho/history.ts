import { receiveOf } from '@commute/rholang';
import {
  blockOf,
  chainOf,
  deployId,
  decodeItem,
  HistoryStore,
  pathOfChannel,
  StoreDamagedError,
  Tracer,
  verifyHistory,
  type HistoryStep,
  type KeyValueStore,
  type StoreProblem,
} from '@commute/rho-store';
import type { CommandHelp } from '../arguments.ts';
import type { CommandContext } from '../command.ts';
import { EXIT, type ExitCode } from '../failure.ts';
import { bold, counted, grouped, hex, type Terminal } from '../terminal.ts';
import { EntryReader, valuesOf, type EntryReport } from './entries.ts';
import { channelText, findChannel, namesIn } from './keys.ts';
import { STORE_OPTION, withNamedStore } from './store.ts';
import { placeText, readable, shortened, valueText, type ChannelNames } from './text.ts';

export const RHO_HISTORY: CommandHelp = {
  name: 'rho history',
  positional: '[name]',
  positionals: [0, 1],
  help: 'list blocks and keys, or read the history of one key back and check it against the root',
  options: {
    ...STORE_OPTION,
    limit: { value: 'N', help: 'most blocks, keys or entries that are shown, the newest of them (default 1000)' },
    'no-places': { help: 'do not play blocks again to find source lines' },
  },
};

/** A block in the JSON of `commute rho history`. */
export interface BlockReport {
  readonly block: number;
  readonly commit: number;
  readonly hash: string;
  /** State root after it. */
  readonly root: string;
  readonly timestamp: number;
  readonly deploys: readonly { readonly file: string; readonly id: string; readonly deployer: string | null }[];
}

/** A key in the JSON of `commute rho history`. */
export interface KeyReport {
  /** The channel as Rholang prints it, shortened. */
  readonly channel: string;
  /** Path in the trie: hash of the channel, 0x and 64 hex digits. */
  readonly path: string;
  /** Number of entries of its history. */
  readonly entries: number;
  /** Number of messages and receives that wait there. */
  readonly messages: number;
  readonly receives: number;
}

/** Fields of `commute rho history --json`. */
export interface RhoHistoryReport {
  readonly command: 'rho history';
  readonly root: string;
  /** Newest first. */
  readonly blocks: readonly BlockReport[];
  readonly keys: readonly KeyReport[];
  /** How many blocks and keys are not shown. */
  readonly blocksLeftOut: number;
  readonly keysLeftOut: number;
}

/** Fields of `commute rho history <name> --json`. */
export interface RhoKeyHistoryReport extends Omit<KeyReport, 'entries'> {
  readonly command: 'rho history';
  readonly root: string;
  /** Whether the whole history is what the root commits to. */
  readonly verified: boolean;
  /** What is wrong with it; empty if nothing is. */
  readonly problems: readonly { readonly sequence: number | null; readonly expected: string }[];
  /** Number of entries, those that are not shown included. */
  readonly length: number;
  /** Oldest first. */
  readonly entries: readonly EntryReport[];
  readonly leftOut: number;
  /** What waits there, as Rholang prints it, shortened; no more than the limit. */
  readonly waiting: { readonly messages: readonly (readonly string[])[]; readonly receives: readonly string[] };
}

/** Number of the block that a commit carries; null if it carries none, is damaged or was pruned. */
export function blockNumbers(history: HistoryStore): (commit: number) => number | null {
  return (commit) => {
    try {
      return blockOf(history.commitAt(commit))?.number ?? null;
    } catch (error) {
      if (error instanceof StoreDamagedError) return null;
      throw error;
    }
  };
}

/** What waits on a channel, for people: at most `limit` messages and receives. */
export function waitingAt(history: HistoryStore, channel: Uint8Array, limit: number): RhoKeyHistoryReport['waiting'] {
  const messages: string[][] = [];
  const receives: string[] = [];
  for (const { bytes } of history.items(channel)) {
    const item = decodeItem(bytes);
    if (item?.kind === 'message') {
      if (messages.length < limit) messages.push(valuesOf(bytes) ?? []);
    } else if (item !== undefined && receives.length < limit) receives.push(valueText(receiveOf(item.consume)));
  }
  return { messages, receives };
}

/** A key without its entries. */
export function keyReport(history: HistoryStore, channel: Uint8Array, names: ChannelNames): KeyReport {
  let [messages, receives] = [0, 0];
  for (const { bytes } of history.items(channel)) {
    if (decodeItem(bytes)?.kind === 'message') messages += 1;
    else receives += 1;
  }
  const entries = history.key(channel)?.sequence ?? 0;
  return { channel: channelText(names, channel), path: hex(pathOfChannel(channel)), entries, messages, receives };
}

/** The newest blocks, and how many there are besides. */
export function blockReports(history: HistoryStore, limit: number): { blocks: BlockReport[]; leftOut: number } {
  const blocks: BlockReport[] = [];
  let leftOut = 0;
  for (const { block, hash, commit } of chainOf({ history })) {
    if (blocks.length === limit) {
      leftOut += 1;
      continue;
    }
    const deploys = block.deploys.map((deploy) => ({
      file: deploy.file,
      id: hex(deployId(deploy)),
      deployer: deploy.deployer.length === 0 ? null : hex(deploy.deployer),
    }));
    blocks.push({
      block: block.number,
      commit: commit.number,
      hash: hex(hash),
      root: hex(commit.root),
      timestamp: block.timestamp,
      deploys,
    });
  }
  return { blocks, leftOut };
}

/** The newest blocks, and keys. */
export function overview(store: KeyValueStore, limit: number): RhoHistoryReport {
  const history = new HistoryStore(store);
  const names = namesIn(history);
  const { blocks, leftOut } = blockReports(history, limit);
  const keys: KeyReport[] = [];
  let keysLeftOut = 0;
  for (const channel of history.channels()) {
    if (keys.length === limit) keysLeftOut += 1;
    else keys.push(keyReport(history, channel, names));
  }
  return { command: 'rho history', root: hex(history.root()), blocks, keys, blocksLeftOut: leftOut, keysLeftOut };
}

/** A problem that verification found at one key. */
export function keyProblem(problem: StoreProblem): { sequence: number | null; expected: string } {
  return { sequence: problem.kind === 'key' ? (problem.sequence ?? null) : null, expected: problem.expected };
}

/** The history of one key, read back and checked. */
export function keyHistory(store: KeyValueStore, name: string, limit: number, places: boolean): RhoKeyHistoryReport {
  const history = new HistoryStore(store);
  const channel = findChannel(history, name);
  const names = namesIn(history);
  const checked = verifyHistory(history, channel);
  const steps: HistoryStep[] = [];
  let length = 0;
  if (checked.ok) {
    length = history.key(channel)?.sequence ?? 0;
    for (const step of history.history(channel)) if (step.entry.sequence > length - limit) steps.push(step);
  }
  const reader = new EntryReader(history, places ? new Tracer(store) : undefined, names, blockNumbers(history));
  const waiting = checked.ok ? waitingAt(history, channel, limit) : { messages: [], receives: [] };
  const key = checked.ok ? keyReport(history, channel, names) : undefined;
  return {
    command: 'rho history',
    root: hex(history.root()),
    channel: channelText(names, channel),
    path: hex(pathOfChannel(channel)),
    verified: checked.ok,
    problems: checked.problems.map(keyProblem),
    length,
    entries: steps.map((step) => reader.entry(step)),
    leftOut: length - steps.length,
    messages: key?.messages ?? 0,
    receives: key?.receives ?? 0,
    waiting,
  };
}

/** What an entry says, for people. */
export function entryText({ event, values, place, comm, metering }: EntryReport): string {
  if (event === null) return 'an event that was pruned';
  if (event === 'message-waits') return `${(values ?? []).join(', ')} begins to wait, ${placeText(place)}`;
  if (event === 'receive-waits') return `a receive begins to wait, ${placeText(place)}`;
  if (comm === null) return 'a reduction';
  const sends = comm.sends.map((one) => `${one.values.join(', ')} (${placeText(one.place)})`);
  const to = comm.system ?? placeText(comm.receive);
  return `${metering ? 'metering' : 'COMM'}: ${sends.join(' & ')} -> ${to}`;
}

/** Says what the history of a key is. */
export function describeKey(report: RhoKeyHistoryReport, { out: print, note }: Terminal): void {
  const out = (text: string): void => {
    print(`${readable(text)}\n`);
  };
  out(report.channel);
  if (report.leftOut > 0) out(`  … ${grouped(report.leftOut)} older entries`);
  for (const entry of report.entries) {
    const where = entry.block === null ? `commit ${String(entry.commit)}` : `block ${String(entry.block)}`;
    out(`  ${String(entry.sequence).padStart(5)}  ${where}  ${entryText(entry)}`);
  }
  for (const message of report.waiting.messages) out(`  waits: message ${message.join(', ')}`);
  for (const receive of report.waiting.receives) out(`  waits: ${receive}`);
  for (const { sequence, expected } of report.problems)
    note(`damaged${sequence === null ? '' : ` at entry ${grouped(sequence)}`}: expected ${expected}`);
  note(
    bold(
      report.verified
        ? `${counted(report.length, 'entry', 'entries')}, verified against the root`
        : 'the history is damaged',
    ),
  );
  note(`path ${report.path}`);
  note(`root ${report.root}`);
}

/** Says what blocks and keys there are. */
export function describeAll(report: RhoHistoryReport, { out: print, note }: Terminal): void {
  const out = (text: string): void => {
    print(`${readable(text)}\n`);
  };
  for (const { block, timestamp, root, deploys } of report.blocks) {
    const files = shortened(deploys.map(({ file }) => file).join(', '), 60);
    out(`block ${String(block).padStart(5)}  ${new Date(timestamp).toISOString()}  ${root.slice(0, 18)}  ${files}`);
  }
  if (report.blocksLeftOut > 0) out(`… ${grouped(report.blocksLeftOut)} older blocks`);
  for (const { channel, path, entries, messages, receives } of report.keys) {
    const waits = `${String(messages)} messages, ${String(receives)} receives`;
    out(`key ${path.slice(0, 14)}  ${String(entries).padStart(5)} entries  ${waits}  ${shortened(channel, 80)}`);
  }
  if (report.keysLeftOut > 0) out(`… ${grouped(report.keysLeftOut)} more keys`);
  note(`root ${report.root}`);
}

/** `commute rho history`. */
export async function rhoHistory({ args, terminal }: CommandContext): Promise<ExitCode> {
  const limit = args.number('limit', 1, Number.MAX_SAFE_INTEGER) ?? 1000;
  const [name] = args.positionals;
  return withNamedStore(args, 'read', (store) => {
    if (name === undefined) {
      const report = overview(store, limit);
      if (args.flag('json')) terminal.out(`${JSON.stringify(report)}\n`);
      else describeAll(report, terminal);
      return EXIT.ok;
    }
    const report = keyHistory(store, name, limit, !args.flag('no-places'));
    if (args.flag('json')) terminal.out(`${JSON.stringify(report)}\n`);
    else describeKey(report, terminal);
    return report.verified ? EXIT.ok : EXIT.rejected;
  });
}
