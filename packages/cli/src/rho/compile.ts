import {
  demandOf,
  hashTerm,
  normalize,
  parse,
  tokenChannel,
  type Diagnostic,
  type Located,
  type NormalizeDiagnostic,
  type Term,
} from '@commute/rholang';
import { deployId, unsignedDeploy } from '@commute/rho-store';
import { compile, PASS_NAMES, STAGES, type PassName, type Stage } from '@commute/rosette';
import type { Arguments, CommandHelp } from '../arguments.ts';
import type { CommandContext } from '../command.ts';
import { EXIT, RejectedError, UsageError, type ExitCode } from '../failure.ts';
import { writeNamed } from '../program.ts';
import { hex } from '../terminal.ts';
import { readPrograms, type Program } from './deploys.ts';
import { findingReport, findingText, type FindingReport } from './text.ts';

export const RHO_COMPILE: CommandHelp = {
  name: 'rho compile',
  positional: '<file.rho>',
  positionals: [0, 1],
  help: 'show what a stage of compilation makes of a program',
  options: {
    code: { value: 'TEXT', help: 'a program on the command line instead of a file' },
    emit: { value: 'STAGE', help: `${STAGES.join(', ')} (default normal)` },
    passes: {
      value: 'NAMES',
      help: `passes of the optimiser, by commas: ${PASS_NAMES.join(', ')}, or none (default: all)`,
    },
    unmetered: { help: 'compile without metering' },
    output: { value: 'FILE', help: 'where the text goes; standard output unless told' },
  },
};

/** Fields of `commute rho compile --json`. */
export interface RhoCompileReport {
  readonly command: 'rho compile';
  readonly emit: Stage;
  /** What the stage makes of the program, as text; of `ast` as JSON. Null if the program is refused. */
  readonly text: string | null;
  /** Hash of the normal form, 0x and 64 hex digits; null if the program is refused. */
  readonly hash: string | null;
  /** The most tokens that the program can spend; null if that has no bound or the program is refused. */
  readonly demand: number | null;
  readonly refused: readonly FindingReport[];
}

/** A program in normal form. */
interface Read {
  readonly term: Term;
  readonly locations: ReadonlyMap<Term, Located>;
}

type Refused = readonly (Diagnostic | NormalizeDiagnostic)[];

function read({ file, source }: Program): Read | { readonly stage: string; readonly refused: Refused } {
  const tree = parse(source, { file });
  if (!tree.ok) return { stage: 'parse', refused: tree.diagnostics };
  const normal = normalize(tree.process, { source, file });
  if (!normal.ok) return { stage: 'normalize', refused: normal.diagnostics };
  return { term: normal.term, locations: normal.locations };
}

/** The passes that the command line names. */
function passesOf(args: Arguments): readonly PassName[] {
  const text = args.text('passes');
  if (text === undefined) return PASS_NAMES;
  return text
    .split(',')
    .filter((name) => name !== 'none')
    .map((name) => {
      const found = PASS_NAMES.find((one) => one === name);
      if (found === undefined)
        throw new UsageError('passes', `--passes: expected ${PASS_NAMES.join(', ')} or none, got ${name}`);
      return found;
    });
}

/** The text of a stage; what comes after metering is made of the metered program. */
function emitted(stage: Stage, { file, source }: Program, passes: readonly PassName[], metered: boolean): string {
  const about = { file, source, timestamp: 0, after: 0, tokens: 0, tokensFor: undefined };
  const channel = tokenChannel(deployId(unsignedDeploy(about)));
  const compiled = compile(source, { file, passes, ...(metered ? { channel } : {}) });
  if (!compiled.ok) throw new RejectedError(file, compiled.message);
  return compiled.emit(stage).trimEnd();
}

/** `commute rho compile`. */
export function rhoCompile({ args, terminal }: CommandContext): Promise<ExitCode> {
  const programs = readPrograms(args);
  const [program] = programs;
  if (program === undefined || programs.length > 1)
    throw new UsageError('file', 'file: expected one program, got a file and --code');
  const emit = args.choice('emit', STAGES, 'normal');
  const compiled = read(program);
  const json = args.flag('json');
  if ('refused' in compiled) {
    const { stage, refused } = compiled;
    const findings = refused.map((one) => findingReport(stage, one));
    const report: RhoCompileReport = {
      command: 'rho compile',
      emit,
      text: null,
      hash: null,
      demand: null,
      refused: findings,
    };
    if (json) terminal.out(`${JSON.stringify(report)}\n`);
    else for (const one of refused) terminal.note(findingText({ ...one, severity: 'error' }, program.source));
    return Promise.resolve(EXIT.rejected);
  }
  const text = emitted(emit, program, passesOf(args), !args.flag('unmetered'));
  const demand = demandOf(compiled.term, { ...program, locations: compiled.locations });
  const report: RhoCompileReport = {
    command: 'rho compile',
    emit,
    text,
    hash: hex(hashTerm(compiled.term)),
    demand: demand.kind === 'bounded' ? Number(demand.tokens) : null,
    refused: [],
  };
  const path = args.text('output');
  if (path !== undefined) writeNamed('output', path, `${text}\n`);
  if (json) terminal.out(`${JSON.stringify(report)}\n`);
  else if (path === undefined) terminal.out(`${text}\n`);
  return Promise.resolve(EXIT.ok);
}
