import {
  demandOf,
  hashTerm,
  meterProgram,
  normalize,
  parse,
  printTerm,
  tokenChannel,
  type Located,
  type NormalizeDiagnostic,
  type Diagnostic,
  type ProcessNode,
  type Term,
} from '@commute/rholang';
import { deployId, unsignedDeploy } from '@commute/rho-store';
import type { CommandHelp } from '../arguments.ts';
import type { CommandContext } from '../command.ts';
import { EXIT, UsageError, type ExitCode } from '../failure.ts';
import { writeNamed } from '../program.ts';
import { hex } from '../terminal.ts';
import { readPrograms, type Program } from './deploys.ts';
import { findingReport, findingText, type FindingReport } from './text.ts';

/** Stages of compilation that can be shown. */
export const STAGES = ['ast', 'normal', 'metered'] as const;

export const RHO_COMPILE: CommandHelp = {
  name: 'rho compile',
  positional: '<file.rho>',
  positionals: [0, 1],
  help: 'show what a stage of compilation makes of a program',
  options: {
    code: { value: 'TEXT', help: 'a program on the command line instead of a file' },
    emit: { value: 'STAGE', help: `${STAGES.join(', ')} (default normal)` },
    output: { value: 'FILE', help: 'where the text goes; standard output unless told' },
  },
};

/** Fields of `commute rho compile --json`. */
export interface RhoCompileReport {
  readonly command: 'rho compile';
  readonly emit: (typeof STAGES)[number];
  /** What the stage makes of the program, as text; of `ast` as JSON. Null if the program is refused. */
  readonly text: string | null;
  /** Hash of the normal form, 0x and 64 hex digits; null if the program is refused. */
  readonly hash: string | null;
  /** The most tokens that the program can spend; null if that has no bound or the program is refused. */
  readonly demand: number | null;
  readonly refused: readonly FindingReport[];
}

/** A program in normal form. */
interface Compiled {
  readonly tree: ProcessNode;
  readonly term: Term;
  readonly locations: ReadonlyMap<Term, Located>;
}

type Refused = readonly (Diagnostic | NormalizeDiagnostic)[];

function compile({ file, source }: Program): Compiled | { readonly stage: string; readonly refused: Refused } {
  const tree = parse(source, { file });
  if (!tree.ok) return { stage: 'parse', refused: tree.diagnostics };
  const normal = normalize(tree.process, { source, file });
  if (!normal.ok) return { stage: 'normalize', refused: normal.diagnostics };
  return { tree: tree.process, term: normal.term, locations: normal.locations };
}

/** The text of a stage. */
function emitted(
  stage: (typeof STAGES)[number],
  { file, source }: Program,
  { tree, term, locations }: Compiled,
): string {
  switch (stage) {
    case 'ast':
      return JSON.stringify(tree, (_, value: unknown) => (typeof value === 'bigint' ? value.toString() : value), 2);
    case 'normal':
      return printTerm(term, { indent: 2 });
    case 'metered': {
      const base = { file, source, timestamp: 0, after: 0, tokens: 0, tokensFor: undefined };
      const channel = tokenChannel(deployId(unsignedDeploy(base)));
      const metered = meterProgram(term, { channel, locations });
      if (!metered.ok) throw new UsageError('file', `${file}: ${metered.message}`);
      return printTerm(metered.term, { indent: 2 });
    }
  }
}

/** `commute rho compile`. */
export function rhoCompile({ args, terminal }: CommandContext): Promise<ExitCode> {
  const programs = readPrograms(args);
  const [program] = programs;
  if (program === undefined || programs.length > 1)
    throw new UsageError('file', 'file: expected one program, got a file and --code');
  const emit = args.choice('emit', STAGES, 'normal');
  const compiled = compile(program);
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
  const text = emitted(emit, program, compiled);
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
