import { matchPattern, type Term } from '@commute/rholang';
import type { Case } from '../ir/ir.ts';

/** Larger terms are left to the machine. */
const MAXIMUM_MATCHED = 1000;
const BUDGET = 10_000;

/** What is known of whether a case takes a target that is always the same; `bindings` are what its variables match. */
export type Known =
  { readonly kind: 'always'; readonly bindings: readonly Term[] } | { readonly kind: 'never' | 'unknown' };

/** Tells whether a case takes a constant target, as far as its pattern goes. */
export function knownMatch(target: Term, { pattern }: Case): Known {
  if (pattern.scope > 0 || pattern.size > MAXIMUM_MATCHED || target.size > MAXIMUM_MATCHED) return { kind: 'unknown' };
  const result = matchPattern(pattern, target, BUDGET);
  if (result.ok) return { kind: 'always', bindings: result.bindings };
  return { kind: result.reason === 'no-match' ? 'never' : 'unknown' };
}

/** Tells whether a case takes every target. */
export function isCatchAll({ pattern, guard }: Case): boolean {
  return guard === undefined && (pattern.kind === 'wildcard' || pattern.kind === 'free');
}
