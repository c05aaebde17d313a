import {
  booleanTerm,
  encodeTermBinary,
  integerTerm,
  listTerm,
  mapTerm,
  matchPattern,
  nilTerm,
  parTerm,
  setTerm,
  stringTerm,
  termKey,
  unforgeableTerm,
  wildcardTerm,
  type ListTerm,
  type MapEntry,
  type MapTerm,
  type SetTerm,
  type Term,
} from '@commute/rholang';
import { componentsOf, isSameText, keepsParts, padded, rebuilt, shapeOf } from './components.ts';
import { formOf, isUniversal, partsOf, valueOf, type Form } from './pattern.ts';

/** What a search for a common term came to. */
export type Outcome =
  /** No term matches all of the one and none of the other patterns. */
  | { readonly kind: 'empty' }
  /** This term is believed to; whoever relies on it matches it again. */
  | { readonly kind: 'found'; readonly term: Term }
  | { readonly kind: 'undecided' };

/** Thrown to leave a search that takes too many steps; never leaves this package. */
export class SearchExhausted extends Error {}

const EMPTY: Outcome = { kind: 'empty' };
const UNDECIDED: Outcome = { kind: 'undecided' };

/** Most patterns to keep out of at a time, beyond those that one part rules out. */
const MAXIMUM_EXCLUDED = 16;
/** Most keys of maps that may be there or not. */
const MAXIMUM_OPTIONAL_KEYS = 6;
/** Most values of a type that are tried. */
const MAXIMUM_TRIED = 64;
const MATCH_BUDGET = 2000;
/** Deepest nesting of patterns that is looked into, so that a stack of the default size suffices. */
const MAXIMUM_LEVELS = 200;

function found(term: Term): Outcome {
  return { kind: 'found', term };
}

/** The element of `outcomes` that says most: a term, then doubt, then that there is none. */
function best(left: Outcome, right: () => Outcome): Outcome {
  if (left.kind === 'found') return left;
  const other = right();
  return other.kind === 'empty' ? left : other;
}

/** A name that no program can hold. */
function freshName(index: number): Term {
  return unforgeableTerm(`discovery ${String(index)}`);
}

/**
 * Searches a closed term that matches every pattern of one list and none of another: the decision behind subsumption, disjointness and
 * coverage, as in set-theoretic subtyping.
 *
 * `empty` is only ever said of more than was asked for: patterns that cannot be handled are left out, which makes the set larger. So `empty` can be relied
 * on, whatever is left out; a term that is found has to be matched again.
 *
 * Source: A. Frisch, G. Castagna, V. Benzaken, Semantic Subtyping, J. ACM 55(4), 2008, section 6 (the decision for products).
 */
export class Search {
  #left: number;
  #level = 0;
  readonly #numbers = new Map<Term, number>();
  readonly #known = new Map<string, Outcome>();
  readonly #universal = new Map<Term, boolean>();

  /** @param steps - most steps; a bounded amount of work each. */
  constructor(steps: number) {
    this.#left = steps;
  }

  #spend(steps: number): void {
    this.#left -= steps;
    if (this.#left < 0) throw new SearchExhausted('the budget of the search is used up');
  }

  #isUniversal(term: Term): boolean {
    if (term.kind === 'free' || term.kind === 'wildcard') return true;
    if (term.kind !== 'connective' && term.kind !== 'par') return false;
    let universal = this.#universal.get(term);
    if (universal === undefined) this.#universal.set(term, (universal = isUniversal(term)));
    return universal;
  }

  #number(term: Term): number {
    let number = this.#numbers.get(term);
    if (number === undefined) this.#numbers.set(term, (number = this.#numbers.size));
    return number;
  }

  /**
   * @param positive - patterns that the term is to match.
   * @param negative - patterns that it is not to match.
   * @throws SearchExhausted
   */
  find(positive: readonly Term[], negative: readonly Term[]): Outcome {
    this.#spend(1 + positive.length + negative.length);
    const numbers = (terms: readonly Term[]): string =>
      terms
        .map((term) => this.#number(term))
        .sort((left, right) => left - right)
        .join();
    const key = `${numbers(positive)}/${numbers(negative)}`;
    let outcome = this.#known.get(key);
    if (outcome === undefined) {
      this.#level += 1;
      if (this.#level > MAXIMUM_LEVELS) throw new SearchExhausted('the patterns are nested too deeply');
      outcome = this.#expand(positive, negative);
      this.#level -= 1;
      this.#known.set(key, outcome);
    }
    return outcome;
  }

  /** Takes connectives apart. */
  #expand(positive: readonly Term[], negative: readonly Term[]): Outcome {
    const todo: (readonly [Term, boolean])[] = [];
    for (const term of negative) todo.push([term, false]);
    for (const term of positive) todo.push([term, true]);
    const wanted: Term[] = [];
    const unwanted: Term[] = [];
    const splits: { readonly whole: Term; readonly operands: readonly Term[]; readonly sign: boolean }[] = [];
    for (let next = todo.pop(); next !== undefined; next = todo.pop()) {
      this.#spend(1);
      const [term, sign] = next;
      if (this.#isUniversal(term)) {
        if (!sign) return EMPTY;
        continue;
      }
      if (term.kind !== 'connective') (sign ? wanted : unwanted).push(term);
      else if (term.connective === 'not') todo.push([term.operands[0]!, !sign]);
      else if ((term.connective === 'and') === sign) for (const one of term.operands) todo.push([one, sign]);
      else splits.push({ whole: term, operands: term.operands, sign });
    }
    const split = splits.shift();
    if (split === undefined) return this.#processes(wanted, unwanted);
    if (wanted.length > 0 && this.#processes(wanted, unwanted).kind === 'empty') return EMPTY;
    const restWanted = [...wanted, ...splits.filter(({ sign }) => sign).map(({ whole }) => whole)];
    const restUnwanted = [...unwanted, ...splits.filter(({ sign }) => !sign).map(({ whole }) => whole)];
    let result: Outcome = EMPTY;
    for (const one of split.operands) {
      result = best(result, () =>
        split.sign ? this.find([...restWanted, one], restUnwanted) : this.find(restWanted, [...restUnwanted, one]),
      );
      if (result.kind === 'found') return result;
    }
    return result;
  }

  /** Tells whether a term matches as it should, as far as the patterns are closed. `undefined` if that is not known. */
  #fits(term: Term, wanted: readonly Term[], unwanted: readonly Term[]): boolean | undefined {
    let known = true;
    const matches = (pattern: Term): boolean | undefined => {
      this.#spend(4 + (pattern.size >> 2));
      if (pattern.scope > 0) return undefined;
      const result = matchPattern(pattern, term, MATCH_BUDGET);
      return result.ok ? true : result.reason === 'no-match' ? false : undefined;
    };
    for (const pattern of wanted) {
      const result = matches(pattern);
      if (result === false) return false;
      if (result === undefined) known = false;
    }
    for (const pattern of unwanted) {
      const result = matches(pattern);
      if (result === true) return false;
      if (result === undefined) known = false;
    }
    return known ? true : undefined;
  }

  /** The first candidate that fits; otherwise undecided. */
  #first(candidates: Iterable<Term | undefined>, wanted: readonly Term[], unwanted: readonly Term[]): Outcome {
    for (const term of candidates) if (term !== undefined && this.#fits(term, wanted, unwanted)) return found(term);
    return UNDECIDED;
  }

  /** No connectives and nothing universal are left. */
  #processes(wanted: readonly Term[], unwanted: readonly Term[]): Outcome {
    const literal = wanted.find((term) => !term.isPattern && term.scope === 0);
    if (literal !== undefined) {
      const fits = this.#fits(literal, wanted, unwanted);
      return fits === undefined ? UNDECIDED : fits ? found(literal) : EMPTY;
    }
    let form: Form | undefined;
    for (const term of wanted) {
      const own = formOf(term);
      if (own === undefined) continue;
      if (form !== undefined && form !== own) return EMPTY;
      form = own;
    }
    for (const term of wanted) {
      if (term.kind === 'par' && term.parts.some((part) => this.find([part], []).kind === 'empty')) return EMPTY;
    }
    if (this.#coveredByParts(wanted, unwanted)) return EMPTY;
    if (form === undefined) return this.#anything(wanted, unwanted);
    const own = wanted.filter((term) => formOf(term) === form && keepsParts(term));
    if (own.length === 0) return this.#anything(wanted, unwanted);
    return this.#ofForm(form, own, wanted, unwanted);
  }

  #ofForm(form: Form, own: readonly Term[], wanted: readonly Term[], unwanted: readonly Term[]): Outcome {
    const against = unwanted.filter((term) => formOf(term) === form && keepsParts(term));
    switch (form) {
      case 'boolean':
      case 'integer':
      case 'big-integer':
      case 'string':
      case 'uri':
      case 'bytes':
        return this.#typed(form, against, wanted, unwanted);
      case 'tuple':
      case 'send':
      case 'bundle':
      case 'unary':
      case 'binary':
      case 'method':
        return this.#shaped(own, against);
      case 'list':
        return this.#lists(own as readonly ListTerm[], against as readonly ListTerm[]);
      case 'set':
        return this.#sets(own as readonly SetTerm[], against as readonly SetTerm[], wanted, unwanted);
      case 'map':
        return this.#maps(own as readonly MapTerm[], against as readonly MapTerm[], wanted, unwanted);
      default: {
        const covered = own.some((one) => against.some((other) => isSameText(one, other)));
        return covered ? EMPTY : UNDECIDED;
      }
    }
  }

  /** Booleans, numbers, texts and bytes: literals were dealt with, so only the type itself is wanted. */
  #typed(form: Form, against: readonly Term[], wanted: readonly Term[], unwanted: readonly Term[]): Outcome {
    if (against.some((term) => term.kind === 'type')) return EMPTY;
    if (form !== 'boolean') {
      const taken = new Set(against.map((term) => termKey(term)));
      this.#spend(taken.size);
      const values = function* (): Generator<Term | undefined> {
        for (let index = 0, tried = 0; tried < MAXIMUM_TRIED && index <= taken.size + MAXIMUM_TRIED; index += 1) {
          const value = valueOf(form, index);
          if (value === undefined || taken.has(termKey(value))) continue;
          tried += 1;
          yield value;
        }
      };
      return this.#first(values(), wanted, unwanted);
    }
    let result: Outcome = EMPTY;
    for (const value of [false, true]) {
      const term = booleanTerm(value);
      const fits = this.#fits(term, wanted, unwanted);
      if (fits === true) return found(term);
      if (fits === undefined) result = UNDECIDED;
    }
    return result;
  }

  /** Terms of a fixed number of parts. */
  #shaped(own: readonly Term[], against: readonly Term[]): Outcome {
    const [first] = own;
    const shape = shapeOf(first!);
    if (own.some((term) => shapeOf(term) !== shape)) return EMPTY;
    const same = against.filter((term) => shapeOf(term) === shape);
    const build = (parts: readonly Term[]): Term => rebuilt(first!, parts);
    return this.#product(own.map(componentsOf), same.map(componentsOf), build);
  }

  #lists(own: readonly ListTerm[], against: readonly ListTerm[]): Outcome {
    let least = 0;
    let most = Infinity;
    for (const { elements, remainder } of own) {
      least = Math.max(least, elements.length);
      if (remainder === undefined) most = Math.min(most, elements.length);
    }
    // Beyond the longest pattern all lengths behave alike.
    let longest = least;
    for (const { elements } of against) longest = Math.max(longest, elements.length);
    most = Math.min(most, longest + 1);
    const at = (length: number, lists: readonly ListTerm[]): (readonly Term[])[] =>
      lists
        .filter(({ elements, remainder }) =>
          remainder === undefined ? elements.length === length : elements.length <= length,
        )
        .map(({ elements }) => padded(elements, length));
    let result: Outcome = EMPTY;
    for (let length = least; length <= most; length += 1) {
      this.#spend(1 + length * (1 + own.length + against.length));
      const build = (parts: readonly Term[]): Term => listTerm(parts);
      result = best(result, () => this.#product(at(length, own), at(length, against), build));
      if (result.kind === 'found') return result;
    }
    return result;
  }

  /**
   * Rows of `width` parts: one that is in all rows of `wanted`, part by part, and in none of `unwanted` in all its parts.
   *
   * @param wanted - at least one row.
   */
  #product(
    wanted: readonly (readonly Term[])[],
    unwanted: readonly (readonly Term[])[],
    build: (parts: readonly Term[]) => Term,
  ): Outcome {
    const width = wanted[0]!.length;
    this.#spend(1 + width * (wanted.length + unwanted.length));
    const columns = Array.from({ length: width }, (_, column) => wanted.map((row) => row[column]!));
    const relevant: (readonly Term[])[] = [];
    if (unwanted.length === 1) relevant.push(unwanted[0]!);
    else
      for (const row of unwanted) {
        let covers = true;
        let apart = false;
        for (let column = 0; column < width && !apart; column += 1) {
          const part = row[column]!;
          if (this.#isUniversal(part)) continue;
          apart = this.find([...columns[column]!, part], []).kind === 'empty';
          covers &&= this.find(columns[column]!, [part]).kind === 'empty';
        }
        if (apart) continue;
        if (covers) return EMPTY;
        if (relevant.length < MAXIMUM_EXCLUDED) relevant.push(row);
      }
    const excluded = columns.map((): readonly Term[] => []);
    const parts: (Outcome | undefined)[] = columns.map(() => undefined);
    return this.#avoid(columns, excluded, parts, relevant, 0, build);
  }

  /** Keeps out of the rows from `next` on by one part each, trying each part. */
  #avoid(
    columns: readonly (readonly Term[])[],
    excluded: readonly (readonly Term[])[],
    parts: readonly (Outcome | undefined)[],
    rows: readonly (readonly Term[])[],
    next: number,
    build: (parts: readonly Term[]) => Term,
  ): Outcome {
    const row = rows[next];
    if (row === undefined) {
      const terms: Term[] = [];
      let undecided = false;
      for (const [column, known] of parts.entries()) {
        const outcome = known ?? this.find(columns[column]!, excluded[column]!);
        if (outcome.kind === 'empty') return EMPTY;
        if (outcome.kind === 'found') terms.push(outcome.term);
        else undecided = true;
      }
      return undecided ? UNDECIDED : found(build(terms));
    }
    let result: Outcome = EMPTY;
    for (const [column, part] of row.entries()) {
      if (this.#isUniversal(part)) continue;
      const more = [...excluded[column]!, part];
      const outcome = this.find(columns[column]!, more);
      if (outcome.kind === 'empty') continue;
      result = best(result, () =>
        this.#avoid(columns, excluded.with(column, more), parts.with(column, outcome), rows, next + 1, build),
      );
      if (result.kind === 'found') return result;
    }
    return result;
  }

  /** Whether each of `takers` can have a giver of its own that is inside it; with `all`, so that none is left. */
  #assigned(
    takers: readonly Term[],
    givers: readonly Term[],
    all: boolean,
    inside: (giver: number, taker: number) => boolean,
  ): boolean {
    if (all ? takers.length !== givers.length : takers.length > givers.length) return false;
    const owner = new Array<number>(givers.length).fill(-1);
    const place = (taker: number, seen: Set<number>): boolean => {
      for (let giver = 0; giver < givers.length; giver += 1) {
        if (seen.has(giver) || !inside(giver, taker)) continue;
        seen.add(giver);
        if (owner[giver] === -1 || place(owner[giver]!, seen)) {
          owner[giver] = taker;
          return true;
        }
      }
      return false;
    };
    if (takers.length > MAXIMUM_TRIED) return false;
    return takers.every((_, taker) => place(taker, new Set()));
  }

  #inside(narrow: Term, wide: Term): boolean {
    return this.find([narrow], [wide]).kind === 'empty';
  }

  #sets(
    own: readonly SetTerm[],
    against: readonly SetTerm[],
    wanted: readonly Term[],
    unwanted: readonly Term[],
  ): Outcome {
    const sizes = new Set(
      own.filter(({ remainder }) => remainder === undefined).map(({ elements }) => elements.length),
    );
    if (sizes.size > 1) return EMPTY;
    for (const one of own) {
      if (one.elements.some((element) => this.find([element], []).kind === 'empty')) return EMPTY;
      for (const other of against) {
        if (other.remainder === undefined && one.remainder !== undefined) continue;
        const closed = other.remainder === undefined;
        const inside = (giver: number, taker: number): boolean =>
          this.#inside(one.elements[giver]!, other.elements[taker]!);
        if (this.#assigned(other.elements, one.elements, closed, inside)) return EMPTY;
      }
    }
    return this.#first(this.#setsLike(own, against), wanted, unwanted);
  }

  *#setsLike(own: readonly SetTerm[], against: readonly SetTerm[]): Generator<Term | undefined> {
    for (const { elements, remainder } of own) {
      for (const other of [undefined, ...against.flatMap((one) => one.elements)].slice(0, MAXIMUM_TRIED)) {
        const chosen: Term[] = elements.filter((element) => !element.isPattern);
        for (const element of elements) {
          if (!element.isPattern) continue;
          const outcome = best(other === undefined ? EMPTY : this.find([element], [...chosen, other]), () =>
            this.find([element], chosen),
          );
          if (outcome.kind === 'found') chosen.push(outcome.term);
        }
        yield setTerm(chosen);
        if (remainder !== undefined) yield setTerm([...chosen, freshName(0)]);
      }
    }
  }

  #maps(
    own: readonly MapTerm[],
    against: readonly MapTerm[],
    wanted: readonly Term[],
    unwanted: readonly Term[],
  ): Outcome {
    const sizes = new Set(own.filter(({ remainder }) => remainder === undefined).map(({ entries }) => entries.length));
    if (sizes.size > 1) return EMPTY;
    const plain = (map: MapTerm): boolean => map.entries.every(([key]) => !key.isPattern && key.scope === 0);
    if (own.every(plain)) return this.#records(own, against, against.filter(plain), wanted, unwanted);
    for (const one of own) {
      if (one.entries.some((entry) => entry.some((part) => this.find([part], []).kind === 'empty'))) return EMPTY;
      for (const other of against) if (this.#mapInside(one, other)) return EMPTY;
    }
    return this.#first(this.#mapsLike(own), wanted, unwanted);
  }

  #mapInside(one: MapTerm, other: MapTerm): boolean {
    if (other.remainder === undefined && one.remainder !== undefined) return false;
    const inside = (giver: number, taker: number): boolean => {
      const [key, value] = one.entries[giver]!;
      const [otherKey, otherValue] = other.entries[taker]!;
      return this.#inside(key, otherKey) && this.#inside(value, otherValue);
    };
    const closed = other.remainder === undefined;
    const keys = (map: MapTerm): readonly Term[] => map.entries.map(([key]) => key);
    return this.#assigned(keys(other), keys(one), closed, inside);
  }

  *#mapsLike(own: readonly MapTerm[]): Generator<Term | undefined> {
    for (const { entries, remainder } of own) {
      const chosen: MapEntry[] = [];
      for (const [key, value] of entries) {
        const keys = chosen.map(([one]) => one);
        const [one, two] = [this.find([key], keys), this.find([value], [])];
        if (one.kind === 'found' && two.kind === 'found') chosen.push([one.term, two.term]);
      }
      yield mapTerm(chosen);
      if (remainder !== undefined) yield mapTerm([...chosen, [freshName(0), nilTerm()]]);
    }
  }

  /** Maps whose keys are written out: a product over the keys that are there, for each choice of keys that may be. */
  #records(
    own: readonly MapTerm[],
    against: readonly MapTerm[],
    plain: readonly MapTerm[],
    wanted: readonly Term[],
    unwanted: readonly Term[],
  ): Outcome {
    const needed = new Map<string, Term>();
    for (const { entries } of own) for (const [key] of entries) needed.set(encodeTermBinary(key), key);
    const closed = own.find(({ remainder }) => remainder === undefined);
    if (closed !== undefined && needed.size !== closed.entries.length) return EMPTY;
    for (const one of own) for (const other of against) if (this.#mapInside(one, other)) return EMPTY;
    const optional = new Map<string, Term>();
    if (closed === undefined) {
      for (const { entries } of plain)
        for (const [key] of entries) {
          const name = encodeTermBinary(key);
          if (!needed.has(name)) optional.set(name, key);
        }
    }
    this.#spend(needed.size * (own.length + plain.length) + optional.size);
    if (optional.size > MAXIMUM_OPTIONAL_KEYS) return UNDECIDED;
    const choices = [...optional];
    let result: Outcome = EMPTY;
    for (let chosen = 0; chosen < 1 << choices.length; chosen += 1) {
      for (const more of closed === undefined ? [false, true] : [false]) {
        const there = [...needed, ...choices.filter((_, index) => (chosen >> index) % 2 === 1)];
        result = best(result, () => this.#recordsWith(there, more, own, plain));
        if (result.kind !== 'found') continue;
        if (this.#fits(result.term, wanted, unwanted)) return result;
        result = UNDECIDED;
      }
    }
    return result;
  }

  /** Maps with exactly these keys, and one that no pattern names if `more`. */
  #recordsWith(
    keys: readonly (readonly [string, Term])[],
    more: boolean,
    own: readonly MapTerm[],
    against: readonly MapTerm[],
  ): Outcome {
    const names = new Set(keys.map(([name]) => name));
    const row = (map: MapTerm): readonly Term[] | undefined => {
      const values = new Map(map.entries.map(([key, value]) => [encodeTermBinary(key), value] as const));
      for (const name of values.keys()) if (!names.has(name)) return undefined;
      if (map.remainder === undefined && (more || values.size !== names.size)) return undefined;
      return keys.map(([name]) => values.get(name) ?? wildcardTerm());
    };
    const rows = (maps: readonly MapTerm[]): (readonly Term[])[] => maps.map(row).filter((one) => one !== undefined);
    const wanted = rows(own);
    if (wanted.length !== own.length) return EMPTY;
    const extra: readonly MapEntry[] = more ? [[freshName(0), nilTerm()]] : [];
    return this.#product(wanted, rows(against), (parts) =>
      mapTerm([...keys.map(([, key], index) => [key, parts[index]!] as const), ...extra]),
    );
  }

  /** Tells whether a parallel pattern that is not wanted takes all that one that is wanted matches. */
  #coveredByParts(wanted: readonly Term[], unwanted: readonly Term[]): boolean {
    for (const wide of unwanted) {
      if (wide.kind !== 'par') continue;
      const other = partsOf(wide);
      if (other.connectives.length > 0) continue;
      for (const narrow of wanted) {
        const own = partsOf(narrow);
        if (own.connectives.length > 0 || (own.open && !other.open)) continue;
        // Of an open process it is not known how many parts it has.
        if (own.single.some((part) => !part.isPattern && part.scope > 0)) continue;
        const inside = (giver: number, taker: number): boolean =>
          this.#inside(own.single[giver]!, other.single[taker]!);
        if (this.#assigned(other.single, own.single, !other.open, inside)) return true;
      }
    }
    return false;
  }

  /** Processes of any form. */
  #anything(wanted: readonly Term[], unwanted: readonly Term[]): Outcome {
    const pairs = [nilTerm(), freshName(0), integerTerm(0n), stringTerm(''), listTerm([]), booleanTerm(true)];
    const like = function* (search: Search): Generator<Term | undefined> {
      for (const pattern of wanted) {
        if (pattern.kind !== 'par') continue;
        const { single, connectives, open } = partsOf(pattern);
        const parts = [...single, ...connectives].map((part) => search.find([part], []));
        const terms = parts.flatMap((part) => (part.kind === 'found' ? [part.term] : []));
        yield parTerm(terms);
        if (open) yield parTerm([...terms, freshName(0)]);
      }
    };
    const likely = this.#first(like(this), wanted, unwanted);
    return best(likely, () => this.#first(pairs, wanted, unwanted));
  }
}
