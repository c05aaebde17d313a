import { forEachPart, type Term } from '@commute/rholang';
import type { Atom, AtomId, AtomTable } from './atoms.ts';
import type { Leaf } from './names.ts';

/** A receive and a message that nothing else can ever take part in. */
export interface Private {
  readonly receive: AtomId;
  readonly message: AtomId;
}

/**
 * Finds reductions that can be carried out first without losing an outcome: see `docs/reduction.md`.
 *
 * Nobody but the two that meet can ever use the message or, if it fires once, the receive. Such a reduction is independent of all others, and stays possible until it happens.
 */
export class Reduction {
  readonly #table: AtomTable;
  readonly #exposed = new Map<AtomId, ReadonlySet<Leaf>>();

  constructor(table: AtomTable) {
    this.#table = table;
  }

  /** The candidates of a state. */
  *candidates(atoms: readonly AtomId[]): Generator<Private> {
    const byChannel = new Map<number, { receives: Atom[]; messages: Atom[] }>();
    const entry = (channel: number): { receives: Atom[]; messages: Atom[] } => {
      let found = byChannel.get(channel);
      if (found === undefined) byChannel.set(channel, (found = { receives: [], messages: [] }));
      return found;
    };
    for (const id of atoms) {
      const atom = this.#table.get(id);
      if (atom.kind === 'send') entry(atom.channel).messages.push(atom);
      else if (atom.kind === 'receive')
        for (const channel of new Set(atom.channels)) entry(channel).receives.push(atom);
    }
    for (const { receives, messages } of byChannel.values()) {
      const [receive] = receives;
      const message = messages.find(({ persistent }) => !persistent);
      if (receive === undefined || message === undefined || receives.length > 1) continue;
      const [bind, ...others] = receive.consume!.binds;
      if (others.length > 0 || bind!.peek) continue;
      const name = this.#table.names.leafOf(bind!.channel);
      if (name === undefined) continue;
      const isPrivate = receive.persistent
        ? this.#onlySends(atoms, name)
        : messages.length === 1 && this.#isHeldBy(atoms, name, receive, message);
      if (isPrivate) yield { receive: receive.id, message: message.id };
    }
  }

  /** Tells whether nothing else than these two has the name. */
  #isHeldBy(atoms: readonly AtomId[], name: Leaf, receive: Atom, message: Atom): boolean {
    return atoms.every((id) => id === receive.id || id === message.id || !this.#table.get(id).leaves.includes(name));
  }

  /** Tells whether, apart from the one receive on it, the name is only ever sent on. */
  #onlySends(atoms: readonly AtomId[], name: Leaf): boolean {
    return atoms.every((id) => !this.#table.get(id).leaves.includes(name) || !this.#exposedIn(id).has(name));
  }

  /** Names of an atom that stand anywhere but as the channel of a send, or of the receive itself. */
  #exposedIn(id: AtomId): ReadonlySet<Leaf> {
    let exposed = this.#exposed.get(id);
    if (exposed !== undefined) return exposed;
    const found = new Set<Leaf>();
    const { term } = this.#table.get(id);
    if (term.kind === 'receive') {
      for (const bind of term.binds) {
        if (this.#table.names.leafOf(bind.channel) === undefined) this.#all(bind.channel, found);
        for (const pattern of bind.patterns) this.#all(pattern, found);
      }
      if (term.guard !== undefined) this.#all(term.guard, found);
      this.#process(term.body, found);
    } else this.#process(term, found);
    exposed = found;
    this.#exposed.set(id, exposed);
    return exposed;
  }

  #all(term: Term, found: Set<Leaf>): void {
    for (const leaf of this.#table.names.leavesOf(term)) found.add(leaf);
  }

  /** What a process that runs exposes. Processes in messages are data, which patterns can take apart. */
  #process(term: Term, found: Set<Leaf>): void {
    switch (term.kind) {
      case 'send':
        if (this.#table.names.leafOf(term.channel) === undefined) this.#all(term.channel, found);
        for (const datum of term.data) this.#all(datum, found);
        break;
      case 'par':
      case 'new':
      case 'bundle':
        forEachPart(term, (part) => {
          this.#process(part, found);
        });
        break;
      case 'receive':
        for (const bind of term.binds) {
          this.#all(bind.channel, found);
          for (const pattern of bind.patterns) this.#all(pattern, found);
        }
        if (term.guard !== undefined) this.#all(term.guard, found);
        this.#process(term.body, found);
        break;
      case 'match':
        this.#all(term.target, found);
        for (const { pattern, guard, body } of term.cases) {
          this.#all(pattern, found);
          if (guard !== undefined) this.#all(guard, found);
          this.#process(body, found);
        }
        break;
      default:
        this.#all(term, found);
        break;
    }
  }
}
