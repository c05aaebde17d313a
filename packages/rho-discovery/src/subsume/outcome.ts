import { unforgeableTerm, type Term } from '@commute/rholang';

/** What a search for a common term came to. */
export type Outcome =
  /** No term matches all of the one and none of the other patterns. */
  | { readonly kind: 'empty' }
  /** This term is believed to; whoever relies on it matches it again. */
  | { readonly kind: 'found'; readonly term: Term }
  | { readonly kind: 'undecided' };

/** What the parts of a search ask of the whole. */
export interface Inhabitants {
  /** Counts work. Throws {@link SearchExhausted} once it is too much. */
  readonly spend: (steps: number) => void;
  readonly isUniversal: (pattern: Term) => boolean;
  /** A term that matches all of the one and none of the other patterns. */
  readonly find: (positive: readonly Term[], negative: readonly Term[]) => Outcome;
  /** Tells whether a term matches as it should, as far as the patterns are closed. `undefined` if that is not known. */
  readonly fits: (term: Term, wanted: readonly Term[], unwanted: readonly Term[]) => boolean | undefined;
  /** The first candidate that fits; otherwise undecided. */
  readonly first: (
    candidates: Iterable<Term | undefined>,
    wanted: readonly Term[],
    unwanted: readonly Term[],
  ) => Outcome;
}

/** Thrown to leave a search that takes too many steps; never leaves this package. */
export class SearchExhausted extends Error {}

export const EMPTY: Outcome = { kind: 'empty' };
export const UNDECIDED: Outcome = { kind: 'undecided' };

/** Most values of a type that are tried. */
export const MAXIMUM_TRIED = 64;

export function found(term: Term): Outcome {
  return { kind: 'found', term };
}

/** The element of `outcomes` that says most: a term, then doubt, then that there is none. */
export function best(left: Outcome, right: () => Outcome): Outcome {
  if (left.kind === 'found') return left;
  const other = right();
  return other.kind === 'empty' ? left : other;
}

/** A name that no program can hold. */
export function freshName(index: number): Term {
  return unforgeableTerm(`discovery ${String(index)}`);
}
