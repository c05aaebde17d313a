import type {
  BundleTerm,
  FreeTerm,
  Located,
  MatchTerm,
  NewTerm,
  ReceiveTerm,
  Term,
  WildcardTerm,
} from '@commute/rholang';
import { integerForm, roundForm, squareForm, stringForm, symbolForm, type Form } from '../syntax/form.ts';
import { isVariable } from '../syntax/words.ts';

/** What translation may be told. */
export interface TranscompileOptions {
  /** Places of sends and receives in the Rholang source; the forms carry them on. */
  readonly locations?: ReadonlyMap<Term, Located>;
}

const NIL = symbolForm('nil');
const WILDCARD = symbolForm('_');
const TRUE = symbolForm('#t');
const FALSE = symbolForm('#f');

function hexOf(bytes: Iterable<number>): string {
  let text = '';
  for (const byte of bytes) text += byte.toString(16).padStart(2, '0');
  return text;
}

/** A word for the name that a URI is bound to: its last part. */
function stemOf(uri: string): string {
  const stem = /[A-Za-z][A-Za-z0-9]*$/.exec(uri.slice(-32))?.[0] ?? 'system';
  return isVariable(`${stem}1`) ? stem : 'system';
}

class Translator {
  readonly #locations: ReadonlyMap<Term, Located> | undefined;
  /** Names of the variables in scope; the one bound last is last. */
  readonly #scope: string[] = [];
  /** Names of the variables of the pattern that is being written, by index. */
  #pattern: string[] = [];
  #count = 0;

  constructor(locations: ReadonlyMap<Term, Located> | undefined) {
    this.#locations = locations;
  }

  #fresh(stem: string): string {
    this.#count += 1;
    return `${stem}${String(this.#count)}`;
  }

  #under<T>(names: readonly string[], write: () => T): T {
    this.#scope.push(...names);
    const result = write();
    this.#scope.length -= names.length;
    return result;
  }

  #inPattern<T>(variables: number, write: () => T): { readonly result: T; readonly names: readonly string[] } {
    const outer = this.#pattern;
    const names = Array.from({ length: variables }, () => this.#fresh('x'));
    this.#pattern = names;
    const result = write();
    this.#pattern = outer;
    return { result, names };
  }

  process(term: Term): Form {
    const origin = this.#locations?.get(term);
    switch (term.kind) {
      case 'par':
        return roundForm(
          'block',
          term.parts.map((part) => this.process(part)),
        );
      case 'send': {
        const head = term.persistent ? 'produce-persistent' : 'produce';
        return roundForm(head, [this.value(term.channel), ...this.#values(term.data)], origin);
      }
      case 'receive':
        return this.#receive(term, origin);
      case 'new':
        return this.#new(term, origin);
      case 'match':
        return this.#match(term, origin);
      case 'bundle':
        return this.#bundle(term);
      case 'bound':
      case 'unary':
      case 'binary':
      case 'method':
        return roundForm('run', [this.value(term)]);
      default:
        return this.value(term);
    }
  }

  #values(terms: readonly Term[]): Form[] {
    return terms.map((term) => this.value(term));
  }

  #rest(remainder: FreeTerm | WildcardTerm | undefined): Form[] {
    return remainder === undefined ? [] : [symbolForm('&'), this.value(remainder)];
  }

  value(term: Term): Form {
    switch (term.kind) {
      case 'nil':
        return NIL;
      case 'boolean':
        return term.value ? TRUE : FALSE;
      case 'integer':
      case 'big-integer':
        return integerForm(term.kind, term.value);
      case 'string':
        return stringForm(term.value);
      case 'uri':
        return roundForm('uri', [stringForm(term.value)]);
      case 'bytes':
        return roundForm('bytes', [stringForm(hexOf(term.value))]);
      case 'unforgeable':
        return roundForm('name', [stringForm(hexOf(Array.from(term.id, (character) => character.charCodeAt(0))))]);
      case 'list':
        return roundForm('List', [...this.#values(term.elements), ...this.#rest(term.remainder)]);
      case 'tuple':
        return roundForm('Tuple', this.#values(term.elements));
      case 'set':
        return roundForm('Set', [...this.#values(term.elements), ...this.#rest(term.remainder)]);
      case 'map': {
        const entries = term.entries.map((entry) => squareForm(this.#values(entry)));
        return roundForm('Map', [...entries, ...this.#rest(term.remainder)]);
      }
      case 'bound':
        return symbolForm(this.#scope.at(-1 - term.index) ?? `unbound${String(term.index)}`);
      case 'free':
        return roundForm('?', [symbolForm(this.#pattern[term.index] ?? `unbound${String(term.index)}`)]);
      case 'wildcard':
        return WILDCARD;
      case 'unary':
        return roundForm(term.operator, [this.value(term.operand)]);
      case 'binary': {
        const left = this.value(term.left);
        if (term.operator !== 'matches') return roundForm(term.operator, [left, this.value(term.right)]);
        return roundForm('matches', [left, this.#inPattern(0, () => this.value(term.right)).result]);
      }
      case 'method': {
        const operands = [this.value(term.target), ...this.#values(term.arguments)];
        if (isVariable(term.method)) return roundForm(term.method, operands);
        return roundForm('method', [stringForm(term.method), ...operands]);
      }
      case 'par':
        return roundForm('Par', this.#values(term.parts));
      case 'connective':
        return roundForm({ and: '/\\', or: '\\/', not: '~' }[term.connective], this.#values(term.operands));
      case 'type':
        return symbolForm(term.type);
      default:
        return roundForm('process', [this.process(term)]);
    }
  }

  #guard(guard: Term | undefined): Form[] {
    return guard === undefined ? [] : [roundForm('where', [this.value(guard)])];
  }

  #receive(term: ReceiveTerm, origin: Located | undefined): Form {
    const names: string[] = [];
    const binds = term.binds.map((bind) => {
      const channel = this.value(bind.channel);
      const written = this.#inPattern(bind.variables, () => [
        ...this.#values(bind.patterns),
        ...this.#rest(bind.remainder),
      ]);
      names.push(...written.names);
      const form = squareForm([channel, ...written.result]);
      return bind.peek ? roundForm('peek', [form]) : form;
    });
    return this.#under(names, () => {
      const body = roundForm('proc', [squareForm(names.map(symbolForm)), this.process(term.body)]);
      const head = term.persistent ? 'consume-persistent' : 'consume';
      return roundForm(head, [squareForm(binds), ...this.#guard(term.guard), body], origin);
    });
  }

  #new(term: NewTerm, origin: Located | undefined): Form {
    const names: string[] = [];
    const bindings: Form[] = [];
    for (let index = 0; index < term.fresh; index += 1) {
      const name = this.#fresh('n');
      names.push(name);
      bindings.push(squareForm([symbolForm(name), roundForm('fresh', [])]));
    }
    for (const uri of term.uris) {
      const name = this.#fresh(stemOf(uri));
      names.push(name);
      bindings.push(squareForm([symbolForm(name), roundForm('system', [stringForm(uri)])]));
    }
    return this.#under(names, () => roundForm('let', [squareForm(bindings), this.process(term.body)], origin));
  }

  #match(term: MatchTerm, origin: Located | undefined): Form {
    const target = this.value(term.target);
    const [first, second] = term.cases;
    const isIf =
      term.cases.length === 2 &&
      first!.pattern.kind === 'boolean' &&
      first!.pattern.value &&
      second!.pattern.kind === 'boolean' &&
      !second!.pattern.value &&
      first!.guard === undefined &&
      second!.guard === undefined;
    if (isIf) {
      const otherwise = second!.body.kind === 'nil' ? [] : [this.process(second!.body)];
      return roundForm('if', [target, this.process(first!.body), ...otherwise], origin);
    }
    const cases = term.cases.map(({ pattern, variables, guard, body }) => {
      const written = this.#inPattern(variables, () => this.value(pattern));
      return this.#under(written.names, () => squareForm([written.result, ...this.#guard(guard), this.process(body)]));
    });
    return roundForm('match', [target, ...cases], origin);
  }

  #bundle(term: BundleTerm): Form {
    const head = term.read ? (term.write ? 'bundle' : 'bundle-read') : term.write ? 'bundle-write' : 'bundle-none';
    return roundForm(head, [this.process(term.body)]);
  }
}

/**
 * Translates a Rholang program in normal form into Rosette: `x!(P)` becomes `produce`, `for` a `consume` with a continuation procedure, a contract a
 * `consume-persistent`, `|` a `block`, `new` a `let` of fresh names, `*x` a `run`.
 *
 * Nothing is lost: analysing the form gives the same term again, and so the same hash.
 *
 * @param term - a closed program in normal form.
 * @example
 * ```ts
 * import { normalize, parse } from '@commute/rholang';
 * import { printRosette, transcompile } from '@commute/rosette';
 * const tree = parse('for (@x <- @"a") { @"b"!(x + 1) }');
 * const normal = tree.ok ? normalize(tree.process) : undefined;
 * if (!normal?.ok) throw new Error('not a program');
 * const { text } = printRosette(transcompile(normal.term));
 * if (text !== '(consume [["a" (? x1)]] (proc [x1] (produce "b" (+ x1 1))))') throw new Error(text);
 * ```
 */
export function transcompile(term: Term, options: TranscompileOptions = {}): Form {
  return new Translator(options.locations).process(term);
}
