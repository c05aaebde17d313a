import { setTerm, type SetTerm, type Term } from '@commute/rholang';
import { assigned, isInside } from './assigned.ts';
import { best, EMPTY, freshName, MAXIMUM_TRIED, type Inhabitants, type Outcome } from './outcome.ts';

/** Sets that all of `own` match and none of `against`. */
export function sets(
  search: Inhabitants,
  own: readonly SetTerm[],
  against: readonly SetTerm[],
  wanted: readonly Term[],
  unwanted: readonly Term[],
): Outcome {
  const sizes = new Set(own.filter(({ remainder }) => remainder === undefined).map(({ elements }) => elements.length));
  if (sizes.size > 1) return EMPTY;
  for (const one of own) {
    if (one.elements.some((element) => search.find([element], []).kind === 'empty')) return EMPTY;
    for (const other of against) {
      if (other.remainder === undefined && one.remainder !== undefined) continue;
      const closed = other.remainder === undefined;
      const inside = (giver: number, taker: number): boolean =>
        isInside(search, one.elements[giver]!, other.elements[taker]!);
      if (assigned(other.elements, one.elements, closed, inside)) return EMPTY;
    }
  }
  return search.first(setsLike(search, own, against), wanted, unwanted);
}

function* setsLike(
  search: Inhabitants,
  own: readonly SetTerm[],
  against: readonly SetTerm[],
): Generator<Term | undefined> {
  for (const { elements, remainder } of own) {
    for (const other of [undefined, ...against.flatMap((one) => one.elements)].slice(0, MAXIMUM_TRIED)) {
      const chosen: Term[] = elements.filter((element) => !element.isPattern);
      for (const element of elements) {
        if (!element.isPattern) continue;
        const outcome = best(other === undefined ? EMPTY : search.find([element], [...chosen, other]), () =>
          search.find([element], chosen),
        );
        if (outcome.kind === 'found') chosen.push(outcome.term);
      }
      yield setTerm(chosen);
      if (remainder !== undefined) yield setTerm([...chosen, freshName(0)]);
    }
  }
}
