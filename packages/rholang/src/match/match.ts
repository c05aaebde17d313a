import { nilTerm } from '../term/build.ts';
import type { Term } from '../term/term.ts';
import { Budget, BudgetExhausted } from './assignment.ts';
import { Matcher } from './matcher.ts';
import { countedSearch, FREE_STEPS } from './run-budget.ts';

/** Steps a match may take unless the caller says otherwise. */
export const DEFAULT_MATCH_BUDGET = 1_000_000;

/** What a match found: the values of the variables in order, or why there are none. */
export type MatchResult =
  | { readonly ok: true; readonly bindings: readonly Term[] }
  | { readonly ok: false; readonly reason: 'no-match' | 'budget-exhausted' };

/**
 * Matches a closed term against a pattern. Finds a match if there is one, or says that its budget ran out.
 *
 * The first of several matches is taken: parts and elements in canonical order, a variable beside other processes takes all it can.
 *
 * @param pattern - its only bound variables are its own; `free` `i` is variable `i`.
 * @param target - a closed term.
 * @param budget - steps, each a bounded amount of work. If absent, {@link DEFAULT_MATCH_BUDGET}, and within a run the search counts for its
 *   `maximumMatchSteps`.
 * @example
 * ```ts
 * import { freeTerm, integerTerm, listTerm, matchPattern } from '@commute/rholang';
 * const result = matchPattern(listTerm([freeTerm(0)]), listTerm([integerTerm(7n)]));
 * if (!result.ok || result.bindings[0]?.kind !== 'integer') throw new Error('no match');
 * ```
 */
export function matchPattern(pattern: Term, target: Term, budget?: number): MatchResult {
  const bindings: Term[] = [];
  const search = (steps: Budget): boolean => new Matcher(steps).match(pattern, target, bindings, () => true);
  try {
    const found =
      budget === undefined ? countedSearch(DEFAULT_MATCH_BUDGET, FREE_STEPS, search) : search(new Budget(budget));
    if (!found) return { ok: false, reason: 'no-match' };
    return { ok: true, bindings: Array.from(bindings, (binding: Term | undefined) => binding ?? nilTerm()) };
  } catch (error) {
    if (error instanceof BudgetExhausted) return { ok: false, reason: 'budget-exhausted' };
    throw error;
  }
}
