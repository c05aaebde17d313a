import { matchPattern, TermDepthError, type Term } from '@commute/rholang';
import { isSameText } from './components.ts';
import { Search } from './inhabitant.ts';
import { SearchExhausted, type Outcome } from './outcome.ts';

/** Steps that a decision may take unless the caller says otherwise. */
export const DEFAULT_SUBSUMPTION_BUDGET = 100_000;

/** Why something is not decided. */
export type UndecidedReason =
  /** A pattern refers to a variable that is bound outside it. */
  | 'open-pattern'
  /** The patterns are of a form that no rule covers. */
  | 'no-rule'
  /** It would take more steps than allowed. */
  | 'budget-exhausted';

/** Whether one pattern accepts all that another describes. */
export type Subsumption =
  | { readonly verdict: 'yes' }
  /** `witness` matches the narrower pattern and not the wider one; the matcher confirmed that. */
  | { readonly verdict: 'no'; readonly witness: Term }
  | { readonly verdict: 'unknown'; readonly reason: UndecidedReason };

/** Whether any term matches two patterns. */
export type Overlap =
  | { readonly verdict: 'no' }
  /** `witness` matches both; the matcher confirmed that. */
  | { readonly verdict: 'yes'; readonly witness: Term }
  | { readonly verdict: 'unknown'; readonly reason: UndecidedReason };

function search(
  positive: readonly Term[],
  negative: readonly Term[],
  steps: number,
): Outcome | { readonly kind: 'exhausted' } {
  try {
    return new Search(steps).find(positive, negative);
  } catch (error) {
    if (error instanceof SearchExhausted || error instanceof TermDepthError) return { kind: 'exhausted' };
    throw error;
  }
}

/** Matches what was found with the patterns that it was found for. */
function confirmed(witness: Term, positive: readonly Term[], negative: readonly Term[]): boolean {
  const refused = (pattern: Term): boolean => {
    const result = matchPattern(pattern, witness);
    return !result.ok && result.reason === 'no-match';
  };
  return positive.every((pattern) => matchPattern(pattern, witness).ok) && negative.every(refused);
}

function decide(
  positive: readonly Term[],
  negative: readonly Term[],
  steps: number,
): { readonly none: true } | { readonly witness: Term } | { readonly reason: UndecidedReason } {
  const outcome = search(positive, negative, steps);
  if (outcome.kind === 'empty') return { none: true };
  if (outcome.kind === 'exhausted') return { reason: 'budget-exhausted' };
  if ([...positive, ...negative].some((pattern) => pattern.scope > 0)) return { reason: 'open-pattern' };
  if (outcome.kind === 'undecided' || !confirmed(outcome.term, positive, negative)) return { reason: 'no-rule' };
  return { witness: outcome.term };
}

/**
 * Tells whether every closed term that matches `narrower` also matches `wider`.
 *
 * Sound in both directions: after `yes` no term matches the one and not the other, and `no` comes with a term that does. Complete for types, literals, tuples,
 * lists, and maps with literal keys under `/\`, `\/` and `~`; sets, maps with patterns as keys and parallel parts are decided where an
 * assignment of parts shows it; patterns under binders only if they are equal. A pattern that refers to a variable bound outside it is never refused.
 *
 * @param budget - steps, each a bounded amount of work; {@link DEFAULT_SUBSUMPTION_BUDGET} if absent.
 * @example
 * ```ts
 * import { booleanTerm, connectiveTerm, typeTerm } from '@commute/rholang';
 * import { subsumes } from '@commute/rho-discovery';
 * const either = connectiveTerm('or', [booleanTerm(true), booleanTerm(false)]);
 * if (subsumes(either, typeTerm('Bool')).verdict !== 'yes') throw new Error('not accepted');
 * const result = subsumes(booleanTerm(true), typeTerm('Bool'));
 * if (result.verdict !== 'no' || result.witness.kind !== 'boolean') throw new Error('accepted');
 * ```
 */
export function subsumes(wider: Term, narrower: Term, budget: number = DEFAULT_SUBSUMPTION_BUDGET): Subsumption {
  // Whatever their form and however deep: what is the same text accepts the same.
  if (wider.scope === 0 && isSameText(wider, narrower)) return { verdict: 'yes' };
  const result = decide([narrower], [wider], budget);
  if ('none' in result) return { verdict: 'yes' };
  return 'witness' in result
    ? { verdict: 'no', witness: result.witness }
    : { verdict: 'unknown', reason: result.reason };
}

/**
 * Tells whether some closed term matches both patterns.
 *
 * @param budget - steps; {@link DEFAULT_SUBSUMPTION_BUDGET} if absent.
 */
export function overlaps(left: Term, right: Term, budget: number = DEFAULT_SUBSUMPTION_BUDGET): Overlap {
  const result = decide([left, right], [], budget);
  if ('none' in result) return { verdict: 'no' };
  return 'witness' in result
    ? { verdict: 'yes', witness: result.witness }
    : { verdict: 'unknown', reason: result.reason };
}

/** A closed term that a pattern matches; `undefined` if there is none or none is found. */
export function exampleOf(pattern: Term, budget: number = DEFAULT_SUBSUMPTION_BUDGET): Term | undefined {
  const result = decide([pattern], [], budget);
  return 'witness' in result ? result.witness : undefined;
}
