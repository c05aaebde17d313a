import type {
  BindNode,
  BundleMode,
  CaseNode,
  LetDeclarationNode,
  NameNode,
  ProcessNode,
  ReceiptNode,
  VariableNode,
  WildcardNode,
} from './tree.ts';

/** How a program is laid out. */
export interface PrintOptions {
  /** Spaces per level of indentation; 0, the default, puts everything on one line. */
  readonly indent?: number;
}

/**
 * Prints a syntax tree as Rholang that parses to the same tree, apart from locations.
 *
 * Grouping is put back only where precedence asks for it. Comments are not part of the tree and are not printed.
 *
 * @example
 * ```ts
 * import { parse, print } from '@commute/rholang';
 * const result = parse('x ! ( 1+2 ) | Nil');
 * if (!result.ok || print(result.process) !== 'x!(1 + 2) | Nil') throw new Error('unexpected text');
 * ```
 */
export function print(process: ProcessNode, options: PrintOptions = {}): string {
  return new Printer(options.indent ?? 0).process(process, 0);
}

const BUNDLES: Readonly<Record<BundleMode, string>> = {
  'read-write': 'bundle',
  read: 'bundle-',
  write: 'bundle+',
  none: 'bundle0',
};

const BINARY_LEVEL: Readonly<Record<string, number>> = {
  or: 4,
  '||': 4,
  and: 5,
  '&&': 5,
  matches: 6,
  '==': 6,
  '!=': 6,
  '<': 7,
  '<=': 7,
  '>': 7,
  '>=': 7,
  '+': 8,
  '-': 8,
  '++': 8,
  '--': 8,
};

/** How tightly the printed form of a node binds. */
function levelOf(node: ProcessNode): number {
  switch (node.kind) {
    case 'par':
      return 0;
    case 'new':
    case 'if':
    case 'let':
    case 'synchronous-send':
      return 1;
    case 'receive':
    case 'contract':
    case 'match':
    case 'select':
    case 'bundle':
      return 2;
    case 'send':
      return 3;
    case 'binary':
      return BINARY_LEVEL[node.operator] ?? 9;
    case 'unary':
      return 10;
    case 'integer':
    case 'big-integer':
      return node.value < 0n ? 10 : 16;
    case 'method':
      return 11;
    case 'evaluation':
      return node.name.kind === 'quote' ? 12 : 16;
    case 'disjunction':
      return 13;
    case 'conjunction':
      return 14;
    case 'negation':
      return 15;
    default:
      return 16;
  }
}

/** The text of a string literal with this value. */
export function printString(value: string): string {
  let text = '"';
  for (const character of value) {
    switch (character) {
      case '"':
        text += '\\"';
        break;
      case '\\':
        text += '\\\\';
        break;
      case '\n':
        text += '\\n';
        break;
      case '\t':
        text += '\\t';
        break;
      case '\r':
        text += '\\r';
        break;
      case '\0':
        text += '\\0';
        break;
      default:
        text += character;
    }
  }
  return `${text}"`;
}

/** The text of a URI literal with this value. */
export function printUri(value: string): string {
  return `\`${value.replace(/[\\`]/g, '\\$&')}\``;
}

class Printer {
  readonly #unit: string;
  #indentation = '';

  constructor(indent: number) {
    this.#unit = ' '.repeat(indent);
  }

  /** Prints `node` so that it can stand where `level` is asked for. */
  process(node: ProcessNode, level: number): string {
    const own = levelOf(node);
    if (own >= level) return this.#bare(node);
    return own <= 3 ? this.#block(node) : `(${this.#bare(node)})`;
  }

  #newline(): string {
    return this.#unit === '' ? ' ' : `\n${this.#indentation}`;
  }

  #nested(print: () => string): string {
    const outer = this.#indentation;
    this.#indentation = outer + this.#unit;
    const text = `{${this.#newline()}${print()}`;
    this.#indentation = outer;
    return `${text}${this.#newline()}}`;
  }

  #block(node: ProcessNode): string {
    return this.#nested(() => this.#bare(node));
  }

  #name(node: NameNode): string {
    switch (node.kind) {
      case 'name-variable':
        return node.name;
      case 'name-wildcard':
        return '_';
      case 'quote': {
        const { process } = node;
        // `@BigInt(` would read as the literal `BigInt(1)`.
        const bigInt = process.kind === 'type' && process.type === 'BigInt';
        return levelOf(process) === 16 && !bigInt ? `@${this.#bare(process)}` : `@{${this.#bare(process)}}`;
      }
    }
  }

  #list(nodes: readonly ProcessNode[]): string {
    return nodes.map((node) => this.#bare(node)).join(', ');
  }

  #withRemainder(text: string, remainder: VariableNode | WildcardNode | undefined, prefix: string): string {
    if (remainder === undefined) return text;
    return `${text}${text === '' ? '' : ' '}${prefix}${remainder.kind === 'variable' ? remainder.name : '_'}`;
  }

  #names(names: readonly NameNode[], remainder: VariableNode | WildcardNode | undefined): string {
    return this.#withRemainder(names.map((name) => this.#name(name)).join(', '), remainder, '...@');
  }

  #bind(bind: BindNode): string {
    const arrow = bind.mode === 'linear' ? '<-' : bind.mode === 'repeated' ? '<=' : '<<-';
    const names = this.#names(bind.names, bind.remainder);
    const { source } = bind;
    let from = this.#name(source.name);
    if (source.kind === 'receive-send-source') from += '?!';
    else if (source.kind === 'send-receive-source') from += `!?(${this.#list(source.data)})`;
    return `${names}${names === '' ? '' : ' '}${arrow} ${from}`;
  }

  #receipts(receipts: readonly ReceiptNode[]): string {
    return receipts
      .map((receipt) => {
        const binds = receipt.binds.map((bind) => this.#bind(bind)).join(' & ');
        return receipt.guard === undefined ? binds : `${binds} where ${this.#bare(receipt.guard)}`;
      })
      .join('; ');
  }

  #case(node: CaseNode, first: boolean): string {
    let pattern = this.#bare(node.pattern);
    if (!first && /^[-*]/.test(pattern)) pattern = `{${pattern}}`;
    const guard = node.guard === undefined ? '' : ` where ${this.#bare(node.guard)}`;
    return `${pattern}${guard} => ${this.#block(node.body)}`;
  }

  #declaration(node: LetDeclarationNode): string {
    const names = this.#names(node.names, node.remainder);
    return `${names}${names === '' ? '' : ' '}<- ${this.#list(node.values)}`;
  }

  #bare(node: ProcessNode): string {
    switch (node.kind) {
      case 'nil':
        return 'Nil';
      case 'par':
        return node.parts.map((part) => this.process(part, 1)).join(this.#unit === '' ? ' | ' : ` |${this.#newline()}`);
      case 'send':
        return `${this.#name(node.channel)}${node.persistent ? '!!' : '!'}(${this.#list(node.data)})`;
      case 'synchronous-send': {
        const send = `${this.#name(node.channel)}!?(${this.#list(node.data)})`;
        return node.continuation === undefined
          ? `${send}.`
          : `${send};${this.#newline()}${this.process(node.continuation, 1)}`;
      }
      case 'receive':
        return `for (${this.#receipts(node.receipts)}) ${this.#block(node.body)}`;
      case 'contract':
        return `contract ${this.#name(node.name)}(${this.#names(node.formals, node.remainder)}) = ${this.#block(node.body)}`;
      case 'new': {
        const names = node.declarations.map(({ name, uri }) =>
          uri === undefined ? name : `${name}(${printUri(uri)})`,
        );
        return `new ${names.join(', ')} in ${this.process(node.body, 1)}`;
      }
      case 'bundle':
        return `${BUNDLES[node.mode]}${this.#block(node.body)}`;
      case 'match': {
        const cases = this.#nested(() =>
          node.cases.map((one, index) => this.#case(one, index === 0)).join(this.#newline()),
        );
        return `match ${this.process(node.target, 4)} ${cases}`;
      }
      case 'select': {
        const branches = this.#nested(() =>
          node.branches
            .map((one) => `${this.#receipts(one.receipts)} => ${this.#block(one.body)}`)
            .join(this.#newline()),
        );
        return `select ${branches}`;
      }
      case 'if': {
        const start = `if (${this.#bare(node.condition)}) ${this.#block(node.then)}`;
        if (node.otherwise === undefined) return start;
        return `${start} else ${node.otherwise.kind === 'if' ? this.#bare(node.otherwise) : this.#block(node.otherwise)}`;
      }
      case 'let': {
        const declarations = node.declarations.map((one) => this.#declaration(one));
        return `let ${declarations.join(node.mode === 'concurrent' ? ' & ' : '; ')} in ${this.process(node.body, 1)}`;
      }
      default:
        return this.#expression(node);
    }
  }

  #expression(node: ProcessNode): string {
    switch (node.kind) {
      case 'variable':
        return node.name;
      case 'wildcard':
        return '_';
      case 'evaluation':
        return `*${this.#name(node.name)}`;
      case 'variable-reference':
        return `${node.of === 'name' ? '=*' : '='}${node.name}`;
      case 'boolean':
      case 'integer':
        return String(node.value);
      case 'big-integer':
        return `${String(node.value)}n`;
      case 'string':
        return printString(node.value);
      case 'uri':
        return printUri(node.value);
      case 'type':
        return node.type;
      case 'list':
        return `[${this.#withRemainder(this.#list(node.elements), node.remainder, '...')}]`;
      case 'tuple':
        return `(${this.#list(node.elements)}${node.elements.length === 1 ? ',' : ''})`;
      case 'set':
        return `Set(${this.#withRemainder(this.#list(node.elements), node.remainder, '...')})`;
      case 'map': {
        const entries = node.entries.map(({ key, value }) => `${this.#bare(key)}: ${this.#bare(value)}`).join(', ');
        return `{${this.#withRemainder(entries, node.remainder, '...')}}`;
      }
      case 'unary': {
        const { operand } = node;
        const text = this.process(operand, 10);
        if (node.operator === 'not') return `not ${text}`;
        // A minus before digits makes a negative literal, unless a method follows them.
        return /^(?:-|\d+n?(?![\dn.]))/.test(text) ? `-(${this.#bare(operand)})` : `-${text}`;
      }
      case 'binary': {
        const level = levelOf(node);
        return `${this.process(node.left, level)} ${node.operator} ${this.process(node.right, level + 1)}`;
      }
      case 'method':
        return `${this.process(node.target, 11)}.${node.method}(${this.#list(node.arguments)})`;
      case 'conjunction':
        return `${this.process(node.left, 14)} /\\ ${this.process(node.right, 15)}`;
      case 'disjunction':
        return `${this.process(node.left, 13)} \\/ ${this.process(node.right, 14)}`;
      case 'negation':
        return `~${this.process(node.operand, 15)}`;
      default:
        return this.#bare(node);
    }
  }
}
