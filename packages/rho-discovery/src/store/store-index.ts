import {
  equalTerms,
  meteringRole,
  receiveOf,
  standardProcesses,
  termKey,
  type Consume,
  type Term,
} from '@commute/rholang';
import { decodeChannel, decodeItem, StoreDamagedError, type HistoryStore } from '@commute/rho-store';
import { interfaceOf, type ExtractOptions } from '../contract/extract.ts';
import type { ContractInterface } from '../contract/interface.ts';
import { hex } from '../hex.ts';
import { interfaceTerm } from './interface-codec.ts';
import { ContractIndex } from '../index/contract-index.ts';
import { namesUnder, uriOfSlot, type Registered } from './registered.ts';
import { readIndex, writeIndex, type SavedChannel, type SavedIndexReason, type StoredContract } from './saved-index.ts';

/** Where a contract waits in a store. */
export interface StoredPlace {
  /** Canonical bytes of the channel. */
  readonly channel: Uint8Array;
  /** Hash of the receive as it waits there. */
  readonly hash: Uint8Array;
}

/** What bringing an index up to date did. */
export interface UpdateResult {
  /** The commit that the index is of, 0 for the empty store. */
  readonly commit: number;
  /** Number of channels that were read. */
  readonly channels: number;
  /** True if all channels were read: at the first time, and where the versions in between are not known. */
  readonly whole: boolean;
}

/** How an index of a store is kept. */
export interface StoreIndexOptions extends Pick<ExtractOptions, 'systemProcesses' | 'properties'> {
  /** Is told after every thousand channels. */
  readonly onProgress?: (progress: { readonly channels: number }) => void;
  readonly signal?: AbortSignal;
}

/** Everything that an index keeps of a channel. */
interface ChannelEntry {
  readonly channel: Term;
  readonly bytes: Uint8Array;
  readonly contracts: readonly StoredContract[];
  ids: readonly string[];
}

/** An index that was loaded, and why it is empty if it is. */
export interface LoadedIndex {
  readonly contracts: StoreIndex;
  readonly reason: SavedIndexReason | undefined;
}

/** What an index depends on besides the store; `undefined` if that has no text. */
function optionsText({ systemProcesses = standardProcesses(), properties }: StoreIndexOptions): string | undefined {
  if (properties !== undefined) return undefined;
  const lines = systemProcesses.map(({ uri, arity }) => `${uri} ${[arity].flat().join()}`);
  return [INTERFACES, ...lines.sort()].join('\n');
}

/** Counts the changes of what is said of a contract, so that what older code said is not taken for the same. */
const INTERFACES = 'interfaces 1';

const PROGRESS_EVERY = 1000;

/**
 * The contracts that stand in a store at a version, kept up to date from version to version: after the first time only the channels are read
 * again at which the two versions differ.
 *
 * Contracts are the receives that stay, without those of metering. A name that stands in the registry, alone or inside maps, lists and tuples, makes
 * its contracts callable by URI.
 *
 * @example
 * ```ts
 * import { createRuntime } from '@commute/rholang';
 * import { createMemoryKeyValue, RhoSpace } from '@commute/rho-store';
 * import { parseQuery, StoreIndex } from '@commute/rho-discovery';
 * const space = new RhoSpace(createMemoryKeyValue());
 * createRuntime({ space }).run('contract @"twice"(@x, r) = { r!(2 * x) }', { seed: new Uint8Array(32) });
 * space.commit();
 * const contracts = new StoreIndex();
 * contracts.update(space.history);
 * const query = parseQuery('contract @"twice"(@Int, r)');
 * if (!query.ok || contracts.index.query(query.query).matches.length !== 1) throw new Error('not found');
 * ```
 */
export class StoreIndex {
  readonly index: ContractIndex = new ContractIndex();
  readonly #options: StoreIndexOptions;
  readonly #channels = new Map<string, ChannelEntry>();
  /** What stands in the registry, by slot, and by the name that it leads to. */
  readonly #slots = new Map<string, readonly Registered[]>();
  readonly #names = new Map<string, Registered[]>();
  readonly #places = new Map<string, StoredPlace>();
  /** Bytes of the slots of the registry. */
  readonly #slotBytes = new Map<string, { readonly channel: Term; readonly bytes: Uint8Array }>();
  /** Channels that are not as they were saved. */
  readonly #changed = new Map<string, Uint8Array>();
  #savedHead: Uint8Array | undefined;
  #commit: number | undefined;

  constructor(options: StoreIndexOptions = {}) {
    this.#options = options;
  }

  /** Number of the commit that the index is of; `undefined` before the first update. */
  get commit(): number | undefined {
    return this.#commit;
  }

  /** Where a contract of the index waits. */
  placeOf(id: string): StoredPlace | undefined {
    return this.#places.get(id);
  }

  /**
   * Brings the index to the present version of a store.
   *
   * @throws StoreDamagedError if a record cannot be read; the index is to be thrown away then.
   * @throws what the signal says, if it aborts.
   */
  update(history: HistoryStore): UpdateResult {
    const { head } = history.trie;
    if (this.#commit === head) return { commit: head, channels: 0, whole: false };
    const changed = this.#commit === undefined ? undefined : changedSince(history, this.#commit);
    if (changed === undefined) this.#clear();
    let channels = 0;
    for (const bytes of changed ?? history.channels()) {
      this.#read(history, bytes);
      channels += 1;
      if (channels % PROGRESS_EVERY !== 0) continue;
      this.#options.signal?.throwIfAborted();
      this.#options.onProgress?.({ channels });
    }
    this.#commit = head;
    return { commit: head, channels, whole: changed === undefined };
  }

  /**
   * The index that was saved in a store, or an empty one and the reason why there is none that can be used. Bring it up to date before it is asked.
   *
   * What was saved is believed: it is under no root. {@link confirm} tells of one contract whether the store says the same.
   */
  static load(history: HistoryStore, options: StoreIndexOptions = {}): LoadedIndex {
    const contracts = new StoreIndex(options);
    const text = optionsText(options);
    const saved = text === undefined ? ({ ok: false, reason: 'other-options' } as const) : readIndex(history, text);
    if (!saved.ok) return { contracts, reason: saved.reason };
    for (const { channel, bytes, registered } of saved.channels) {
      if (registered.length === 0) continue;
      const key = termKey(channel);
      contracts.#slotBytes.set(key, { channel, bytes });
      contracts.#register(key, registered);
    }
    for (const { channel, bytes, contracts: own } of saved.channels) {
      if (own.length === 0) continue;
      const key = termKey(channel);
      const entry: ChannelEntry = { channel, bytes, contracts: own, ids: [] };
      contracts.#channels.set(key, entry);
      contracts.#put(key, entry);
    }
    contracts.#commit = saved.commit;
    contracts.#savedHead = saved.head;
    return { contracts, reason: undefined };
  }

  /**
   * Saves the index in its store, beside the versions and under no root, in one transaction: only what changed since it was loaded or saved, unless another
   * one was saved meanwhile.
   *
   * @returns number of records that were written: 0 if it is saved as it is, or cannot be, as one made with `properties` or of an empty store.
   * @throws StoreStaleError if another handle committed since `history` read last.
   */
  save(history: HistoryStore): number {
    const options = optionsText(this.#options);
    const commit = this.#commit ?? 0;
    if (options === undefined || commit === 0) return 0;
    const keys = new Set([...this.#channels.keys(), ...this.#slots.keys()]);
    const changed = new Map(
      [...this.#changed].map(([key, bytes]) => [key, { bytes, channel: this.#savedChannel(key) }] as const),
    );
    const all = (): Iterable<SavedChannel> => [...keys].flatMap((key) => this.#savedChannel(key) ?? []);
    const { head, records } = writeIndex(history, {
      commit,
      options,
      since: this.#savedHead,
      all,
      changed,
      count: keys.size,
    });
    this.#savedHead = head;
    this.#changed.clear();
    return records;
  }

  #savedChannel(key: string): SavedChannel | undefined {
    const entry = this.#channels.get(key);
    const registered = this.#slots.get(key) ?? [];
    const place = entry ?? this.#slotBytes.get(key);
    if (place === undefined || (entry === undefined && registered.length === 0)) return undefined;
    return { channel: place.channel, bytes: place.bytes, contracts: entry?.contracts ?? [], registered };
  }

  /**
   * Tells whether a contract stands in the present version of the store, under its root, and is what the index says.
   *
   * @throws StoreDamagedError if a record of the store cannot be read.
   */
  confirm(history: HistoryStore, id: string): boolean {
    const place = this.#places.get(id);
    const claimed = this.index.get(id);
    const channel = place && decodeChannel(place.channel);
    if (place === undefined || claimed === undefined || channel === undefined) return false;
    const key = termKey(channel);
    const wanted = hex(place.hash);
    for (const { bytes, hash } of history.items(place.channel)) {
      if (hex(hash) !== wanted) continue;
      const decoded = decodeItem(bytes);
      if (decoded?.kind !== 'receive') return false;
      return this.#contracts(key, { hash, consume: decoded.consume }).some(
        (one) =>
          (id === one.id || id.startsWith(`${one.id}/`)) &&
          one.contract.hash === claimed.hash &&
          equalTerms(interfaceTerm(one.contract), interfaceTerm(claimed)),
      );
    }
    return false;
  }

  #clear(): void {
    for (const [key, entry] of this.#channels) {
      this.#take(entry);
      this.#changed.set(key, entry.bytes);
    }
    for (const [key, { bytes }] of this.#slotBytes) this.#changed.set(key, bytes);
    this.#slotBytes.clear();
    this.#channels.clear();
    this.#slots.clear();
    this.#names.clear();
  }

  /** Reads a channel again. */
  #read(history: HistoryStore, bytes: Uint8Array): void {
    const channel = decodeChannel(bytes);
    if (channel === undefined) throw new StoreDamagedError(`key ${hex(bytes)}`, 'a channel');
    const receives = new Map<string, { readonly hash: Uint8Array; readonly consume: Consume }>();
    const data: Term[] = [];
    const uri = uriOfSlot(channel);
    for (const { bytes: item, hash } of history.items(bytes)) {
      const decoded = decodeItem(item);
      if (decoded === undefined) throw new StoreDamagedError(`key ${hex(bytes)}`, 'a message or a receive');
      if (decoded.kind === 'message') {
        if (uri !== undefined) data.push(...decoded.datum.data);
      } else if (decoded.consume.persistent && meteringRole(decoded.consume) === undefined)
        receives.set(hex(hash), { hash, consume: decoded.consume });
    }
    const key = termKey(channel);
    if (uri !== undefined) {
      this.#slotBytes.set(key, { channel, bytes });
      this.#register(key, namesUnder(uri, data));
    }
    if (uri !== undefined || receives.size > 0 || this.#channels.has(key)) this.#changed.set(key, bytes);
    const before = this.#channels.get(key);
    if (before !== undefined) this.#take(before);
    if (receives.size === 0) {
      this.#channels.delete(key);
      return;
    }
    const contracts = [...receives.values()].flatMap((receive) => this.#contracts(key, receive));
    const entry: ChannelEntry = { channel, bytes, contracts, ids: [] };
    this.#channels.set(key, entry);
    this.#put(key, entry);
  }

  /** The interfaces of a receive on the channel with this key. */
  #contracts(
    key: string,
    { hash, consume }: { readonly hash: Uint8Array; readonly consume: Consume },
  ): readonly StoredContract[] {
    const { systemProcesses, properties } = this.#options;
    const { contracts } = interfaceOf(receiveOf(consume), {
      ...(systemProcesses === undefined ? {} : { systemProcesses }),
      ...(properties === undefined ? {} : { properties }),
    });
    return contracts.flatMap((contract, index) => {
      const { channel } = contract;
      if (contract.dynamic || (channel.kind !== 'public' && channel.kind !== 'unforgeable')) return [];
      return termKey(channel.name) === key ? [{ hash, id: `${hex(hash)}/${String(index)}`, contract }] : [];
    });
  }

  /** Takes the contracts of a channel out of the index. */
  #take(entry: ChannelEntry): void {
    for (const id of entry.ids) {
      this.index.delete(id);
      this.#places.delete(id);
    }
    entry.ids = [];
  }

  /** Puts the contracts of a channel into the index, once for each place in the registry that leads to it. */
  #put(key: string, entry: ChannelEntry): void {
    const registered = this.#names.get(key) ?? [];
    const ids: string[] = [];
    for (const { hash, id, contract } of entry.contracts) {
      const add = (own: string, one: ContractInterface): void => {
        if (this.index.get(own) !== undefined) return;
        this.index.add(own, one);
        this.#places.set(own, { channel: entry.bytes, hash });
        ids.push(own);
      };
      if (registered.length === 0) add(id, contract);
      for (const one of registered)
        add(`${id}/${[one.uri, ...one.path].join('/')}`, { ...contract, channel: { kind: 'registry', ...one } });
    }
    entry.ids = ids;
  }

  /** Notes what stands in a slot of the registry, and puts the contracts that this concerns in place again. */
  #register(slot: string, registered: readonly Registered[]): void {
    const concerned = new Set<string>();
    for (const { name } of this.#slots.get(slot) ?? []) {
      const key = termKey(name);
      concerned.add(key);
      const left = (this.#names.get(key) ?? []).filter((one) => !this.#slots.get(slot)!.includes(one));
      if (left.length === 0) this.#names.delete(key);
      else this.#names.set(key, left);
    }
    if (registered.length === 0) this.#slots.delete(slot);
    else this.#slots.set(slot, registered);
    for (const one of registered) {
      const key = termKey(one.name);
      concerned.add(key);
      const all = this.#names.get(key);
      if (all === undefined) this.#names.set(key, [one]);
      else all.push(one);
    }
    for (const key of concerned) {
      const entry = this.#channels.get(key);
      if (entry === undefined) continue;
      this.#take(entry);
      this.#put(key, entry);
    }
  }
}

/** The channels on which anything happened between a commit and the present version; `undefined` if that is not known. */
function changedSince(history: HistoryStore, since: number): readonly Uint8Array[] | undefined {
  try {
    return [...history.channelsChangedSince(since)];
  } catch (error) {
    if (error instanceof StoreDamagedError) return undefined;
    throw error;
  }
}
