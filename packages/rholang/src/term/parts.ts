import {
  binaryTerm,
  bundleTerm,
  connectiveTerm,
  listTerm,
  mapTerm,
  matchTerm,
  methodTerm,
  newTerm,
  parTerm,
  sendTerm,
  setTerm,
  tupleTerm,
  unaryTerm,
} from './build.ts';
import type { Term } from './term.ts';
import { receiveTerm } from './transform.ts';

/**
 * Where a part stands in its term: the `channel` of a send or of a bind; the `pattern` of a bind or of a case, or to the right of `matches`;
 * the `guard` of a receive or of a case; the `body` of a receive, a case, a `new` or a bundle; anything else is a `part`.
 */
export type PartPlace = 'channel' | 'pattern' | 'guard' | 'body' | 'part';

function all(terms: readonly Term[], visit: (part: Term, binders: number, place: PartPlace) => void): void {
  for (const term of terms) visit(term, 0, 'part');
}

/**
 * Visits each direct part of a term once, in the order in which the encoding has them: patterns, guards and bodies included, and a guard before
 * its body. Remainders are variables, not parts. Does not go deeper: `visit` may call this again.
 *
 * @param visit - is given a part, the number of variables that `term` binds around it, and its place.
 * @example
 * ```ts
 * import { forEachPart, integerTerm, listTerm, type Term } from '@commute/rholang';
 * const sum = (term: Term): bigint => {
 *   let total = term.kind === 'integer' ? term.value : 0n;
 *   forEachPart(term, (part) => {
 *     total += sum(part);
 *   });
 *   return total;
 * };
 * const list = listTerm([integerTerm(2n), listTerm([integerTerm(3n)])]);
 * if (sum(list) !== 5n) throw new Error('unexpected sum');
 * ```
 */
export function forEachPart(term: Term, visit: (part: Term, binders: number, place: PartPlace) => void): void {
  switch (term.kind) {
    case 'par':
      all(term.parts, visit);
      break;
    case 'send':
      visit(term.channel, 0, 'channel');
      all(term.data, visit);
      break;
    case 'receive':
      for (const { channel, patterns } of term.binds) {
        visit(channel, 0, 'channel');
        for (const pattern of patterns) visit(pattern, 0, 'pattern');
      }
      if (term.guard !== undefined) visit(term.guard, term.variables, 'guard');
      visit(term.body, term.variables, 'body');
      break;
    case 'new':
      visit(term.body, term.fresh + term.uris.length, 'body');
      break;
    case 'match':
      visit(term.target, 0, 'part');
      for (const { pattern, variables, guard, body } of term.cases) {
        visit(pattern, 0, 'pattern');
        if (guard !== undefined) visit(guard, variables, 'guard');
        visit(body, variables, 'body');
      }
      break;
    case 'bundle':
      visit(term.body, 0, 'body');
      break;
    case 'list':
    case 'tuple':
    case 'set':
      all(term.elements, visit);
      break;
    case 'map':
      for (const [key, value] of term.entries) {
        visit(key, 0, 'part');
        visit(value, 0, 'part');
      }
      break;
    case 'unary':
      visit(term.operand, 0, 'part');
      break;
    case 'binary':
      visit(term.left, 0, 'part');
      visit(term.right, 0, term.operator === 'matches' ? 'pattern' : 'part');
      break;
    case 'method':
      visit(term.target, 0, 'part');
      all(term.arguments, visit);
      break;
    case 'connective':
      all(term.operands, visit);
      break;
    default:
      break;
  }
}

type ReplacePart = (part: Term, binders: number, place: PartPlace) => Term;

function mapAll(terms: readonly Term[], replace: ReplacePart, place: PartPlace = 'part'): readonly Term[] {
  return terms.map((term) => replace(term, 0, place));
}

/**
 * Rebuilds a term in normal form with each direct part replaced, in the order of `forEachPart`. Remainders stay. Does not go deeper: `replace`
 * may call this again.
 *
 * @param replace - is given a part, the number of variables that `term` binds around it, and its place. What it returns may use the same
 * variables and those further outside, and binds as many variables where the part is a pattern.
 * @returns a new term; `term` itself if it has no parts.
 * @throws TermDepthError if the result is nested too deeply.
 * @example
 * ```ts
 * import { equalTerms, integerTerm, listTerm, mapParts, type Term } from '@commute/rholang';
 * const doubled = (term: Term): Term =>
 *   term.kind === 'integer' ? integerTerm(2n * term.value) : mapParts(term, (part) => doubled(part));
 * const list = listTerm([integerTerm(2n), listTerm([integerTerm(3n)])]);
 * const expected = listTerm([integerTerm(4n), listTerm([integerTerm(6n)])]);
 * if (!equalTerms(doubled(list), expected)) throw new Error('unexpected term');
 * ```
 */
export function mapParts(term: Term, replace: ReplacePart): Term {
  switch (term.kind) {
    case 'send':
      return sendTerm(replace(term.channel, 0, 'channel'), mapAll(term.data, replace), term.persistent);
    case 'par':
      return parTerm(mapAll(term.parts, replace));
    case 'list':
      return listTerm(mapAll(term.elements, replace), term.remainder);
    case 'tuple':
      return tupleTerm(mapAll(term.elements, replace));
    case 'set':
      return setTerm(mapAll(term.elements, replace), term.remainder);
    case 'map':
      return mapTerm(
        term.entries.map(([key, value]) => [replace(key, 0, 'part'), replace(value, 0, 'part')] as const),
        term.remainder,
      );
    case 'binary': {
      const left = replace(term.left, 0, 'part');
      return binaryTerm(term.operator, left, replace(term.right, 0, term.operator === 'matches' ? 'pattern' : 'part'));
    }
    case 'unary':
      return unaryTerm(term.operator, replace(term.operand, 0, 'part'));
    case 'method': {
      const target = replace(term.target, 0, 'part');
      return methodTerm(target, term.method, mapAll(term.arguments, replace));
    }
    case 'bundle':
      return bundleTerm(term.read, term.write, replace(term.body, 0, 'body'));
    case 'connective':
      return connectiveTerm(term.connective, mapAll(term.operands, replace));
    case 'new':
      return newTerm(term.fresh, term.uris, replace(term.body, term.fresh + term.uris.length, 'body'));
    case 'match': {
      const target = replace(term.target, 0, 'part');
      const cases = term.cases.map(({ pattern, variables, guard, body }) => ({
        pattern: replace(pattern, 0, 'pattern'),
        variables,
        guard: guard && replace(guard, variables, 'guard'),
        body: replace(body, variables, 'body'),
      }));
      return matchTerm(target, cases);
    }
    case 'receive': {
      const binds = term.binds.map((bind) => ({
        ...bind,
        channel: replace(bind.channel, 0, 'channel'),
        patterns: mapAll(bind.patterns, replace, 'pattern'),
      }));
      const guard = term.guard && replace(term.guard, term.variables, 'guard');
      return receiveTerm(binds, replace(term.body, term.variables, 'body'), term.persistent, guard);
    }
    default:
      return term;
  }
}
