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
  readonly #views = new Map<string, string>();
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
    const { leaves, kind, term } = this.#atoms[id]!;
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
      const copy = this.names.rename(term, to);
      const mark = kind === 'known' ? 'k' : kind === 'event' ? 'e' : '';
      renamed = this.#intern(kind, mark, copy);
      this.#renamed.set(key, renamed);
      this.bytes += 2 * key.length + 48;
    }
    return renamed;
  }

  /** What the atom looks like under names that need not differ: equal for atoms that they make equal. */
  view(id: AtomId, to: (leaf: Leaf) => Leaf): string {
    const { leaves, kind, term } = this.#atoms[id]!;
    let key = String(id);
    for (const leaf of leaves) key += `,${String(to(leaf))}`;
    let view = this.#views.get(key);
    if (view === undefined) {
      view = kind + termKey(this.names.rename(term, to));
      this.#views.set(key, view);
      this.bytes += 2 * (key.length + view.length) + 48;
    }
    return view;
  }
}
