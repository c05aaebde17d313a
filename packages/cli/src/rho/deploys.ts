import type { Demand } from '@commute/rholang';
import {
  deployId,
  examineDeploy,
  signDeploy,
  unsignedDeploy,
  type Deploy,
  type DeployOutcome,
  type PlayOptions,
  type Refusal,
  type UnsignedDeploy,
} from '@commute/rho-store';
import { createVm } from '@commute/rosette';
import type { Arguments, OptionHelp } from '../arguments.ts';
import { UsageError } from '../failure.ts';
import { readNamed } from '../program.ts';
import { hex } from '../terminal.ts';
import { findingReport, type FindingReport } from './text.ts';

/** Tokens of a program whose demand has no bound, unless told. */
export const DEFAULT_TOKENS = 100_000;

/** What runs programs. */
const ENGINES = ['reducer', 'bytecode'] as const;

/** Options that say how programs are deployed. */
export const DEPLOY_OPTIONS: Readonly<Record<string, OptionHelp>> = {
  code: { value: 'TEXT', help: 'a program on the command line instead of a file' },
  tokens: {
    value: 'N',
    help: `tokens that pay for reductions; what the program can spend, or ${DEFAULT_TOKENS.toString()} where that has no bound`,
  },
  bounded: { help: 'refuse a program whose demand for tokens has no bound' },
  unmetered: { help: 'run without metering' },
  key: {
    value: 'FILE',
    help: 'sign with this secret key of secp256k1, 64 hex digits; deployer and sender are its public key',
  },
  timestamp: { value: 'MS', help: 'time of deploy and block, in milliseconds since 1970; the clock unless told' },
  engine: {
    value: 'NAME',
    help: `${ENGINES.join(' or ')}: walk terms (default), or compile to bytecode; the results are the same`,
  },
  'max-comms': { value: 'N', help: 'most reductions of a program, gates included (default 1000000)' },
};

/** A program of the command line. */
export interface Program {
  readonly file: string;
  readonly source: string;
}

function decoded(file: string, bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new UsageError('file', `file: expected text in UTF-8, got ${file}`);
  }
}

/** Reads the programs that the command line names. */
export function readPrograms(args: Arguments): Program[] {
  const files = args.positionals.map((file) => ({ file, source: decoded(file, readNamed('file', file)) }));
  const code = args.text('code');
  const programs = code === undefined ? files : [...files, { file: '<code>', source: code }];
  if (programs.length === 0) throw new UsageError('file', 'file: expected a program, or --code, got nothing');
  return programs;
}

/** The secret key that the command line names; nothing if it names none. */
export function readSigningKey(args: Arguments): Uint8Array | undefined {
  const path = args.text('key');
  if (path === undefined) return undefined;
  const text = new TextDecoder().decode(readNamed('key', path)).trim();
  if (!/^(0x)?[0-9a-f]{64}$/i.test(text))
    throw new UsageError('key', `key: expected 64 hex digits in ${path}, got something else`);
  return Uint8Array.from(Buffer.from(text.replace(/^0x/i, ''), 'hex'));
}

/** How programs become deploys. */
export interface DeploySettings {
  readonly key: Uint8Array | undefined;
  /** Nothing for what the program can spend. */
  readonly tokens: number | undefined;
  readonly metered: boolean;
  readonly bounded: boolean;
  readonly timestamp: number;
  readonly maximumComms: number;
  /** Makes what runs them; the reducer if absent. */
  readonly runtime: PlayOptions['runtime'];
}

/** Makes what the command line wants programs to be run by. */
export function engineOf(args: Arguments): PlayOptions['runtime'] {
  return args.choice('engine', ENGINES, 'reducer') === 'bytecode' ? createVm : undefined;
}

/** Reads how programs become deploys. */
export function deploySettings(args: Arguments): DeploySettings {
  if (args.flag('unmetered') && (args.text('tokens') !== undefined || args.flag('bounded')))
    throw new UsageError('unmetered', '--unmetered: expected neither --tokens nor --bounded beside it, got one');
  return {
    key: readSigningKey(args),
    tokens: args.number('tokens', 0, Number.MAX_SAFE_INTEGER),
    metered: !args.flag('unmetered'),
    bounded: args.flag('bounded'),
    timestamp: args.number('timestamp', 0, Number.MAX_SAFE_INTEGER) ?? Date.now(),
    maximumComms: args.number('max-comms', 0, Number.MAX_SAFE_INTEGER) ?? 1_000_000,
    runtime: engineOf(args),
  };
}

/** A deploy, signed if there is a key. */
export function deployOf(unsigned: UnsignedDeploy, { key }: Pick<DeploySettings, 'key'>): Deploy {
  return key === undefined ? unsignedDeploy(unsigned) : signDeploy(unsigned, key);
}

/** A deploy of the command line, and why it is refused before it gets to the store, if it is. */
export interface PreparedDeploy {
  readonly deploy: Deploy;
  readonly refusal: Refusal | undefined;
}

/** Makes a program into a deploy that follows block number `after`. */
export function prepareProgram({ file, source }: Program, settings: DeploySettings, after: number): PreparedDeploy {
  const base = { file, source, timestamp: settings.timestamp, after, tokensFor: undefined };
  if (!settings.metered) return { deploy: deployOf({ ...base, tokens: undefined }, settings), refusal: undefined };
  if (settings.tokens !== undefined && !settings.bounded)
    return { deploy: deployOf({ ...base, tokens: settings.tokens }, settings), refusal: undefined };
  const examined = examineDeploy(unsignedDeploy({ ...base, tokens: undefined }));
  const demand = examined.ok ? examined.demand : undefined;
  const needed = demand?.kind === 'bounded' ? Math.min(Number(demand.tokens), Number.MAX_SAFE_INTEGER) : DEFAULT_TOKENS;
  const deploy = deployOf({ ...base, tokens: settings.tokens ?? needed }, settings);
  if (!settings.bounded || demand?.kind !== 'unbounded') return { deploy, refusal: undefined };
  const refusal: Refusal = {
    ...demand,
    stage: 'admission',
    reason: 'unbounded',
    severity: 'error',
    expected: [],
    hint: undefined,
  };
  return { deploy, refusal };
}

/** Fields about a deploy in the JSON of `run`, `eval` and `trace`. */
export interface DeployReport {
  readonly file: string;
  /** Identity, 0x and 64 hex digits. */
  readonly id: string;
  /** Public key of who signed it, 0x and 130 hex digits; null if nobody did. */
  readonly deployer: string | null;
  readonly comms: number;
  /** Reductions of all kinds, those of metering included. */
  readonly reductions: number;
  readonly output: readonly string[];
  readonly refused: readonly FindingReport[];
  readonly warnings: readonly FindingReport[];
  /** Null if it is not metered or was refused before that was known. */
  readonly tokens: TokenReport | null;
}

/** What a deploy can spend and has spent. */
export interface TokenReport {
  /** The most that it can spend; null if that has no bound. */
  readonly demand: number | null;
  /** Why there is no bound; null if there is one. */
  readonly unbounded: string | null;
  readonly supply: number;
  readonly spent: number;
  readonly left: number;
  /** Number of gates that wait for tokens. */
  readonly waiting: number;
}

function tokenReport(deploy: Deploy, demand: Demand | undefined, spent: number, waiting: number): TokenReport | null {
  if (deploy.tokens === undefined || demand === undefined) return null;
  const unbounded = demand.kind === 'unbounded' ? demand.reason : null;
  return {
    demand: demand.kind === 'bounded' ? Number(demand.tokens) : null,
    unbounded,
    supply: deploy.tokens,
    spent,
    left: deploy.tokens - spent,
    waiting,
  };
}

/** The report of a deploy; `waiting` is the number of gates that wait for its tokens. */
export function deployReport(outcome: DeployOutcome, waiting: number): DeployReport {
  const { deploy, refused, warnings, demand, comms, reductions, spent, output } = outcome;
  return {
    file: deploy.file,
    id: hex(deployId(deploy)),
    deployer: deploy.deployer.length === 0 ? null : hex(deploy.deployer),
    comms,
    reductions,
    output: output.flatMap(({ stream, text }) => (stream === 'stdout' ? [text] : [])),
    refused: refused.map((one) => findingReport(one.stage, one)),
    warnings: warnings.map((one) => findingReport('observability', one)),
    tokens: refused.length > 0 ? null : tokenReport(deploy, demand, spent, waiting),
  };
}

/** How blocks are played. */
export function playOptions({
  maximumComms,
  runtime,
}: Pick<DeploySettings, 'maximumComms' | 'runtime'>): Pick<PlayOptions, 'maximumComms' | 'runtime'> {
  return { maximumComms, ...(runtime === undefined ? {} : { runtime }) };
}
