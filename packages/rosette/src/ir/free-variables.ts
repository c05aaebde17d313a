import type { Term } from '@commute/rholang';

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
    const add = (part: Term, binders = 0): void => {
      if (part.scope <= binders) return;
      for (const index of this.of(part)) if (index >= binders) into.add(index - binders);
    };
    const all = (parts: readonly Term[]): void => {
      for (const part of parts) add(part);
    };
    switch (term.kind) {
      case 'bound':
        into.add(term.index);
        break;
      case 'list':
      case 'tuple':
      case 'set':
        all(term.elements);
        break;
      case 'map':
        all(term.entries.flat());
        break;
      case 'unary':
        add(term.operand);
        break;
      case 'binary':
        all([term.left, term.right]);
        break;
      case 'method':
        all([term.target, ...term.arguments]);
        break;
      case 'send':
        all([term.channel, ...term.data]);
        break;
      case 'receive':
        for (const bind of term.binds) all([bind.channel, ...bind.patterns]);
        if (term.guard !== undefined) add(term.guard, term.variables);
        add(term.body, term.variables);
        break;
      case 'new':
        add(term.body, term.fresh + term.uris.length);
        break;
      case 'match':
        add(term.target);
        for (const { pattern, variables, guard, body } of term.cases) {
          add(pattern);
          if (guard !== undefined) add(guard, variables);
          add(body, variables);
        }
        break;
      case 'bundle':
        add(term.body);
        break;
      case 'connective':
        all(term.operands);
        break;
      case 'par':
        all(term.parts);
        break;
      default:
        break;
    }
  }
}
