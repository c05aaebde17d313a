import type { Term } from '@commute/rholang';
import type { FreshNames } from './names.ts';
import { forEachPart } from './parts.ts';

/** Methods whose results depend on the bytes of names. */
const BYTES = new Set(['toByteArray', 'toString']);
/** Methods whose results depend on the order of names. */
const ORDER = new Set(['toList', 'keys']);

type Sight = 'nothing' | 'order' | 'bytes';

/** Tells where a program looks into the bytes or the order of unforgeable names, which differ from run to run. */
export class NameObservation {
  readonly #names: FreshNames;
  readonly #sights = new WeakMap<Term, Sight>();

  constructor(names: FreshNames) {
    this.#names = names;
  }

  /** Tells whether running `term` with these values may depend on what its names look like. Errs on the side of yes. */
  observes(term: Term, values: readonly Term[]): boolean {
    const sight = this.#sight(term);
    if (sight === 'nothing') return false;
    const found = new Set(this.#names.leavesOf(term));
    for (const value of values) for (const leaf of this.#names.leavesOf(value)) found.add(leaf);
    return found.size >= (sight === 'order' ? 2 : 1);
  }

  #sight(term: Term): Sight {
    if (term.size <= 1) return 'nothing';
    let sight = this.#sights.get(term);
    if (sight !== undefined) return sight;
    sight = 'nothing';
    if (term.kind === 'method') sight = BYTES.has(term.method) ? 'bytes' : ORDER.has(term.method) ? 'order' : 'nothing';
    else if (term.kind === 'binary' && term.operator === '%%') sight = 'bytes';
    // The first match of several is taken, in the order of what is matched.
    else if (term.kind === 'match' && term.cases.some(({ pattern }) => pattern.searches)) sight = 'order';
    else if (term.kind === 'new') sight = this.#underNew(term.body);
    if (sight !== 'bytes') {
      forEachPart(term, (part) => {
        const inner = this.#sight(part);
        if (inner === 'bytes' || (inner === 'order' && sight === 'nothing')) sight = inner;
      });
    }
    this.#sights.set(term, sight);
    return sight;
  }

  /** Names of a `new` are not among the values of its process yet. */
  #underNew(body: Term): Sight {
    return this.#sight(body) === 'nothing' ? 'nothing' : 'bytes';
  }
}
