import { basename } from 'node:path';
import { renderDiagnostic, type Term } from '@commute/rholang';
import { HistoryStore } from '@commute/rho-store';
import { renderFinding } from '@commute/rho-check';
import {
  checkComposite,
  composeContracts,
  partsOfStore,
  type Composite,
  type CompositeCheck,
  type CompositionProblem,
  type Connection,
  type RefusedComposite,
  type StoredPart,
} from '@commute/rho-discovery';
import type { Arguments, CommandHelp } from '../arguments.ts';
import type { CommandContext } from '../command.ts';
import { EXIT, RejectedError, UsageError, type ExitCode } from '../failure.ts';
import { writeNamed } from '../program.ts';
import { bold, counted, grouped } from '../terminal.ts';
import { checkFindingReport, type CheckFindingReport } from './check.ts';
import { contractPlace, contractReport, termText, type ContractPlace, type ContractReport } from './contracts.ts';
import { readPrograms, type Program } from './deploys.ts';
import { STORE_OPTION, withNamedStore } from './store.ts';
import { printable, readable } from './text.ts';
import { readEnd, readName, readWire } from './wires.ts';

export const RHO_COMPOSE: CommandHelp = {
  name: 'rho compose',
  positional: '[file.rho ...]',
  positionals: [0, 100],
  help: 'put contracts together into one, show that their calls are accepted, and check the whole in every schedule',
  options: {
    ...STORE_OPTION,
    contract: {
      value: 'CONTRACT',
      repeated: true,
      help: 'a contract of the store as a part, with its name in wires: \'math:@"add"\', in the registry math:@`rho:id:...`; those of one name are one part',
    },
    wire: {
      value: 'WIRE',
      repeated: true,
      help: 'what goes where, parts named as their files: \'user:@"sum" = math:@"add"\'; else equal names are one channel',
    },
    expose: {
      value: 'NAME',
      repeated: true,
      help: 'a name that stays public though several parts use it, such as \'@"add"\'',
    },
    strict: { help: 'refuse calls of which it is not shown that they are accepted' },
    calls: { value: 'N', help: 'calls of each contract that stays public, all at once, to check it with (default 2)' },
    property: {
      value: 'TEXT',
      repeated: true,
      help: 'what must be true of the whole, such as \'eventually @"done"!(_)\'; may be given several times',
    },
    'max-states': { value: 'N', help: 'most states to explore (default 100000)' },
    unchecked: { help: 'put together without exploring schedules' },
    output: { value: 'FILE', help: 'where the composite goes; standard output unless told' },
  },
};

/** How a call stands to what receives on its channel, in JSON. */
export interface ConnectionReport {
  readonly part: string;
  readonly channel: string;
  readonly message: string;
  readonly receivers: readonly string[];
  readonly accepted: Connection['accepted'];
  readonly answers: Connection['answers'];
  /** A message that may be sent and is not accepted; null if none is known. */
  readonly witness: string | null;
  readonly place: ContractPlace | null;
}

/** Why parts are not put together, in JSON. */
export interface CompositionProblemReport {
  readonly reason: CompositionProblem['reason'];
  readonly message: string;
  readonly part: string | null;
  readonly place: ContractPlace | null;
  readonly witness: string | null;
}

/** A part that was read from a store, in JSON. */
export interface StoredPartReport {
  readonly part: string;
  /** What findings call its text. */
  readonly file: string;
  /** Number of contracts and other receives, and of messages, that belong to it. */
  readonly receives: number;
  readonly messages: number;
  /** What was read, as a program; places of findings are in it. */
  readonly source: string;
}

/** Fields of `commute rho compose --json`. */
export interface RhoComposeReport {
  readonly command: 'rho compose';
  /** Parts that were read from the store. */
  readonly stored: readonly StoredPartReport[];
  /** `holds`, `fails` or `unknown` of the whole; null if the parts were not put together, or nothing was checked. */
  readonly verdict: CompositeCheck['verdict'] | null;
  /** The composite; null if the parts were not put together or `verdict` is `fails`. */
  readonly source: string | null;
  /** Channels that are private to the composite. */
  readonly hidden: readonly string[];
  /** What the composite offers. */
  readonly contracts: readonly ContractReport[];
  readonly connections: readonly ConnectionReport[];
  /** Calls that leave the composite. */
  readonly open: readonly { readonly part: string; readonly channel: string; readonly message: string }[];
  readonly problems: readonly CompositionProblemReport[];
  readonly findings: readonly CheckFindingReport[];
  /** Programs that made calls while it was checked. */
  readonly callers: readonly string[];
  /** Number of states that were explored; null if nothing was checked. */
  readonly states: number | null;
}

function partName({ file }: Program): string {
  return basename(file).replace(/\.rho$/, '');
}

function connectionReport(connection: Connection): ConnectionReport {
  const { part, channel, message, receivers, accepted, answers, witness, place } = connection;
  return {
    part,
    channel: `@${termText(channel)}`,
    message: termText(message),
    receivers,
    accepted,
    answers,
    witness: witness === undefined ? null : termText(witness),
    place: contractPlace(place),
  };
}

function problemReport({ reason, message, part, place, witness }: CompositionProblem): CompositionProblemReport {
  return {
    reason,
    message,
    part: part ?? null,
    place: contractPlace(place),
    witness: witness === undefined ? null : termText(witness),
  };
}

/** The contracts of the store that the command line names, as parts. */
async function storedParts(args: Arguments): Promise<readonly StoredPart[]> {
  const wanted = new Map<string, Term[]>();
  for (const text of args.texts('contract')) {
    const { part, channel } = readEnd('contract', text);
    wanted.set(part, [...(wanted.get(part) ?? []), channel]);
  }
  if (wanted.size === 0) return [];
  const requests = [...wanted].map(([name, channels]) => ({ name, channels }));
  const result = await withNamedStore(args, 'read', (store) => partsOfStore(new HistoryStore(store), requests));
  if (!result.ok) throw new RejectedError(`part ${result.part}`, `${result.reason}: ${result.message}`);
  return result.parts;
}

function reportOf(
  result: Composite | RefusedComposite,
  check: CompositeCheck | undefined,
  parts: readonly StoredPart[],
): RhoComposeReport {
  const connections = result.connections.map(connectionReport);
  const stored = parts.map(({ name, file, receives, messages, source }) => {
    return { part: name, file, receives, messages, source };
  });
  const base = { command: 'rho compose', connections, stored } as const;
  if (!result.ok) {
    const problems = result.problems.map(problemReport);
    const nothing = { hidden: [], contracts: [], open: [], findings: [], callers: [] };
    return { ...base, ...nothing, verdict: null, source: null, problems, states: null };
  }
  const checked = check?.result;
  return {
    ...base,
    verdict: check?.verdict ?? null,
    source: check?.verdict === 'fails' ? null : (result.source ?? null),
    hidden: result.channels.filter(({ hidden }) => hidden).map(({ name }) => `@${termText(name)}`),
    contracts: result.interface.contracts
      .filter(({ channel }) => channel.kind === 'public')
      .map((contract) => contractReport(contract, undefined)),
    open: result.open.map(({ part, channel, message }) => ({
      part,
      channel: channel.kind === 'uri' ? `\`${channel.uri}\`` : `@${termText(channel.name)}`,
      message: termText(message),
    })),
    problems: [],
    findings: checked?.ok === true ? checked.findings.map(checkFindingReport) : [],
    callers: check?.callers ?? [],
    states: checked?.ok === true ? checked.graph.states : null,
  };
}

/** `commute rho compose`. Exit code 0 if everything holds, or with `--unchecked` if the parts were put together. */
export async function rhoCompose({ args, terminal, signal }: CommandContext): Promise<ExitCode> {
  const json = args.flag('json');
  const stored = await storedParts(args);
  if (args.text('store') !== undefined && stored.length === 0)
    throw new UsageError('store', '--store: expected --contract beside it, got none');
  const programs = stored.length > 0 && args.positionals.length === 0 ? [] : readPrograms(args);
  const own = programs.map((program) => ({ ...program, name: partName(program) }));
  const names = [...own, ...stored].map(({ name }) => name);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw new UsageError('file', `file: expected names that differ, got ${twice} twice`);
  const result = composeContracts([...own, ...stored], {
    wires: args.texts('wire').map(readWire),
    expose: args.texts('expose').map((name) => readName('expose', name)),
    strict: args.flag('strict'),
  });
  const states = args.number('max-states', 1, Number.MAX_SAFE_INTEGER);
  const check =
    !result.ok || args.flag('unchecked')
      ? undefined
      : await checkComposite(result, {
          calls: args.number('calls', 0, 16) ?? 2,
          properties: args.texts('property'),
          ...(states === undefined ? {} : { bounds: { states } }),
          signal,
          onProgress: (progress) => {
            terminal.status(`exploring schedules, ${grouped(progress.states)} states`);
          },
        });
  terminal.endStatus();
  const report = reportOf(result, check, stored);
  const invalid = check?.result.ok === false;
  const path = args.text('output');
  if (report.source !== null && !invalid && path !== undefined) writeNamed('output', path, `${report.source}\n`);
  if (json) terminal.out(`${JSON.stringify(report)}\n`);
  else {
    if (report.source !== null && !invalid && path === undefined) terminal.out(`${report.source}\n`);
    describe(report, result, check, terminal.note);
  }
  const fine = args.flag('unchecked') ? result.ok : report.verdict === 'holds';
  return fine ? EXIT.ok : EXIT.rejected;
}

const MARK = { yes: '+', no: '-', unknown: '?' } as const;

function describe(
  report: RhoComposeReport,
  result: Composite | RefusedComposite,
  check: CompositeCheck | undefined,
  note: (text: string) => void,
): void {
  for (const { part, receives, messages } of report.stored)
    note(readable(`${part}: ${counted(receives, 'receive')} and ${counted(messages, 'message')} of the store`));
  for (const { reason, message, place } of report.problems)
    note(
      readable(
        `${place === null ? '' : `${place.file}:${String(place.line)}:${String(place.column)}: `}${reason}: ${message}`,
      ),
    );
  for (const { part, channel, message, receivers, accepted, answers, witness } of report.connections) {
    const worst =
      accepted === 'no' || answers === 'no' ? 'no' : accepted === 'yes' && answers === 'yes' ? 'yes' : 'unknown';
    const to = receivers.length === 0 ? 'nobody' : receivers.join(', ');
    const why = witness === null ? '' : `, ${witness} would not be accepted`;
    note(readable(`${MARK[worst]} ${part} sends ${message} on ${channel} to ${to}${why}`));
  }
  if (!result.ok) {
    note(bold('not put together'));
    return;
  }
  if (report.hidden.length > 0) note(readable(`private: ${report.hidden.join(', ')}`));
  if (check === undefined) {
    note(bold('put together, not checked'));
    return;
  }
  if (!check.result.ok) {
    for (const one of check.result.diagnostics) note(printable(renderDiagnostic(one, '')));
    note(bold('put together, not checked'));
    return;
  }
  for (const finding of check.result.findings) if (finding.verdict !== 'holds') note(readable(renderFinding(finding)));
  const { states, transitions } = check.result.graph;
  const verdict = {
    holds: 'everything holds',
    fails: 'refused: not everything holds',
    unknown: 'not everything is shown',
  };
  note(bold(verdict[check.verdict]));
  note(
    `${counted(states, 'state')}, ${counted(transitions, 'transition')}, ${counted(check.callers.length, 'caller')}`,
  );
}
