import { MAXIMUM_TRIED, type Inhabitants } from './outcome.ts';
import type { Term } from '@commute/rholang';

/** Whether each of `takers` can have a giver of its own that is inside it; with `all`, so that none is left. */
export function assigned(
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

/** Tells whether all that one pattern matches is matched by another one. */
export function isInside(search: Inhabitants, narrow: Term, wide: Term): boolean {
  return search.find([narrow], [wide]).kind === 'empty';
}
