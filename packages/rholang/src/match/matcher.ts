import { listTerm, parTerm, sortedMapTerm, sortedSetTerm } from '../term/build.ts';
import { compareTerms, equalTerms } from '../term/compare.ts';
import type { FreeTerm, MapEntry, MapTerm, ParTerm, ReceiveTerm, SetTerm, Term, WildcardTerm } from '../term/term.ts';
import { permute } from '../term/transform.ts';
import { assign, BudgetExhausted, type Budget } from './assignment.ts';

type Next = () => boolean;
type Remainder = FreeTerm | WildcardTerm | undefined;

/** Deepest recursion of a search through several choices before it counts as exhausted. */
const MAXIMUM_CHOICES = 400;

/** Matches patterns against closed terms, with backtracking, within a budget of steps. */
export class Matcher {
  readonly #budget: Budget;
  #choices = 0;

  constructor(budget: Budget) {
    this.#budget = budget;
  }

  /**
   * Calls `next` for each way in which `pattern` matches `target`, until it returns true.
   *
   * @param bindings - `bindings[i]` is what variable `i` matched, while `next` runs.
   * @returns true if `next` returned true.
   */
  match(pattern: Term, target: Term, bindings: Term[], next: Next): boolean {
    if (!pattern.searches) return this.simple(pattern, target, bindings) && next();
    this.#budget.spend(1);
    this.#choices += 1;
    if (this.#choices > MAXIMUM_CHOICES) throw new BudgetExhausted('too many nested choices');
    const result = this.#search(pattern, target, bindings, next);
    this.#choices -= 1;
    return result;
  }

  /** Tells whether `pattern` matches `target` in any way. */
  exists(pattern: Term, target: Term): boolean {
    if (!pattern.searches) return this.simple(pattern, target, []);
    const choices = this.#choices;
    const found = this.match(pattern, target, [], () => true);
    this.#choices = choices;
    return found;
  }

  #equal(pattern: Term, target: Term): boolean {
    if (pattern === target) return true;
    if (pattern.kind !== target.kind || pattern.size !== target.size) return false;
    this.#budget.spend(pattern.size >> 2);
    return compareTerms(pattern, target) === 0;
  }

  #equalLists(patterns: readonly Term[], targets: readonly Term[]): boolean {
    return (
      patterns.length === targets.length && patterns.every((pattern, index) => this.#equal(pattern, targets[index]!))
    );
  }

  /** Matches a pattern that can match in one way at most. */
  simple(pattern: Term, target: Term, bindings: Term[]): boolean {
    this.#budget.spend(1);
    switch (pattern.kind) {
      case 'free':
        if (target.scope > 0) return false;
        bindings[pattern.index] = target;
        return true;
      case 'wildcard':
        return true;
      case 'type':
        return hasType(target, pattern.type);
      default:
    }
    if (!pattern.isPattern) return this.#equal(pattern, target);
    switch (pattern.kind) {
      case 'list':
        return (
          target.kind === 'list' &&
          this.#simpleList(pattern.elements, target.elements, bindings, pattern.remainder !== undefined) &&
          bindRemainder(pattern.remainder, target.elements.slice(pattern.elements.length), bindings)
        );
      case 'tuple':
        return target.kind === 'tuple' && this.#simpleList(pattern.elements, target.elements, bindings, false);
      case 'send':
        return (
          target.kind === 'send' &&
          target.persistent === pattern.persistent &&
          this.simple(pattern.channel, target.channel, bindings) &&
          this.#simpleList(pattern.data, target.data, bindings, false)
        );
      case 'connective':
        return this.#connective(pattern.connective, pattern.operands, target, bindings);
      default: {
        const parts = this.#parts(pattern, target);
        return parts?.every(([one, other]) => this.simple(one, other, bindings)) ?? false;
      }
    }
  }

  #simpleList(patterns: readonly Term[], targets: readonly Term[], bindings: Term[], open: boolean): boolean {
    if (open ? targets.length < patterns.length : targets.length !== patterns.length) return false;
    for (let index = 0; index < patterns.length; index += 1) {
      if (!this.simple(patterns[index]!, targets[index]!, bindings)) return false;
    }
    return true;
  }

  #connective(connective: 'and' | 'or' | 'not', operands: readonly Term[], target: Term, bindings: Term[]): boolean {
    switch (connective) {
      case 'and':
        return operands.every((operand) => this.simple(operand, target, bindings));
      case 'or':
        return operands.some((operand) => this.exists(operand, target));
      case 'not':
        return !this.exists(operands[0]!, target);
    }
  }

  /** Pairs the parts of two terms of one kind that must match in place, or nothing if they cannot match. */
  #parts(pattern: Term, target: Term): (readonly [Term, Term])[] | undefined {
    if (pattern.kind !== target.kind) return undefined;
    switch (pattern.kind) {
      case 'send': {
        const other = target as typeof pattern;
        if (other.persistent !== pattern.persistent || other.data.length !== pattern.data.length) return undefined;
        return [
          [pattern.channel, other.channel],
          ...pattern.data.map((part, index) => [part, other.data[index]!] as const),
        ];
      }
      case 'list':
      case 'tuple': {
        const other = target as typeof pattern;
        return pattern.elements.map((part, index) => [part, other.elements[index]!] as const);
      }
      case 'new': {
        const other = target as typeof pattern;
        const same = pattern.fresh === other.fresh && pattern.uris.join('\n') === other.uris.join('\n');
        return same ? [[pattern.body, other.body]] : undefined;
      }
      case 'bundle': {
        const other = target as typeof pattern;
        return pattern.read === other.read && pattern.write === other.write ? [[pattern.body, other.body]] : undefined;
      }
      case 'unary': {
        const other = target as typeof pattern;
        return pattern.operator === other.operator ? [[pattern.operand, other.operand]] : undefined;
      }
      case 'binary': {
        const other = target as typeof pattern;
        if (pattern.operator !== other.operator) return undefined;
        if (pattern.operator !== 'matches')
          return [
            [pattern.left, other.left],
            [pattern.right, other.right],
          ];
        return this.#equal(pattern.right, other.right) ? [[pattern.left, other.left]] : undefined;
      }
      case 'method': {
        const other = target as typeof pattern;
        if (pattern.method !== other.method || pattern.arguments.length !== other.arguments.length) return undefined;
        return [
          [pattern.target, other.target],
          ...pattern.arguments.map((part, index) => [part, other.arguments[index]!] as const),
        ];
      }
      case 'match':
        return this.#matchParts(pattern, target);
      case 'receive':
        return this.#receiveParts(pattern, target as ReceiveTerm, [...pattern.binds.keys()]);
      default:
        return undefined;
    }
  }

  #matchParts(pattern: Term, target: Term): (readonly [Term, Term])[] | undefined {
    if (pattern.kind !== 'match' || target.kind !== 'match' || pattern.cases.length !== target.cases.length)
      return undefined;
    const parts: (readonly [Term, Term])[] = [[pattern.target, target.target]];
    for (const [index, one] of pattern.cases.entries()) {
      const other = target.cases[index]!;
      if (!this.#equal(one.pattern, other.pattern)) return undefined;
      if ((one.guard === undefined) !== (other.guard === undefined)) return undefined;
      if (one.guard !== undefined && other.guard !== undefined) parts.push([one.guard, other.guard]);
      parts.push([one.body, other.body]);
    }
    return parts;
  }

  /** Pairs the parts of two receives, bind `i` of the pattern with bind `order[i]` of the target. */
  #receiveParts(
    pattern: ReceiveTerm,
    target: ReceiveTerm,
    order: readonly number[],
  ): (readonly [Term, Term])[] | undefined {
    if (pattern.persistent !== target.persistent || pattern.binds.length !== target.binds.length) return undefined;
    if ((pattern.guard === undefined) !== (target.guard === undefined)) return undefined;
    const first: number[] = [];
    let count = 0;
    for (const bind of target.binds) {
      first.push(count);
      count += bind.variables;
    }
    const parts: (readonly [Term, Term])[] = [];
    const places: number[] = [];
    for (const [index, bind] of pattern.binds.entries()) {
      const other = target.binds[order[index]!]!;
      if (bind.peek !== other.peek || bind.variables !== other.variables) return undefined;
      if (!this.#equalLists(bind.patterns, other.patterns) || bind.remainder?.kind !== other.remainder?.kind)
        return undefined;
      parts.push([bind.channel, other.channel]);
      for (let variable = 0; variable < other.variables; variable += 1) places.push(first[order[index]!]! + variable);
    }
    const inPlace = order.every((from, to) => from === to);
    const own = (term: Term): Term => (inPlace ? term : permute(term, places));
    if (pattern.guard !== undefined && target.guard !== undefined) parts.push([pattern.guard, own(target.guard)]);
    parts.push([pattern.body, own(target.body)]);
    return parts;
  }

  #search(pattern: Term, target: Term, bindings: Term[], next: Next): boolean {
    switch (pattern.kind) {
      case 'par':
        return this.#par(pattern, target, bindings, next);
      case 'set':
        return target.kind === 'set' && this.#set(pattern, target, bindings, next);
      case 'map':
        return target.kind === 'map' && this.#map(pattern, target, bindings, next);
      case 'connective':
        return this.#sequence(
          pattern.operands.map((operand) => [operand, target] as const),
          0,
          bindings,
          next,
        );
      case 'receive':
        return target.kind === 'receive' && this.#receive(pattern, target, bindings, next);
      case 'list':
      case 'tuple': {
        if (target.kind !== pattern.kind) return false;
        const count = pattern.elements.length;
        const remainder = pattern.kind === 'list' ? pattern.remainder : undefined;
        if (remainder === undefined ? target.elements.length !== count : target.elements.length < count) return false;
        if (!bindRemainder(remainder, target.elements.slice(count), bindings)) return false;
        return this.#sequence(this.#parts(pattern, target)!, 0, bindings, next);
      }
      default: {
        const parts = this.#parts(pattern, target);
        return parts !== undefined && this.#sequence(parts, 0, bindings, next);
      }
    }
  }

  /** Matches pairs one after the other. */
  #sequence(pairs: readonly (readonly [Term, Term])[], from: number, bindings: Term[], next: Next): boolean {
    for (let index = from; index < pairs.length; index += 1) {
      const [pattern, target] = pairs[index]!;
      if (pattern.searches)
        return this.match(pattern, target, bindings, () => this.#sequence(pairs, index + 1, bindings, next));
      if (!this.simple(pattern, target, bindings)) return false;
    }
    return next();
  }

  /** Matches each of `patterns` with an element of its own and passes what is left to `next`. */
  #each(
    patterns: readonly Term[],
    targets: readonly Term[],
    bindings: Term[],
    next: (left: readonly Term[]) => boolean,
  ): boolean {
    return assign(
      {
        patterns: patterns.length,
        targets: targets.length,
        compatible: (pattern, target) => this.exists(patterns[pattern]!, targets[target]!),
        match: (pattern, target, rest) => this.match(patterns[pattern]!, targets[target]!, bindings, rest),
        sameAsPrevious: (target) => equalTerms(targets[target - 1]!, targets[target]!),
      },
      this.#budget,
      (chosen) => next(withoutChosen(targets, chosen)),
    );
  }

  /** Takes the terms `wanted` out of `targets`; both are sorted. */
  #without(targets: readonly Term[], wanted: readonly Term[]): readonly Term[] | undefined {
    if (wanted.length === 0) return targets;
    const left: Term[] = [];
    let taken = 0;
    for (const target of targets) {
      this.#budget.spend(1);
      if (taken < wanted.length && this.#equal(wanted[taken]!, target)) taken += 1;
      else left.push(target);
    }
    return taken === wanted.length ? left : undefined;
  }

  #par(pattern: ParTerm, target: Term, bindings: Term[], next: Next): boolean {
    const parts = target.kind === 'par' ? target.parts : target.kind === 'nil' ? [] : [target];
    const fixed = pattern.parts.filter((part) => !part.isPattern);
    const single = pattern.parts.filter((part) => part.isPattern && !isFlexible(part));
    const flexible = pattern.parts.filter(isFlexible).sort((left, right) => rank(left) - rank(right));
    const left = this.#without(parts, fixed);
    if (left === undefined) return false;
    if (flexible.length === 0 && left.length !== single.length) return false;
    return this.#each(single, left, bindings, (rest) => this.#distribute(flexible, 0, rest, bindings, next));
  }

  /** Gives each of the flexible patterns from `from` on a part of `parts`, the last one all that is left. */
  #distribute(patterns: readonly Term[], from: number, parts: readonly Term[], bindings: Term[], next: Next): boolean {
    const pattern = patterns[from];
    if (pattern === undefined) return parts.length === 0 && next();
    if (from === patterns.length - 1) return this.match(pattern, parTerm(parts), bindings, next);
    return this.#subsets(parts, (taken, rest) =>
      this.match(pattern, parTerm(taken), bindings, () => this.#distribute(patterns, from + 1, rest, bindings, next)),
    );
  }

  /** Splits `parts` in each way, everything taken first, until `next` returns true. */
  #subsets(parts: readonly Term[], next: (taken: readonly Term[], rest: readonly Term[]) => boolean): boolean {
    const takes = new Array<boolean>(parts.length).fill(true);
    for (;;) {
      this.#budget.spend(1 + parts.length);
      const taken = parts.filter((_, index) => takes[index]);
      const rest = parts.filter((_, index) => !takes[index]);
      if (next(taken, rest)) return true;
      let last = parts.length - 1;
      while (last >= 0 && takes[last] === false) takes[last--] = true;
      if (last < 0) return false;
      takes[last] = false;
    }
  }

  #set(pattern: SetTerm, target: SetTerm, bindings: Term[], next: Next): boolean {
    const { remainder } = pattern;
    const fixed = pattern.elements.filter((element) => !element.isPattern);
    const open = pattern.elements.filter((element) => element.isPattern);
    const surplus = target.elements.length - pattern.elements.length;
    if (surplus < 0 || (remainder === undefined && surplus > 0)) return false;
    const left = this.#without(target.elements, fixed);
    if (left === undefined) return false;
    return this.#each(open, left, bindings, (rest) => {
      if (remainder?.kind === 'free') {
        if (rest.some((element) => element.scope > 0)) return false;
        bindings[remainder.index] = sortedSetTerm(rest);
      }
      return next();
    });
  }

  #map(pattern: MapTerm, target: MapTerm, bindings: Term[], next: Next): boolean {
    const { remainder } = pattern;
    const surplus = target.entries.length - pattern.entries.length;
    if (surplus < 0 || (remainder === undefined && surplus > 0)) return false;
    const pairs: (readonly [Term, Term])[] = [];
    const open: MapEntry[] = [];
    const left = new Set(target.entries);
    for (const entry of pattern.entries) {
      const [key, value] = entry;
      if (key.isPattern) {
        open.push(entry);
        continue;
      }
      const found = target.entries.find(([other]) => {
        this.#budget.spend(1);
        return this.#equal(key, other);
      });
      if (found === undefined) return false;
      left.delete(found);
      pairs.push([value, found[1]]);
    }
    const entries = [...left];
    const problem = {
      patterns: open.length,
      targets: entries.length,
      compatible: (index: number, other: number): boolean =>
        this.exists(open[index]![0], entries[other]![0]) && this.exists(open[index]![1], entries[other]![1]),
      match: (index: number, other: number, rest: Next): boolean => {
        const [key, value] = open[index]!;
        return this.match(key, entries[other]![0], bindings, () =>
          this.match(value, entries[other]![1], bindings, rest),
        );
      },
      sameAsPrevious: (): boolean => false,
    };
    return this.#sequence(pairs, 0, bindings, () =>
      assign(problem, this.#budget, (chosen) => {
        if (remainder?.kind === 'free') {
          const rest = withoutChosen(entries, chosen);
          if (rest.some(([key, value]) => key.scope > 0 || value.scope > 0)) return false;
          bindings[remainder.index] = sortedMapTerm(rest);
        }
        return next();
      }),
    );
  }

  #receive(pattern: ReceiveTerm, target: ReceiveTerm, bindings: Term[], next: Next): boolean {
    if (pattern.binds.length !== target.binds.length) return false;
    const fits = (index: number, other: number): boolean => {
      const one = pattern.binds[index]!;
      const two = target.binds[other]!;
      return (
        one.peek === two.peek &&
        one.variables === two.variables &&
        one.remainder?.kind === two.remainder?.kind &&
        this.#equalLists(one.patterns, two.patterns) &&
        this.exists(one.channel, two.channel)
      );
    };
    return assign(
      {
        patterns: pattern.binds.length,
        targets: target.binds.length,
        compatible: fits,
        match: (index, other, rest) => fits(index, other) && rest(),
        sameAsPrevious: () => false,
      },
      this.#budget,
      (chosen) => {
        const parts = this.#receiveParts(pattern, target, chosen);
        return parts !== undefined && this.#sequence(parts, 0, bindings, next);
      },
    );
  }
}

/** The items at the places that are not chosen. */
function withoutChosen<T>(items: readonly T[], chosen: readonly number[]): readonly T[] {
  if (chosen.length === 0) return items;
  const places = new Set(chosen);
  return items.filter((_, index) => !places.has(index));
}

function bindRemainder(remainder: Remainder, rest: readonly Term[], bindings: Term[]): boolean {
  if (remainder?.kind !== 'free') return true;
  if (rest.some((element) => element.scope > 0)) return false;
  bindings[remainder.index] = listTerm(rest);
  return true;
}

/** Parts of a parallel pattern that take any number of processes. */
function isFlexible(part: Term): boolean {
  return part.kind === 'free' || part.kind === 'wildcard' || part.kind === 'connective';
}

/** Connectives choose first, variables then, and the wildcard takes what is left. */
function rank(part: Term): number {
  return part.kind === 'connective' ? 0 : part.kind === 'free' ? 1 : 2;
}

function hasType(target: Term, type: string): boolean {
  switch (target.kind) {
    case 'boolean':
      return type === 'Bool';
    case 'integer':
      return type === 'Int';
    case 'big-integer':
      return type === 'BigInt';
    case 'string':
      return type === 'String';
    case 'uri':
      return type === 'Uri';
    case 'bytes':
      return type === 'ByteArray';
    default:
      return false;
  }
}
