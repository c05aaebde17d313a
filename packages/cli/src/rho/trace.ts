import { chainOf, RhoSpace, Tracer, type TracedComm } from '@commute/rho-store';
import type { CommandHelp } from '../arguments.ts';
import type { CommandContext } from '../command.ts';
import { EXIT, RejectedError, UsageError, type ExitCode } from '../failure.ts';
import { counted } from '../terminal.ts';
import { commReports, describeComms, type CommReport } from './comms.ts';
import {
  deployReport,
  DEPLOY_OPTIONS,
  deploySettings,
  prepareProgram,
  readPrograms,
  type DeployReport,
} from './deploys.ts';
import { namesIn } from './keys.ts';
import { newestBlock, STORE_OPTION, withNamedStore, withStore } from './store.ts';
import { findingText, readable, type FindingReport } from './text.ts';

export const RHO_TRACE: CommandHelp = {
  name: 'rho trace',
  positional: '[file.rho ...]',
  positionals: [0, 1000],
  help: 'show each reduction with its source lines: of programs, without keeping what they do, or of a stored block',
  options: {
    ...STORE_OPTION,
    block: { value: 'N', help: 'a block of the store, instead of programs' },
    ...DEPLOY_OPTIONS,
    metering: { help: 'show reductions of metering too' },
  },
};

/** Fields of `commute rho trace --json`. */
export interface RhoTraceReport {
  readonly command: 'rho trace';
  /** Number of the stored block; null for programs that were run without keeping what they did. */
  readonly block: number | null;
  readonly comms: number;
  readonly trace: readonly CommReport[];
  readonly output: readonly string[];
  readonly refused: readonly FindingReport[];
  readonly deploys: readonly DeployReport[];
}

/** `commute rho trace`. */
export async function rhoTrace(context: CommandContext): Promise<ExitCode> {
  const { args, terminal } = context;
  const number = args.number('block', 1, Number.MAX_SAFE_INTEGER);
  if (number !== undefined && (args.positionals.length > 0 || args.text('code') !== undefined))
    throw new UsageError('block', '--block: expected no program beside it, got one');
  const report = number === undefined ? await traceProgram(context) : await traceBlock(context, number);
  if (args.flag('json')) terminal.out(`${JSON.stringify(report)}\n`);
  else {
    describeComms(report.trace, (line) => {
      terminal.out(`${line}\n`);
    });
    for (const line of report.output) terminal.note(`output: ${readable(line)}`);
    terminal.note(counted(report.comms, 'reduction'));
  }
  return report.refused.length === 0 ? EXIT.ok : EXIT.rejected;
}

function shown(comms: readonly TracedComm[], metering: boolean): readonly TracedComm[] {
  return metering ? comms.map((one) => ({ ...one, role: undefined })) : comms;
}

function traceProgram({ args, terminal }: CommandContext): Promise<RhoTraceReport> {
  const programs = readPrograms(args);
  const settings = deploySettings(args);
  return withStore(args, 'read', (store) => {
    const space = new RhoSpace(store);
    const after = newestBlock(space)?.block.number ?? 0;
    const deploys = programs.map((program) => prepareProgram(program, settings, after).deploy);
    const tracer = new Tracer(store, { maximumComms: settings.maximumComms });
    const { outcomes, comms } = tracer.try({ deploys, timestamp: settings.timestamp });
    const names = namesIn(space.history);
    for (const deploy of deploys) names.learn(deploy);
    const reports = outcomes.map((outcome) => deployReport(outcome, 0));
    if (!args.flag('json')) {
      for (const { deploy, refused, warnings } of outcomes)
        for (const finding of [...warnings, ...refused]) terminal.note(findingText(finding, deploy.source));
    }
    return {
      command: 'rho trace',
      block: null,
      comms: reports.reduce((sum, one) => sum + one.comms, 0),
      trace: commReports(shown(comms, args.flag('metering')), names),
      output: reports.flatMap((one) => one.output),
      refused: reports.flatMap((one) => one.refused),
      deploys: reports,
    };
  });
}

function traceBlock({ args }: CommandContext, number: number): Promise<RhoTraceReport> {
  return withNamedStore(args, 'read', (store) => {
    const space = new RhoSpace(store);
    for (const { block, commit } of chainOf(space)) {
      if (block.number !== number) continue;
      const maximumComms = args.number('max-comms', 0, Number.MAX_SAFE_INTEGER) ?? 1_000_000;
      const trace = new Tracer(store, { maximumComms }).block(commit.number);
      if (!trace.ok) throw new RejectedError(`block ${String(number)}`, `${trace.reason}: ${trace.detail}`);
      const deploys = trace.outcomes.map((outcome) => deployReport(outcome, 0));
      return {
        command: 'rho trace',
        block: number,
        comms: deploys.reduce((sum, one) => sum + one.comms, 0),
        trace: commReports(shown(trace.comms, args.flag('metering')), namesIn(space.history)),
        output: deploys.flatMap((one) => one.output),
        refused: [],
        deploys,
      };
    }
    throw new UsageError('block', `--block: expected one that the store keeps, got ${String(number)}`);
  });
}
