import { ProcessParser } from './process-parser.ts';
import * as T from './token.ts';
import type { BinaryOperator, MapEntryNode, NameNode, ProcessNode, SimpleType } from './tree.ts';

const MAXIMUM_INTEGER = 9223372036854775807n;

/** Most digits of a literal: a few more than a million bits, which values may have. */
const MAXIMUM_DIGITS = 320_000;

/** How tightly each infix operator binds; zero for all other tokens. */
const INFIX_LEVEL: Uint8Array = /* @__PURE__ */ (() => {
  const levels = new Uint8Array(71);
  for (const token of [T.OR, T.BAR_BAR]) levels[token] = 4;
  for (const token of [T.AND, T.AMPERSAND_AMPERSAND]) levels[token] = 5;
  for (const token of [T.MATCHES, T.EQUAL_EQUAL, T.NOT_EQUAL]) levels[token] = 6;
  for (const token of [T.LESS, T.LESS_EQUAL, T.GREATER, T.GREATER_EQUAL]) levels[token] = 7;
  for (const token of [T.PLUS, T.MINUS, T.PLUS_PLUS, T.MINUS_MINUS]) levels[token] = 8;
  for (const token of [T.STAR, T.SLASH, T.PERCENT, T.PERCENT_PERCENT]) levels[token] = 9;
  levels[T.DOT] = 11;
  levels[T.DISJUNCTION] = 13;
  levels[T.CONJUNCTION] = 14;
  return levels;
})();

const STATEMENT_HINT = 'put the process in braces to use it here';

/** The whole grammar: expressions by precedence climbing, on top of the statements. */
export class ExpressionParser extends ProcessParser {
  /** Reads the whole source as one process. */
  parseProgram(): ProcessNode {
    this.advance();
    if (this.token === T.END) return { kind: 'nil', start: this.start, end: this.end };
    const process = this.parsePar();
    while (this.token !== T.END) {
      this.unexpected(['`|`', 'end of file'], 'process');
    }
    return process;
  }

  protected override parseLevel(level: number): ProcessNode {
    this.depth += 1;
    this.recursion += 1;
    const { depth } = this;
    this.checkDepth(depth);
    const outer = this.deepest;
    this.deepest = depth;
    const { start } = this;
    let left = this.parsePrefix(level);
    for (;;) {
      const { token } = this;
      const infix = INFIX_LEVEL[token]!;
      if (infix === 0 || infix < level) break;
      this.deepest += 1;
      this.checkDepth(this.deepest);
      this.advance();
      left = token === T.DOT ? this.parseMethod(left, start) : this.parseInfix(left, start, token, infix);
    }
    if (outer > this.deepest) this.deepest = outer;
    this.depth = depth - 1;
    this.recursion -= 1;
    return left;
  }

  private parseInfix(left: ProcessNode, start: number, token: number, infix: number): ProcessNode {
    const operatorStart = this.previousEnd;
    const right = this.parseLevel(infix + 1);
    const end = this.previousEnd;
    if (token === T.CONJUNCTION) return { kind: 'conjunction', left, right, start, end };
    if (token === T.DISJUNCTION) return { kind: 'disjunction', left, right, start, end };
    const operator = OPERATORS.get(token);
    if (operator === undefined) this.fail('unexpected-token', operatorStart, end, 'expected an operator');
    return { kind: 'binary', operator, left, right, start, end };
  }

  private parseMethod(target: ProcessNode, start: number): ProcessNode {
    if (this.token !== T.IDENTIFIER) this.unexpected(['a method name'], 'method call');
    const method = this.text;
    this.advance();
    const processes = this.parseArguments('method call');
    return { kind: 'method', target, method, arguments: processes, start, end: this.previousEnd };
  }

  private requireLevel(level: number, own: number): void {
    if (level > own) this.unexpected(['an expression'], 'operand', STATEMENT_HINT);
  }

  private parsePrefix(level: number): ProcessNode {
    switch (this.token) {
      case T.IDENTIFIER:
      case T.WILDCARD:
        return this.parseVariable(level);
      case T.LEFT_BRACE:
        return this.parseBraces();
      case T.LEFT_PARENTHESIS:
        return this.parseParentheses();
      case T.LEFT_BRACKET:
        return this.parseList();
      case T.SET:
        return this.parseSet();
      case T.AT:
        return this.parseQuoteSend(level);
      case T.STAR:
        return this.parseEvaluation();
      case T.MINUS:
        return this.parseMinus(level, this.start);
      case T.NOT:
        return this.parseNot(level);
      case T.TILDE:
        return this.parseNegation();
      default:
        return this.token >= T.NEW && this.token <= T.BUNDLE_NONE ? this.parseStatement(level) : this.parseLeaf();
    }
  }

  private parseVariable(level: number): ProcessNode {
    const { start, end, token } = this;
    const name = this.text;
    this.advance();
    if (level <= 3 && this.token >= T.BANG && this.token <= T.BANG_QUERY) {
      const channel: NameNode =
        token === T.WILDCARD ? { kind: 'name-wildcard', start, end } : { kind: 'name-variable', name, start, end };
      return this.parseSend(channel, level);
    }
    return token === T.WILDCARD ? { kind: 'wildcard', start, end } : { kind: 'variable', name, start, end };
  }

  private parseQuoteSend(level: number): ProcessNode {
    const { start } = this;
    let channel: NameNode = this.parseName('send');
    while (this.token === T.DOT && channel.kind === 'quote') {
      this.advance();
      const process = this.parseMethod(channel.process, channel.process.start);
      channel = { kind: 'quote', process, start, end: this.previousEnd };
    }
    if (this.token < T.BANG || this.token > T.BANG_QUERY) {
      this.unexpected(['`!`', '`!!`', '`!?`'], 'send', 'a name alone is not a process; `*` turns a name into one');
    }
    return this.parseSend(channel, level);
  }

  private parseList(): ProcessNode {
    const { start } = this;
    this.advance();
    const { elements, remainder } = this.parseElements(T.RIGHT_BRACKET, 'list');
    this.close(T.RIGHT_BRACKET, start, 'list', ['`,`', '`...`']);
    return { kind: 'list', elements, remainder, start, end: this.previousEnd };
  }

  private parseSet(): ProcessNode {
    const { start } = this;
    this.advance();
    const opened = this.start;
    this.expect(T.LEFT_PARENTHESIS, 'set');
    const { elements, remainder } = this.parseElements(T.RIGHT_PARENTHESIS, 'set');
    this.close(T.RIGHT_PARENTHESIS, opened, 'set', ['`,`', '`...`']);
    return { kind: 'set', elements, remainder, start, end: this.previousEnd };
  }

  private parseEvaluation(): ProcessNode {
    const { start } = this;
    this.advance();
    const name = this.parseName('evaluation');
    return { kind: 'evaluation', name, start, end: this.previousEnd };
  }

  private parseNot(level: number): ProcessNode {
    const { start } = this;
    this.requireLevel(level, 10);
    this.advance();
    const operand = this.parseLevel(10);
    return { kind: 'unary', operator: 'not', operand, start, end: this.previousEnd };
  }

  private parseNegation(): ProcessNode {
    const { start } = this;
    this.advance();
    const operand = this.parseLevel(15);
    return { kind: 'negation', operand, start, end: this.previousEnd };
  }

  private parseLeaf(): ProcessNode {
    const { start, end, token } = this;
    const value = this.text;
    switch (token) {
      case T.INTEGER:
        return this.parseInteger(start, '');
      case T.BIG_INTEGER:
        this.advance();
        return { kind: 'big-integer', value: this.bigInteger(value), start, end };
      case T.STRING:
        this.advance();
        return { kind: 'string', value, start, end };
      case T.URI:
        this.advance();
        return { kind: 'uri', value, start, end };
      case T.TRUE:
      case T.FALSE:
        this.advance();
        return { kind: 'boolean', value: token === T.TRUE, start, end };
      case T.NIL:
        this.advance();
        return { kind: 'nil', start, end };
      case T.TYPE:
        return this.parseType();
      case T.EQUAL: {
        this.advance();
        const of = this.accept(T.STAR) ? 'name' : 'process';
        if (this.token !== T.IDENTIFIER) this.unexpected(['a variable'], 'variable reference');
        const name = this.text;
        this.advance();
        return { kind: 'variable-reference', of, name, start, end: this.previousEnd };
      }
      default:
        return this.unexpected(
          ['a process'],
          'process',
          token === T.BAR ? 'a process is missing beside `|`' : undefined,
        );
    }
  }

  private parseStatement(level: number): ProcessNode {
    switch (this.token) {
      case T.NEW:
        this.requireLevel(level, 1);
        return this.parseNew();
      case T.IF:
        this.requireLevel(level, 1);
        return this.parseIf();
      case T.LET:
        this.requireLevel(level, 2);
        return this.parseLet();
      case T.FOR:
        this.requireLevel(level, 2);
        return this.parseFor();
      case T.CONTRACT:
        this.requireLevel(level, 2);
        return this.parseContract();
      case T.MATCH:
        this.requireLevel(level, 2);
        return this.parseMatch();
      case T.SELECT:
        this.requireLevel(level, 2);
        return this.parseSelect();
      case T.BUNDLE:
      case T.BUNDLE_READ:
      case T.BUNDLE_WRITE:
      case T.BUNDLE_NONE:
        this.requireLevel(level, 2);
        return this.parseBundle();
      default:
        return this.unexpected(['a process'], 'process');
    }
  }

  /** The value of decimal digits; reading very many of them would take more than linear time. */
  private bigInteger(digits: string): bigint {
    if (digits.length <= MAXIMUM_DIGITS) return BigInt(digits);
    const message = `integer: expected at most ${String(MAXIMUM_DIGITS)} digits, got ${String(digits.length)}`;
    this.report('integer-range', this.start, this.end, message);
    return 0n;
  }

  private parseInteger(start: number, sign: '' | '-'): ProcessNode {
    const { text, end } = this;
    const value = text.length < 16 ? BigInt(Number(sign + text)) : this.bigInteger(sign + text);
    if (value > MAXIMUM_INTEGER || value < -MAXIMUM_INTEGER - 1n) {
      this.report(
        'integer-range',
        start,
        end,
        `integer: expected -9223372036854775808 to 9223372036854775807, got ${sign}${text.slice(0, 40)}`,
        [],
        'write a big integer with the suffix `n`',
      );
    }
    this.advance();
    return { kind: 'integer', value, start, end };
  }

  private parseMinus(level: number, start: number): ProcessNode {
    this.advance();
    const literal =
      (this.token === T.INTEGER || this.token === T.BIG_INTEGER) && this.source.charCodeAt(this.end) !== 0x2e;
    if (literal && this.token === T.INTEGER) return this.parseInteger(start, '-');
    if (literal) {
      const value = -this.bigInteger(this.text);
      this.advance();
      return { kind: 'big-integer', value, start, end: this.previousEnd };
    }
    if (level > 10) this.unexpected(['an expression'], 'operand', 'put the negative operand in parentheses');
    const operand = this.parseLevel(10);
    return { kind: 'unary', operator: '-', operand, start, end: this.previousEnd };
  }

  private parseType(): ProcessNode {
    const { start, end } = this;
    const type = this.text as SimpleType;
    this.advance();
    if (type !== 'BigInt' || this.token !== T.LEFT_PARENTHESIS || this.start !== end) {
      return { kind: 'type', type, start, end };
    }
    this.advance();
    const negative = this.accept(T.MINUS);
    if (this.token !== T.INTEGER) this.unexpected(['an integer'], '`BigInt`');
    const value = this.bigInteger(this.text) * (negative ? -1n : 1n);
    this.advance();
    this.expect(T.RIGHT_PARENTHESIS, '`BigInt`');
    return { kind: 'big-integer', value, start, end: this.previousEnd };
  }

  private parseParentheses(): ProcessNode {
    const { start } = this;
    this.advance();
    if (this.accept(T.RIGHT_PARENTHESIS)) return { kind: 'tuple', elements: [], start, end: this.previousEnd };
    this.depth -= 1;
    const first = this.parsePar();
    this.depth += 1;
    if (this.token !== T.COMMA) {
      this.close(T.RIGHT_PARENTHESIS, start, 'parentheses', ['`,`']);
      return first;
    }
    const elements = [first];
    while (this.accept(T.COMMA)) {
      if (this.token === T.RIGHT_PARENTHESIS) break;
      elements.push(this.parsePar());
    }
    this.close(T.RIGHT_PARENTHESIS, start, 'tuple', ['`,`']);
    return { kind: 'tuple', elements, start, end: this.previousEnd };
  }

  // What braces or parentheses enclose leaves no node behind and so does not count as a level.
  private parseBraces(): ProcessNode {
    const { start } = this;
    this.advance();
    if (this.token === T.RIGHT_BRACE || this.token === T.ELLIPSIS) return this.parseMap(start, undefined);
    if (this.token === T.BAR && this.start === start + 1) {
      this.fail('unsupported-syntax', start, this.end, 'path maps `{| … |}` are not Rholang 1.1', [
        'a process',
        'a map',
      ]);
    }
    this.depth -= 1;
    const first = this.parsePar();
    this.depth += 1;
    if (this.token === T.COLON) return this.parseMap(start, first);
    this.close(T.RIGHT_BRACE, start, 'braces', ['`|`', '`:`']);
    return first;
  }

  private parseMap(start: number, firstKey: ProcessNode | undefined): ProcessNode {
    const entries: MapEntryNode[] = [];
    let remainder;
    let key = firstKey;
    for (;;) {
      if (key === undefined) {
        if (this.token === T.RIGHT_BRACE) break;
        if (this.accept(T.ELLIPSIS)) {
          remainder = this.parseRemainder('map');
          break;
        }
        key = this.parsePar();
      }
      this.expect(T.COLON, 'map');
      const value = this.parsePar();
      entries.push({ kind: 'map-entry', key, value, start: key.start, end: value.end });
      key = undefined;
      if (this.token === T.COMMA) this.advance();
      else if (this.token !== T.ELLIPSIS) break;
    }
    this.close(T.RIGHT_BRACE, start, 'map', ['`,`', '`...`']);
    return { kind: 'map', entries, remainder, start, end: this.previousEnd };
  }
}

const OPERATORS: ReadonlyMap<number, BinaryOperator> = /* @__PURE__ */ new Map<number, BinaryOperator>([
  [T.OR, 'or'],
  [T.BAR_BAR, '||'],
  [T.AND, 'and'],
  [T.AMPERSAND_AMPERSAND, '&&'],
  [T.MATCHES, 'matches'],
  [T.EQUAL_EQUAL, '=='],
  [T.NOT_EQUAL, '!='],
  [T.LESS, '<'],
  [T.LESS_EQUAL, '<='],
  [T.GREATER, '>'],
  [T.GREATER_EQUAL, '>='],
  [T.PLUS, '+'],
  [T.MINUS, '-'],
  [T.PLUS_PLUS, '++'],
  [T.MINUS_MINUS, '--'],
  [T.STAR, '*'],
  [T.SLASH, '/'],
  [T.PERCENT, '%'],
  [T.PERCENT_PERCENT, '%%'],
]);
