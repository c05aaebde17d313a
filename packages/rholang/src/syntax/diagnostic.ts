import type { Located } from './tree.ts';

/** Closed set of the kinds of syntax error. */
export type SyntaxErrorReason =
  /** A character that starts no token. */
  | 'unexpected-character'
  /** A string, URI or comment that does not end. */
  | 'unterminated'
  /** An escape sequence that Rholang does not have. */
  | 'invalid-escape'
  /** An integer literal outside 64 bits. */
  | 'integer-range'
  /** A token where another was expected. */
  | 'unexpected-token'
  /** A construct of a dialect that is not Rholang 1.1. */
  | 'unsupported-syntax'
  /** Nesting deeper than the limit. */
  | 'nesting-limit'
  /** A source longer than the limit. */
  | 'length-limit';

/** One located error. Lines and columns count from one; columns are UTF-16 code units. */
export interface Diagnostic {
  readonly reason: SyntaxErrorReason;
  /** Name of the file or other origin of the source. */
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** Range in the source, UTF-16 code units. */
  readonly start: number;
  readonly end: number;
  /** What stands there, as the source has it, shortened; `end of file` at the end. */
  readonly found: string;
  /** What could stand there instead; empty if nothing in particular. */
  readonly expected: readonly string[];
  /** The error in one sentence, without the place. */
  readonly message: string;
  /** What to do about it, where there is something to say. */
  readonly hint: string | undefined;
}

/** Line and column, both counted from one. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/**
 * Finds the line and column of `offset`. Lines end with a line feed.
 *
 * @param offset - in UTF-16 code units, clamped to the source.
 * @example
 * ```ts
 * import { positionAt } from '@commute/rholang';
 * if (positionAt('a\nbc', 3).column !== 2) throw new Error('unexpected column');
 * ```
 */
export function positionAt(source: string, offset: number): Position {
  const place = Math.max(0, Math.min(offset, source.length));
  let line = 1;
  let lineStart = 0;
  for (let at = source.indexOf('\n'); at !== -1 && at < place; at = source.indexOf('\n', at + 1)) {
    line += 1;
    lineStart = at + 1;
  }
  return { line, column: place - lineStart + 1 };
}

const CONTEXT_WIDTH = 160;

/**
 * Renders an error for people: the place, the sentence, the source line, and the range underlined.
 *
 * A line longer than 160 code units is cut around the range, so that the size of the answer is bounded.
 *
 * @example
 * ```ts
 * import { parse, renderDiagnostic } from '@commute/rholang';
 * const source = 'x!(1';
 * const result = parse(source, { file: 'a.rho' });
 * if (result.ok || !renderDiagnostic(result.diagnostics[0]!, source).includes('a.rho:1:5')) throw new Error('no place');
 * ```
 */
export function renderDiagnostic(
  diagnostic: Omit<Diagnostic, 'reason'> & { readonly severity?: 'error' | 'warning' },
  source: string,
): string {
  const lineStart = source.lastIndexOf('\n', diagnostic.start - 1) + 1;
  const newline = source.indexOf('\n', lineStart);
  const lineEnd = newline === -1 ? source.length : newline;
  let from = lineStart;
  if (diagnostic.start - from > CONTEXT_WIDTH / 2) from = diagnostic.start - CONTEXT_WIDTH / 2;
  const to = Math.min(lineEnd, from + CONTEXT_WIDTH);
  const text = source.slice(from, to).replace(/\r$/, '');
  const gutter = String(diagnostic.line);
  const indent = text.slice(0, diagnostic.start - from).replace(/[^\t]/g, ' ');
  const width = Math.max(1, Math.min(diagnostic.end, from + text.length) - diagnostic.start);
  const margin = ' '.repeat(gutter.length);
  const lines = [
    `${diagnostic.file}:${gutter}:${String(diagnostic.column)}: ${diagnostic.severity ?? 'error'}: ${diagnostic.message}`,
    `${margin} |`,
    `${gutter} | ${text}`,
    `${margin} | ${indent}${'^'.repeat(width)}`,
  ];
  if (diagnostic.hint !== undefined) lines.push(`${margin} = hint: ${diagnostic.hint}`);
  return lines.join('\n');
}

/** Renders a range of the source on one line, shortened, for use in a message. */
export function excerpt(source: string, range: Located): string {
  const text = source.slice(range.start, Math.min(range.end, range.start + 32)).replace(/\s+/g, ' ');
  return range.end - range.start > 32 ? `${text}…` : text;
}
