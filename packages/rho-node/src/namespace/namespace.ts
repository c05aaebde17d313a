import { assertInteger } from '@commute/errors';
import {
  answer,
  createRuntime,
  nilTerm,
  rejectArguments,
  sendTerm,
  stringTerm,
  type RunReason,
  type Runtime,
  type RunResult,
  type SystemProcess,
} from '@commute/rholang';
import { RhoSpace, type KeyValueStore } from '@commute/rho-store';
import { ByteReader, ByteWriter, hashBytes } from '@commute/rho-store/bytes';
import { NodeArgumentError, NodeStoreError } from '../errors.ts';
import {
  decodeNamespaceMessage,
  encodeNamespaceMessage,
  isNamespaceName,
  MAXIMUM_VALUES,
  messagesOf,
  SEND_URI,
} from './message.ts';

/** How a namespace is opened. */
export interface NamespaceOptions {
  /** What other namespaces call it: 1 to 128 bytes of UTF-8. */
  readonly name: string;
  /** New, or that of the same namespace. Must not be written by anything else. */
  readonly store: KeyValueStore;
  /** Most reductions of one run or one message; 1,000,000 unless told. */
  readonly maximumComms?: number;
}

/** Messages to one namespace, numbered from 1 in the order in which they were sent. */
export interface Parcel {
  /** Number of the first. */
  readonly first: number;
  readonly messages: readonly Uint8Array[];
}

/** What became of a parcel. */
export type Delivery =
  | {
      readonly ok: true;
      /** Number of the last message of the sender that is delivered, durably; the sender can forget up to here. */
      readonly through: number;
    }
  /** Messages between the last delivered one and this parcel are missing; nothing was delivered. */
  | { readonly ok: false; readonly reason: 'gap'; readonly through: number }
  /** A message is none; nothing was delivered. */
  | { readonly ok: false; readonly reason: 'malformed'; readonly index: number };

/** A message that was delivered, but whose reductions failed. It is kept until it is run again or given up. */
export interface FailedMessage {
  readonly from: string;
  readonly sequence: number;
  readonly message: Uint8Array;
  readonly reason: RunReason;
}

/** A run with what it made durable. */
export interface NamespaceRun {
  readonly result: RunResult;
  /** Root after it, 32 bytes. */
  readonly root: Uint8Array;
}

/** A value, or a promise of it. */
export type Awaitable<T> = T | Promise<T>;

/** A namespace in this thread or another. */
export interface NamespaceHandle {
  readonly name: string;
  /** Runs a program and commits what it did, with the messages that it sent. A program that fails leaves nothing. */
  readonly run: (program: string) => Awaitable<NamespaceRun>;
  /** The namespaces for which messages wait, and how many. */
  readonly waiting: () => Awaitable<readonly { readonly to: string; readonly count: number }[]>;
  /** The first messages that wait for a namespace, at most `maximum`. They stay until they are acknowledged. */
  readonly parcel: (to: string, maximum: number) => Awaitable<Parcel>;
  /** Takes messages of another namespace, in one durable commit with what they lead to. What was delivered before is passed over. */
  readonly deliver: (from: string, parcel: Parcel) => Awaitable<Delivery>;
  /** Forgets the messages to a namespace up to a number. */
  readonly acknowledge: (to: string, through: number) => Awaitable<void>;
}

const SIDE = { name: 0x20, next: 0x21, outbox: 0x22, inbox: 0x23, failed: 0x24 } as const;

function sideKey(kind: number, name: string, sequence?: number): Uint8Array<ArrayBuffer> {
  const writer = new ByteWriter().byte(kind).bytes(new TextEncoder().encode(name));
  return (sequence === undefined ? writer : writer.uint64(sequence)).finish();
}

function readSideKey(key: Uint8Array): { name: string; sequence: number } {
  const reader = new ByteReader(key.subarray(1));
  const name = new TextDecoder().decode(reader.bytes());
  return { name, sequence: reader.remaining > 0 ? reader.uint64() : 0 };
}

const number = (value: number): Uint8Array<ArrayBuffer> => new ByteWriter(8).uint64(value).finish();

/**
 * An instance of the RhoVM with a store and a history of its own. Names and what waits on them belong to it; other namespaces are reached by
 * messages alone: ``new send(`rho:namespace:send`) in { send!("other", "channel", 1, 2) }`` sends `1, 2` on `@"channel"` of `other`.
 *
 * Messages are numbered and stored in the transaction of the block that sent them, and what was delivered is remembered in the transaction of the
 * block that it led to. So each is delivered exactly once and in order, whatever is killed when.
 *
 * @example
 * ```ts
 * import { createMemoryKeyValue } from '@commute/rho-store';
 * import { exchange, Namespace } from '@commute/rho-node';
 * const [a, b] = ['a', 'b'].map((name) => new Namespace({ name, store: createMemoryKeyValue() })) as [Namespace, Namespace];
 * b.run('new out(`rho:io:stdout`) in { contract @"double"(@n, @where, reply) = { out!(n) } }');
 * a.run('new send(`rho:namespace:send`), reply in { send!("b", "double", 21, "a", *reply) }');
 * if ((await exchange([a, b])).delivered !== 1) throw new Error('not delivered');
 * ```
 */
export class Namespace implements NamespaceHandle {
  readonly name: string;
  readonly space: RhoSpace;
  readonly #runtime: Runtime;
  readonly #maximumComms: number;
  readonly #next = new Map<string, number>();
  readonly #waiting = new Map<string, { first: number; count: number }>();
  readonly #delivered = new Map<string, number>();

  /**
   * Opens a namespace on its store, or makes the first version of a new one.
   *
   * @throws NodeArgumentError if the name is none. NodeStoreError if the store belongs to something else.
   */
  constructor({ name, store, maximumComms = 1_000_000 }: NamespaceOptions) {
    assertInteger('RHO_NODE_ARGUMENT_RANGE', 'maximumComms', maximumComms, 1, Number.MAX_SAFE_INTEGER);
    if (!isNamespaceName(name)) throw new NodeArgumentError('name', '1 to 128 bytes of UTF-8', `"${name}"`);
    this.name = name;
    this.#maximumComms = maximumComms;
    this.space = new RhoSpace(store);
    this.#runtime = createRuntime({ space: this.space, systemProcesses: this.#processes() });
    const { history } = this.space;
    const [known] = [...history.sides(Uint8Array.of(SIDE.name))];
    if (known === undefined) {
      if (history.trie.meta.commits > 0)
        throw new NodeStoreError('a new store, or one of a namespace', 'one of something else');
      this.space.commit(undefined, { puts: [[sideKey(SIDE.name, name), new Uint8Array(0)]] });
    } else if (readSideKey(known[0]).name !== name)
      throw new NodeStoreError(`that of the namespace "${name}"`, `that of "${readSideKey(known[0]).name}"`);
    for (const [key, value] of history.sides(Uint8Array.of(SIDE.next)))
      this.#next.set(readSideKey(key).name, new ByteReader(value).uint64());
    for (const [key, value] of history.sides(Uint8Array.of(SIDE.inbox)))
      this.#delivered.set(readSideKey(key).name, new ByteReader(value).uint64());
    for (const [key] of history.sides(Uint8Array.of(SIDE.outbox))) {
      const { name: to, sequence } = readSideKey(key);
      const waiting = this.#waiting.get(to);
      this.#waiting.set(to, { first: waiting?.first ?? sequence, count: (waiting?.count ?? 0) + 1 });
    }
  }

  #processes(): SystemProcess[] {
    return [
      {
        uri: SEND_URI,
        arity: Array.from({ length: MAXIMUM_VALUES + 1 }, (_, index) => index + 2),
        // What is sent is read from the log of the block, which holds nothing that was undone.
        run: ([to]) =>
          to?.kind === 'string' && isNamespaceName(to.value)
            ? nilTerm()
            : rejectArguments(SEND_URI, 'the name of a namespace, as String', to),
      },
      { uri: 'rho:namespace:name', arity: 1, run: ([reply]) => answer(reply, stringTerm(this.name)) },
    ];
  }

  /** Root of the last commit, 32 bytes. */
  root(): Uint8Array<ArrayBuffer> {
    return this.space.root();
  }

  /** No two runs of any two namespaces have the same seed, so neither do they have the same names. */
  #seed(kind: number, ...parts: (string | number)[]): Uint8Array<ArrayBuffer> {
    const writer = new ByteWriter().byte(kind);
    for (const part of [this.name, ...parts])
      if (typeof part === 'string') writer.bytes(new TextEncoder().encode(part));
      else writer.uint64(part);
    return hashBytes(writer.finish());
  }

  run(program: string): NamespaceRun {
    const seed = this.#seed(0x30, this.space.history.trie.meta.commits);
    const back = this.space.checkpoint();
    const result = this.#runtime.run(program, { seed, maximumComms: this.#maximumComms });
    try {
      if (result.ok) this.#commit([]);
    } catch (error) {
      back();
      throw error;
    }
    return { result, root: this.root() };
  }

  /** Commits what is pending, and what it sent, in one transaction with other records. */
  #commit(puts: [Uint8Array, Uint8Array][]): void {
    const next = new Map<string, number>();
    for (const { to, message } of messagesOf(this.space.pendingEvents())) {
      const sequence = next.get(to) ?? this.#next.get(to) ?? 1;
      puts.push([sideKey(SIDE.outbox, to, sequence), encodeNamespaceMessage(message)]);
      next.set(to, sequence + 1);
    }
    for (const [to, sequence] of next) puts.push([sideKey(SIDE.next, to), number(sequence)]);
    this.space.commit(undefined, { puts });
    for (const [to, sequence] of next) {
      const before = this.#next.get(to) ?? 1;
      const waiting = this.#waiting.get(to) ?? { first: before, count: 0 };
      this.#waiting.set(to, { first: waiting.first, count: waiting.count + sequence - before });
      this.#next.set(to, sequence);
    }
  }

  waiting(): readonly { readonly to: string; readonly count: number }[] {
    return [...this.#waiting].map(([to, { count }]) => ({ to, count }));
  }

  parcel(to: string, maximum: number): Parcel {
    assertInteger('RHO_NODE_ARGUMENT_RANGE', 'maximum', maximum, 1, 2 ** 20);
    const waiting = this.#waiting.get(to);
    if (waiting === undefined) return { first: this.#next.get(to) ?? 1, messages: [] };
    const messages: Uint8Array[] = [];
    for (let index = 0; index < Math.min(waiting.count, maximum); index += 1) {
      const message = this.space.history.side(sideKey(SIDE.outbox, to, waiting.first + index));
      if (message === undefined) throw new NodeStoreError('every message that was not acknowledged', 'one missing');
      messages.push(message);
    }
    return { first: waiting.first, messages };
  }

  deliver(from: string, { first, messages }: Parcel): Delivery {
    assertInteger('RHO_NODE_ARGUMENT_RANGE', 'first', first, 1, Number.MAX_SAFE_INTEGER - messages.length);
    if (!isNamespaceName(from)) throw new NodeArgumentError('from', '1 to 128 bytes of UTF-8', `"${from}"`);
    const before = this.#delivered.get(from) ?? 0;
    if (first > before + 1) return { ok: false, reason: 'gap', through: before };
    const through = Math.max(before, first + messages.length - 1);
    if (through === before) return { ok: true, through };
    const fresh = messages.slice(before + 1 - first);
    const decoded = fresh.map(decodeNamespaceMessage);
    const wrong = decoded.indexOf(undefined);
    if (wrong >= 0) return { ok: false, reason: 'malformed', index: before + 1 - first + wrong };
    const puts: [Uint8Array, Uint8Array][] = [[sideKey(SIDE.inbox, from), number(through)]];
    const back = this.space.checkpoint();
    try {
      for (const [index, message] of decoded.entries()) {
        const sequence = before + 1 + index;
        const seed = this.#seed(0x31, from, sequence);
        const result = this.#runtime.run(sendTerm(message!.channel, message!.values), {
          seed,
          maximumComms: this.#maximumComms,
        });
        if (result.ok) continue;
        const reason = new TextEncoder().encode(result.reason);
        puts.push([sideKey(SIDE.failed, from, sequence), new ByteWriter().bytes(reason).raw(fresh[index]!).finish()]);
      }
      this.#commit(puts);
    } catch (error) {
      back();
      throw error;
    }
    this.#delivered.set(from, through);
    return { ok: true, through };
  }

  acknowledge(to: string, through: number): void {
    assertInteger('RHO_NODE_ARGUMENT_RANGE', 'through', through, 0, (this.#next.get(to) ?? 1) - 1);
    const waiting = this.#waiting.get(to);
    if (waiting === undefined || through < waiting.first) return;
    const deletes: Uint8Array[] = [];
    for (let sequence = waiting.first; sequence <= through; sequence += 1)
      deletes.push(sideKey(SIDE.outbox, to, sequence));
    this.space.history.writeSide({ deletes });
    const count = waiting.count - deletes.length;
    if (count === 0) this.#waiting.delete(to);
    else this.#waiting.set(to, { first: through + 1, count });
  }

  /** The messages that were delivered, but whose reductions failed, and why. */
  failed(): readonly FailedMessage[] {
    return [...this.space.history.sides(Uint8Array.of(SIDE.failed))].map(([key, value]) => {
      const { name: from, sequence } = readSideKey(key);
      const reader = new ByteReader(value);
      const reason = new TextDecoder().decode(reader.bytes()) as RunReason;
      return { from, sequence, message: reader.raw(reader.remaining), reason };
    });
  }
}
