import { MatchBudgetError, termKey } from '@commute/rholang';
import type { AtomId, AtomTable } from './atoms.ts';
import type { StateId } from './graph.ts';
import type { CompiledProperty } from './property/compile.ts';
import type { CheckName } from './report.ts';
import type { StateChecks } from './state-checks.ts';
import type { Transition } from './successors.ts';

/** What a state check has found: the nearest state, and the atoms it is about. */
export interface Hit {
  readonly state: StateId;
  readonly about: readonly AtomId[];
}

/** Looks at each state while the graph is explored, and remembers what the checks and properties need of it. */
export class Watch {
  readonly #table: AtomTable;
  readonly #stateChecks: StateChecks;
  readonly #checks: readonly CheckName[];
  readonly #properties: readonly CompiledProperty[];
  readonly #hits = new Map<CheckName, Hit>();
  /** Messages that nothing can receive, by the kind of channel, and the kinds of channel on which something was received. */
  readonly #leftOver = new Map<string, Hit>();
  readonly #received = new Set<string>();
  /** Truth of the first and the second statement of each property, by state. */
  readonly #truths: readonly (readonly [Uint8Array[], Uint8Array[]])[];
  readonly #propertyHits: (StateId | undefined)[];
  readonly #undecided: boolean[];
  /** Number of states in which nothing can reduce. */
  terminal = 0;

  constructor(
    table: AtomTable,
    stateChecks: StateChecks,
    checks: readonly CheckName[],
    properties: readonly CompiledProperty[],
  ) {
    this.#table = table;
    this.#stateChecks = stateChecks;
    this.#checks = checks;
    this.#properties = properties;
    this.#truths = properties.map(() => [[], []] as const);
    this.#propertyHits = properties.map(() => undefined);
    this.#undecided = properties.map(() => false);
  }

  /** Looks at a state as soon as it is known what can follow; true once nothing is left to find out. */
  look(state: StateId, atoms: readonly AtomId[], following: readonly Transition[]): boolean {
    const terminal = following.length === 0;
    if (terminal) this.terminal += 1;
    if (this.#checks.includes('unobserved-output')) {
      for (const { messages } of following) for (const id of messages) this.#received.add(this.#channelShape(id));
      const { left, open } = this.#stateChecks.unobserved(atoms);
      // Others may receive where they know the name.
      for (const id of open) this.#received.add(this.#channelShape(id));
      for (const id of left) {
        const shape = this.#channelShape(id);
        if (!this.#leftOver.has(shape)) this.#leftOver.set(shape, { state, about: [id] });
      }
    }
    for (const name of this.#checks) {
      if (this.#hits.has(name)) continue;
      const about = this.#about(name, atoms, terminal);
      if (about.length > 0) this.#hits.set(name, { state, about });
    }
    this.#properties.forEach(({ kind, state: first, then }, index) => {
      try {
        const truth = first(atoms, terminal);
        this.#remember(index, 0, state, truth);
        if (then !== undefined) this.#remember(index, 1, state, then(atoms, terminal));
        if ((kind === 'always' && !truth) || (kind === 'possibly' && truth)) this.#propertyHits[index] ??= state;
      } catch (error) {
        if (!(error instanceof MatchBudgetError)) throw error;
        this.#undecided[index] = true;
      }
    });
    return (
      this.#checks.every((name) => this.#hits.has(name)) &&
      this.#properties.every((_, index) => this.#propertyHits[index] !== undefined) &&
      this.#checks.length + this.#properties.length > 0
    );
  }

  #about(name: CheckName, atoms: readonly AtomId[], terminal: boolean): readonly AtomId[] {
    switch (name) {
      case 'failure':
        return this.#stateChecks.failures(atoms);
      case 'deadlock':
        return terminal ? this.#stateChecks.waiting(atoms) : [];
      case 'leak':
        return this.#stateChecks.leaks(atoms);
      default:
        return [];
    }
  }

  #remember(property: number, which: 0 | 1, state: StateId, truth: boolean): void {
    const pages = this.#truths[property]![which];
    const page = state >> 12;
    while (pages.length <= page) pages.push(new Uint8Array(4096));
    if (truth) pages[page]![state & 4095] = 1;
  }

  /** Whether a statement of a property holds in a state. */
  truth(property: number, which: 0 | 1, state: StateId): boolean {
    return this.#truths[property]![which][state >> 12]?.[state & 4095] === 1;
  }

  /** The nearest state in which a check fails. */
  hit(name: CheckName): Hit | undefined {
    return this.#hits.get(name);
  }

  /** The nearest state that decides an `always` or a `possibly`. */
  propertyHit(property: number): StateId | undefined {
    return this.#propertyHits[property];
  }

  /** False if a search for a match in a property took too many steps in some state. */
  isDecided(property: number): boolean {
    return !this.#undecided[property]!;
  }

  /** What the messages on a channel have in common with those on the channels that other runs of the same `new` make. */
  #channelShape(id: AtomId): string {
    const { term } = this.#table.get(id);
    if (term.kind !== 'send') return '';
    const { names } = this.#table;
    const channel = names.rename(term.channel, (leaf) => names.canonical(names.origin(leaf), 0));
    return `${String(term.data.length)} ${termKey(channel)}`;
  }

  /** The nearest message on a channel on which, in every schedule, nothing is ever received. */
  unobserved(): Hit | undefined {
    for (const [shape, hit] of this.#leftOver) if (!this.#received.has(shape)) return hit;
    return undefined;
  }
}
