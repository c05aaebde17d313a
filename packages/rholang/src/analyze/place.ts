import { excerpt, positionAt } from '../syntax/diagnostic.ts';
import type { Located } from '../syntax/tree.ts';

/** The text that a program was read from. */
export interface SourceText {
  /** Name of the source in findings; `<source>` if absent. */
  readonly file?: string;
  /** Lines and columns are found in it. */
  readonly source?: string;
}

/** Where something stands, in the form that diagnostics have. */
export interface PlaceFields extends Located {
  readonly file: string;
  /** Counted from one. */
  readonly line: number;
  /** Counted from one, in UTF-16 code units. */
  readonly column: number;
  /** What stands there, shortened. */
  readonly found: string;
}

/** The place of a finding; without a source, the column is the offset. */
export function placeFields(at: Located | undefined, { file, source }: SourceText): PlaceFields {
  const { start, end } = at ?? { start: 0, end: 0 };
  const { line, column } = source === undefined ? { line: 1, column: start + 1 } : positionAt(source, start);
  const found = source === undefined ? '' : excerpt(source, { start, end });
  return { file: file ?? '<source>', line, column, start, end, found };
}
