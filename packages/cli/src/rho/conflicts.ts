import { receiveOf } from '@commute/rholang';
import {
  chainOf,
  compareLogs,
  createMemoryKeyValue,
  decodeItem,
  decodeLog,
  itemHash,
  makeBlock,
  RhoSpace,
  Tracer,
  unsignedDeploy,
  type Conflict,
  type KeyValueStore,
} from '@commute/rho-store';
import type { Arguments, CommandHelp } from '../arguments.ts';
import type { CommandContext } from '../command.ts';
import { EXIT, RejectedError, UsageError, type ExitCode } from '../failure.ts';
import { readNamed } from '../program.ts';
import { bold, counted, grouped, hex, type Terminal } from '../terminal.ts';
import { DEPLOY_OPTIONS, deploySettings, playOptions, prepareProgram, type DeploySettings } from './deploys.ts';
import { channelText, namesIn } from './keys.ts';
import { holdsStore, newestBlock, STORE_OPTION, withNamedStore, withPath } from './store.ts';
import { compareStores, type StoreConflict } from './store-conflicts.ts';
import {
  findingReport,
  findingText,
  placeReport,
  placeText,
  readable,
  valueText,
  type ChannelNames,
  type FindingReport,
  type PlaceReport,
} from './text.ts';

export const RHO_CONFLICTS: CommandHelp = {
  name: 'rho conflicts',
  positional: '<a> <b>',
  positionals: [2, 2],
  help: 'tell whether two programs or event logs on one base, or two stores that share blocks, conflict, where and why',
  options: {
    ...STORE_OPTION,
    base: {
      value: 'N',
      help: 'the block that both follow; the newest (that both stores have) unless told. Without --store, an empty base',
    },
    tokens: DEPLOY_OPTIONS['tokens']!,
    unmetered: DEPLOY_OPTIONS['unmetered']!,
    timestamp: DEPLOY_OPTIONS['timestamp']!,
    'max-comms': DEPLOY_OPTIONS['max-comms']!,
  },
};

/** A message or a receive that a conflict is about. */
export interface ConflictItem {
  readonly kind: 'message' | 'receive' | 'unknown';
  /** What it is, as Rholang prints it, shortened. */
  readonly text: string;
  /** Where it was sent or stands; null where that is not known. */
  readonly place: PlaceReport | null;
}

/** Why two logs conflict. */
export interface ConflictReason {
  readonly kind: Conflict['kind'];
  /** One sentence. */
  readonly why: string;
  /** Where: the channel as Rholang prints it; of `same-deploy`, the deploy. */
  readonly channel: string;
  readonly items: readonly ConflictItem[];
  /** Numbers of the blocks of the one store and of the other that hold it; null unless stores are compared. */
  readonly blocks: StoreConflict['blocks'] | null;
}

/** Fields of `commute rho conflicts --json`. */
export interface RhoConflictsReport {
  readonly command: 'rho conflicts';
  /** True if they cannot both happen. */
  readonly conflict: boolean;
  /** Some of the reasons, at most 32; empty if they do not conflict. */
  readonly reasons: readonly ConflictReason[];
  /** Why a program does nothing that could be compared; empty if both run. */
  readonly refused: readonly FindingReport[];
  /** State root of the base. */
  readonly base: string;
  /** Number of the block that is the base; null if it has none. */
  readonly baseBlock: number | null;
}

/** Most reasons that are reported. */
const MAXIMUM_REASONS = 32;

const WHY: Readonly<Record<Conflict['kind'], string>> = {
  'used-twice': 'both use up the same message or receive of the base',
  'read-and-used': 'one reads a message of the base that the other uses up',
  'could-meet': 'a message that one leaves could meet a receive that the other leaves',
  'shared-join': 'messages that the two leave could complete one join of the base',
  'left-twice': 'both leave the same message or receive, as two runs of one deploy do',
  'same-deploy': 'both hold the same deploy, among different others',
};

type Input = { readonly log: Uint8Array } | { readonly file: string; readonly source: string };

function readInput(path: string): Input {
  const bytes = readNamed('file', path);
  if (decodeLog(bytes).ok) return { log: bytes };
  try {
    return { file: path, source: new TextDecoder('utf-8', { fatal: true }).decode(bytes) };
  } catch {
    throw new RejectedError(path, 'expected a program in UTF-8 or an event log, got neither');
  }
}

/** Says what the items of conflicts are. */
class Items {
  readonly #tracer: Tracer;

  constructor(tracer: Tracer) {
    this.#tracer = tracer;
  }

  at(channel: Uint8Array, hash: Uint8Array, bytes?: Uint8Array): ConflictItem {
    const known = this.#tracer.item(channel, hash);
    const item = known?.item ?? (bytes && decodeItem(bytes));
    const place = placeReport(known?.place);
    if (item === undefined) return { kind: 'unknown', text: hex(hash), place };
    if (item.kind === 'message')
      return { kind: 'message', text: item.datum.data.map((value) => valueText(value)).join(', '), place };
    return { kind: 'receive', text: valueText(receiveOf(item.consume)), place };
  }

  of(conflict: Conflict): ConflictItem[] {
    switch (conflict.kind) {
      case 'used-twice':
      case 'read-and-used':
      case 'left-twice':
        return [this.at(conflict.channel, conflict.item)];
      case 'could-meet':
        return [conflict.message, conflict.receive].map((bytes) => this.at(conflict.channel, itemHash(bytes), bytes));
      case 'shared-join':
        return [...conflict.messages, conflict.receive].map((bytes) =>
          this.at(conflict.channel, itemHash(bytes), bytes),
        );
      case 'same-deploy':
        return [];
    }
  }
}

function reasonOf(
  conflict: Conflict,
  items: Items,
  names: ChannelNames,
  blocks: ConflictReason['blocks'] = null,
): ConflictReason {
  const { kind } = conflict;
  const channel = conflict.kind === 'same-deploy' ? hex(conflict.deploy) : channelText(names, conflict.channel);
  return { kind, why: WHY[kind], channel, items: items.of(conflict), blocks };
}

/** The number of the commit that the logs follow. */
function baseCommit(space: RhoSpace, number: number | undefined): number {
  if (number === undefined) {
    newestBlock(space);
    return space.history.trie.head;
  }
  for (const { block, commit } of chainOf(space)) if (block.number === number) return commit.number;
  throw new UsageError('base', `--base: expected a block that the store keeps, got ${String(number)}`);
}

function compare(
  store: KeyValueStore,
  inputs: readonly Input[],
  number: number | undefined,
  settings: DeploySettings,
  note: (text: string) => void,
): RhoConflictsReport {
  const space = new RhoSpace(store);
  const base = baseCommit(space, number);
  space.goTo(base);
  const baseBlock = newestBlock(space)?.block.number ?? null;
  const after = baseBlock ?? 0;
  const tracer = new Tracer(store, playOptions(settings));
  const names = namesIn(space.history);
  const refused: FindingReport[] = [];
  const logs = inputs.map((input) => {
    if ('log' in input) return input.log;
    const { deploy } = prepareProgram(input, settings, after);
    names.learn(deploy);
    const { outcomes, log } = tracer.try({ deploys: [deploy], timestamp: settings.timestamp }, base);
    for (const finding of outcomes.flatMap((one) => one.refused)) {
      refused.push(findingReport(finding.stage, finding));
      note(findingText(finding, deploy.source));
    }
    return log;
  });
  const root = hex(space.root());
  if (refused.length > 0)
    return { command: 'rho conflicts', conflict: false, reasons: [], refused, base: root, baseBlock };
  const result = compareLogs(space.history, logs);
  if (!result.ok)
    throw new RejectedError('conflicts', `log ${String(result.log)}: expected the log of a run, got a malformed one`);
  const items = new Items(tracer);
  const reasons = result.pairs.flatMap(({ conflicts }) => conflicts.map((one) => reasonOf(one, items, names)));
  return { command: 'rho conflicts', conflict: result.conflict, reasons, refused, base: root, baseBlock };
}

/** Compares what two stores did since the newest block that both have. */
function compareTwo(
  stores: readonly [KeyValueStore, KeyValueStore],
  number: number | undefined,
  settings: DeploySettings,
): RhoConflictsReport {
  const { base, conflicts, deploys } = compareStores(stores, number);
  const items = new Items(new Tracer(stores[0], playOptions(settings)));
  const names = namesIn(new RhoSpace(stores[0]).history);
  for (const deploy of deploys) names.learn(deploy);
  const reasons = conflicts
    .slice(0, MAXIMUM_REASONS)
    .map(({ conflict, blocks }) => reasonOf(conflict, items, names, blocks));
  return {
    command: 'rho conflicts',
    conflict: conflicts.length > 0,
    reasons,
    refused: [],
    base: hex(base.commit.root),
    baseBlock: base.block.number,
  };
}

/** A base with nothing but what every store has. */
function emptyBase(): KeyValueStore {
  const store = createMemoryKeyValue();
  const nothing = { source: 'Nil', file: 'base', timestamp: 0, after: 0, tokens: undefined, tokensFor: undefined };
  makeBlock(new RhoSpace(store), { deploys: [unsignedDeploy(nothing)], timestamp: 0 });
  return store;
}

/** `commute rho conflicts`. The exit code is 0 whether they conflict or not. */
export async function rhoConflicts({ args, terminal }: CommandContext): Promise<ExitCode> {
  const settings = deploySettings(args);
  const number = args.number('base', 1, Number.MAX_SAFE_INTEGER);
  const [one, two] = args.positionals as [string, string];
  const stores = [one, two].filter(holdsStore).length;
  if (stores > 0) return rhoStoreConflicts(args, terminal, stores, number, settings);
  const inputs = [one, two].map(readInput);
  const note = args.flag('json') ? (): void => undefined : terminal.note;
  const act = (store: KeyValueStore): RhoConflictsReport => compare(store, inputs, number, settings, note);
  const report = args.text('store') === undefined ? act(emptyBase()) : await withNamedStore(args, 'read', act);
  if (args.flag('json')) terminal.out(`${JSON.stringify(report)}\n`);
  else describe(report, terminal.out, terminal.note);
  return report.refused.length === 0 ? EXIT.ok : EXIT.rejected;
}

async function rhoStoreConflicts(
  args: Arguments,
  { out, note }: Terminal,
  stores: number,
  number: number | undefined,
  settings: DeploySettings,
): Promise<ExitCode> {
  if (stores === 1) throw new UsageError('files', 'conflicts: expected two stores or none, got one');
  if (args.text('store') !== undefined)
    throw new UsageError('store', '--store: expected no base beside two stores, which have theirs, got one');
  const [one, two] = args.positionals as [string, string];
  const report = await withPath(one, 'read', (left) =>
    withPath(two, 'read', (right) => compareTwo([left, right], number, settings)),
  );
  if (args.flag('json')) out(`${JSON.stringify(report)}\n`);
  else {
    note(`block ${grouped(report.baseBlock ?? 0)} is the base`);
    describe(report, out, note);
  }
  return EXIT.ok;
}

const blocksText = (numbers: readonly number[]): string =>
  `${numbers.length === 1 ? 'block' : 'blocks'} ${numbers.map(grouped).join(', ')}`;

function describe(report: RhoConflictsReport, out: (text: string) => void, note: (text: string) => void): void {
  for (const { kind, why, channel, items, blocks } of report.reasons) {
    out(`${readable(`${kind} at ${channel}: ${why}`)}\n`);
    if (blocks !== null) out(`    ${blocksText(blocks[0])} of the one, ${blocksText(blocks[1])} of the other\n`);
    for (const item of items) out(`    ${readable(`${item.kind} ${item.text}, ${placeText(item.place)}`)}\n`);
  }
  if (report.refused.length > 0) note(bold('a program was refused, so there is nothing to compare'));
  else
    note(
      bold(
        report.conflict
          ? `conflict, for ${counted(report.reasons.length, 'reason')}`
          : 'no conflict: both can happen, in any order',
      ),
    );
}
