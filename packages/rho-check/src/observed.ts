import { forEachPart, type Term } from '@commute/rholang';
import type { FreshNames } from './names.ts';

/** Methods whose results depend on the bytes of names. */
const BYTES = new Set(['toByteArray', 'toString']);
/** Methods whose results depend on the order of names. */
const ORDER = new Set(['toList', 'keys']);

/** How many names a value must have for an operation to see what they look like; nothing if it never does. */
function namesSeen(term: Term): number | undefined {
  if (term.kind === 'method') return BYTES.has(term.method) ? 1 : ORDER.has(term.method) ? 2 : undefined;
  if (term.kind === 'binary' && term.operator === '%%') return 1;
  // The first match of several is taken, in the order of what is matched.
  if (term.kind === 'match' && term.cases.some(({ pattern }) => pattern.searches)) return 2;
  return term.kind === 'binary' && term.operator === 'matches' && term.right.searches ? 2 : undefined;
}

/** The names that a variable may stand for. */
type Names = ReadonlySet<number>;

/** Tells where a program looks into the bytes or the order of unforgeable names, which differ from run to run. */
export class NameObservation {
  readonly #names: FreshNames;
  readonly #curious = new WeakMap<Term, boolean>();
  #own = 0;

  constructor(names: FreshNames) {
    this.#names = names;
  }

  /**
   * Tells whether what is evaluated when `term` runs with these values may depend on what its names look like. Errs on the side of yes: a variable of a case of a
   * `match` counts as all that is matched.
   */
  observes(term: Term, values: readonly Term[]): boolean {
    if (!this.#isCurious(term) && !values.some((value) => this.#isCurious(value))) return false;
    const environment = values.map((value): Names => new Set(this.#names.leavesOf(value)));
    return this.#runs(term, environment) || values.some((value) => this.#runs(value, []));
  }

  /** Tells whether there is such an operation anywhere in a term. */
  #isCurious(term: Term): boolean {
    if (term.size <= 1) return false;
    const known = this.#curious.get(term);
    if (known !== undefined) return known;
    let curious = namesSeen(term) !== undefined;
    forEachPart(term, (part) => {
      curious ||= this.#isCurious(part);
    });
    this.#curious.set(term, curious);
    return curious;
  }

  /** What running a process evaluates: nothing under a receive, which is looked at when it fires. */
  #runs(term: Term, environment: readonly Names[]): boolean {
    if (!this.#isCurious(term)) return false;
    const value = (one: Term): boolean => this.#evaluates(one, environment);
    switch (term.kind) {
      case 'par':
        return term.parts.some((part) => this.#runs(part, environment));
      case 'send':
        return value(term.channel) || term.data.some(value);
      case 'receive':
        return term.binds.some(({ channel }) => value(channel));
      case 'bundle':
        return this.#runs(term.body, environment);
      case 'new': {
        const made = Array.from({ length: term.fresh }, (): Names => new Set([(this.#own -= 1)]));
        const named = term.uris.map((): Names => new Set());
        return this.#runs(term.body, [...environment, ...made, ...named]);
      }
      case 'match': {
        if (value(term.target)) return true;
        const matched = this.#namesIn(term.target, environment);
        if (matched.size >= (namesSeen(term) ?? Infinity)) return true;
        return term.cases.some(({ variables, guard, body }) => {
          const inner = [...environment, ...Array.from({ length: variables }, () => matched)];
          return (guard !== undefined && this.#evaluates(guard, inner)) || this.#runs(body, inner);
        });
      }
      default:
        return value(term);
    }
  }

  /** What giving a value to a term evaluates: nothing inside a process that it quotes. */
  #evaluates(term: Term, environment: readonly Names[]): boolean {
    if (!this.#isCurious(term)) return false;
    switch (term.kind) {
      case 'send':
      case 'receive':
      case 'new':
      case 'match':
      case 'bundle':
        return false;
      default: {
        let found = this.#namesIn(term, environment).size >= (namesSeen(term) ?? Infinity);
        forEachPart(term, (part) => {
          found ||= this.#evaluates(part, environment);
        });
        return found;
      }
    }
  }

  #namesIn(term: Term, environment: readonly Names[]): Names {
    const found = new Set<number>(this.#names.leavesOf(term));
    const add = (index: number): void => {
      for (const one of environment[environment.length - 1 - index] ?? []) found.add(one);
    };
    const visit = (part: Term): void => {
      switch (part.kind) {
        case 'bound':
          add(part.index);
          break;
        case 'receive':
        case 'new':
        case 'match':
          // A process with variables of its own: all that it may use from outside.
          for (let index = 0; index < part.scope; index += 1) add(index);
          break;
        default:
          if (part.scope > 0) forEachPart(part, visit);
          break;
      }
    };
    visit(term);
    return found;
  }
}
