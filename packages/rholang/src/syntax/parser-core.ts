import { Lexer, Unwind } from './lexer.ts';
import * as T from './token.ts';
import type { NameNode, ProcessNode, VariableNode, WildcardNode } from './tree.ts';

/** Names and an optional `...@rest`, as binds, contracts and lets have them. */
export interface NameList {
  readonly names: readonly NameNode[];
  readonly remainder: VariableNode | WildcardNode | undefined;
}

/** Processes and an optional `...rest`, as collections have them. */
export interface ProcessList {
  readonly elements: ProcessNode[];
  readonly remainder: VariableNode | WildcardNode | undefined;
}

/** What all parts of the grammar share: expectation, lists, names, recovery and the limit on nesting. */
export abstract class ParserCore extends Lexer {
  /** How deep the node being read lies. */
  protected depth = 0;
  /** How many calls to read a process are under way; grouping makes it larger than the depth. */
  protected recursion = 0;
  /** How deep the deepest node read so far in the enclosing operand lies. */
  protected deepest = 0;
  protected readonly maximumDepth: number;

  constructor(source: string, file: string, maximumErrors: number, maximumDepth: number) {
    super(source, file, maximumErrors);
    this.maximumDepth = maximumDepth;
  }

  /** Reads a process that binds at least as tightly as `level`. */
  protected abstract parseLevel(level: number): ProcessNode;
  /** Reads `P | Q | …`. */
  protected abstract parsePar(): ProcessNode;

  /** Stops the parser when nesting passes the limit. */
  protected checkDepth(depth: number): void {
    if (depth <= this.maximumDepth && this.recursion <= 2 * this.maximumDepth + 2) return;
    this.report(
      'nesting-limit',
      this.start,
      Math.max(this.end, this.start + 1),
      `nesting: expected at most ${String(this.maximumDepth)} levels, got more`,
      [],
      'name the inner part with `new` or `contract`, or build it at run time',
    );
    throw new Unwind(true);
  }

  /** Fails because the current token is none of `expected`. */
  protected unexpected(expected: readonly string[], context: string, hint?: string): never {
    const found =
      this.token === T.END
        ? 'end of file'
        : `\`${this.source.slice(this.start, Math.min(this.end, this.start + 40))}\``;
    const last = expected.at(-1) ?? '';
    const list = expected.length > 1 ? `${expected.slice(0, -1).join(', ')} or ${last}` : last;
    const end = Math.max(this.end, this.start + 1);
    this.fail('unexpected-token', this.start, end, `${context}: expected ${list}, got ${found}`, expected, hint);
  }

  /** Consumes a token of this kind. */
  protected expect(kind: number, context: string): void {
    if (this.token !== kind) this.unexpected([T.TOKEN_TEXT[kind]!], context);
    this.advance();
  }

  /** Consumes the closing bracket of a pair that was opened at `opened`. */
  protected close(kind: number, opened: number, context: string, others: readonly string[] = []): void {
    if (this.token === kind) {
      this.advance();
      return;
    }
    const opener = this.source[opened] ?? '';
    const line = this.source.slice(0, opened).split('\n').length;
    this.unexpected(
      [...others, T.TOKEN_TEXT[kind]!],
      context,
      `the \`${opener}\` it closes is on line ${String(line)}`,
    );
  }

  /** Consumes a token of this kind if it is there. */
  protected accept(kind: number): boolean {
    if (this.token !== kind) return false;
    this.advance();
    return true;
  }

  /** Reads a name: a variable, `_`, or a quote. */
  protected parseName(context: string): NameNode {
    const { start } = this;
    switch (this.token) {
      case T.IDENTIFIER: {
        const name = this.text;
        this.advance();
        return { kind: 'name-variable', name, start, end: this.previousEnd };
      }
      case T.WILDCARD:
        this.advance();
        return { kind: 'name-wildcard', start, end: this.previousEnd };
      case T.AT: {
        this.advance();
        const process = this.parseLevel(12);
        return { kind: 'quote', process, start, end: this.previousEnd };
      }
      default:
        return this.unexpected(['a name'], context, this.nameHint());
    }
  }

  private nameHint(): string | undefined {
    if (this.token === T.STAR) return '`*x` is a process; the name is `x`';
    if (this.token >= T.INTEGER && this.token <= T.STRING)
      return 'a literal is a process; its name is the literal with `@` before it';
    if (this.token >= T.NEW && this.token <= T.SET) return 'this word is reserved';
    return undefined;
  }

  /** Reads a process variable or `_` after `...` or `...@`. */
  protected parseRemainder(context: string): VariableNode | WildcardNode {
    const { start } = this;
    if (this.token === T.IDENTIFIER) {
      const name = this.text;
      this.advance();
      return { kind: 'variable', name, start, end: this.previousEnd };
    }
    if (this.token === T.WILDCARD) {
      this.advance();
      return { kind: 'wildcard', start, end: this.previousEnd };
    }
    return this.unexpected(['a variable', '`_`'], context);
  }

  /** Reads names up to something that is neither a name nor a comma. */
  protected parseNames(context: string): NameList {
    const names: NameNode[] = [];
    let remainder: VariableNode | WildcardNode | undefined;
    for (;;) {
      if (this.token === T.ELLIPSIS) {
        this.advance();
        if (this.token !== T.AT)
          this.unexpected(['`@`'], context, 'the remainder of a list of names is written `...@rest`');
        this.advance();
        remainder = this.parseRemainder(context);
        break;
      }
      if (this.token !== T.IDENTIFIER && this.token !== T.WILDCARD && this.token !== T.AT) break;
      names.push(this.parseName(context));
      if (this.token === T.COMMA) this.advance();
      else if (this.token !== T.ELLIPSIS) break;
    }
    return { names, remainder };
  }

  /** Reads `(P, …)`; the current token is the opening parenthesis. */
  protected parseArguments(context: string): ProcessNode[] {
    const opened = this.start;
    if (this.token !== T.LEFT_PARENTHESIS) this.unexpected(['`(`'], context);
    this.advance();
    const processes: ProcessNode[] = [];
    while (this.token !== T.RIGHT_PARENTHESIS) {
      processes.push(this.parsePar());
      if (!this.accept(T.COMMA)) break;
    }
    this.close(T.RIGHT_PARENTHESIS, opened, context, ['`,`']);
    return processes;
  }

  /** Reads elements and a remainder up to `closing`, which stays. */
  protected parseElements(closing: number, context: string): ProcessList {
    const elements: ProcessNode[] = [];
    let remainder: VariableNode | WildcardNode | undefined;
    while (this.token !== closing) {
      if (this.token === T.ELLIPSIS) {
        this.advance();
        remainder = this.parseRemainder(context);
        break;
      }
      elements.push(this.parsePar());
      if (this.token === T.COMMA) this.advance();
      else if (this.token !== T.ELLIPSIS) break;
    }
    return { elements, remainder };
  }

  /** Reads `{P}`; `{}` stands for `{Nil}`. */
  protected parseBlock(context: string): ProcessNode {
    const opened = this.start;
    if (this.token !== T.LEFT_BRACE) this.unexpected(['`{`'], context);
    this.advance();
    if (this.token === T.RIGHT_BRACE) {
      this.advance();
      return { kind: 'nil', start: opened, end: this.previousEnd };
    }
    const body = this.parsePar();
    this.close(T.RIGHT_BRACE, opened, context, ['`|`']);
    return body;
  }

  /** Skips to a place where the enclosing parallel composition can go on. */
  protected recover(brackets: number): void {
    for (;;) {
      try {
        while (this.token !== T.END) {
          if (this.openBrackets <= brackets) {
            if (this.token === T.BAR) return;
            if (this.token === T.RIGHT_BRACE || this.token === T.RIGHT_PARENTHESIS || this.token === T.RIGHT_BRACKET)
              return;
          }
          this.advance();
        }
        return;
      } catch (error) {
        if (!(error instanceof Unwind) || error.fatal) throw error;
      }
    }
  }
}
