import { assertInteger } from '@commute/errors';
import type { Diagnostic } from './diagnostic.ts';
import { ExpressionParser } from './expression-parser.ts';
import { Unwind } from './lexer.ts';
import type { ProcessNode } from './tree.ts';

/** Most nested levels a program may have unless the caller lowers it. All passes are safe at this depth. */
export const MAXIMUM_NESTING = 256;

/** Longest source that is parsed unless the caller says otherwise, in UTF-16 code units. */
export const DEFAULT_MAXIMUM_LENGTH: number = 32 * 1024 * 1024;

/** What the parser may be told. */
export interface ParseOptions {
  /** Name of the source in errors; `<source>` if absent. */
  readonly file?: string;
  /** Most errors that are reported, from 1 up; 20 if absent. */
  readonly maximumErrors?: number;
  /** Longest source, in UTF-16 code units; {@link DEFAULT_MAXIMUM_LENGTH} if absent. */
  readonly maximumLength?: number;
  /** Most nested levels, 1 to {@link MAXIMUM_NESTING}, which is also the default. */
  readonly maximumNesting?: number;
}

/** A syntax tree, or at least one located error. */
export type ParseResult =
  | { readonly ok: true; readonly process: ProcessNode }
  | { readonly ok: false; readonly diagnostics: readonly Diagnostic[] };

/**
 * Parses Rholang 1.1. Never throws on any source: errors come back as values, several at a time.
 *
 * After an error the parser skips to the next `|` or closing bracket of the enclosing parallel composition and
 * goes on. An empty source is `Nil`. Runs in time and memory proportional to the source.
 *
 * @throws RangeMismatchError `RHOLANG_OPTION_RANGE` if an option is out of range.
 * @example
 * ```ts
 * import { parse } from '@commute/rholang';
 * const result = parse('new x in { x!(1) | for (@y <- x) { Nil } }');
 * if (!result.ok || result.process.kind !== 'new') throw new Error('unexpected tree');
 * ```
 */
export function parse(source: string, options: ParseOptions = {}): ParseResult {
  const file = options.file ?? '<source>';
  const maximumErrors = options.maximumErrors ?? 20;
  const maximumLength = options.maximumLength ?? DEFAULT_MAXIMUM_LENGTH;
  const maximumNesting = options.maximumNesting ?? MAXIMUM_NESTING;
  assertInteger('RHOLANG_OPTION_RANGE', 'maximumErrors', maximumErrors, 1, 1_000_000);
  assertInteger('RHOLANG_OPTION_RANGE', 'maximumLength', maximumLength, 0, 0x1fffffe8);
  assertInteger('RHOLANG_OPTION_RANGE', 'maximumNesting', maximumNesting, 1, MAXIMUM_NESTING);
  if (source.length > maximumLength) {
    const message = `source: expected at most ${String(maximumLength)} code units, got ${String(source.length)}`;
    const place = { file, line: 1, column: 1, start: 0, end: 0, found: '', expected: [], hint: undefined };
    return { ok: false, diagnostics: [{ reason: 'length-limit', message, ...place }] };
  }
  return new Parser(source, file, maximumErrors, maximumNesting).parse();
}

class Parser extends ExpressionParser {
  parse(): ParseResult {
    try {
      const process = this.parseProgram();
      if (this.diagnostics.length === 0) return { ok: true, process };
    } catch (error) {
      if (!(error instanceof Unwind)) throw error;
    }
    return { ok: false, diagnostics: this.diagnostics };
  }
}
