import { positionAt, type Diagnostic, type Located } from '@commute/rholang';

/** Closed set of what can be wrong with Rosette source. */
export type RosetteErrorReason =
  /** A character that starts nothing. */
  | 'unexpected-character'
  /** A string or a bracket that does not end. */
  | 'unterminated'
  /** A bracket that closes nothing, or another than is open. */
  | 'unbalanced'
  /** An escape sequence that strings do not have. */
  | 'invalid-escape'
  /** An integer outside 64 bits, or a big integer of more than a million bits. */
  | 'integer-range'
  /** Something after the program, or no program at all. */
  | 'not-one-form'
  /** Brackets or processes nested more deeply than the limit. */
  | 'nesting-limit'
  /** A text longer than the limit. */
  | 'length-limit'
  /** A form whose head is no special form, operator or method here. */
  | 'unknown-form'
  /** A form with parts that are missing, too many, or not what must stand there. */
  | 'malformed-form'
  /** A variable that nothing binds. */
  | 'unbound-variable'
  /** A variable bound twice by one pattern or one `let`. */
  | 'bound-twice'
  /** `(? x)`, `_`, a type, a connective or a remainder where no pattern is. */
  | 'pattern-outside-pattern'
  /** A list of parameters that is not the list of the variables of the patterns. */
  | 'wrong-parameters';

/** An error of Rosette source at its place, in the form that `renderDiagnostic` of `@commute/rholang` takes. */
export interface RosetteDiagnostic extends Omit<Diagnostic, 'reason'> {
  readonly reason: RosetteErrorReason;
}

/** Collects errors until there are too many. */
export class Problems {
  readonly diagnostics: RosetteDiagnostic[] = [];
  readonly #source: string;
  readonly #file: string;
  readonly #maximum: number;

  constructor(source: string, file: string, maximum: number) {
    this.#source = source;
    this.#file = file;
    this.#maximum = maximum;
  }

  /** True if no more errors are wanted. */
  get full(): boolean {
    return this.diagnostics.length >= this.#maximum;
  }

  add(
    reason: RosetteErrorReason,
    { start, end }: Located,
    message: string,
    expected: readonly string[] = [],
    hint?: string,
  ): void {
    if (this.full) return;
    const text = this.#source.slice(start, Math.min(end, start + 32)).replace(/\s+/g, ' ');
    const found = start >= this.#source.length ? 'end of file' : end - start > 32 ? `${text}…` : text;
    const place = positionAt(this.#source, start);
    this.diagnostics.push({ reason, file: this.#file, ...place, start, end, found, expected, message, hint });
  }
}
