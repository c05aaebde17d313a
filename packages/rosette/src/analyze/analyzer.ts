import {
  bigIntegerTerm,
  binaryTerm,
  BINARY_OPERATORS,
  booleanTerm,
  boundTerm,
  bundleTerm,
  bytesTerm,
  connectiveTerm,
  freeTerm,
  integerTerm,
  listTerm,
  mapTerm,
  mapVariables,
  MAXIMUM_DEPTH,
  matchTerm,
  methodTerm,
  newTerm,
  nilTerm,
  parTerm,
  receiveTerm,
  sendTerm,
  setTerm,
  SIMPLE_TYPES,
  stringTerm,
  TermDepthError,
  tupleTerm,
  typeTerm,
  unaryTerm,
  unforgeableTerm,
  uriTerm,
  wildcardTerm,
  type BinaryTerm,
  type Bind,
  type FreeTerm,
  type Located,
  type MapEntry,
  type MatchCase,
  type Term,
  type WildcardTerm,
} from '@commute/rholang';
import type { Problems, RosetteErrorReason } from '../syntax/diagnostic.ts';
import type { Form, ListForm } from '../syntax/form.ts';
import { isReserved, isVariable, PATTERN_HEADS, PROCESS_HEADS, TYPES, VALUE_HEADS } from '../syntax/words.ts';
import { Scope, type PatternScope } from './scope.ts';

/** Deepest nesting of processes and values, without `process` and `run`; the deepest term has no more. */
const MAXIMUM_FORMS: number = MAXIMUM_DEPTH + 1;

type Remainder = FreeTerm | WildcardTerm | undefined;

interface Patterns {
  readonly patterns: readonly Term[];
  readonly remainder: Remainder;
  readonly names: readonly string[];
}

const OPERATORS: ReadonlySet<string> = new Set(BINARY_OPERATORS);
const BUNDLES: Readonly<Record<string, readonly [read: boolean, write: boolean]>> = {
  bundle: [true, true],
  'bundle-read': [true, false],
  'bundle-write': [false, true],
  'bundle-none': [false, false],
};

function isList(form: Form | undefined, kind: ListForm['kind']): form is ListForm {
  return form?.kind === kind;
}

function headOf(form: Form): string | undefined {
  if (form.kind !== 'round') return undefined;
  const [head] = form.items;
  return head?.kind === 'symbol' ? head.name : undefined;
}

/** Reads forms as processes and values: resolves variables, checks every form, and makes terms in normal form. */
export class Analyzer {
  /** Places of processes in the Rholang source. */
  readonly locations: Map<Term, Located> = new Map<Term, Located>();
  readonly #problems: Problems;
  readonly #scope = new Scope();
  #pattern: PatternScope | undefined;
  #depth = 0;

  constructor(problems: Problems) {
    this.#problems = problems;
  }

  #problem(
    reason: RosetteErrorReason,
    at: Located,
    message: string,
    expected: readonly string[] = [],
    hint?: string,
  ): Term {
    this.#problems.add(reason, at, message, expected, hint);
    return nilTerm();
  }

  #malformed(form: Form, expected: string): Term {
    return this.#problem('malformed-form', form, `${headOf(form) ?? 'form'}: expected \`${expected}\``, [expected]);
  }

  /** Goes one form down; few frames for each level keep the deepest terms on a stack of the default size. */
  #enter(): void {
    this.#depth += 1;
    if (this.#depth > MAXIMUM_FORMS) throw new TermDepthError();
  }

  process(form: Form): Term {
    const head = headOf(form);
    if (!isList(form, 'round') || head === undefined || !PROCESS_HEADS.has(head)) return this.value(form, true);
    if (head !== 'run') this.#enter();
    const term = this.#process(form, head, form.items.slice(1));
    if (head !== 'run') this.#depth -= 1;
    if (form.origin !== undefined) this.locations.set(term, form.origin);
    return term;
  }

  #process(form: ListForm, head: string, parts: readonly Form[]): Term {
    switch (head) {
      case 'block':
        return parTerm(parts.map((part) => this.process(part)));
      case 'produce':
      case 'produce-persistent': {
        const [channel, ...data] = parts;
        if (channel === undefined) return this.#malformed(form, `(${head} channel datum …)`);
        return sendTerm(this.value(channel), this.#values(data), head === 'produce-persistent');
      }
      case 'consume':
      case 'consume-persistent':
        return this.#consume(form, head, parts);
      case 'let':
        return this.#let(form, parts);
      case 'match':
        return this.#match(form, parts);
      case 'if': {
        const [condition, then, otherwise] = parts;
        if (condition === undefined || then === undefined || parts.length > 3)
          return this.#malformed(form, '(if condition process process)');
        const plain = (value: boolean, body: Term): MatchCase => ({
          pattern: booleanTerm(value),
          variables: 0,
          guard: undefined,
          body,
        });
        const yes = this.process(then);
        const no = otherwise === undefined ? nilTerm() : this.process(otherwise);
        return matchTerm(this.value(condition), [plain(true, yes), plain(false, no)]);
      }
      case 'run': {
        if (parts.length !== 1) return this.#malformed(form, '(run value)');
        const term = this.value(parts[0]!);
        if (['bound', 'unary', 'binary', 'method'].includes(term.kind)) return term;
        const hint = 'a process stands for itself, and other values do nothing';
        return this.#problem('malformed-form', form, 'run: expected a variable, an operator or a method', [], hint);
      }
      default: {
        if (parts.length !== 1) return this.#malformed(form, `(${head} process)`);
        const [read, write] = BUNDLES[head]!;
        return bundleTerm(read, write, this.process(parts[0]!));
      }
    }
  }

  #values(forms: readonly Form[]): Term[] {
    const terms: Term[] = [];
    for (const form of forms) terms.push(this.value(form));
    return terms;
  }

  /** @param asProcess - true where a process stands, so that a bare variable is a mistake. */
  value(form: Form, asProcess = false): Term {
    switch (form.kind) {
      case 'integer':
        return integerTerm(form.value);
      case 'big-integer':
        return bigIntegerTerm(form.value);
      case 'string':
        return stringTerm(form.value);
      case 'square':
        return this.#problem(
          'unknown-form',
          form,
          'form: expected a value, got square brackets',
          [],
          'a list is `(List …)`',
        );
      case 'symbol':
        return this.#symbol(form, form.name, asProcess);
      case 'round': {
        const counted = headOf(form) !== 'process';
        if (counted) this.#enter();
        const term = this.#round(form, asProcess);
        if (counted) this.#depth -= 1;
        return term;
      }
    }
  }

  #symbol(at: Located, name: string, asProcess: boolean): Term {
    switch (name) {
      case 'nil':
        return nilTerm();
      case '#t':
        return booleanTerm(true);
      case '#f':
        return booleanTerm(false);
      case '_':
        return this.#pattern === undefined ? this.#outside(at, '`_`') : wildcardTerm();
      default:
    }
    if (TYPES.has(name)) {
      if (this.#pattern === undefined) return this.#outside(at, `the type \`${name}\``);
      return typeTerm(SIMPLE_TYPES.find((type) => type === name)!);
    }
    const index = this.#scope.indexOf(name);
    if (index === undefined) {
      const hint = isReserved(name) ? `\`${name}\` is the head of a form` : 'bind it with `let`, `proc` or a pattern';
      return this.#problem('unbound-variable', at, `variable: \`${name}\` is not bound`, [], hint);
    }
    if (asProcess)
      return this.#problem('malformed-form', at, 'process: expected a process, got a variable', [`(run ${name})`]);
    return boundTerm(index);
  }

  #outside(at: Located, what: string): Term {
    return this.#problem('pattern-outside-pattern', at, `pattern: ${what} stands outside a pattern`);
  }

  #round(form: ListForm, asProcess: boolean): Term {
    const head = headOf(form);
    const parts = form.items.slice(1);
    if (head === undefined) return this.#problem('unknown-form', form, 'form: expected a head, got none');
    if (PROCESS_HEADS.has(head)) {
      const hint = 'put it into `(process …)` to use it as a value';
      return this.#problem('unknown-form', form, `${head}: expected a value, got a process`, [], hint);
    }
    if (PATTERN_HEADS.has(head)) return this.#patternForm(form, head, parts);
    const computed = OPERATORS.has(head) || head === 'not' || head === 'method' || !VALUE_HEADS.has(head);
    if (computed && asProcess) {
      return this.#problem('malformed-form', form, 'process: expected a process, got an expression', ['(run …)']);
    }
    if (head === 'process') {
      if (asProcess || parts.length !== 1) return this.#malformed(form, asProcess ? '(run …)' : '(process process)');
      const term = this.process(parts[0]!);
      if (['send', 'receive', 'new', 'match', 'bundle'].includes(term.kind)) return term;
      const hint = 'side by side, values are `(Par …)`';
      return this.#problem('malformed-form', form, 'process: expected one process that is no value', [], hint);
    }
    return this.#collection(form, head, parts) ?? this.#computed(form, head, parts);
  }

  #patternForm(form: ListForm, head: string, parts: readonly Form[]): Term {
    const pattern = this.#pattern;
    if (pattern === undefined) return this.#outside(form, `\`${head}\``);
    if (head === '?') {
      const [name] = parts;
      if (parts.length !== 1 || name?.kind !== 'symbol' || !isVariable(name.name))
        return this.#malformed(form, '(? variable)');
      if (pattern.existential > 0)
        return this.#problem('malformed-form', form, 'pattern: expected `_`, got a variable where nothing is bound', [
          '_',
        ]);
      if (pattern.names.has(name.name))
        return this.#problem('bound-twice', name, `pattern: \`${name.name}\` is bound twice`);
      pattern.names.add(name.name);
      const placeholder = freeTerm(0);
      pattern.placeholders.set(placeholder, name.name);
      return placeholder;
    }
    const connective = head === '/\\' ? 'and' : head === '\\/' ? 'or' : 'not';
    if (connective === 'not' ? parts.length !== 1 : parts.length < 2)
      return this.#malformed(form, connective === 'not' ? '(~ pattern)' : `(${head} pattern pattern …)`);
    if (connective !== 'and') pattern.existential += 1;
    const operands = this.#values(parts);
    if (connective !== 'and') pattern.existential -= 1;
    return connectiveTerm(connective, operands);
  }

  /** Takes `& rest` from the end of the parts of a collection or a bind. */
  #rest(parts: readonly Form[]): { readonly parts: readonly Form[]; readonly rest: Form | undefined } {
    const mark = parts.at(-2);
    if (mark?.kind !== 'symbol' || mark.name !== '&') return { parts, rest: undefined };
    return { parts: parts.slice(0, -2), rest: parts.at(-1) };
  }

  #remainder(rest: Form | undefined): Remainder {
    if (rest === undefined) return undefined;
    if (this.#pattern === undefined) {
      this.#outside(rest, 'a remainder');
      return undefined;
    }
    const term = this.value(rest);
    if (term.kind === 'free' || term.kind === 'wildcard') return term;
    this.#problem('malformed-form', rest, 'remainder: expected `_` or a variable', ['(? variable)', '_']);
    return undefined;
  }

  #collection(form: ListForm, head: string, all: readonly Form[]): Term | undefined {
    const { parts, rest } = head === 'List' || head === 'Set' || head === 'Map' ? this.#rest(all) : { parts: all };
    switch (head) {
      case 'List':
      case 'Set': {
        const elements = this.#values(parts);
        const remainder = this.#remainder(rest);
        return head === 'List' ? listTerm(elements, remainder) : setTerm(elements, remainder);
      }
      case 'Tuple':
        return tupleTerm(this.#values(parts));
      case 'Par':
        return parTerm(this.#values(parts));
      case 'Map': {
        const entries: MapEntry[] = [];
        for (const part of parts) {
          if (isList(part, 'square') && part.items.length === 2)
            entries.push([this.value(part.items[0]!), this.value(part.items[1]!)]);
          else this.#malformed(form, '(Map [key value] …)');
        }
        return mapTerm(entries, this.#remainder(rest));
      }
      case 'uri':
      case 'bytes':
      case 'name': {
        const [text] = parts;
        if (parts.length !== 1 || text?.kind !== 'string') return this.#malformed(form, `(${head} "…")`);
        if (head === 'uri') return uriTerm(text.value);
        if (!/^(?:[0-9a-f]{2})*$/.test(text.value))
          return this.#problem('malformed-form', text, `${head}: expected pairs of lower-case hexadecimal digits`);
        const bytes = Uint8Array.from({ length: text.value.length / 2 }, (_, index) =>
          parseInt(text.value.slice(2 * index, 2 * index + 2), 16),
        );
        return head === 'bytes' ? bytesTerm(bytes) : unforgeableTerm(String.fromCharCode(...bytes.subarray(0, 65_536)));
      }
      default:
        return undefined;
    }
  }

  #computed(form: ListForm, head: string, parts: readonly Form[]): Term {
    if (head === 'not' || (head === '-' && parts.length === 1)) {
      if (parts.length !== 1) return this.#malformed(form, '(not value)');
      return unaryTerm(head, this.value(parts[0]!));
    }
    if (OPERATORS.has(head)) {
      const [left, right] = parts;
      if (left === undefined || right === undefined || parts.length !== 2)
        return this.#malformed(form, `(${head} value value)`);
      const one = this.value(left);
      if (head !== 'matches') return binaryTerm(head as BinaryTerm['operator'], one, this.value(right));
      return binaryTerm('matches', one, this.#inPattern(1, () => this.value(right)).result);
    }
    if (head === 'method') {
      const [name, ...operands] = parts;
      if (name?.kind !== 'string' || operands.length === 0)
        return this.#malformed(form, '(method "name" target argument …)');
      const [target, ...rest] = this.#values(operands);
      return methodTerm(target!, name.value, rest);
    }
    if (!isVariable(head)) return this.#problem('unknown-form', form, `form: \`${head}\` is not the head of a value`);
    if (parts.length === 0) return this.#malformed(form, `(${head} target argument …)`);
    const [target, ...rest] = this.#values(parts);
    return methodTerm(target!, head, rest);
  }

  #inPattern<T>(existential: number, read: (pattern: PatternScope) => T): { result: T; pattern: PatternScope } {
    const outer = this.#pattern;
    const pattern: PatternScope = { placeholders: new Map(), names: new Set(), existential };
    this.#pattern = pattern;
    const result = read(pattern);
    this.#pattern = outer;
    return { result, pattern };
  }

  /** Reads patterns and numbers their variables in the order in which they stand after sorting. */
  #patterns(forms: readonly Form[], rest: Form | undefined): Patterns {
    const { result, pattern } = this.#inPattern(0, () => ({
      patterns: this.#values(forms),
      remainder: this.#remainder(rest),
    }));
    const names: string[] = [];
    const number = (placeholder: FreeTerm): FreeTerm => {
      names.push(pattern.placeholders.get(placeholder) ?? '');
      return freeTerm(names.length - 1);
    };
    const patterns = result.patterns.map((term) => mapVariables(term, number));
    const { remainder } = result;
    return { patterns, remainder: remainder?.kind === 'free' ? number(remainder) : remainder, names };
  }

  /** Reads `(where condition)`. */
  #guard(form: Form | undefined): Term | undefined {
    if (form === undefined) return undefined;
    if (isList(form, 'round') && headOf(form) === 'where' && form.items.length === 2) return this.value(form.items[1]!);
    this.#malformed(form, '(where condition)');
    return undefined;
  }

  #bind(form: Form): { readonly bind: Bind; readonly names: readonly string[] } | undefined {
    const peek = headOf(form) === 'peek';
    const inner = peek && form.kind === 'round' && form.items.length === 2 ? form.items[1]! : form;
    if (!isList(inner, 'square') || inner.items.length === 0) {
      this.#malformed(form, '[channel pattern …]');
      return undefined;
    }
    const [channel, ...all] = inner.items;
    const { parts, rest } = this.#rest(all);
    const term = this.value(channel!);
    const { patterns, remainder, names } = this.#patterns(parts, rest);
    return { bind: { channel: term, patterns, remainder, variables: names.length, peek }, names };
  }

  #consume(form: ListForm, head: string, parts: readonly Form[]): Term {
    const [list, ...rest] = parts;
    const proc = rest.at(-1);
    const shape = `(${head} [[channel pattern …] …] (where condition) (proc [variable …] process))`;
    if (!isList(list, 'square') || list.items.length === 0 || rest.length > 2 || !isList(proc, 'round'))
      return this.#malformed(form, shape);
    const [, parameters, body] = proc.items;
    if (headOf(proc) !== 'proc' || proc.items.length !== 3 || !isList(parameters, 'square') || body === undefined)
      return this.#malformed(form, shape);
    const binds = list.items.map((one) => this.#bind(one));
    const names = binds.flatMap((one) => one?.names ?? []);
    if (new Set(names).size !== names.length)
      return this.#problem('bound-twice', list, 'consume: a variable is bound by two binds');
    const given = parameters.items.map((one) => (one.kind === 'symbol' ? one.name : ''));
    if ([...given].sort().join(' ') !== [...names].sort().join(' ')) {
      const message = `proc: expected the parameters [${names.join(' ')}], got [${given.join(' ')}]`;
      return this.#problem('wrong-parameters', parameters, message, names);
    }
    return this.#scope.under(names, () => {
      const guard = this.#guard(rest.length === 2 ? rest[0] : undefined);
      const inner = this.process(body);
      const good = binds.flatMap((one) => one?.bind ?? []);
      if (good.length < binds.length) return nilTerm();
      return receiveTerm(good, inner, head === 'consume-persistent', guard);
    });
  }

  #let(form: ListForm, parts: readonly Form[]): Term {
    const [list, body] = parts;
    const shape = '(let [[variable (fresh)] [variable (system "uri")] …] process)';
    if (!isList(list, 'square') || body === undefined || parts.length !== 2) return this.#malformed(form, shape);
    const fresh: string[] = [];
    const systems: { readonly name: string; readonly uri: string }[] = [];
    for (const binding of list.items) {
      const [name, value] = isList(binding, 'square') ? binding.items : [];
      if (name?.kind !== 'symbol' || !isVariable(name.name) || !isList(value, 'round'))
        return this.#malformed(form, shape);
      const [, uri] = value.items;
      if (headOf(value) === 'fresh' && value.items.length === 1) fresh.push(name.name);
      else if (headOf(value) === 'system' && value.items.length === 2 && uri?.kind === 'string')
        systems.push({ name: name.name, uri: uri.value });
      else return this.#malformed(form, shape);
    }
    systems.sort((left, right) => (left.uri < right.uri ? -1 : left.uri > right.uri ? 1 : 0));
    const names = [...fresh, ...systems.map(({ name }) => name)];
    if (new Set(names).size !== names.length)
      return this.#problem('bound-twice', list, 'let: a variable is bound twice');
    const inner = this.#scope.under(names, () => this.process(body));
    return newTerm(
      fresh.length,
      systems.map(({ uri }) => uri),
      inner,
    );
  }

  #match(form: ListForm, parts: readonly Form[]): Term {
    const [target, ...forms] = parts;
    if (target === undefined) return this.#malformed(form, '(match value [pattern process] …)');
    const value = this.value(target);
    const cases = forms.map((one): MatchCase => {
      const bad: MatchCase = { pattern: wildcardTerm(), variables: 0, guard: undefined, body: nilTerm() };
      if (!isList(one, 'square') || one.items.length < 2 || one.items.length > 3) {
        this.#malformed(one, '[pattern (where condition) process]');
        return bad;
      }
      const { patterns, names } = this.#patterns([one.items[0]!], undefined);
      return this.#scope.under(names, () => ({
        pattern: patterns[0]!,
        variables: names.length,
        guard: this.#guard(one.items.length === 3 ? one.items[1] : undefined),
        body: this.process(one.items.at(-1)!),
      }));
    });
    return matchTerm(value, cases);
  }
}
