import { Unwind } from './lexer.ts';
import { ParserCore } from './parser-core.ts';
import * as T from './token.ts';
import type {
  BindMode,
  BindNode,
  BranchNode,
  CaseNode,
  LetDeclarationNode,
  NameDeclarationNode,
  NameNode,
  ProcessNode,
  ReceiptNode,
  SourceNode,
  StringNode,
} from './tree.ts';

const SEQUENCE_HINT =
  'since Rholang 1.1 `;` between binds takes them one after the other and `&` takes them together; files from before 1.1 wrote joins with `;`';

/** The statements of the grammar: sends, receives, contracts, and the rest that is not an expression. */
export abstract class ProcessParser extends ParserCore {
  /** Reads what follows the channel of a send, at `!`, `!!` or `!?`. */
  protected parseSend(channel: NameNode, level: number): ProcessNode {
    const { start } = channel;
    const { token } = this;
    if (level > (token === T.BANG_QUERY ? 1 : 3)) {
      this.unexpected(['an operator'], 'operand', 'a send is not an operand; put it in braces');
    }
    this.advance();
    if (token === T.BANG_QUERY) return this.parseSynchronous(channel, this.parseArguments('synchronous send'));
    if (token === T.BANG && this.token === T.IDENTIFIER) {
      const method = this.methodName();
      return this.parseSynchronous(channel, [method, ...this.parseArguments('method send')]);
    }
    const data = this.parseArguments('send');
    return { kind: 'send', channel, persistent: token === T.BANG_BANG, data, start, end: this.previousEnd };
  }

  private methodName(): StringNode {
    const { start, end } = this;
    const value = this.text;
    this.advance();
    return { kind: 'string', value, start, end };
  }

  private parseSynchronous(channel: NameNode, data: ProcessNode[]): ProcessNode {
    const { start } = channel;
    if (this.accept(T.DOT)) {
      return { kind: 'synchronous-send', channel, data, continuation: undefined, start, end: this.previousEnd };
    }
    if (this.token !== T.SEMICOLON) {
      this.unexpected(
        ['`.`', '`;`'],
        'synchronous send',
        'end it with `.`, or with `;` and what comes after the answer',
      );
    }
    this.advance();
    const continuation = this.parseLevel(1);
    return { kind: 'synchronous-send', channel, data, continuation, start, end: this.previousEnd };
  }

  protected parseNew(): ProcessNode {
    const { start } = this;
    this.advance();
    const declarations: NameDeclarationNode[] = [];
    do {
      const at = this.start;
      if (this.token === T.IN && declarations.length > 0) break;
      if (this.token !== T.IDENTIFIER) this.unexpected(['a variable'], '`new`');
      const name = this.text;
      this.advance();
      let uri: string | undefined;
      if (this.accept(T.LEFT_PARENTHESIS)) {
        if (this.token !== T.URI) this.unexpected(['a URI'], 'name declaration');
        uri = this.text;
        this.advance();
        this.expect(T.RIGHT_PARENTHESIS, 'name declaration');
      }
      declarations.push({ kind: 'name-declaration', name, uri, start: at, end: this.previousEnd });
    } while (this.accept(T.COMMA));
    if (this.token !== T.IN) this.unexpected(['`,`', '`in`'], '`new`');
    this.advance();
    const body = this.parseLevel(1);
    return { kind: 'new', declarations, body, start, end: this.previousEnd };
  }

  protected parseIf(): ProcessNode {
    const { start } = this;
    this.advance();
    const opened = this.start;
    this.expect(T.LEFT_PARENTHESIS, '`if`');
    const condition = this.parsePar();
    this.close(T.RIGHT_PARENTHESIS, opened, '`if`');
    const then = this.parseLevel(1);
    const otherwise = this.accept(T.ELSE) ? this.parseLevel(1) : undefined;
    return { kind: 'if', condition, then, otherwise, start, end: this.previousEnd };
  }

  protected parseLet(): ProcessNode {
    const { start } = this;
    this.advance();
    const declarations: LetDeclarationNode[] = [this.parseLetDeclaration()];
    const separator = this.token;
    while (this.token === T.SEMICOLON || this.token === T.AMPERSAND) {
      if (this.token !== separator) {
        this.unexpected(
          [T.TOKEN_TEXT[separator]!],
          '`let`',
          'one `let` is either sequential (`;`) or concurrent (`&`)',
        );
      }
      this.advance();
      declarations.push(this.parseLetDeclaration());
    }
    if (this.token !== T.IN) this.unexpected(['`;`', '`&`', '`in`'], '`let`');
    this.advance();
    const body = this.parseLevel(1);
    const mode = separator === T.AMPERSAND ? 'concurrent' : 'sequential';
    return { kind: 'let', mode, declarations, body, start, end: this.previousEnd };
  }

  private parseLetDeclaration(): LetDeclarationNode {
    const { start } = this;
    const { names, remainder } = this.parseNames('`let`');
    const values: ProcessNode[] = [];
    if (this.token === T.EQUAL && names.length === 1 && remainder === undefined) {
      this.advance();
      values.push(this.parsePar());
    } else {
      if (this.token !== T.ARROW) this.unexpected(['`,`', '`<-`'], '`let`');
      do {
        this.advance();
        if (values.length > 0 && (this.token === T.IN || this.token === T.SEMICOLON || this.token === T.AMPERSAND))
          break;
        values.push(this.parsePar());
      } while (this.token === T.COMMA);
    }
    return { kind: 'let-declaration', names, remainder, values, start, end: this.previousEnd };
  }

  protected parseContract(): ProcessNode {
    const { start } = this;
    this.advance();
    const name = this.parseName('`contract`');
    const opened = this.start;
    this.expect(T.LEFT_PARENTHESIS, '`contract`');
    const { names, remainder } = this.parseNames('formal parameters');
    this.close(T.RIGHT_PARENTHESIS, opened, 'formal parameters', ['`,`']);
    this.expect(T.EQUAL, '`contract`');
    const body = this.parseBlock('`contract`');
    return { kind: 'contract', name, formals: names, remainder, body, start, end: this.previousEnd };
  }

  protected parseFor(): ProcessNode {
    const { start } = this;
    this.advance();
    const opened = this.start;
    this.expect(T.LEFT_PARENTHESIS, '`for`');
    const receipts = this.parseReceipts();
    if (this.token !== T.RIGHT_PARENTHESIS) {
      const hint = receipts.length > 1 ? SEQUENCE_HINT : undefined;
      this.unexpected(['`&`', '`;`', '`where`', '`)`'], '`for`', hint);
    }
    this.close(T.RIGHT_PARENTHESIS, opened, '`for`');
    const body = this.parseBlock('`for`');
    return { kind: 'receive', receipts, body, start, end: this.previousEnd };
  }

  private parseReceipts(): ReceiptNode[] {
    const receipts: ReceiptNode[] = [];
    do receipts.push(this.parseReceipt(receipts.length > 0));
    while (this.accept(T.SEMICOLON));
    return receipts;
  }

  private parseReceipt(following: boolean): ReceiptNode {
    const { start } = this;
    const binds: BindNode[] = [];
    do binds.push(this.parseBind(following));
    while (this.accept(T.AMPERSAND));
    const repeated = binds.filter((bind) => bind.mode === 'repeated').length;
    if (repeated > 0 && repeated < binds.length) {
      const odd = binds.find((bind) => bind.mode !== binds[0]!.mode)!;
      this.fail(
        'unexpected-token',
        odd.start,
        odd.end,
        'join: expected all binds to be repeated (`<=`) or none, got both',
        ['`<=`'],
        following ? SEQUENCE_HINT : 'a join stays or goes as a whole',
      );
    }
    const guard = this.accept(T.WHERE) ? this.parsePar() : undefined;
    return { kind: 'receipt', binds, guard, start, end: this.previousEnd };
  }

  private parseBind(following: boolean): BindNode {
    const { start } = this;
    const { names, remainder } = this.parseNames('bind');
    let mode: BindMode = 'linear';
    if (this.token === T.LESS_EQUAL) mode = 'repeated';
    else if (this.token === T.PEEK_ARROW) mode = 'peek';
    else if (this.token !== T.ARROW) {
      this.unexpected(['`,`', '`<-`', '`<=`', '`<<-`'], 'bind', following ? SEQUENCE_HINT : undefined);
    }
    this.advance();
    const source = this.parseSource(mode);
    return { kind: 'bind', names, remainder, mode, source, start, end: this.previousEnd };
  }

  private parseSource(mode: BindMode): SourceNode {
    const name = this.parseName('source of a bind');
    const { start } = name;
    if (mode === 'linear') {
      if (this.accept(T.QUERY_BANG)) return { kind: 'receive-send-source', name, start, end: this.previousEnd };
      if (this.accept(T.BANG_QUERY)) {
        const data = this.parseArguments('source of a bind');
        return { kind: 'send-receive-source', name, data, start, end: this.previousEnd };
      }
      if (this.token === T.BANG) {
        this.advance();
        if (this.token !== T.IDENTIFIER) this.unexpected(['a method name'], 'source of a bind');
        const method = this.methodName();
        const data = [method, ...this.parseArguments('source of a bind')];
        return { kind: 'send-receive-source', name, data, start, end: this.previousEnd };
      }
    }
    return { kind: 'name-source', name, start, end: this.previousEnd };
  }

  protected parseMatch(): ProcessNode {
    const { start } = this;
    this.advance();
    const target = this.parseLevel(4);
    const opened = this.start;
    this.expect(T.LEFT_BRACE, '`match`');
    const cases: CaseNode[] = [];
    do {
      const at = this.start;
      const pattern = this.parsePar();
      const guard = this.accept(T.WHERE) ? this.parsePar() : undefined;
      if (this.token !== T.FAT_ARROW) this.unexpected(['`where`', '`=>`'], 'case of `match`');
      this.advance();
      const body = this.parsePar();
      cases.push({ kind: 'case', pattern, guard, body, start: at, end: this.previousEnd });
    } while (this.token !== T.RIGHT_BRACE && this.token !== T.END);
    this.close(T.RIGHT_BRACE, opened, '`match`', ['a case']);
    return { kind: 'match', target, cases, start, end: this.previousEnd };
  }

  protected parseSelect(): ProcessNode {
    const { start } = this;
    this.advance();
    const opened = this.start;
    this.expect(T.LEFT_BRACE, '`select`');
    const branches: BranchNode[] = [];
    do {
      const at = this.start;
      const receipts = this.parseReceipts();
      const wrong = receipts.flatMap((receipt) => receipt.binds).find((bind) => bind.mode === 'repeated');
      if (wrong !== undefined) {
        this.fail('unexpected-token', wrong.start, wrong.end, 'branch of `select`: expected `<-` or `<<-`, got `<=`', [
          '`<-`',
          '`<<-`',
        ]);
      }
      if (this.token !== T.FAT_ARROW) this.unexpected(['`&`', '`where`', '`=>`'], 'branch of `select`');
      this.advance();
      const body = this.parsePar();
      branches.push({ kind: 'branch', receipts, body, start: at, end: this.previousEnd });
    } while (this.token !== T.RIGHT_BRACE && this.token !== T.END);
    this.close(T.RIGHT_BRACE, opened, '`select`', ['a branch']);
    return { kind: 'select', branches, start, end: this.previousEnd };
  }

  protected parseBundle(): ProcessNode {
    const { start, token } = this;
    this.advance();
    const body = this.parseBlock('`bundle`');
    const mode =
      token === T.BUNDLE
        ? 'read-write'
        : token === T.BUNDLE_READ
          ? 'read'
          : token === T.BUNDLE_WRITE
            ? 'write'
            : 'none';
    return { kind: 'bundle', mode, body, start, end: this.previousEnd };
  }

  protected override parsePar(): ProcessNode {
    const { start, depth, recursion } = this;
    let only: ProcessNode | undefined;
    let parts: ProcessNode[] | undefined;
    for (;;) {
      let part: ProcessNode;
      const brackets = this.openBrackets;
      try {
        part = this.parseLevel(1);
      } catch (error) {
        part = this.recoverPart(error, brackets, depth, recursion);
      }
      if (only === undefined) only = part;
      else if (parts === undefined) parts = [only, part];
      else parts.push(part);
      if (this.token !== T.BAR) break;
      this.advance();
    }
    return parts === undefined ? only : { kind: 'par', parts, start, end: this.previousEnd };
  }

  private recoverPart(error: unknown, brackets: number, depth: number, recursion: number): ProcessNode {
    if (!(error instanceof Unwind) || error.fatal) throw error;
    this.depth = depth;
    this.recursion = recursion;
    this.deepest = depth;
    this.recover(brackets);
    return { kind: 'nil', start: this.previousEnd, end: this.previousEnd };
  }
}
