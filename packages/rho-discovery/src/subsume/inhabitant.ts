import {
  booleanTerm,
  integerTerm,
  listTerm,
  matchPattern,
  nilTerm,
  parTerm,
  stringTerm,
  termKey,
  type ListTerm,
  type MapTerm,
  type SetTerm,
  type Term,
} from '@commute/rholang';
import { assigned, isInside } from './assigned.ts';
import { isSameText, keepsParts } from './components.ts';
import { maps } from './maps.ts';
import {
  best,
  EMPTY,
  found,
  freshName,
  MAXIMUM_TRIED,
  SearchExhausted,
  UNDECIDED,
  type Inhabitants,
  type Outcome,
} from './outcome.ts';
import { formOf, isUniversal, partsOf, valueOf, type Form } from './pattern.ts';
import { lists, shaped } from './products.ts';
import { sets } from './sets.ts';

const MATCH_BUDGET = 2000;
/** Deepest nesting of patterns that is looked into, so that a stack of the default size suffices. */
const MAXIMUM_LEVELS = 200;

/**
 * Searches a closed term that matches every pattern of one list and none of another: the decision behind subsumption, disjointness and
 * coverage, as in set-theoretic subtyping.
 *
 * `empty` is only ever said of more than was asked for: patterns that cannot be handled are left out, which makes the set larger. So `empty` can be relied
 * on, whatever is left out; a term that is found has to be matched again.
 *
 * Source: A. Frisch, G. Castagna, V. Benzaken, Semantic Subtyping, J. ACM 55(4), 2008, section 6 (the decision for products).
 */
export class Search implements Inhabitants {
  #left: number;
  #level = 0;
  readonly #numbers = new Map<Term, number>();
  readonly #known = new Map<string, Outcome>();
  readonly #universal = new Map<Term, boolean>();

  /** @param steps - most steps; a bounded amount of work each. */
  constructor(steps: number) {
    this.#left = steps;
  }

  spend(steps: number): void {
    this.#left -= steps;
    if (this.#left < 0) throw new SearchExhausted('the budget of the search is used up');
  }

  isUniversal(term: Term): boolean {
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
    this.spend(1 + positive.length + negative.length);
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
      this.spend(1);
      const [term, sign] = next;
      if (this.isUniversal(term)) {
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
  fits(term: Term, wanted: readonly Term[], unwanted: readonly Term[]): boolean | undefined {
    let known = true;
    const matches = (pattern: Term): boolean | undefined => {
      this.spend(4 + (pattern.size >> 2));
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
  first(candidates: Iterable<Term | undefined>, wanted: readonly Term[], unwanted: readonly Term[]): Outcome {
    for (const term of candidates) if (term !== undefined && this.fits(term, wanted, unwanted)) return found(term);
    return UNDECIDED;
  }

  /** No connectives and nothing universal are left. */
  #processes(wanted: readonly Term[], unwanted: readonly Term[]): Outcome {
    const literal = wanted.find((term) => !term.isPattern && term.scope === 0);
    if (literal !== undefined) {
      const fits = this.fits(literal, wanted, unwanted);
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
        return shaped(this, own, against);
      case 'list':
        return lists(this, own as readonly ListTerm[], against as readonly ListTerm[]);
      case 'set':
        return sets(this, own as readonly SetTerm[], against as readonly SetTerm[], wanted, unwanted);
      case 'map':
        return maps(this, own as readonly MapTerm[], against as readonly MapTerm[], wanted, unwanted);
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
      this.spend(taken.size);
      const values = function* (): Generator<Term | undefined> {
        for (let index = 0, tried = 0; tried < MAXIMUM_TRIED && index <= taken.size + MAXIMUM_TRIED; index += 1) {
          const value = valueOf(form, index);
          if (value === undefined || taken.has(termKey(value))) continue;
          tried += 1;
          yield value;
        }
      };
      return this.first(values(), wanted, unwanted);
    }
    let result: Outcome = EMPTY;
    for (const value of [false, true]) {
      const term = booleanTerm(value);
      const fits = this.fits(term, wanted, unwanted);
      if (fits === true) return found(term);
      if (fits === undefined) result = UNDECIDED;
    }
    return result;
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
          isInside(this, own.single[giver]!, other.single[taker]!);
        if (assigned(other.single, own.single, !other.open, inside)) return true;
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
    const likely = this.first(like(this), wanted, unwanted);
    return best(likely, () => this.first(pairs, wanted, unwanted));
  }
}
