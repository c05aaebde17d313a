import type { Diagnostic } from '../syntax/diagnostic.ts';
import { excerpt, positionAt } from '../syntax/diagnostic.ts';
import type { Located, ProcessNode } from '../syntax/tree.ts';
import { TermDepthError } from '../term/build.ts';
import type { Term } from '../term/term.ts';
import { ProcessNormalizer, TooManyErrors } from './process-normalizer.ts';

/** Closed set of what can be wrong with a program that parses. */
export type NormalizeErrorReason =
  /** A variable that nothing binds. */
  | 'unbound-variable'
  /** A name variable where a process is wanted, or the other way round. */
  | 'wrong-sort'
  /** A variable bound twice by one pattern. */
  | 'bound-twice'
  /** `_`, a connective, a type, `=x` or a remainder where no pattern is. */
  | 'pattern-outside-pattern'
  /** A join with the same channel twice. */
  | 'same-channel'
  /** Nesting deeper than the limit after desugaring. */
  | 'nesting-limit';

/** An error of a program that parses, at its place. */
export interface NormalizeDiagnostic extends Omit<Diagnostic, 'reason'> {
  readonly reason: NormalizeErrorReason;
}

/** What normalisation may be told. */
export interface NormalizeOptions {
  /** Name of the source in errors; `<source>` if absent. */
  readonly file?: string;
  /** The text that the tree was read from; lines and columns of errors are found in it. */
  readonly source?: string;
  /** Most errors that are reported; 20 if absent. */
  readonly maximumErrors?: number;
}

/** A closed term with the places of its sends and receives in the source, or at least one error. */
export type NormalizeResult =
  | { readonly ok: true; readonly term: Term; readonly locations: ReadonlyMap<Term, Located> }
  | { readonly ok: false; readonly diagnostics: readonly NormalizeDiagnostic[] };

/**
 * Turns a syntax tree into its normal form: nameless, desugared, flattened and sorted.
 *
 * Structurally equivalent programs give equal terms: `|` is commutative and associative with unit `Nil`, bound variables may be
 * renamed, `@*x` is `x` and `*@P` is `P`, sets and maps have no order, binds of a join have no order. Desugared are `contract`,
 * `if`, `let`, `select`, `!?`, `?!`, `;` between receipts, and agents' method sends.
 *
 * @example
 * ```ts
 * import { equalTerms, normalize, parse } from '@commute/rholang';
 * const terms = ['new x in { x!(1) | x!(2) }', 'new y in { {Nil | y!(2)} | y!(1) }'].map((source) => {
 *   const tree = parse(source);
 *   const result = tree.ok ? normalize(tree.process) : undefined;
 *   if (!result?.ok) throw new Error('not a program');
 *   return result.term;
 * });
 * if (!equalTerms(terms[0]!, terms[1]!)) throw new Error('not equivalent');
 * ```
 */
export function normalize(process: ProcessNode, options: NormalizeOptions = {}): NormalizeResult {
  const normalizer = new ProcessNormalizer(options.maximumErrors ?? 20);
  let term: Term | undefined;
  try {
    term = normalizer.process(process);
  } catch (error) {
    if (error instanceof TermDepthError) normalizer.tooDeep(process);
    else if (!(error instanceof TooManyErrors)) throw error;
  }
  if (term !== undefined && normalizer.problems.length === 0)
    return { ok: true, term, locations: normalizer.locations };
  const { source } = options;
  const diagnostics = normalizer.problems.map(({ reason, at, message, hint }): NormalizeDiagnostic => {
    const { line, column } = source === undefined ? { line: 1, column: at.start + 1 } : positionAt(source, at.start);
    const found = source === undefined ? '' : excerpt(source, at);
    return {
      reason,
      file: options.file ?? '<source>',
      line,
      column,
      start: at.start,
      end: at.end,
      found,
      expected: [],
      message,
      hint,
    };
  });
  return { ok: false, diagnostics };
}
