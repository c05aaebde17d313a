import { forEachPart, mapParts, unforgeableTerm, uriTerm, type NewTerm, type Term } from '@commute/rholang';

/** A name that the program made while it ran, by number. */
export type Leaf = number;

/** Where a name comes from: a place of a `new`, or one of the two below. */
export type Origin = number;

/** Names whose `new` is not known any more. */
export const UNKNOWN_ORIGIN: Origin = 0;
/** URIs that the registry made. */
export const REGISTRY_ORIGIN: Origin = 1;

/** Terms larger than this have their names remembered. */
const SMALL = 16;

const NOTHING: readonly Leaf[] = [];

/** The places of `new`: which variable of the source a name belongs to. */
export class Origins {
  readonly labels: string[] = ['', 'uri'];
  /** Origins of names that `select` made, to choose one of its branches. */
  readonly choices: Set<Origin> = new Set<Origin>();
  readonly #first = new WeakMap<Term, Origin>();

  /** Numbers each `new` of a program. `labelsOf` knows what its names are called, and tells whether it is a `select`. */
  add(program: Term, labelsOf: (term: NewTerm) => { labels: readonly string[]; choice: boolean }): void {
    const seen = new Set<Term>();
    const visit = (term: Term): void => {
      if (term.size > SMALL) {
        if (seen.has(term)) return;
        seen.add(term);
      }
      if (term.kind === 'new' && !this.#first.has(term)) {
        this.#first.set(term, this.labels.length);
        const { labels, choice } = labelsOf(term);
        for (let index = 0; index < term.fresh; index += 1) {
          if (choice) this.choices.add(this.labels.length);
          this.labels.push(labels[index] ?? '');
        }
      }
      forEachPart(term, visit);
    };
    visit(program);
  }

  /** The origin of name number `index` of a `new`. */
  of(term: Term, index: number): Origin {
    const first = this.#first.get(term);
    return first === undefined ? UNKNOWN_ORIGIN : first + index;
  }

  /** Hands the origin of a `new` on to a copy of it. */
  readonly copied = (original: Term, copy: Term): void => {
    if (original.kind !== 'new' || this.#first.has(copy)) return;
    const first = this.#first.get(original);
    if (first !== undefined) this.#first.set(copy, first);
  };
}

/** The names that the program made, numbered, in whatever form they take: those of a run, or those of states. */
export class FreshNames {
  readonly #origins: Origins;
  readonly #byId = new Map<string, Leaf>();
  readonly #byUri = new Map<string, Leaf>();
  readonly #terms: Term[] = [];
  readonly #originOf: Origin[] = [];
  readonly #canonical = new Map<number, Leaf>();
  /** Of a name that {@link canonical} made, its rank. */
  readonly #ranks: (number | undefined)[] = [];
  readonly #known = new WeakMap<Term, readonly Leaf[]>();
  /** Stands for the name that is looked from, while names are compared. */
  readonly self: Leaf;

  constructor(origins: Origins) {
    this.#origins = origins;
    this.self = this.add(unforgeableTerm('self'), UNKNOWN_ORIGIN);
  }

  /** Registers a name; must come before any term that holds it. */
  add(name: Term, origin: Origin): Leaf {
    const existing = this.leafOf(name);
    if (existing !== undefined) return existing;
    const leaf = this.#terms.length;
    if (name.kind === 'unforgeable') this.#byId.set(name.id, leaf);
    else if (name.kind === 'uri') this.#byUri.set(name.value, leaf);
    this.#terms.push(name);
    this.#originOf.push(origin);
    return leaf;
  }

  /** The number of a name that was registered. */
  leafOf(term: Term): Leaf | undefined {
    if (term.kind === 'unforgeable') return this.#byId.get(term.id);
    return term.kind === 'uri' ? this.#byUri.get(term.value) : undefined;
  }

  term(leaf: Leaf): Term {
    return this.#terms[leaf]!;
  }

  origin(leaf: Leaf): Origin {
    return this.#originOf[leaf]!;
  }

  /** Name number `rank` of an origin in a state: the same in every state. */
  canonical(origin: Origin, rank: number): Leaf {
    const key = origin * 2 ** 26 + rank;
    let leaf = this.#canonical.get(key);
    if (leaf === undefined) {
      const text = `state:${String(origin)}:${String(rank)}`;
      leaf = this.add(origin === REGISTRY_ORIGIN ? uriTerm(text) : unforgeableTerm(text), origin);
      this.#canonical.set(key, leaf);
      this.#ranks[leaf] = rank;
    }
    return leaf;
  }

  /** Tells whether a name is the first of its origin in a state. */
  isFirst(leaf: Leaf): boolean {
    return this.#ranks[leaf] === 0;
  }

  /** The rank of a name of a state; -1 for others. */
  rankOf(leaf: Leaf): number {
    return this.#ranks[leaf] ?? -1;
  }

  /** The names in a term, each once. */
  leavesOf(term: Term): readonly Leaf[] {
    const found = new Set<Leaf>();
    this.#collect(term, found);
    return found.size === 0 ? NOTHING : [...found];
  }

  #collect(term: Term, found: Set<Leaf>): void {
    const leaf = this.leafOf(term);
    if (leaf !== undefined) found.add(leaf);
    if (term.size <= SMALL) {
      if (term.size > 1)
        forEachPart(term, (part) => {
          this.#collect(part, found);
        });
      return;
    }
    let leaves = this.#known.get(term);
    if (leaves === undefined) {
      const inner = new Set<Leaf>();
      forEachPart(term, (part) => {
        this.#collect(part, inner);
      });
      leaves = inner.size === 0 ? NOTHING : [...inner];
      this.#known.set(term, leaves);
    }
    for (const one of leaves) found.add(one);
  }

  /** Replaces names, and puts the term into normal form again. */
  rename(term: Term, to: (leaf: Leaf) => Leaf): Term {
    const done = new Map<Term, Term>();
    const visit = (part: Term): Term => {
      const leaf = this.leafOf(part);
      if (leaf !== undefined) return this.#terms[to(leaf)]!;
      if (part.size <= 1) return part;
      const large = part.size > SMALL;
      if (large) {
        const known = done.get(part);
        if (known !== undefined) return known;
        if (this.leavesOf(part).every((one) => to(one) === one)) return part;
      }
      const copy = mapParts(part, visit);
      this.#origins.copied(part, copy);
      if (large) done.set(part, copy);
      return copy;
    };
    return visit(term);
  }
}
