import { hasCode } from '@commute/errors';
import { evaluateTerm, normalize, parse, printTerm, tokenChannel } from '@commute/rholang';
import {
  deployId,
  decodeItem,
  encodeChannel,
  makeBlock,
  RhoSpace,
  Tracer,
  type Block,
  type Deploy,
  type DeployOutcome,
  type KeyValueStore,
  type SpaceCommit,
  type TracedComm,
} from '@commute/rho-store';
import type { CommandHelp } from '../arguments.ts';
import type { CommandContext } from '../command.ts';
import { EXIT, type ExitCode } from '../failure.ts';
import { writeNamed } from '../program.ts';
import { Progress } from '../progress.ts';
import { bold, counted, duration, grouped, hex, type Terminal } from '../terminal.ts';
import {
  deployReport,
  DEPLOY_OPTIONS,
  deploySettings,
  playOptions,
  prepareProgram,
  readPrograms,
  type DeployReport,
  type DeploySettings,
  type PreparedDeploy,
  type Program,
} from './deploys.ts';
import { newestBlock, STORE_OPTION, withNamedStore, withStore } from './store.ts';
import { commReports, describeComms, type CommReport } from './comms.ts';
import { ChannelNames, findingText, printable, type FindingReport } from './text.ts';

export const RHO_RUN: CommandHelp = {
  name: 'rho run',
  positional: '<file.rho> ...',
  positionals: [0, 1000],
  help: 'run programs as the deploys of one block, and keep the block in a store',
  options: {
    ...STORE_OPTION,
    ...DEPLOY_OPTIONS,
    log: { value: 'FILE', help: 'also write the event log of the block there' },
    trace: { help: 'also show each reduction with its source lines' },
  },
};

export const RHO_EVAL: CommandHelp = {
  name: 'rho eval',
  positional: '<file.rho> ...',
  positionals: [0, 1000],
  help: 'run programs in memory and keep nothing',
  options: { ...DEPLOY_OPTIONS, trace: { help: 'also show each reduction with its source lines' } },
};

/** Fields of `commute rho run --json` and `commute rho eval --json`. */
export interface RhoRunReport {
  readonly command: 'rho run' | 'rho eval';
  /** State root at the end, 0x and 64 hex digits; that from before if everything was refused. */
  readonly root: string;
  readonly rootBefore: string;
  /** Number of the block; null if everything was refused, so that there is none. */
  readonly block: number | null;
  /** Hash of the block, and of its event log. */
  readonly blockHash: string | null;
  readonly logHash: string | null;
  /** Reductions of the programs, without those of metering. */
  readonly comms: number;
  /** Lines written to `rho:io:stdout`, as Rholang prints values. */
  readonly output: readonly string[];
  /** Lines written to `rho:io:stderr`. */
  readonly errors: readonly string[];
  /** What was refused or failed, and so is not in the block; empty if nothing was. */
  readonly refused: readonly FindingReport[];
  readonly warnings: readonly FindingReport[];
  /** Value of the program if it is an expression, as `eval` shows it; null otherwise. */
  readonly value: string | null;
  readonly deploys: readonly DeployReport[];
  /** With `--trace`, each reduction; null otherwise. */
  readonly trace: readonly CommReport[] | null;
  readonly seconds: number;
}

/** A block that was made of programs, or that would have been. */
export interface BlockOfPrograms {
  readonly report: RhoRunReport;
  readonly outcomes: readonly DeployOutcome[];
  readonly log: Uint8Array | undefined;
}

/** How often a block is made again because another process committed in between. */
const ATTEMPTS = 100;

/** Number of gates that wait for tokens of a deploy. */
function waitingGates(space: RhoSpace, deploy: Deploy): number {
  if (deploy.tokens === undefined) return 0;
  const channel = encodeChannel(tokenChannel(deploy.tokensFor ?? deployId(deploy)));
  let count = 0;
  for (const { bytes } of space.history.items(channel)) if (decodeItem(bytes)?.kind === 'receive') count += 1;
  return count;
}

/** The value of a program that is an expression. */
export function valueOf({ source }: Program): string | null {
  const tree = parse(source);
  const normal = tree.ok ? normalize(tree.process, { source }) : undefined;
  if (!normal?.ok || ['nil', 'par', 'send', 'receive', 'new', 'match', 'bundle'].includes(normal.term.kind))
    return null;
  const value = evaluateTerm(normal.term);
  return value.ok ? printTerm(value.value) : null;
}

/** Makes a block of deploys that `prepare` gives for the block that they follow; again if another process commits in between. */
export function makePrepared(
  store: KeyValueStore,
  prepare: (after: number, space: RhoSpace) => readonly PreparedDeploy[],
  settings: DeploySettings,
  command: RhoRunReport['command'],
  trace: boolean,
  terminal: Terminal,
): BlockOfPrograms {
  const started = performance.now();
  const progress = new Progress(terminal, 'run', 'reductions');
  const tracer = trace ? new Tracer(store, { maximumComms: settings.maximumComms }) : undefined;
  const space = new RhoSpace(store);
  for (let attempt = 1; ; attempt += 1) {
    space.refresh();
    const rootBefore = space.root();
    const prepared = prepare(newestBlock(space)?.block.number ?? 0, space);
    const deploys = prepared.flatMap(({ deploy, refusal }) => (refusal === undefined ? [deploy] : []));
    const sender = deploys.find(({ deployer }) => deployer.length > 0)?.deployer ?? new Uint8Array(0);
    try {
      const draft = { deploys, timestamp: settings.timestamp, sender };
      let count = 0;
      const onComm = (): void => {
        count += 1;
        if (count % 1000 === 0) progress.show(count);
      };
      const { outcomes, made, comms } = tracer?.make(draft) ?? {
        ...makeBlock(space, draft, { ...playOptions(settings), onComm }),
        comms: undefined,
      };
      progress.end();
      space.refresh();
      const ran = [...outcomes];
      const all = prepared.map(({ deploy, refusal }) =>
        refusal === undefined ? ran.shift()! : refusedOutcome(deploy, refusal),
      );
      const report = reportOf(command, space, all, made, rootBefore, comms);
      const seconds = (performance.now() - started) / 1000;
      return { report: { ...report, seconds }, outcomes: all, log: made?.commit.log };
    } catch (error) {
      // Another process committed first: run again on what it left.
      if (!hasCode(error, 'RHO_STORE_VERSION_MISMATCH') || attempt === ATTEMPTS) throw error;
    }
  }
}

function refusedOutcome(deploy: Deploy, refusal: NonNullable<PreparedDeploy['refusal']>): DeployOutcome {
  const nothing = { warnings: [], demand: undefined, comms: 0, reductions: 0, spent: 0, output: [] };
  return { deploy, id: deployId(deploy), refused: [refusal], ...nothing };
}

function reportOf(
  command: RhoRunReport['command'],
  space: RhoSpace,
  outcomes: readonly DeployOutcome[],
  made: { readonly block: Block; readonly hash: Uint8Array; readonly commit: SpaceCommit } | undefined,
  rootBefore: Uint8Array,
  comms: readonly TracedComm[] | undefined,
): Omit<RhoRunReport, 'seconds'> {
  const deploys = outcomes.map((outcome) =>
    deployReport(outcome, outcome.refused.length > 0 ? 0 : waitingGates(space, outcome.deploy)),
  );
  const lines = (stream: 'stdout' | 'stderr'): string[] =>
    outcomes.flatMap(({ output }) => output.flatMap((line) => (line.stream === stream ? [line.text] : [])));
  const names = new ChannelNames();
  for (const { deploy } of outcomes) names.learn(deploy);
  return {
    command,
    root: hex(made?.commit.root ?? rootBefore),
    rootBefore: hex(rootBefore),
    block: made?.block.number ?? null,
    blockHash: made === undefined ? null : hex(made.hash),
    logHash: made === undefined ? null : hex(made.commit.logHash),
    comms: deploys.reduce((sum, one) => sum + one.comms, 0),
    output: lines('stdout'),
    errors: lines('stderr'),
    refused: deploys.flatMap((one) => one.refused),
    warnings: deploys.flatMap((one) => one.warnings),
    value: null,
    deploys,
    trace: comms === undefined ? null : commReports(comms, names),
  };
}

/** Runs programs and says what they did. */
async function runPrograms({ args, terminal }: CommandContext, command: RhoRunReport['command']): Promise<ExitCode> {
  const programs = readPrograms(args);
  const settings = deploySettings(args);
  const open = command === 'rho run' ? withNamedStore : withStore;
  const { report, outcomes, log } = await open(args, 'create', (store) =>
    makePrepared(
      store,
      (after) => programs.map((program) => prepareProgram(program, settings, after)),
      settings,
      command,
      args.flag('trace'),
      terminal,
    ),
  );
  const [only] = programs;
  const value = command === 'rho eval' && programs.length === 1 ? valueOf(only!) : null;
  const logPath = args.text('log');
  if (logPath !== undefined && log !== undefined) writeNamed('log', logPath, log);
  if (args.flag('json')) terminal.out(`${JSON.stringify({ ...report, value } satisfies RhoRunReport)}\n`);
  else describe({ ...report, value }, outcomes, terminal);
  return report.refused.length === 0 ? EXIT.ok : EXIT.rejected;
}

/** Says what a block did: its output on standard output, all else beside; `brief` leaves out the summary. */
export function describe(
  report: RhoRunReport,
  outcomes: readonly DeployOutcome[],
  terminal: Terminal,
  brief: boolean = false,
): void {
  if (report.trace !== null) describeComms(report.trace, terminal.note);
  for (const { deploy, warnings, refused } of outcomes) {
    for (const finding of [...warnings, ...refused]) terminal.note(findingText(finding, deploy.source));
  }
  for (const line of report.errors) terminal.note(printable(line));
  for (const line of report.output) terminal.out(`${printable(line)}\n`);
  if (report.value !== null) terminal.out(`${printable(report.value)}\n`);
  for (const { file, tokens } of report.deploys) {
    if (tokens === null) continue;
    if (tokens.waiting > 0)
      terminal.note(
        `${file}: out of tokens, ${counted(tokens.waiting, 'place waits', 'places wait')}; \`commute rho tokens\` brings more`,
      );
  }
  if (brief) return;
  const refused = outcomes.filter((one) => one.refused.length > 0).length;
  if (refused > 0) terminal.note(bold(`${grouped(refused)} of ${counted(outcomes.length, 'program')} refused`));
  const what = report.block === null ? 'no block' : `block ${grouped(report.block)}`;
  const spent = report.deploys.reduce((sum, { tokens }) => sum + (tokens?.spent ?? 0), 0);
  terminal.note(
    `${what}: ${counted(report.comms, 'reduction')}, ${counted(spent, 'token')} spent, ${duration(report.seconds * 1000)}`,
  );
  terminal.note(`root ${report.root}`);
}

/** `commute rho run`. */
export function rhoRun(context: CommandContext): Promise<ExitCode> {
  return runPrograms(context, 'rho run');
}

/** `commute rho eval`. */
export function rhoEval(context: CommandContext): Promise<ExitCode> {
  return runPrograms(context, 'rho eval');
}
