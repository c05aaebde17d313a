import {
  checkComposite,
  composeContracts,
  ContractIndex,
  interfaceOf,
  parseQuery,
  propertiesOfCheck,
  readProgram,
  type CheckedProperty,
  type ContractInterface,
  type ContractQuery,
  type IndexedContract,
  type QueryMatch,
} from '@commute/rho-discovery';
import { RhoSpace, Tracer } from '@commute/rho-store';
import type { Arguments, CommandHelp } from '../arguments.ts';
import type { CommandContext } from '../command.ts';
import { EXIT, UsageError, type ExitCode } from '../failure.ts';
import { bold, grouped, hex } from '../terminal.ts';
import {
  aspectReports,
  contractReport,
  type AspectReport,
  type ContractPlace,
  type ContractReport,
} from './contracts.ts';
import { readPrograms, type Program } from './deploys.ts';
import { STORE_OPTION } from './store.ts';
import { INDEX_OPTION, withStoreIndex, type Found, type OpenIndex, type StoreIndexReport } from './store-index.ts';
import { findingReport, findingText, readable, type FindingReport } from './text.ts';

export const RHO_DISCOVER: CommandHelp = {
  name: 'rho discover',
  positional: '[file.rho ...]',
  positionals: [0, 1000],
  help: 'find contracts that accept what a caller sends and answer what it takes, in a store and in programs',
  options: {
    ...STORE_OPTION,
    ...INDEX_OPTION,
    code: { value: 'TEXT', help: 'a program on the command line, beside files' },
    query: {
      value: 'TEXT',
      help: 'what is wanted, as a contract: contract @"math"(@Int, reply) = { reply!(Int) }; all contracts unless told',
    },
    'max-cost': { value: 'N', help: 'most tokens that a call may take in the contract itself' },
    properties: { value: 'NAMES', help: 'properties that must hold, by commas, such as observable-outputs' },
    check: {
      help: 'let the model checker look at each program beside callers of its contracts, and show what it finds',
    },
    all: { help: 'show contracts too that no caller can reach by a name or URI' },
    limit: { value: 'N', help: 'most matches (default 20)' },
    near: { value: 'N', help: 'most contracts that nearly match (default 5)' },
  },
};

/** A contract that was found. */
export interface MatchReport extends ContractReport {
  /** `no` for those that nearly match. */
  readonly verdict: 'yes' | 'no' | 'unknown';
  /** How it stands in each respect. */
  readonly aspects: readonly AspectReport[];
}

/** Fields of `commute rho discover --json`. */
export interface RhoDiscoverReport {
  readonly command: 'rho discover';
  readonly query: string | null;
  /** Number of contracts in the store and the programs. */
  readonly contracts: number;
  /** Best first. */
  readonly matches: readonly MatchReport[];
  readonly near: readonly MatchReport[];
  /** Number of contracts, or groups of contracts alike, that were looked at one by one. */
  readonly examined: number;
  /** False if there were too many to look at. */
  readonly complete: boolean;
  /** Errors of the query and of programs. */
  readonly refused: readonly FindingReport[];
  /** Root of the store; null without one. */
  readonly root: string | null;
  /** How its contracts were found; null without one. */
  readonly index: StoreIndexReport | null;
}

/** What an index answers. */
type Answer = Omit<RhoDiscoverReport, 'index' | 'refused'>;

type PlaceOf = (match: QueryMatch) => ContractPlace | undefined;

function isReachable({ channel }: ContractInterface): boolean {
  return channel.kind === 'public' || channel.kind === 'registry';
}

function readQuery(args: Arguments, refused: FindingReport[], note: (text: string) => void): ContractQuery | undefined {
  const text = args.text('query');
  const most = args.number('max-cost', 0, Number.MAX_SAFE_INTEGER);
  const properties = args.text('properties')?.split(',');
  const more = {
    ...(most === undefined ? {} : { maximumCost: BigInt(most) }),
    ...(properties === undefined ? {} : { properties }),
  };
  if (text === undefined) return more;
  const result = parseQuery(text);
  if (result.ok) return { ...result.query, ...more };
  for (const one of result.diagnostics) {
    refused.push(findingReport('query', one));
    note(findingText({ ...one, severity: 'error' }, text));
  }
  return undefined;
}

/** What the model checker finds in a program beside callers of what it offers. */
async function checkedProperties(
  { file, source }: Program,
  { terminal, signal }: CommandContext,
): Promise<readonly CheckedProperty[]> {
  const composite = composeContracts([{ name: file, file, source }]);
  if (!composite.ok) return [];
  const { result } = await checkComposite(composite, {
    signal,
    onProgress: ({ states }) => {
      terminal.status(`exploring schedules of ${file}, ${grouped(states)} states`);
    },
  });
  terminal.endStatus();
  return propertiesOfCheck(result);
}

/** The contracts of the programs of the command line. */
async function contractsOf(
  context: CommandContext,
  refused: FindingReport[],
  note: (text: string) => void,
): Promise<readonly IndexedContract[]> {
  const { args } = context;
  const found: IndexedContract[] = [];
  if (args.positionals.length === 0 && args.text('code') === undefined) return found;
  for (const program of readPrograms(args)) {
    const { file, source } = program;
    const read = readProgram(source, file);
    if (!read.ok) {
      for (const one of read.diagnostics) {
        refused.push(findingReport('parse', one));
        note(findingText({ ...one, severity: 'error' }, source));
      }
      continue;
    }
    const properties = args.flag('check') ? await checkedProperties(program, context) : [];
    const { contracts } = interfaceOf(read.term, { source, file, locations: read.locations, properties });
    contracts.forEach((contract, position) => {
      found.push({ id: `${file}#${String(position)}`, contract });
    });
  }
  return found;
}

/** Answers a query from an index that is filled. */
function answer(
  index: ContractIndex,
  query: ContractQuery | undefined,
  args: Arguments,
  placeOf: PlaceOf,
  root: string | null,
): Found<Answer> {
  const limit = args.number('limit', 0, 10_000) ?? 20;
  const near = args.number('near', 0, 1000) ?? 5;
  const where = args.flag('all') ? undefined : isReachable;
  const found =
    query === undefined
      ? { matches: [], near: [], examined: 0, complete: true }
      : index.query(query, { limit, near, ...(where === undefined ? {} : { where }) });
  const report = (match: QueryMatch): MatchReport => ({
    ...contractReport(match.contract, placeOf(match)),
    verdict: match.verdict,
    aspects: aspectReports(match.aspects),
  });
  return {
    value: {
      command: 'rho discover',
      query: args.text('query') ?? null,
      contracts: index.size,
      matches: found.matches.map(report),
      near: found.near.map(report),
      examined: found.examined,
      complete: found.complete,
      root,
    },
    ids: [...found.matches, ...found.near].map(({ id }) => id),
  };
}

/** Answers a query from the contracts of a store, beside those of programs. */
function answerFromStore(
  { store, contracts }: OpenIndex,
  query: ContractQuery | undefined,
  args: Arguments,
): Found<Answer> {
  const tracer = new Tracer(store);
  const placeOf: PlaceOf = ({ id, contract }) => {
    const stored = contracts.placeOf(id);
    if (stored === undefined) return contract.place;
    const place = tracer.item(stored.channel, stored.hash)?.place;
    return place === undefined ? undefined : { file: place.deploy.file, line: place.line, column: place.column };
  };
  return answer(contracts.index, query, args, placeOf, hex(new RhoSpace(store).root()));
}

/** `commute rho discover`. */
export async function rhoDiscover(context: CommandContext): Promise<ExitCode> {
  const { args, terminal } = context;
  const json = args.flag('json');
  const note = json ? (): void => undefined : terminal.note;
  const named = args.text('store') !== undefined;
  if (!named && args.positionals.length === 0 && args.text('code') === undefined)
    throw new UsageError('store', '--store: expected the folder of a store, or programs, got neither');
  const refused: FindingReport[] = [];
  const query = readQuery(args, refused, note);
  const programs = await contractsOf(context, refused, note);
  const add = (index: ContractIndex): void => {
    for (const { id, contract } of programs) index.add(id, contract);
  };
  let report: RhoDiscoverReport;
  if (named) {
    const { value, index } = await withStoreIndex(context, (open) => {
      add(open.contracts.index);
      return answerFromStore(open, query, args);
    });
    report = { ...value, refused, index };
  } else {
    const index = new ContractIndex();
    add(index);
    const { value } = answer(index, query, args, ({ contract }) => contract.place, null);
    report = { ...value, refused, index: null };
  }
  if (json) terminal.out(`${JSON.stringify(report)}\n`);
  else describe(report, terminal.out, terminal.note);
  return report.refused.length === 0 ? EXIT.ok : EXIT.rejected;
}

const MARK = { yes: '+', no: '-', unknown: '?' } as const;

function describeMatch(match: MatchReport, out: (text: string) => void): void {
  const { channel, message, replies, cost, unbounded, place, verdict, aspects } = match;
  const where = place === null ? '' : `, ${place.file}:${String(place.line)}:${String(place.column)}`;
  const tokens =
    cost === null ? `no bound (${String(unbounded)})` : `${grouped(cost)} ${cost === 1 ? 'token' : 'tokens'}`;
  out(`${readable(`${MARK[verdict]} ${channel} takes ${message}, ${tokens}${where}`)}\n`);
  for (const { argument, messages, complete } of replies)
    out(
      `${readable(`    answers on part ${String(argument + 1)}: ${messages.join(' or ')}${complete ? '' : ', or others do'}`)}\n`,
    );
  for (const one of aspects) out(`${readable(`    ${MARK[one.verdict]} ${one.aspect}: ${one.reason}`)}\n`);
}

function describe(report: RhoDiscoverReport, out: (text: string) => void, note: (text: string) => void): void {
  for (const match of report.matches) describeMatch(match, out);
  if (report.near.length > 0) {
    note('nearly:');
    for (const match of report.near) describeMatch(match, out);
  }
  const limited = report.complete ? '' : ', of those that were looked at';
  note(bold(`${grouped(report.matches.length)} of ${grouped(report.contracts)} contracts${limited}`));
  if (report.index?.source === 'not-confirmed')
    note('the index beside the store said what the store does not, so all contracts were read');
}
