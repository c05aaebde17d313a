import type { Term } from '@commute/rholang';
import type { Atom, AtomId, AtomTable } from './atoms.ts';
import type { Leaf } from './names.ts';

/** The name that the channels of the registry are made of, which only the registry has. */
function isRegistry(term: Term | undefined): boolean {
  return term?.kind === 'unforgeable' && term.id === 'registry';
}

/** Tells whether what is registered waits on a channel: a pair of the registry and a URI. */
export function isRegistrySlot(channel: Term): boolean {
  return channel.kind === 'tuple' && isRegistry(channel.elements[0]);
}

/** Which names others than the program know, in one state. */
export class Knowledge {
  readonly #table: AtomTable;
  readonly known: Set<Leaf>;
  /** Those that they did not know before the last step. */
  readonly news: Set<Leaf> = new Set<Leaf>();

  constructor(table: AtomTable, atoms: readonly AtomId[]) {
    this.#table = table;
    this.known = new Set();
    for (const id of atoms) {
      const atom = table.get(id);
      if (atom.kind === 'known') this.known.add(atom.leaves[0]!);
    }
  }

  /** Tells whether others can send and receive on a channel: it can be written down, or they know the names in it. */
  isPublic(channel: Term): boolean {
    if (isRegistrySlot(channel)) return true;
    if (isRegistry(channel)) return false;
    return this.#table.names.leavesOf(channel).every((leaf) => this.known.has(leaf));
  }

  /** Learns what messages hand to others; `all` are those of the state, `added` and `taken` those of the last step. */
  learn(all: readonly AtomId[], added: readonly AtomId[], taken: readonly AtomId[]): void {
    const { names } = this.#table;
    let grown = false;
    const publish = (atom: Atom): void => {
      if (atom.term.kind !== 'send') return;
      for (const datum of atom.term.data) {
        for (const leaf of names.leavesOf(datum)) {
          if (this.known.has(leaf)) continue;
          this.known.add(leaf);
          this.news.add(leaf);
          grown = true;
        }
      }
    };
    for (const id of taken) publish(this.#table.get(id));
    let messages = added;
    do {
      if (grown) messages = all;
      grown = false;
      for (const id of messages) {
        const atom = this.#table.get(id);
        if (atom.kind === 'send' && atom.term.kind === 'send' && this.isPublic(atom.term.channel)) publish(atom);
      }
    } while (grown);
  }

  /**
   * A mark for each known name that something of the state still holds.
   *
   * @param news - true to mark the names that became known in the last step, held or not.
   */
  marks(all: readonly AtomId[], news: boolean): AtomId[] {
    if (this.known.size === 0) return [];
    const live = new Set<Leaf>();
    for (const id of all) for (const leaf of this.#table.get(id).leaves) live.add(leaf);
    const marks: AtomId[] = [];
    for (const leaf of this.known)
      if (live.has(leaf) || (news && this.news.has(leaf))) marks.push(this.#table.known(this.#table.names.term(leaf)));
    return marks;
  }
}
