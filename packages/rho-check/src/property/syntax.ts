import { positionAt } from '@commute/rholang';
import type { CheckDiagnostic } from '../report.ts';

/** A statement about one state. */
export type StateFormula =
  | { readonly kind: 'not'; readonly operand: StateFormula }
  | { readonly kind: 'and' | 'or' | 'implies'; readonly left: StateFormula; readonly right: StateFormula }
  /** Nothing can reduce. */
  | { readonly kind: 'terminal' }
  /** A message, or a receive, waits on a channel. */
  | { readonly kind: 'pending' | 'waiting'; readonly name: Span }
  /** Processes that match wait. */
  | { readonly kind: 'pattern'; readonly pattern: Span; readonly guard: Span | undefined };

/** A piece of the text of a property. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** A name that a property speaks of: a variable of `new` in the program, or a URI. */
export interface Declaration {
  readonly name: string;
  readonly uri: string | undefined;
  readonly at: Span;
}

/** What a property claims of all schedules. */
export type Claim =
  | { readonly kind: 'always' | 'eventually' | 'possibly'; readonly state: StateFormula }
  | { readonly kind: 'leads-to'; readonly state: StateFormula; readonly then: StateFormula };

/** A property as it is written. */
export interface PropertySyntax {
  readonly declarations: readonly Declaration[];
  readonly claim: Claim;
}

/** An error in a property; never leaves this package. */
export class PropertyError extends Error {
  readonly at: Span;
  readonly expected: readonly string[];
  readonly hint: string | undefined;

  constructor(message: string, at: Span, expected: readonly string[] = [], hint?: string) {
    super(message);
    this.at = at;
    this.expected = expected;
    this.hint = hint;
  }
}

/** The error as a diagnostic of a property. */
export function propertyDiagnostic(error: PropertyError, text: string, file: string): CheckDiagnostic {
  const { start } = error.at;
  const end = Math.max(error.at.end, start + 1);
  const { line, column } = positionAt(text, start);
  const found = start >= text.length ? 'end of property' : text.slice(start, Math.min(end, start + 32));
  const { message, expected, hint } = error;
  return { reason: 'property-syntax', file, line, column, start, end, found, expected, message, hint };
}

/** Words that end a pattern. */
const ENDS = new Set(['and', 'or', 'implies', 'leads', 'where']);
/** Most nested parts of a formula. */
const MAXIMUM_DEPTH = 100;
const WORD = /[A-Za-z_'][A-Za-z0-9_']*/y;
const SPACE = /(?:\s|\/\/[^\n]*|\/\*[\s\S]*?\*\/)*/y;
const QUOTED = /"(?:[^"\\]|\\[\s\S])*"?|`[^`]*`?/y;

class Reader {
  readonly #text: string;
  #at = 0;
  #depth = 0;

  constructor(text: string) {
    this.#text = text;
  }

  property(): PropertySyntax {
    const declarations: Declaration[] = [];
    if (this.#accept('new')) {
      do declarations.push(this.#declaration());
      while (this.#acceptCharacter(','));
      if (!this.#accept('in')) this.#unexpected(['`,`', '`in`']);
    }
    const claim = this.#claim();
    this.#space();
    if (this.#at < this.#text.length) this.#unexpected(['`and`', '`or`', '`implies`', 'the end']);
    return { declarations, claim };
  }

  #declaration(): Declaration {
    this.#space();
    const start = this.#at;
    const name = this.#word();
    if (name === undefined) this.#unexpected(['a variable']);
    this.#at += name.length;
    const end = this.#at;
    if (!this.#acceptCharacter('(')) return { name, uri: undefined, at: { start, end } };
    this.#space();
    QUOTED.lastIndex = this.#at;
    const quoted = QUOTED.exec(this.#text)?.[0];
    if (quoted?.startsWith('`') !== true || quoted.length < 3 || !quoted.endsWith('`')) this.#unexpected(['a URI']);
    this.#at += quoted.length;
    if (!this.#acceptCharacter(')')) this.#unexpected(['`)`']);
    return { name, uri: quoted.slice(1, -1), at: { start, end } };
  }

  #claim(): Claim {
    for (const kind of ['always', 'eventually', 'possibly'] as const)
      if (this.#accept(kind)) return { kind, state: this.#implies() };
    if (this.#accept('live')) {
      const pending: StateFormula = { kind: 'pending', name: this.#span() };
      return { kind: 'leads-to', state: pending, then: { kind: 'not', operand: pending } };
    }
    this.#space();
    if (this.#at >= this.#text.length)
      this.#unexpected(['`always`', '`eventually`', '`possibly`', '`live`', 'a state']);
    const state = this.#implies();
    if (!this.#accept('leads') || !this.#accept('to'))
      this.#unexpected(['`leads to`'], 'begin with `always`, `eventually` or `possibly` to speak of one state only');
    return { kind: 'leads-to', state, then: this.#implies() };
  }

  #implies(): StateFormula {
    const left = this.#or();
    return this.#accept('implies') ? { kind: 'implies', left, right: this.#deeper(() => this.#implies()) } : left;
  }

  #or(): StateFormula {
    let left = this.#and();
    while (this.#accept('or')) left = { kind: 'or', left, right: this.#and() };
    return left;
  }

  #and(): StateFormula {
    let left = this.#unit();
    while (this.#accept('and')) left = { kind: 'and', left, right: this.#unit() };
    return left;
  }

  #deeper<T>(read: () => T): T {
    this.#depth += 1;
    if (this.#depth > MAXIMUM_DEPTH)
      throw new PropertyError(`property: expected at most ${String(MAXIMUM_DEPTH)} levels, got more`, {
        start: this.#at,
        end: this.#at + 1,
      });
    const result = read();
    this.#depth -= 1;
    return result;
  }

  #unit(): StateFormula {
    if (this.#accept('not')) return { kind: 'not', operand: this.#deeper(() => this.#unit()) };
    if (this.#accept('terminal')) return { kind: 'terminal' };
    for (const kind of ['pending', 'waiting'] as const) if (this.#accept(kind)) return { kind, name: this.#span() };
    if (this.#acceptCharacter('(')) {
      const inner = this.#deeper(() => this.#implies());
      if (!this.#acceptCharacter(')')) this.#unexpected(['`)`', '`and`', '`or`', '`implies`']);
      return inner;
    }
    const pattern = this.#span();
    return { kind: 'pattern', pattern, guard: this.#accept('where') ? this.#span() : undefined };
  }

  /** Text up to the next word of the property language outside all brackets. */
  #span(): Span {
    this.#space();
    const start = this.#at;
    let end = start;
    const open: string[] = [];
    while (this.#at < this.#text.length) {
      const before = this.#at;
      this.#space();
      if (this.#at > before) continue;
      const character = this.#text[this.#at]!;
      const word = this.#word();
      if (word !== undefined) {
        if (open.length === 0 && ENDS.has(word)) break;
        this.#at += word.length;
      } else if (character === '"' || character === '`') {
        QUOTED.lastIndex = this.#at;
        this.#at += QUOTED.exec(this.#text)![0].length;
      } else {
        if ('([{'.includes(character)) open.push(character);
        else if (')]}'.includes(character)) {
          if (open.length === 0) break;
          open.pop();
        }
        this.#at += 1;
      }
      end = this.#at;
    }
    if (end === start) this.#unexpected(['a process']);
    return { start, end };
  }

  #space(): void {
    SPACE.lastIndex = this.#at;
    this.#at += SPACE.exec(this.#text)![0].length;
  }

  #word(): string | undefined {
    WORD.lastIndex = this.#at;
    return WORD.exec(this.#text)?.[0];
  }

  #accept(word: string): boolean {
    this.#space();
    if (this.#word() !== word) return false;
    this.#at += word.length;
    return true;
  }

  #acceptCharacter(character: string): boolean {
    this.#space();
    if (this.#text[this.#at] !== character) return false;
    this.#at += 1;
    return true;
  }

  #unexpected(expected: readonly string[], hint?: string): never {
    this.#space();
    const start = this.#at;
    const got = start >= this.#text.length ? 'the end' : `\`${this.#text.slice(start, start + 20)}\``;
    const last = expected.at(-1)!;
    const list = expected.length > 1 ? `${expected.slice(0, -1).join(', ')} or ${last}` : last;
    throw new PropertyError(`property: expected ${list}, got ${got}`, { start, end: start + 1 }, expected, hint);
  }
}

/** Reads a property. @throws PropertyError */
export function readProperty(text: string): PropertySyntax {
  return new Reader(text).property();
}
