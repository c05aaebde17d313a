import { printTerm, renderDiagnostic, type PlaceFields } from '@commute/rholang';
import {
  CHECK_NAMES,
  checkProcess,
  DEFAULT_CHECKS,
  renderTrace,
  splitProperties,
  type CheckDiagnostic,
  type CheckName,
  type CheckOptions,
  type CheckResult,
  type Finding,
  type GraphSummary,
  type Trace,
  type TraceProcess,
} from '@commute/rho-check';
import type { Arguments, CommandHelp } from '../arguments.ts';
import type { CommandContext } from '../command.ts';
import { EXIT, UsageError, type ExitCode } from '../failure.ts';
import { readNamed } from '../program.ts';
import { Progress } from '../progress.ts';
import { bold, counted, duration, grouped } from '../terminal.ts';
import { readPrograms } from './deploys.ts';
import { findingReport, printable, readable, type FindingReport } from './text.ts';

const MEBIBYTE = 1024 * 1024;

export const RHO_CHECK: CommandHelp = {
  name: 'rho check',
  positional: '<file.rho> ...',
  positionals: [0, 1000],
  help: 'explore every schedule of programs side by side, and prove or refute what they are to do',
  options: {
    code: { value: 'TEXT', help: 'a program on the command line, beside the files' },
    property: { value: 'TEXT', repeated: true, help: 'such as \'eventually @"done"!(_)\'; may be given several times' },
    properties: { value: 'FILE', repeated: true, help: 'a file of properties, each ended by `;`' },
    checks: {
      value: 'NAMES',
      help: `${CHECK_NAMES.join(', ')}, by commas; all, or none (default ${DEFAULT_CHECKS.join(',')})`,
    },
    environment: {
      value: 'MESSAGES',
      repeated: true,
      help: 'messages that may arrive from outside again and again, such as \'@"in"!(Bool, _)\'',
    },
    secret: { value: 'NAME', repeated: true, help: 'a variable of `new` that must stay private, for the check leak' },
    fairness: {
      value: 'KIND',
      help: 'none: all schedules count; strong: those that put nothing off for ever (default none)',
    },
    'max-states': { value: 'N', help: 'most states (default 100000)' },
    'max-depth': { value: 'N', help: 'longest schedule (default: no bound)' },
    'max-memory': { value: 'MIB', help: 'most memory of states and terms, as the checker counts it (default 512)' },
    'max-seconds': { value: 'N', help: 'most time (default: no bound)' },
    'max-comms': { value: 'N', help: 'most reductions, for the check cost (default: what the program can spend)' },
    'accept-unknown': { help: 'exit with 0 also if a bound was reached before anything was found' },
  },
};

/** A place in JSON; null where it is not known. */
export interface CheckPlaceReport {
  readonly file: string;
  /** Counted from one. */
  readonly line: number;
  /** Counted from one, in UTF-16 code units. */
  readonly column: number;
}

/** A message or receive in JSON. */
export interface CheckProcessReport {
  readonly text: string;
  readonly place: CheckPlaceReport | null;
}

/** A schedule in JSON. */
export interface CheckTraceReport {
  readonly steps: readonly {
    /** `system` is the URI of a system process, or null. */
    readonly receive: CheckProcessReport & { readonly system: string | null };
    /** `environment` is true for messages from outside, `removed` if the message is gone from its channel. */
    readonly messages: readonly (CheckProcessReport & {
      readonly channel: string;
      readonly removed: boolean;
      readonly environment: boolean;
    })[];
  }[];
  /** Index of the step to which the schedule returns for ever; null if it ends. */
  readonly cycle: number | null;
  readonly environment: readonly string[];
  readonly waiting: readonly CheckProcessReport[];
  /** Why the run fails after the steps; null if it does not. */
  readonly failure: string | null;
}

/** A finding in JSON. */
export interface CheckFindingReport {
  readonly check: CheckName | 'property';
  readonly property: string | null;
  readonly verdict: 'holds' | 'fails' | 'unknown';
  readonly message: string;
  readonly hint: string | null;
  /** The bound that was reached, of `unknown`. */
  readonly bound: string | null;
  readonly places: readonly CheckPlaceReport[];
  readonly trace: CheckTraceReport | null;
  /** A schedule with another outcome, of `race`. */
  readonly other: CheckTraceReport | null;
}

/** Fields of `commute rho check --json`. */
export interface RhoCheckReport {
  readonly command: 'rho check';
  /** The worst of the findings; null if something was refused. */
  readonly verdict: 'holds' | 'fails' | 'unknown' | null;
  readonly findings: readonly CheckFindingReport[];
  /** What was explored; null if something was refused. */
  readonly graph: (Omit<GraphSummary, 'bound'> & { readonly bound: string | null }) | null;
  /** What is wrong with the programs, the properties or the environment. */
  readonly refused: readonly FindingReport[];
  readonly seconds: number;
}

function checksOf(args: Arguments): readonly CheckName[] {
  const text = args.text('checks');
  if (text === undefined) return DEFAULT_CHECKS;
  if (text === 'all') return CHECK_NAMES;
  return text
    .split(',')
    .filter((name) => name !== 'none')
    .map((name) => {
      const found = CHECK_NAMES.find((one) => one === name);
      if (found === undefined)
        throw new UsageError('checks', `--checks: expected ${CHECK_NAMES.join(', ')}, all or none, got ${name}`);
      return found;
    });
}

/** A property with where it comes from. */
interface NamedProperty {
  readonly file: string;
  readonly text: string;
}

function propertiesOf(args: Arguments): readonly NamedProperty[] {
  const files = args.texts('properties').flatMap((file) => {
    const text = new TextDecoder().decode(readNamed('properties', file));
    return splitProperties(text).map((one) => ({ file, text: one }));
  });
  return [...args.texts('property').map((text) => ({ file: '<property>', text })), ...files];
}

function boundsOf(args: Arguments): NonNullable<CheckOptions['bounds']> {
  const most = Number.MAX_SAFE_INTEGER;
  const states = args.number('max-states', 1, most);
  const depth = args.number('max-depth', 1, most);
  const memory = args.number('max-memory', 1, 2 ** 30);
  const seconds = args.number('max-seconds', 1, 2 ** 40);
  return {
    ...(states === undefined ? {} : { states }),
    ...(depth === undefined ? {} : { depth }),
    ...(memory === undefined ? {} : { bytes: memory * MEBIBYTE }),
    ...(seconds === undefined ? {} : { milliseconds: seconds * 1000 }),
  };
}

function placeReport(place: PlaceFields | undefined): CheckPlaceReport | null {
  return place === undefined ? null : { file: place.file, line: place.line, column: place.column };
}

function processReport({ text, place }: TraceProcess): CheckProcessReport {
  return { text, place: placeReport(place) };
}

function traceReport(trace: Trace | undefined): CheckTraceReport | null {
  if (trace === undefined) return null;
  return {
    steps: trace.steps.map(({ receive, messages }) => ({
      receive: { ...processReport(receive), system: receive.system ?? null },
      messages: messages.map((message) => ({
        ...processReport(message),
        channel: message.channel,
        removed: message.removed,
        environment: message.environment !== undefined,
      })),
    })),
    cycle: trace.cycle ?? null,
    environment: trace.environment.map((term) => printTerm(term)),
    waiting: trace.waiting.map(processReport),
    failure: trace.failure ?? null,
  };
}

/** A finding for JSON. */
export function checkFindingReport(finding: Finding): CheckFindingReport {
  const { check, property, verdict, message, hint, bound, places, trace, other } = finding;
  return {
    check,
    property: property ?? null,
    verdict,
    message,
    hint: hint ?? null,
    bound: bound ?? null,
    places: places.map((place) => placeReport(place)!),
    trace: traceReport(trace),
    other: traceReport(other),
  };
}

/** `commute rho check`. */
export async function rhoCheck({ args, terminal, signal }: CommandContext): Promise<ExitCode> {
  const programs = readPrograms(args);
  const checks = checksOf(args);
  const properties = propertiesOf(args);
  const maximumComms = args.number('max-comms', 0, Number.MAX_SAFE_INTEGER);
  const secrets = args.texts('secret');
  const progress = new Progress(terminal, 'check', 'states');
  const json = args.flag('json');
  const result = await checkProcess(programs, {
    checks: secrets.length > 0 && args.text('checks') === undefined ? [...checks, 'leak'] : checks,
    properties: properties.map(({ text }) => text),
    environment: args.texts('environment'),
    ...(secrets.length === 0 ? {} : { secrets }),
    ...(maximumComms === undefined ? {} : { maximumComms: BigInt(maximumComms) }),
    fairness: args.choice('fairness', ['none', 'strong'], 'none'),
    bounds: boundsOf(args),
    signal,
    onProgress: ({ states, waiting }) => {
      progress.show(states - waiting);
    },
  });
  progress.end();
  const seconds = progress.elapsed() / 1000;
  if (!result.ok) {
    const refused = result.diagnostics.map((one) => withFile(one, properties));
    const report: RhoCheckReport = {
      command: 'rho check',
      verdict: null,
      findings: [],
      graph: null,
      refused: refused.map(({ diagnostic }) => findingReport(result.reason, diagnostic)),
      seconds,
    };
    if (json) terminal.out(`${JSON.stringify(report)}\n`);
    else
      for (const { diagnostic, source } of refused)
        terminal.note(printable(renderDiagnostic(diagnostic, source ?? sourceOf(programs, diagnostic.file) ?? '')));
    return EXIT.rejected;
  }
  const { bound } = result.graph;
  const report: RhoCheckReport = {
    command: 'rho check',
    verdict: result.verdict,
    findings: result.findings.map(checkFindingReport),
    graph: { ...result.graph, bound: bound ?? null },
    refused: [],
    seconds,
  };
  if (json) terminal.out(`${JSON.stringify(report)}\n`);
  else describe(result, programs, seconds, terminal.note);
  const accepted = result.verdict === 'holds' || (result.verdict === 'unknown' && args.flag('accept-unknown'));
  return accepted ? EXIT.ok : EXIT.rejected;
}

const PROPERTY_FILE = /^<property (\d+)>$/;

/** A diagnostic with the file that its property comes from, and its text. */
function withFile(
  diagnostic: CheckDiagnostic,
  properties: readonly NamedProperty[],
): { readonly diagnostic: CheckDiagnostic; readonly source: string | undefined } {
  const number = PROPERTY_FILE.exec(diagnostic.file)?.[1];
  const property = number === undefined ? undefined : properties[Number(number) - 1];
  if (property === undefined) return { diagnostic, source: undefined };
  return { diagnostic: { ...diagnostic, file: property.file }, source: property.text };
}

function sourceOf(programs: readonly { file: string; source: string }[], file: string): string | undefined {
  return programs.find((one) => one.file === file)?.source;
}

function describe(
  { verdict, findings, graph }: Extract<CheckResult, { ok: true }>,
  programs: readonly { file: string; source: string }[],
  seconds: number,
  note: (text: string) => void,
): void {
  for (const finding of findings) {
    const { check, property, message, places, trace, other, hint } = finding;
    note(`${finding.verdict}: ${readable(property ?? check)}`);
    if (finding.verdict === 'holds' && trace === undefined) continue;
    if (finding.verdict === 'fails') {
      const severity = 'error';
      if (places.length === 0) note(`  ${readable(message)}`);
      places.forEach((place, index) => {
        const about = index === 0 ? message : 'and here';
        const diagnostic = { ...place, severity, message: about, expected: [], hint: undefined } as const;
        note(printable(renderDiagnostic(diagnostic, sourceOf(programs, place.file) ?? '')));
      });
      if (hint !== undefined) note(`  hint: ${hint}`);
    } else note(`  ${readable(message)}`);
    if (trace !== undefined) note(readable(renderTrace(trace)));
    if (other !== undefined) note(`  the other outcome:\n${readable(renderTrace(other))}`);
  }
  note(bold(verdict === 'holds' ? 'everything holds' : verdict === 'fails' ? 'not everything holds' : 'not found out'));
  const complete = graph.complete ? 'every schedule' : (graph.bound ?? 'until all was found');
  note(
    `${counted(graph.states, 'state')}, ${counted(graph.transitions, 'transition')}, ${grouped(graph.depth)} deep, ${complete}, ${duration(seconds * 1000)}`,
  );
}
