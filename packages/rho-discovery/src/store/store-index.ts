import { meteringRole, receiveOf, termKey, type Consume, type Term } from '@commute/rholang';
import {
  decodeChannel,
  decodeItem,
  decodeLog,
  StoreDamagedError,
  type HistoryStore,
  type StoreEvent,
} from '@commute/rho-store';
import { interfaceOf, type ExtractOptions } from '../contract/extract.ts';
import type { ContractInterface } from '../contract/interface.ts';
import { hex } from '../hex.ts';
import { ContractIndex } from '../index/contract-index.ts';
import { namesUnder, uriOfSlot, type Registered } from './registered.ts';

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

interface StoredContract {
  readonly hash: Uint8Array;
  readonly id: string;
  readonly contract: ContractInterface;
}

const PROGRESS_EVERY = 1000;

function channelsOf(event: StoreEvent): readonly Uint8Array[] {
  switch (event.kind) {
    case 'produce':
      return [event.channel];
    case 'consume':
      return event.channels;
    case 'comm':
      return event.uses.map(({ channel }) => channel);
  }
}

/**
 * The contracts that stand in a store at a version, kept up to date block by block: after the first time only the channels that the logs of the
 * blocks since then name are read again.
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
    const changed = this.#commit === undefined ? undefined : changedSince(history, this.#commit, head);
    if (changed === undefined) this.#clear();
    let channels = 0;
    for (const bytes of changed?.values() ?? history.channels()) {
      this.#read(history, bytes);
      channels += 1;
      if (channels % PROGRESS_EVERY !== 0) continue;
      this.#options.signal?.throwIfAborted();
      this.#options.onProgress?.({ channels });
    }
    this.#commit = head;
    return { commit: head, channels, whole: changed === undefined };
  }

  #clear(): void {
    for (const entry of this.#channels.values()) this.#take(entry);
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
    if (uri !== undefined) this.#register(key, namesUnder(uri, data));
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

/** The channels on which anything happened after a commit and until another; `undefined` if that is not known. */
function changedSince(
  history: HistoryStore,
  since: number,
  until: number,
): ReadonlyMap<string, Uint8Array> | undefined {
  const commits: number[] = [];
  for (let number = until; number !== since;) {
    if (number < since || number === 0) return undefined;
    commits.push(number);
    try {
      number = history.commitAt(number).parent;
    } catch (error) {
      if (error instanceof StoreDamagedError) return undefined;
      throw error;
    }
  }
  const changed = new Map<string, Uint8Array>();
  for (const number of commits) {
    const bytes = history.log(number);
    const log = bytes === undefined ? undefined : decodeLog(bytes);
    if (log?.ok !== true) return undefined;
    for (const { event } of log.entries) for (const channel of channelsOf(event)) changed.set(hex(channel), channel);
  }
  return changed;
}
