import type { Located } from '@commute/rholang';
import { Problems, type RosetteDiagnostic } from './diagnostic.ts';
import type { Form } from './form.ts';

/** Deepest nesting of brackets. A term of the greatest depth needs less. */
export const MAXIMUM_BRACKETS = 4096;

/** Longest source in UTF-16 code units unless the caller says otherwise. */
export const DEFAULT_MAXIMUM_SOURCE: number = 32 * 1024 * 1024;

/** Most digits of an integer literal; a million bits have fewer. */
const MAXIMUM_DIGITS = 315_653;
const MAXIMUM_BITS = 1n << 20n;

/** How Rosette source is read. */
export interface ReadOptions {
  /** Name of the source in errors; `<rosette>` if absent. */
  readonly file?: string;
  /** Most errors that are reported; 20 if absent. */
  readonly maximumErrors?: number;
  /** Longest source in UTF-16 code units; {@link DEFAULT_MAXIMUM_SOURCE} if absent. */
  readonly maximumLength?: number;
  /** Places in the Rholang source of the forms that begin at each offset, as the printer gives them. */
  readonly sourceMap?: ReadonlyMap<number, Located>;
}

/** The one form of a source, or at least one error. */
export type ReadResult =
  | { readonly ok: true; readonly form: Form }
  | { readonly ok: false; readonly diagnostics: readonly RosetteDiagnostic[] };

interface Open {
  readonly kind: 'round' | 'square';
  readonly start: number;
  readonly items: Form[];
}

const ATOM = /[^\s()[\]";]+/y;
const INTEGER = /^-?[0-9]+n?$/;
const ESCAPES: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', '0': '\0', '"': '"', '\\': '\\' };

/**
 * Reads Rosette source: its brackets and atoms, without asking what they mean. Never throws on any text; takes time and memory proportional to
 * it. Comments go from `;` to the end of the line.
 *
 * @example
 * ```ts
 * import { readRosette } from '@commute/rosette';
 * const result = readRosette('(produce "a" (+ 1 2))');
 * if (!result.ok || result.form.kind !== 'round') throw new Error('not read');
 * const wrong = readRosette('(produce "a"');
 * if (wrong.ok || wrong.diagnostics[0]?.reason !== 'unterminated') throw new Error('unexpected success');
 * ```
 */
export function readRosette(source: string, options: ReadOptions = {}): ReadResult {
  const problems = new Problems(source, options.file ?? '<rosette>', options.maximumErrors ?? 20);
  const limit = options.maximumLength ?? DEFAULT_MAXIMUM_SOURCE;
  if (source.length > limit) {
    const message = `length: expected at most ${String(limit)} code units, got ${String(source.length)}`;
    problems.add('length-limit', { start: 0, end: 0 }, message);
    return { ok: false, diagnostics: problems.diagnostics };
  }
  const form = new Reader(source, problems, options.sourceMap).read();
  if (form === undefined || problems.diagnostics.length > 0) return { ok: false, diagnostics: problems.diagnostics };
  return { ok: true, form };
}

class Reader {
  readonly #source: string;
  readonly #problems: Problems;
  readonly #sourceMap: ReadonlyMap<number, Located> | undefined;
  readonly #open: Open[] = [];
  #first: Form | undefined;
  #more: Form | undefined;
  #at = 0;

  constructor(source: string, problems: Problems, sourceMap: ReadonlyMap<number, Located> | undefined) {
    this.#source = source;
    this.#problems = problems;
    this.#sourceMap = sourceMap;
  }

  read(): Form | undefined {
    const source = this.#source;
    while (this.#at < source.length && !this.#problems.full) {
      const character = source[this.#at]!;
      switch (character) {
        case ' ':
        case '\n':
        case '\t':
        case '\r':
          this.#at += 1;
          break;
        case ';': {
          const end = source.indexOf('\n', this.#at);
          this.#at = end === -1 ? source.length : end;
          break;
        }
        case '(':
        case '[':
          if (this.#open.length >= MAXIMUM_BRACKETS) {
            const message = `brackets: expected at most ${String(MAXIMUM_BRACKETS)} levels, got more`;
            this.#problems.add('nesting-limit', { start: this.#at, end: this.#at + 1 }, message);
            return undefined;
          }
          this.#open.push({ kind: character === '(' ? 'round' : 'square', start: this.#at, items: [] });
          this.#at += 1;
          break;
        case ')':
        case ']':
          this.#close(character);
          break;
        case '"':
          this.#string();
          break;
        default:
          this.#atom();
      }
    }
    return this.#finish();
  }

  #finish(): Form | undefined {
    const end = this.#source.length;
    const last = this.#open.at(-1);
    if (last !== undefined) {
      const bracket = last.kind === 'round' ? ')' : ']';
      const { line, column } = this.#position(last.start);
      this.#problems.add(
        'unterminated',
        { start: end, end },
        `bracket: expected \`${bracket}\`, got the end of the source`,
        [bracket],
        `the bracket it closes is at ${String(line)}:${String(column)}`,
      );
    } else if (this.#first === undefined) {
      this.#problems.add('not-one-form', { start: end, end }, 'program: expected one form, got none');
    } else if (this.#more !== undefined) {
      const hint = 'put processes side by side with `(block …)`';
      this.#problems.add('not-one-form', this.#more, 'program: expected one form, got another after it', [], hint);
    }
    return this.#first;
  }

  #position(offset: number): { readonly line: number; readonly column: number } {
    const before = this.#source.slice(0, offset);
    return { line: before.split('\n').length, column: offset - before.lastIndexOf('\n') };
  }

  #add(form: Form): void {
    const last = this.#open.at(-1);
    if (last !== undefined) last.items.push(form);
    else if (this.#first === undefined) this.#first = form;
    else this.#more ??= form;
  }

  #close(character: ')' | ']'): void {
    const at = { start: this.#at, end: this.#at + 1 };
    this.#at += 1;
    const last = this.#open.at(-1);
    const wanted = last?.kind === 'round' ? ')' : ']';
    if (last === undefined) {
      this.#problems.add('unbalanced', at, `bracket: expected none, got \`${character}\`, which closes nothing`);
      return;
    }
    if (wanted !== character)
      this.#problems.add('unbalanced', at, `bracket: expected \`${wanted}\`, got \`${character}\``, [wanted]);
    this.#open.pop();
    const { kind, start, items } = last;
    this.#add({ kind, items, start, end: this.#at, origin: this.#sourceMap?.get(start) });
  }

  #string(): void {
    const source = this.#source;
    const start = this.#at;
    let at = start + 1;
    let value = '';
    for (;;) {
      let next = at;
      while (next < source.length && source[next] !== '"' && source[next] !== '\\') next += 1;
      value += source.slice(at, next);
      if (next >= source.length) {
        this.#at = source.length;
        this.#problems.add(
          'unterminated',
          { start, end: start + 1 },
          'string: expected `"`, got the end of the source',
        );
        return;
      }
      at = next + 1;
      if (source[next] === '"') break;
      const escape = ESCAPES[source[at] ?? ''];
      if (escape === undefined) {
        const message = 'string: expected one of the escapes \\n \\t \\r \\0 \\" \\\\, got another';
        this.#problems.add('invalid-escape', { start: next, end: next + 2 }, message);
      }
      value += escape ?? '';
      at += 1;
    }
    this.#at = at;
    this.#add({ kind: 'string', value, start, end: at });
  }

  #atom(): void {
    const start = this.#at;
    ATOM.lastIndex = start;
    const text = ATOM.exec(this.#source)?.[0] ?? '';
    const end = start + Math.max(1, text.length);
    this.#at = end;
    if (text === '' || /[^!-~]/.test(text)) {
      const at = { start, end: text === '' ? end : start + text.search(/[^!-~]/) + 1 };
      this.#problems.add('unexpected-character', at, 'symbol: expected printable ASCII, got another character');
      return;
    }
    if (!INTEGER.test(text)) {
      this.#add({ kind: 'symbol', name: text, start, end });
      return;
    }
    const big = text.endsWith('n');
    const value = text.length > MAXIMUM_DIGITS + 2 ? undefined : BigInt(big ? text.slice(0, -1) : text);
    const fits =
      value !== undefined &&
      (big ? (value < 0n ? -value : value) >> MAXIMUM_BITS === 0n : BigInt.asIntN(64, value) === value);
    if (fits) this.#add({ kind: big ? 'big-integer' : 'integer', value, start, end });
    else
      this.#problems.add(
        'integer-range',
        { start, end },
        `integer: expected ${big ? 'a million' : '64'} bits, got more`,
      );
  }
}
