import {
  consumeFromReceive,
  stringTerm,
  systemChannel,
  termKey,
  tupleTerm,
  type Consume,
  type Datum,
  type Term,
} from '@commute/rholang';
import type { FreshNames, Leaf } from './names.ts';

/** The number of an atom. */
export type AtomId = number;

/** The number of what an atom looks like from one of its names, or of all that a name stands in. */
export type View = number;

/** One part of a state: a message or a receive that waits, or a mark. */
export interface Atom {
  readonly id: AtomId;
  /**
   * `known`: others know the name. `event`: a message that a system process took in the step to this state. `failed`: the run ended with an
   * error.
   */
  readonly kind: 'send' | 'receive' | 'known' | 'event' | 'failed';
  /** The closed process; of a mark, what it is about. */
  readonly term: Term;
  /** The names of the program in it. */
  readonly leaves: readonly Leaf[];
  /** True if each of its names is the first of its origin. */
  readonly isPlain: boolean;
  readonly persistent: boolean;
  /** Of a send, its channel, by number. */
  readonly channel: number;
  /** Of a receive, the channels of its binds, by number. */
  readonly channels: readonly number[];
  readonly consume: Consume | undefined;
  /** Of a send on the name of a system process, the URI of the process. */
  readonly system: string | undefined;
}

/** No memory holds as many views. */
const MAXIMUM_VIEWS = 2 ** 26;

/** What one node of a term takes, in bytes: an estimate. */
const NODE_BYTES = 160;
const ATOM_BYTES = 400;

/** Message number `occurrence` of a pool of equal messages. */
function pooled(pool: Datum[], occurrence: number, data: readonly Term[]): Datum {
  for (let index = pool.length; index <= occurrence; index += 1)
    pool.push({ data, persistent: false, seed: String(index), place: undefined, order: '' });
  return pool[occurrence]!;
}

/** Every message and receive of every state, each once. */
export class AtomTable {
  readonly names: FreshNames;
  readonly #byKey = new Map<string, AtomId>();
  readonly #atoms: Atom[] = [];
  readonly #channels = new Map<string, number>();
  readonly #renamed = new Map<string, AtomId>();
  /** The same for atoms with one name, by atom and name. */
  readonly #renamedOne: (Map<Leaf, AtomId> | undefined)[] = [];
  readonly #views = new Map<string, View>();
  /** The same for an atom with one name, seen from it, by atom. */
  readonly #ownViews: (View | undefined)[] = [];
  readonly #viewNumbers = new Map<string, View>();
  readonly #pairs = new Map<number, View>();
  readonly #data: Datum[][] = [];
  readonly #whole: Datum[][] = [];
  readonly #systemUris = new Map<string, string>();
  /** True as soon as there is a message that stays. */
  persistentSends = false;
  /** Memory of all atoms, estimated. */
  bytes = 0;

  constructor(names: FreshNames, uris: Iterable<string>) {
    this.names = names;
    for (const uri of uris) this.#systemUris.set(termKey(systemChannel(uri)), uri);
  }

  get size(): number {
    return this.#atoms.length;
  }

  get(id: AtomId): Atom {
    return this.#atoms[id]!;
  }

  /** The number of a channel. */
  channel(term: Term): number {
    const key = termKey(term);
    let channel = this.#channels.get(key);
    if (channel === undefined) this.#channels.set(key, (channel = this.#channels.size));
    return channel;
  }

  /** The URI of the system process that listens on a channel. */
  systemUri(channel: Term): string | undefined {
    return channel.kind === 'unforgeable' ? this.#systemUris.get(termKey(channel)) : undefined;
  }

  /** The atom of a closed send or receive. */
  process(term: Term): AtomId {
    return this.#intern(term.kind === 'send' ? 'send' : 'receive', '', term);
  }

  /** Marks a name as known to others. */
  known(name: Term): AtomId {
    return this.#intern('known', 'k', name);
  }

  /** Marks that a system process took a message. */
  event(send: Term): AtomId {
    return this.#intern('event', 'e', send);
  }

  /** Marks a failed run. */
  failed(message: string): AtomId {
    return this.#intern('failed', 'f', stringTerm(message));
  }

  #intern(kind: Atom['kind'], mark: string, term: Term): AtomId {
    const key = mark + termKey(mark === '' ? term : tupleTerm([term]));
    const existing = this.#byKey.get(key);
    if (existing !== undefined) return existing;
    const id = this.#atoms.length;
    const send = kind === 'send' && term.kind === 'send' ? term : undefined;
    const receive = kind === 'receive' && term.kind === 'receive' ? term : undefined;
    const leaves = this.names.leavesOf(term);
    this.#atoms.push({
      id,
      kind,
      term,
      leaves,
      isPlain: leaves.every((leaf) => this.names.isFirst(leaf)),
      persistent: send?.persistent ?? receive?.persistent ?? false,
      channel: send === undefined ? -1 : this.channel(send.channel),
      channels: receive === undefined ? [] : receive.binds.map((bind) => this.channel(bind.channel)),
      consume: receive === undefined ? undefined : consumeFromReceive(receive, ''),
      system: send === undefined ? undefined : this.systemUri(send.channel),
    });
    this.#data.push([]);
    this.#whole.push([]);
    this.#byKey.set(key, id);
    if (send?.persistent === true) this.persistentSends = true;
    this.bytes += ATOM_BYTES + 2 * key.length + NODE_BYTES * term.size;
    return id;
  }

  /** Occurrence number `occurrence` of a message, for searches that tell equal messages apart. */
  datum(id: AtomId, occurrence: number): Datum {
    const { term } = this.#atoms[id]!;
    return pooled(this.#data[id]!, occurrence, term.kind === 'send' ? term.data : [term]);
  }

  /** Occurrence number `occurrence` of a process, as a message that holds it whole. */
  whole(id: AtomId, occurrence: number): Datum {
    return pooled(this.#whole[id]!, occurrence, [this.#atoms[id]!.term]);
  }

  /** The atom with other names. */
  rename(id: AtomId, to: (leaf: Leaf) => Leaf): AtomId {
    const { leaves } = this.#atoms[id]!;
    if (leaves.length === 0) return id;
    if (leaves.length === 1) return this.#renameOne(id, leaves[0]!, to);
    let key = '';
    let same = true;
    for (const leaf of leaves) {
      const other = to(leaf);
      if (other !== leaf) same = false;
      key += `,${String(other)}`;
    }
    if (same) return id;
    key = `${String(id)}${key}`;
    let renamed = this.#renamed.get(key);
    if (renamed === undefined) {
      renamed = this.#copy(id, to);
      this.#renamed.set(key, renamed);
      this.bytes += 2 * key.length + 48;
    }
    return renamed;
  }

  #renameOne(id: AtomId, leaf: Leaf, to: (leaf: Leaf) => Leaf): AtomId {
    const other = to(leaf);
    if (other === leaf) return id;
    const known = (this.#renamedOne[id] ??= new Map<Leaf, AtomId>());
    let renamed = known.get(other);
    if (renamed === undefined) {
      renamed = this.#copy(id, to);
      known.set(other, renamed);
      this.bytes += 32;
    }
    return renamed;
  }

  #copy(id: AtomId, to: (leaf: Leaf) => Leaf): AtomId {
    const { kind, term } = this.#atoms[id]!;
    const mark = kind === 'known' ? 'k' : kind === 'event' ? 'e' : '';
    return this.#intern(kind, mark, this.names.rename(term, to));
  }

  /**
   * What an atom looks like from one of its names, under names that need not differ: equal for atoms that they make equal.
   *
   * @param to - the name that each name but `leaf` is taken for.
   */
  view(id: AtomId, leaf: Leaf, to: (leaf: Leaf) => Leaf): View {
    const { leaves } = this.#atoms[id]!;
    const { self } = this.names;
    if (leaves.length === 1) return (this.#ownViews[id] ??= this.#viewNumber(id, () => self));
    const seen = (other: Leaf): Leaf => (other === leaf ? self : to(other));
    let key = String(id);
    for (const other of leaves) key += `,${String(seen(other))}`;
    let view = this.#views.get(key);
    if (view === undefined) {
      view = this.#viewNumber(id, seen);
      this.#views.set(key, view);
      this.bytes += 2 * key.length + 48;
    }
    return view;
  }

  #viewNumber(id: AtomId, to: (leaf: Leaf) => Leaf): View {
    const { kind, term } = this.#atoms[id]!;
    return this.viewOf(kind + termKey(this.names.rename(term, to)));
  }

  /** The number of two views together, whichever comes first. */
  viewOfBoth(one: View, other: View): View {
    const key = one < other ? one * MAXIMUM_VIEWS + other : other * MAXIMUM_VIEWS + one;
    let view = this.#pairs.get(key);
    if (view === undefined) {
      view = this.viewOf(`${String(Math.min(one, other))},${String(Math.max(one, other))}`);
      this.#pairs.set(key, view);
      this.bytes += 48;
    }
    return view;
  }

  /** The number of what can be seen, equal for equal texts. */
  viewOf(text: string): View {
    let view = this.#viewNumbers.get(text);
    if (view === undefined) {
      view = this.#viewNumbers.size;
      this.#viewNumbers.set(text, view);
      this.bytes += 2 * text.length + 48;
    }
    return view;
  }
}
