import { listTerm, mapTerm, setTerm } from './build.ts';
import { forEachPart, mapParts } from './parts.ts';
import type { FreeTerm, Term, WildcardTerm } from './term.ts';

/**
 * Rebuilds the pattern `term` with `replace` applied to each of its variables, in the order in which they stand.
 *
 * Variables of patterns inside the pattern are left alone.
 */
export function mapVariables(term: Term, replace: (variable: FreeTerm) => FreeTerm): Term {
  if (!term.isPattern) return term;
  if (term.kind === 'free') return replace(term);
  const copy = mapParts(term, (part, _, place) => (place === 'pattern' ? part : mapVariables(part, replace)));
  switch (copy.kind) {
    case 'list':
      return copy.remainder?.kind === 'free' ? listTerm(copy.elements, replace(copy.remainder)) : copy;
    case 'set':
      return copy.remainder?.kind === 'free' ? setTerm(copy.elements, replace(copy.remainder)) : copy;
    case 'map':
      return copy.remainder?.kind === 'free' ? mapTerm(copy.entries, replace(copy.remainder)) : copy;
    default:
      return copy;
  }
}

/** Visits each variable of the pattern `term`, in the order in which they stand; those of patterns inside it are left out. */
export function forEachVariable(term: Term, visit: (variable: FreeTerm) => void): void {
  if (!term.isPattern) return;
  if (term.kind === 'free') {
    visit(term);
    return;
  }
  forEachPart(term, (part, _, place) => {
    if (place !== 'pattern') forEachVariable(part, visit);
  });
  if ((term.kind === 'list' || term.kind === 'set' || term.kind === 'map') && term.remainder?.kind === 'free')
    visit(term.remainder);
}

/** Number of variables of a list of patterns, or `undefined` unless they are 0, 1, … with each used once. */
export function countVariables(
  patterns: readonly Term[],
  remainder: FreeTerm | WildcardTerm | undefined,
): number | undefined {
  const indices: number[] = [];
  for (const pattern of patterns) {
    forEachVariable(pattern, ({ index }) => {
      indices.push(index);
    });
  }
  if (remainder?.kind === 'free') indices.push(remainder.index);
  indices.sort((left, right) => left - right);
  return indices.every((index, position) => index === position) ? indices.length : undefined;
}
