import { TermDepthError, type Located, type Term } from '@commute/rholang';
import { Problems, type RosetteDiagnostic } from '../syntax/diagnostic.ts';
import type { Form } from '../syntax/form.ts';
import { Analyzer } from './analyzer.ts';

/** What the analysis of Rosette source may be told. */
export interface AnalyzeOptions {
  /** The text that the form was read from; lines and columns of errors are found in it. */
  readonly source?: string;
  /** Name of the source in errors; `<rosette>` if absent. */
  readonly file?: string;
  /** Most errors that are reported; 20 if absent. */
  readonly maximumErrors?: number;
}

/**
 * The core of a Rosette program, or at least one error. The core is a closed Rholang term in normal form; `locations` has the places in the Rholang
 * source that its forms came from.
 */
export type AnalyzeResult =
  | { readonly ok: true; readonly term: Term; readonly locations: ReadonlyMap<Term, Located> }
  | { readonly ok: false; readonly diagnostics: readonly RosetteDiagnostic[] };

/**
 * Finds out what a form means: which variable is which, whether each form has the parts it needs, and puts it into normal form. Never throws on any
 * form that was read; takes time proportional to it but for sorting.
 *
 * @example
 * ```ts
 * import { analyzeRosette, readRosette } from '@commute/rosette';
 * import { printTerm } from '@commute/rholang';
 * const source = '(consume [["a" (? x)]] (proc [x] (produce "b" (+ x 1))))';
 * const read = readRosette(source);
 * const result = read.ok ? analyzeRosette(read.form, { source }) : read;
 * if (!result.ok || printTerm(result.term) !== 'for (x0 <- @"a") { @"b"!(*x0 + 1) }') throw new Error('unexpected');
 * ```
 */
export function analyzeRosette(form: Form, options: AnalyzeOptions = {}): AnalyzeResult {
  const problems = new Problems(options.source ?? '', options.file ?? '<rosette>', options.maximumErrors ?? 20);
  const analyzer = new Analyzer(problems);
  try {
    const term = analyzer.process(form);
    if (problems.diagnostics.length === 0) return { ok: true, term, locations: analyzer.locations };
  } catch (error) {
    if (!(error instanceof TermDepthError)) throw error;
    problems.add('nesting-limit', form, error.message);
  }
  return { ok: false, diagnostics: problems.diagnostics };
}
