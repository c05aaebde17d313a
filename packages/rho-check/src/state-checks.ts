import type { Term } from '@commute/rholang';
import type { AtomId, AtomTable } from './atoms.ts';
import type { Leaf, Origins } from './names.ts';
import { Knowledge } from './public.ts';

/** Checks of one state. */
export class StateChecks {
  readonly #table: AtomTable;
  readonly #origins: Origins;
  readonly #open: boolean;
  readonly #secrets: ReadonlySet<string> | undefined;

  /**
   * @param open - true if others may send on public names.
   * @param secrets - variables of `new` whose names must stay private; all if absent.
   */
  constructor(table: AtomTable, origins: Origins, open: boolean, secrets: readonly string[] | undefined) {
    this.#table = table;
    this.#origins = origins;
    this.#open = open;
    this.#secrets = secrets && new Set(secrets);
  }

  /** The marks of runs that failed. */
  failures(atoms: readonly AtomId[]): AtomId[] {
    return atoms.filter((id) => this.#table.get(id).kind === 'failed');
  }

  /** Receives that fire once and wait, not counting the branches that a `select` did not choose and those that others may serve. */
  waiting(atoms: readonly AtomId[]): AtomId[] {
    const knowledge = this.#open ? new Knowledge(this.#table, atoms) : undefined;
    return atoms.filter((id) => {
      const { kind, persistent, consume } = this.#table.get(id);
      if (kind !== 'receive' || persistent || consume === undefined) return false;
      const channels = consume.binds.map(({ channel }) => channel);
      if (channels.some((channel) => this.#isChoice(channel))) return false;
      return knowledge === undefined || !channels.every((channel) => knowledge.isPublic(channel));
    });
  }

  #isChoice(channel: Term): boolean {
    const leaf = this.#table.names.leafOf(channel);
    return leaf !== undefined && this.#origins.choices.has(this.#table.names.origin(leaf));
  }

  /** Secret names that others know. */
  leaks(atoms: readonly AtomId[]): AtomId[] {
    return atoms.filter((id) => {
      const { kind, leaves } = this.#table.get(id);
      if (kind !== 'known') return false;
      const origin = this.#table.names.origin(leaves[0]!);
      return this.#secrets === undefined || this.#secrets.has(this.#origins.labels[origin]!);
    });
  }

  /**
   * Messages that nothing can ever receive: their channel is private, and no receive that may fire some time waits on it or holds a name of it.
   *
   * A receive may fire if each of its channels is public, has a message, or is held by a receive that may fire: who holds a name may send on it.
   *
   * @returns also the messages on names of the program that others know.
   */
  unobserved(atoms: readonly AtomId[]): { readonly left: readonly AtomId[]; readonly open: readonly AtomId[] } {
    const { names } = this.#table;
    const knowledge = new Knowledge(this.#table, atoms);
    const messages = new Map<number, AtomId[]>();
    const suspects: AtomId[] = [];
    const open: AtomId[] = [];
    const receives: AtomId[] = [];
    for (const id of atoms) {
      const { kind, channel, term, system } = this.#table.get(id);
      if (kind === 'receive') receives.push(id);
      if (kind !== 'send' || term.kind !== 'send') continue;
      const list = messages.get(channel);
      if (list === undefined) messages.set(channel, [id]);
      else list.push(id);
      if (system !== undefined) continue;
      if (!knowledge.isPublic(term.channel)) suspects.push(id);
      else if (names.leavesOf(term.channel).length > 0) open.push(id);
    }
    if (suspects.length === 0) return { left: suspects, open };
    const held = new Set<Leaf>();
    const heard = new Set<number>();
    let waiting = receives;
    for (let grown = true; grown;) {
      grown = false;
      const asleep: AtomId[] = [];
      for (const id of waiting) {
        const { consume, channels, leaves } = this.#table.get(id);
        const awake = consume!.binds.every(
          ({ channel }, bind) =>
            messages.has(channels[bind]!) ||
            knowledge.isPublic(channel) ||
            names.leavesOf(channel).every((leaf) => held.has(leaf) || knowledge.known.has(leaf)),
        );
        if (!awake) {
          asleep.push(id);
          continue;
        }
        grown = true;
        for (const leaf of leaves) held.add(leaf);
        for (const channel of channels) {
          heard.add(channel);
          for (const message of messages.get(channel) ?? [])
            for (const leaf of this.#table.get(message).leaves) held.add(leaf);
        }
      }
      waiting = asleep;
    }
    const left = suspects.filter((id) => {
      const { channel, term } = this.#table.get(id);
      if (heard.has(channel) || term.kind !== 'send') return false;
      return !names.leavesOf(term.channel).every((leaf) => held.has(leaf) || knowledge.known.has(leaf));
    });
    return { left, open };
  }
}
