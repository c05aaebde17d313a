import { forEachPart, type Term } from '@commute/rholang';

/** Finds which variables of their environment terms use; remembers what it found. */
export class FreeVariables {
  readonly #found = new Map<Term, ReadonlySet<number>>();

  /** The indices of the variables that a term uses and does not bind; 0 is the one bound last. */
  of(term: Term): ReadonlySet<number> {
    let found = this.#found.get(term);
    if (found === undefined) {
      const collected = new Set<number>();
      if (term.scope > 0) this.#collect(term, collected);
      found = collected;
      this.#found.set(term, found);
    }
    return found;
  }

  #collect(term: Term, into: Set<number>): void {
    if (term.kind === 'bound') into.add(term.index);
    forEachPart(term, (part, binders) => {
      if (part.scope <= binders) return;
      for (const index of this.of(part)) if (index >= binders) into.add(index - binders);
    });
  }
}
