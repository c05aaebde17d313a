import { bytesToHex } from '@noble/hashes/utils.js';
import { print, type PrintOptions } from '../syntax/print.ts';
import type { BindNode, NameNode, ProcessNode, VariableNode, WildcardNode } from '../syntax/tree.ts';
import { bytesFromBinary } from './encode.ts';
import type { FreeTerm, Term, WildcardTerm } from './term.ts';

const at = { start: 0, end: 0 };

interface Variable {
  readonly name: string;
  readonly sort: 'name' | 'process';
}

/** Gives every variable of a nameless term a name again. */
class Namer {
  /** Variables in scope; the one bound last is last. */
  readonly #scope: Variable[] = [];
  /** Variables of the pattern that is being named, by index. */
  #pattern: (Variable | undefined)[] = [];
  /** Variables in scope outside the pattern that is being named; none outside patterns. */
  #base = 0;
  #count = 0;

  #fresh(sort: Variable['sort']): Variable {
    const name = `x${String(this.#count)}`;
    this.#count += 1;
    return { name, sort };
  }

  #patternVariable(index: number, sort: Variable['sort']): string {
    const variable = (this.#pattern[index] ??= this.#fresh(sort));
    return variable.name;
  }

  #under<T>(variables: readonly (Variable | undefined)[], body: () => T): T {
    for (const variable of variables) this.#scope.push(variable ?? this.#fresh('name'));
    const result = body();
    this.#scope.length -= variables.length;
    return result;
  }

  #inPattern<T>(read: () => T): { readonly result: T; readonly variables: readonly (Variable | undefined)[] } {
    const outer = this.#pattern;
    const base = this.#base;
    this.#pattern = [];
    this.#base = this.#scope.length;
    const result = read();
    const variables = this.#pattern;
    this.#pattern = outer;
    this.#base = base;
    return { result, variables };
  }

  /** `=x` or `=*x`, if the variable is bound outside the pattern that is being named. */
  #reference(index: number): ProcessNode | undefined {
    const variable = this.#scope.at(-1 - index);
    if (variable === undefined || this.#scope.length - 1 - index >= this.#base) return undefined;
    return { kind: 'variable-reference', of: variable.sort, name: variable.name, ...at };
  }

  name(term: Term): NameNode {
    switch (term.kind) {
      case 'bound': {
        const reference = this.#reference(term.index);
        if (reference !== undefined) return { kind: 'quote', process: reference, ...at };
        const variable = this.#scope.at(-1 - term.index);
        const name = variable?.name ?? `free${String(term.index)}`;
        if (variable?.sort !== 'process') return { kind: 'name-variable', name, ...at };
        return { kind: 'quote', process: { kind: 'variable', name, ...at }, ...at };
      }
      case 'free':
        return { kind: 'name-variable', name: this.#patternVariable(term.index, 'name'), ...at };
      case 'wildcard':
        return { kind: 'name-wildcard', ...at };
      default:
        return { kind: 'quote', process: this.process(term), ...at };
    }
  }

  #all(terms: readonly Term[]): ProcessNode[] {
    return terms.map((term) => this.process(term));
  }

  #rest(remainder: FreeTerm | WildcardTerm | undefined): VariableNode | WildcardNode | undefined {
    if (remainder === undefined) return undefined;
    if (remainder.kind === 'wildcard') return { kind: 'wildcard', ...at };
    return { kind: 'variable', name: this.#patternVariable(remainder.index, 'process'), ...at };
  }

  process(term: Term): ProcessNode {
    switch (term.kind) {
      case 'nil':
      case 'wildcard':
      case 'boolean':
      case 'integer':
      case 'big-integer':
      case 'string':
      case 'uri':
        return { ...(term as ProcessNode & Term), ...at };
      case 'type':
        return { kind: 'type', type: term.type, ...at };
      case 'bytes': {
        const hex = bytesToHex(term.value);
        return {
          kind: 'method',
          target: { kind: 'string', value: hex, ...at },
          method: 'hexToBytes',
          arguments: [],
          ...at,
        };
      }
      case 'unforgeable': {
        const hex = bytesToHex(bytesFromBinary(term.id));
        return { kind: 'variable', name: `Unforgeable(0x${hex})`, ...at };
      }
      case 'bound': {
        const reference = this.#reference(term.index);
        if (reference !== undefined) return reference;
        const variable = this.#scope.at(-1 - term.index);
        if (variable?.sort === 'process') return { kind: 'variable', name: variable.name, ...at };
        return { kind: 'evaluation', name: this.name(term), ...at };
      }
      case 'free':
        return { kind: 'variable', name: this.#patternVariable(term.index, 'process'), ...at };
      case 'list':
        return { kind: 'list', elements: this.#all(term.elements), remainder: this.#rest(term.remainder), ...at };
      case 'tuple':
        return { kind: 'tuple', elements: this.#all(term.elements), ...at };
      case 'set':
        return { kind: 'set', elements: this.#all(term.elements), remainder: this.#rest(term.remainder), ...at };
      case 'map': {
        const entries = term.entries.map(([key, value]) => ({
          kind: 'map-entry' as const,
          key: this.process(key),
          value: this.process(value),
          ...at,
        }));
        return { kind: 'map', entries, remainder: this.#rest(term.remainder), ...at };
      }
      case 'unary':
        return { kind: 'unary', operator: term.operator, operand: this.process(term.operand), ...at };
      case 'binary': {
        const left = this.process(term.left);
        const right =
          term.operator === 'matches'
            ? this.#inPattern(() => this.process(term.right)).result
            : this.process(term.right);
        return { kind: 'binary', operator: term.operator, left, right, ...at };
      }
      case 'method':
        return {
          kind: 'method',
          target: this.process(term.target),
          method: term.method,
          arguments: this.#all(term.arguments),
          ...at,
        };
      case 'connective':
        return this.#connective(term.connective, this.#all(term.operands));
      default:
        return this.#statement(term);
    }
  }

  #connective(connective: 'and' | 'or' | 'not', operands: readonly ProcessNode[]): ProcessNode {
    if (connective === 'not') return { kind: 'negation', operand: operands[0]!, ...at };
    const kind = connective === 'and' ? 'conjunction' : 'disjunction';
    return operands.reduce((left, right) => ({ kind, left, right, ...at }));
  }

  #statement(term: Term): ProcessNode {
    switch (term.kind) {
      case 'par':
        return { kind: 'par', parts: this.#all(term.parts), ...at };
      case 'send':
        return {
          kind: 'send',
          channel: this.name(term.channel),
          persistent: term.persistent,
          data: this.#all(term.data),
          ...at,
        };
      case 'new': {
        const fresh = Array.from({ length: term.fresh }, () => ({ variable: this.#fresh('name'), uri: undefined }));
        const bound = term.uris.map((uri) => ({ variable: this.#fresh('name'), uri }));
        const all = [...fresh, ...bound];
        const body = this.#under(
          all.map(({ variable }) => variable),
          () => this.process(term.body),
        );
        const declarations = all.map(({ variable, uri }) => ({
          kind: 'name-declaration' as const,
          name: variable.name,
          uri,
          ...at,
        }));
        return { kind: 'new', declarations, body, ...at };
      }
      case 'match': {
        const target = this.process(term.target);
        const cases = term.cases.map((one) => {
          const { result, variables } = this.#inPattern(() => this.process(one.pattern));
          return this.#under(variables, () => ({
            kind: 'case' as const,
            pattern: result,
            guard: one.guard && this.process(one.guard),
            body: this.process(one.body),
            ...at,
          }));
        });
        return { kind: 'match', target, cases, ...at };
      }
      case 'bundle': {
        const mode = term.read ? (term.write ? 'read-write' : 'read') : term.write ? 'write' : 'none';
        return { kind: 'bundle', mode, body: this.process(term.body), ...at };
      }
      case 'receive': {
        const read = term.binds.map((bind) => {
          const { result, variables } = this.#inPattern(() => ({
            names: bind.patterns.map((pattern) => this.name(pattern)),
            remainder: this.#rest(bind.remainder),
          }));
          const mode = bind.peek ? 'peek' : term.persistent ? 'repeated' : 'linear';
          const source = { kind: 'name-source' as const, name: this.name(bind.channel), ...at };
          const node: BindNode = { kind: 'bind', ...result, mode, source, ...at };
          return { node, variables };
        });
        const binds = read.map(({ node }) => node);
        return this.#under(
          read.flatMap(({ variables }) => variables),
          () => ({
            kind: 'receive' as const,
            receipts: [{ kind: 'receipt' as const, binds, guard: term.guard && this.process(term.guard), ...at }],
            body: this.process(term.body),
            ...at,
          }),
        );
      }
      default:
        return this.process(term);
    }
  }
}

/**
 * A syntax tree for a term, with invented names for its variables. Desugared constructs stay desugared.
 *
 * Parsing and normalising the printed tree gives the term again, unless it holds unforgeable names or bytes, which have no literal:
 * they are shown as `Unforgeable(0x…)` and `"…".hexToBytes()`.
 */
export function termToSyntax(term: Term): ProcessNode {
  return new Namer().process(term);
}

/**
 * Prints a term; see {@link termToSyntax} for what can be read back.
 *
 * @example
 * ```ts
 * import { integerTerm, printTerm, setTerm } from '@commute/rholang';
 * if (printTerm(setTerm([integerTerm(10n), integerTerm(2n)])) !== 'Set(2, 10)') throw new Error('unexpected text');
 * ```
 */
export function printTerm(term: Term, options: PrintOptions = {}): string {
  return print(termToSyntax(term), options);
}
