import { positionAt, type Diagnostic, type SyntaxErrorReason } from './diagnostic.ts';
import * as T from './token.ts';

/** Thrown inside the parser to unwind to a place where it can go on; never leaves this package. */
export class Unwind extends Error {
  /** True if parsing must stop altogether. */
  readonly fatal: boolean;

  constructor(fatal: boolean) {
    super('unwinding the parser');
    this.fatal = fatal;
  }
}

const SPACE = 1;
const LETTER = 2;
const DIGIT = 3;
const UNDERSCORE = 4;
const QUOTE = 5;
const TYPED_NUMBER = /[iu][1-9]|r\b|p[0-9]|f(?:32|64|128|256)\b|[.][0-9]+(?:[eE][+-]?[0-9]+)?(?:f|p)/y;

function characterClasses(): Uint8Array {
  const classes = new Uint8Array(128);
  for (const space of ' \t\n\r\f\v') classes[space.charCodeAt(0)] = SPACE;
  for (let code = 0x41; code <= 0x5a; code += 1) {
    classes[code] = LETTER;
    classes[code + 0x20] = LETTER;
  }
  for (let code = 0x30; code <= 0x39; code += 1) classes[code] = DIGIT;
  classes[0x5f] = UNDERSCORE;
  classes[0x27] = QUOTE;
  return classes;
}

let sharedClasses: Uint8Array | undefined;

/** Reads one token at a time; the current token lies in the fields. */
export class Lexer {
  protected readonly source: string;
  protected readonly file: string;
  protected readonly diagnostics: Diagnostic[] = [];
  protected readonly maximumErrors: number;
  /** Kind of the current token. */
  protected token: number = T.END;
  /** Range of the current token. */
  protected start = 0;
  protected end = 0;
  /** End of the token before it. */
  protected previousEnd = 0;
  /** Text of an identifier, a keyword, a string or a URI. */
  protected text = '';
  /** Brackets that are open before the current token. */
  protected openBrackets = 0;
  readonly #classes: Uint8Array;

  constructor(source: string, file: string, maximumErrors: number) {
    this.source = source;
    this.file = file;
    this.maximumErrors = maximumErrors;
    sharedClasses ??= characterClasses();
    this.#classes = sharedClasses;
    if (source.charCodeAt(0) === 0xfeff) this.end = 1;
  }

  /** Records an error. Unwinds the parser for good when there are too many. */
  protected report(
    reason: SyntaxErrorReason,
    start: number,
    end: number,
    message: string,
    expected: readonly string[] = [],
    hint?: string,
  ): void {
    if (this.diagnostics.at(-1)?.start === start) return;
    const { line, column } = positionAt(this.source, start);
    const shown = this.source.slice(start, Math.min(end, start + 40)).replace(/\s+/g, ' ');
    const found = start >= this.source.length ? 'end of file' : shown;
    this.diagnostics.push({ reason, file: this.file, line, column, start, end, found, expected, message, hint });
    if (this.diagnostics.length >= this.maximumErrors) throw new Unwind(true);
  }

  /** Records an error at the current token and unwinds. */
  protected fail(
    reason: SyntaxErrorReason,
    start: number,
    end: number,
    message: string,
    expected: readonly string[] = [],
    hint?: string,
  ): never {
    this.report(reason, start, end, message, expected, hint);
    throw new Unwind(false);
  }

  /** Moves on to the next token. */
  protected advance(): void {
    const { source } = this;
    const classes = this.#classes;
    const token = this.token;
    if (token >= T.LEFT_PARENTHESIS && token <= T.RIGHT_BRACKET) this.openBrackets += (token & 1) === 0 ? 1 : -1;
    let at = this.end;
    this.previousEnd = at;
    const { length } = source;
    for (;;) {
      if (at >= length) {
        this.start = this.end = length;
        this.token = T.END;
        return;
      }
      const code = source.charCodeAt(at);
      if (code < 128) {
        const kind = classes[code]!;
        if (kind === SPACE) {
          at += 1;
          continue;
        }
        if (kind === LETTER || kind === QUOTE) {
          this.#word(at);
          return;
        }
        if (kind === DIGIT) {
          this.#number(at);
          return;
        }
        if (kind === UNDERSCORE) {
          const next = at + 1 < length ? source.charCodeAt(at + 1) : 0;
          if (next < 128 && classes[next]! >= LETTER) {
            this.#word(at);
          } else {
            this.start = at;
            this.end = at + 1;
            this.token = T.WILDCARD;
          }
          return;
        }
        if (code === 0x2f) {
          const next = source.charCodeAt(at + 1);
          if (next === 0x2f) {
            const newline = source.indexOf('\n', at);
            at = newline === -1 ? length : newline + 1;
            continue;
          }
          if (next === 0x2a) {
            const close = source.indexOf('*/', at + 2);
            if (close === -1) {
              this.start = at;
              this.end = length;
              this.token = T.END;
              this.report('unterminated', at, at + 2, 'this comment does not end', ['`*/`']);
              return;
            }
            at = close + 2;
            continue;
          }
        }
        this.start = at;
        this.#punctuation(at, code);
        return;
      }
      if (code === 0xa0 || code === 0x2028 || code === 0x2029 || code === 0xfeff) {
        at += 1;
        continue;
      }
      this.#unexpectedCharacter(at);
    }
  }

  #unexpectedCharacter(at: number): never {
    const point = this.source.codePointAt(at)!;
    const width = point > 0xffff ? 2 : 1;
    this.start = at;
    this.end = at + width;
    this.token = T.IDENTIFIER;
    this.text = '_';
    const shown =
      point < 0x20 || point === 0x7f
        ? `U+${point.toString(16).padStart(4, '0')}`
        : `\`${String.fromCodePoint(point)}\``;
    this.fail('unexpected-character', at, at + width, `unexpected character ${shown}`);
  }

  #word(start: number): void {
    const { source } = this;
    const classes = this.#classes;
    let at = start + 1;
    for (; at < source.length; at += 1) {
      const code = source.charCodeAt(at);
      if (code >= 128 || classes[code]! < LETTER) break;
    }
    this.start = start;
    const text = source.slice(start, at);
    this.text = text;
    this.token = T.IDENTIFIER;
    if (at - start <= 9 && at - start >= 2) {
      const keyword = T.KEYWORDS.get(text);
      if (keyword !== undefined) {
        this.token = keyword;
        if (keyword === T.BUNDLE) {
          const next = source.charCodeAt(at);
          if (next === 0x2b) {
            this.token = T.BUNDLE_WRITE;
            at += 1;
          } else if (next === 0x2d) {
            this.token = T.BUNDLE_READ;
            at += 1;
          }
        }
      }
    }
    this.end = at;
  }

  #number(start: number): void {
    const { source } = this;
    let at = start + 1;
    let code = source.charCodeAt(at);
    while (code >= 0x30 && code <= 0x39) {
      at += 1;
      code = source.charCodeAt(at);
    }
    this.start = start;
    this.end = at;
    this.text = source.slice(start, at);
    this.token = T.INTEGER;
    if (code === 0x6e) {
      const after = source.charCodeAt(at + 1);
      if (!(after < 128 && this.#classes[after]! >= LETTER)) {
        this.token = T.BIG_INTEGER;
        this.end = at + 1;
        return;
      }
    }
    TYPED_NUMBER.lastIndex = at;
    if (TYPED_NUMBER.test(source)) {
      const end = /[\w.]*/y;
      end.lastIndex = at;
      end.test(source);
      this.end = end.lastIndex;
      this.fail(
        'unsupported-syntax',
        start,
        this.end,
        `numbers with the suffix of a width, a rational, a float or a fixed point are not Rholang 1.1`,
        ['an integer such as 42', 'a big integer such as 42n'],
      );
    }
  }

  #quoted(start: number, quote: number): void {
    const { source } = this;
    const { length } = source;
    let at = start + 1;
    let plain = at;
    let text = '';
    for (;;) {
      if (at >= length) {
        this.end = length;
        this.token = T.END;
        const what = quote === 0x22 ? 'string' : 'URI';
        this.report('unterminated', start, start + 1, `this ${what} does not end`, [
          quote === 0x22 ? '`"`' : 'a backtick',
        ]);
        return;
      }
      const code = source.charCodeAt(at);
      if (code === quote) break;
      if (code === 0x5c) {
        const next = source[at + 1] ?? '';
        const value = quote === 0x22 ? ESCAPES.get(next) : next === '\\' || next === '`' ? next : undefined;
        if (value === undefined) {
          const allowed = quote === 0x22 ? '\\n, \\t, \\r, \\0, \\" and \\\\' : '\\` and \\\\';
          this.report('invalid-escape', at, at + 2, `unknown escape \\${next}`, [], `the escapes are ${allowed}`);
        }
        text += source.slice(plain, at) + (value ?? next);
        at += 2;
        plain = at;
        continue;
      }
      at += 1;
    }
    this.text = text === '' ? source.slice(plain, at) : text + source.slice(plain, at);
    this.end = at + 1;
    this.token = quote === 0x22 ? T.STRING : T.URI;
  }

  #punctuation(at: number, code: number): void {
    const next = this.source.charCodeAt(at + 1);
    let token: number;
    let width = 1;
    switch (code) {
      case 0x22:
      case 0x60:
        this.#quoted(at, code);
        return;
      case 0x28:
        token = T.LEFT_PARENTHESIS;
        break;
      case 0x29:
        token = T.RIGHT_PARENTHESIS;
        break;
      case 0x7b:
        token = T.LEFT_BRACE;
        break;
      case 0x7d:
        token = T.RIGHT_BRACE;
        break;
      case 0x5b:
        token = T.LEFT_BRACKET;
        break;
      case 0x5d:
        token = T.RIGHT_BRACKET;
        break;
      case 0x2c:
        token = T.COMMA;
        break;
      case 0x3b:
        token = T.SEMICOLON;
        break;
      case 0x3a:
        token = T.COLON;
        break;
      case 0x40:
        token = T.AT;
        break;
      case 0x7e:
        token = T.TILDE;
        break;
      case 0x2a:
        token = T.STAR;
        break;
      case 0x2e:
        token = T.DOT;
        if (next === 0x2e && this.source.charCodeAt(at + 2) === 0x2e) {
          token = T.ELLIPSIS;
          width = 3;
        }
        break;
      case 0x7c:
        token = next === 0x7c ? T.BAR_BAR : T.BAR;
        if (next === 0x7c) width = 2;
        break;
      case 0x26:
        token = next === 0x26 ? T.AMPERSAND_AMPERSAND : T.AMPERSAND;
        if (next === 0x26) width = 2;
        break;
      case 0x21:
        token = next === 0x21 ? T.BANG_BANG : next === 0x3f ? T.BANG_QUERY : next === 0x3d ? T.NOT_EQUAL : T.BANG;
        if (token !== T.BANG) width = 2;
        break;
      case 0x3f:
        if (next !== 0x21) this.#unexpectedCharacter(at);
        token = T.QUERY_BANG;
        width = 2;
        break;
      case 0x3c:
        if (next === 0x2d || next === 0x3d) {
          token = next === 0x2d ? T.ARROW : T.LESS_EQUAL;
          width = 2;
        } else if (next === 0x3c && this.source.charCodeAt(at + 2) === 0x2d) {
          token = T.PEEK_ARROW;
          width = 3;
        } else {
          token = T.LESS;
        }
        break;
      case 0x3e:
        token = next === 0x3d ? T.GREATER_EQUAL : T.GREATER;
        if (next === 0x3d) width = 2;
        break;
      case 0x3d:
        token = next === 0x3d ? T.EQUAL_EQUAL : next === 0x3e ? T.FAT_ARROW : T.EQUAL;
        if (token !== T.EQUAL) width = 2;
        break;
      case 0x2b:
        token = next === 0x2b ? T.PLUS_PLUS : T.PLUS;
        if (next === 0x2b) width = 2;
        break;
      case 0x2d:
        token = next === 0x2d ? T.MINUS_MINUS : T.MINUS;
        if (next === 0x2d) width = 2;
        break;
      case 0x25:
        token = next === 0x25 ? T.PERCENT_PERCENT : T.PERCENT;
        if (next === 0x25) width = 2;
        break;
      case 0x2f:
        token = next === 0x5c ? T.CONJUNCTION : T.SLASH;
        if (next === 0x5c) width = 2;
        break;
      case 0x5c:
        if (next !== 0x2f) this.#unexpectedCharacter(at);
        token = T.DISJUNCTION;
        width = 2;
        break;
      default:
        this.#unexpectedCharacter(at);
    }
    this.token = token;
    this.end = at + width;
  }
}

const ESCAPES: ReadonlyMap<string, string> = /* @__PURE__ */ new Map([
  ['n', '\n'],
  ['t', '\t'],
  ['r', '\r'],
  ['0', '\0'],
  ['"', '"'],
  ['\\', '\\'],
]);
