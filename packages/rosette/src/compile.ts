import {
  checkObservability,
  checkTransactions,
  demandOf,
  meterProgram,
  normalize,
  parse,
  printTerm,
  type Demand,
  type Diagnostic,
  type Located,
  type NormalizeDiagnostic,
  type ObservabilityResult,
  type ProcessNode,
  type Term,
  type TransactionResult,
} from '@commute/rholang';
import { analyzeRosette } from './analyze/analyze.ts';
import { assemble } from './bytecode/assemble.ts';
import { disassemble } from './bytecode/disassemble.ts';
import type { BytecodeProgram } from './bytecode/program.ts';
import type { IntermediateProgram } from './ir/ir.ts';
import { lower, LowerLimitError } from './ir/lower.ts';
import { printIntermediate } from './ir/print.ts';
import { optimize } from './optimize/optimize.ts';
import { PASS_NAMES, type PassName } from './optimize/pass-name.ts';
import type { RosetteDiagnostic } from './syntax/diagnostic.ts';
import { printRosette } from './syntax/print.ts';
import { readRosette } from './syntax/read.ts';
import { transcompile } from './translate/transcompile.ts';

/** The stages of compilation whose outcome can be shown. */
export const STAGES = ['ast', 'normal', 'metered', 'rosette', 'ir', 'optimized', 'bytecode'] as const;

/** Name of a stage. */
export type Stage = (typeof STAGES)[number];

/** How a program is compiled. */
export interface CompileOptions {
  /** Name of the source in errors. */
  readonly file?: string;
  /** Where the tokens of the deploy wait; metering is injected if it is given. */
  readonly channel?: Term;
  /** Passes of the optimiser; all of them if absent. */
  readonly passes?: readonly PassName[];
  /** Places of sends and receives, for a program that is given as a term. */
  readonly locations?: ReadonlyMap<Term, Located>;
}

/** A compiled program with every stage that it went through. */
export interface Compilation {
  readonly ok: true;
  /** The syntax tree; absent for a program that was given as a term. */
  readonly tree: ProcessNode | undefined;
  readonly normal: Term;
  /** The normal form with metering, or without it if no channel was given. */
  readonly metered: Term;
  /** Rosette source. */
  readonly rosette: string;
  readonly ir: IntermediateProgram;
  readonly optimized: IntermediateProgram;
  readonly bytecode: BytecodeProgram;
  /** Places of the sends and receives of the program that runs. */
  readonly locations: ReadonlyMap<Term, Located>;
  /** Bound on what the program costs; computed when it is asked for. */
  readonly demand: () => Demand;
  /** Outputs that nothing can observe; computed when it is asked for. */
  readonly observability: () => ObservabilityResult;
  /** The cells of the program and what is wrong with their transactions; computed when it is asked for. */
  readonly transactions: () => TransactionResult;
  /** A stage as text. */
  readonly emit: (stage: Stage) => string;
}

/** A compiled program, or at least one error. */
export type CompileResult =
  | Compilation
  | {
      readonly ok: false;
      readonly diagnostics: readonly (Diagnostic | NormalizeDiagnostic | RosetteDiagnostic)[];
      /** What is wrong, in one sentence. */
      readonly message: string;
    };

function failed(diagnostics: readonly (Diagnostic | NormalizeDiagnostic | RosetteDiagnostic)[]): CompileResult {
  return { ok: false, diagnostics, message: diagnostics[0]?.message ?? 'unknown' };
}

/** The tree without places, which say nothing to a reader. */
function treeText(tree: ProcessNode): string {
  const plain = (key: string, value: unknown): unknown =>
    key === 'start' || key === 'end' ? undefined : typeof value === 'bigint' ? String(value) : value;
  return `${JSON.stringify(tree, plain, 2)}\n`;
}

/**
 * Compiles a Rholang program: source, normal form, metering, Rosette source, intermediate representation, optimiser, bytecode. What comes after the Rosette source
 * is made from its text alone.
 *
 * @param program - source text, or a closed term.
 * @example
 * ```ts
 * import { compile } from '@commute/rosette';
 * const result = compile('for (@x <- @"a") { @"b"!(x + 1) }');
 * if (!result.ok || !result.emit('rosette').startsWith('(consume')) throw new Error('not compiled');
 * ```
 */
export function compile(program: string | Term, options: CompileOptions = {}): CompileResult {
  const { passes = PASS_NAMES, channel, file } = options;
  const named = file === undefined ? {} : { file };
  let tree: ProcessNode | undefined;
  let normal: Term;
  let { locations } = options;
  if (typeof program === 'string') {
    const parsed = parse(program, named);
    if (!parsed.ok) return failed(parsed.diagnostics);
    tree = parsed.process;
    const result = normalize(tree, { source: program, ...named });
    if (!result.ok) return failed(result.diagnostics);
    ({ term: normal, locations } = result);
  } else normal = program;
  let metered = normal;
  const sources = locations;
  if (channel !== undefined) {
    const result = meterProgram(normal, { channel, ...(locations && { locations }) });
    if (!result.ok) return { ok: false, diagnostics: [], message: result.message };
    ({ term: metered, locations } = result);
  }
  const { text, sourceMap } = printRosette(transcompile(metered, locations && { locations }));
  const read = readRosette(text, { sourceMap });
  const analyzed = read.ok ? analyzeRosette(read.form, { source: text }) : read;
  if (!analyzed.ok) return failed(analyzed.diagnostics);
  let ir: IntermediateProgram;
  try {
    ir = lower(analyzed.term, analyzed);
  } catch (error) {
    if (!(error instanceof LowerLimitError)) throw error;
    return { ok: false, diagnostics: [], message: error.message };
  }
  const optimized = optimize(ir, passes);
  const bytecode = assemble(optimized, passes);
  const place = { ...(typeof program === 'string' ? { source: program } : {}), ...(sources && { locations: sources }) };
  return {
    ok: true,
    tree,
    normal,
    metered,
    rosette: text,
    ir,
    optimized,
    bytecode,
    locations: analyzed.locations,
    demand: () => demandOf(normal, { ...place, ...named }),
    observability: () => checkObservability(normal, { ...place, ...named }),
    transactions: () => checkTransactions(normal, { ...place, ...named }),
    emit: (stage) => {
      switch (stage) {
        case 'ast':
          return tree === undefined ? 'no source text\n' : treeText(tree);
        case 'normal':
          return `${printTerm(normal, { indent: 2 })}\n`;
        case 'metered':
          return `${printTerm(metered, { indent: 2 })}\n`;
        case 'rosette':
          return `${text}\n`;
        case 'ir':
          return printIntermediate(ir);
        case 'optimized':
          return printIntermediate(optimized);
        case 'bytecode':
          return disassemble(bytecode);
      }
    },
  };
}
