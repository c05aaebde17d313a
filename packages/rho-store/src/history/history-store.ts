import {
  ByteReader,
  ByteWriter,
  equalBytes,
  hashBytes,
  HASH_BYTES,
  hexFromBytes,
  textFromBytes,
  ZERO_HASH,
} from '../bytes.ts';
import { StoreArgumentError, StoreDamagedError } from '../errors.ts';
import type { KeyValuePair, KeyValueStore } from '../key-value/key-value.ts';
import { rootHash, type Leaf, type Link } from '../trie/node.ts';
import { decodeSide, encodeSide, RECORD, recordKey, sideKey, type Commit } from '../trie/records.ts';
import { leavesOf } from '../trie/update.ts';
import { VersionedTrie, type Transaction, type TrieOptions } from '../trie/versioned-trie.ts';
import {
  decodeKeyValue,
  decodePlaces,
  decodeSegment,
  encodeKeyValue,
  encodePlaces,
  entriesOf,
  entryHash,
  NewEntries,
  segmentBytes,
  type HistoryEntry,
  type Segment,
} from './entry.ts';
import {
  changesOf,
  decodeEvent,
  encodeLog,
  pathOfChannel,
  splitLog,
  type ItemChange,
  type LogEntry,
  type SplitLog,
  type StoreEvent,
} from './event.ts';
import type { PackedLog } from './packed-log.ts';
import { changeState, countOf } from './state.ts';

/** A key as the store holds it. */
export interface StoredKey {
  /** Canonical bytes of the channel. */
  readonly channel: Uint8Array;
  /** Pointer to the state. */
  readonly state: Link | undefined;
  /** Number of entries of the history. */
  readonly sequence: number;
  /** Hash of the last entry, zeros for none. */
  readonly head: Uint8Array;
  /** Number of the last segment of the history. */
  readonly segment: number;
}

/** A message or a receive as it waits in the store. */
export interface StoredItem {
  readonly bytes: Uint8Array;
  /** SHA-256 of the bytes. */
  readonly hash: Uint8Array;
}

/** One step of the history of a key, with what happened. */
export interface HistoryStep {
  readonly entry: HistoryEntry;
  /** Hash of the entry. */
  readonly hash: Uint8Array;
  /** Number of the commit that it came with. */
  readonly commit: number;
  /** Position of the event in the log of that commit. */
  readonly index: number;
  /** What happened; `undefined` once the log of the commit was pruned. */
  readonly event: StoreEvent | undefined;
}

/** What a commit of events says about itself. */
export interface CommitInfo extends Commit {
  /** Hash of the log of events. */
  readonly logHash: Uint8Array;
  /** What the caller gave to the commit. */
  readonly note: Uint8Array;
}

/** Records of the caller's own beside the histories, that go into a transaction with a commit or alone. They are under no root. */
export interface SideChanges {
  /** Keys of 1 to 256 bytes. */
  readonly puts?: readonly KeyValuePair[];
  readonly deletes?: readonly Uint8Array[];
}

/** What a commit takes along. */
export interface CommitOptions {
  /** Any bytes that the commit is to carry. */
  readonly note?: Uint8Array;
  readonly side?: SideChanges;
}

interface KnownKey {
  readonly path: Uint8Array;
  readonly key: StoredKey | undefined;
}

interface OpenKey extends StoredKey {
  readonly path: Uint8Array;
  readonly firstState: Uint8Array;
  state: Link | undefined;
  root: Uint8Array;
  hash: Uint8Array;
  /** Those that were appended. */
  readonly entries: NewEntries;
}

const NO_NOTE: Uint8Array = /* @__PURE__ */ new Uint8Array(0);
const MAXIMUM_SIDE_KEY_BYTES = 256;
/** Most keys that are kept at a time. */
const MAXIMUM_KNOWN = 65_536;

function checkedSideKey(key: Uint8Array): Uint8Array {
  if (key.length >= 1 && key.length <= MAXIMUM_SIDE_KEY_BYTES) return key;
  throw new StoreArgumentError(
    'side',
    `keys of 1 to ${String(MAXIMUM_SIDE_KEY_BYTES)} bytes`,
    `${String(key.length)} bytes`,
  );
}

/** What side records are in the store. */
export function sideBatch({ puts = [], deletes = [] }: SideChanges): { puts: KeyValuePair[]; deletes: Uint8Array[] } {
  return {
    puts: puts.map(([key, value]) => [sideKey(checkedSideKey(key)), encodeSide(key, value)] as const),
    deletes: deletes.map((key) => sideKey(checkedSideKey(key))),
  };
}

function keyOf(leaf: Leaf, channel: Uint8Array): StoredKey {
  const value = decodeKeyValue(leaf.value);
  const places = decodePlaces(leaf.attachment);
  if (value === undefined || places === undefined || !equalBytes(value.channel, channel))
    throw new StoreDamagedError(`key ${hexFromBytes(channel)}`, 'its state and history');
  const empty = equalBytes(value.state, ZERO_HASH);
  const state = empty ? undefined : { number: places.state, hash: value.state, node: undefined };
  return { channel: value.channel, state, sequence: value.sequence, head: value.head, segment: places.segment };
}

/** Reads what a commit of events says about itself. */
export function commitInfo(commit: Commit): CommitInfo {
  const reader = new ByteReader(commit.payload);
  const info = { ...commit, logHash: reader.hash(), note: reader.bytes() };
  if (!reader.atEnd) throw new StoreDamagedError(`commit ${String(commit.number)}`, 'the hash of its log');
  return info;
}

/** The inverse of {@link commitInfo}: what a commit of events says about itself. */
export function encodeCommitInfo({ logHash, note }: Pick<CommitInfo, 'logHash' | 'note'>): Uint8Array<ArrayBuffer> {
  return new ByteWriter(HASH_BYTES + 8 + note.length).raw(logHash).bytes(note).finish();
}

/** Bytes of logs that are kept; one is kept however long it is. */
const MAXIMUM_LOG_BYTES = 2 ** 26;

/** Keeps the logs that were read last. */
class LogCache {
  readonly #logs = new Map<number, SplitLog>();
  #size = 0;

  get(commit: number): SplitLog | undefined {
    const log = this.#logs.get(commit);
    if (log === undefined) return undefined;
    this.#logs.delete(commit);
    this.#logs.set(commit, log);
    return log;
  }

  set(commit: number, log: SplitLog): void {
    this.#logs.set(commit, log);
    this.#size += log.size;
    for (const [oldest, { size }] of this.#logs) {
      if (this.#size <= MAXIMUM_LOG_BYTES || this.#logs.size === 1) break;
      this.#logs.delete(oldest);
      this.#size -= size;
    }
  }

  clear(): void {
    this.#logs.clear();
    this.#size = 0;
  }
}

/**
 * Keys with what waits at them and the hash-chained history of how that came about, in a versioned trie.
 *
 * A commit takes a log of events. Each event appends one entry to the history of every channel that it is about; the trie holds, at the hash
 * of the channel, the root of the state and the head of the history, so that one root commits to all histories. Channels, messages and receives are
 * opaque bytes here.
 */
export class HistoryStore {
  readonly trie: VersionedTrie;
  /** Keys that were read in the version that is open, by the bytes of their channels: a block reads what it then changes. */
  readonly #known = new Map<Uint8Array, KnownKey>();
  #knownIn: Link | undefined;
  readonly #logs = new LogCache();

  /**
   * Opens the store at its last commit.
   *
   * @throws StoreDamagedError if the record of the last commit is damaged.
   */
  constructor(store: KeyValueStore, options: TrieOptions = {}) {
    this.trie = new VersionedTrie(store, options);
  }

  /** Root hash, 32 bytes. */
  root(): Uint8Array<ArrayBuffer> {
    return this.trie.root();
  }

  /** The bytes of a channel must not change while anything holds them. */
  #find(channel: Uint8Array): KnownKey {
    const { link } = this.trie;
    if (this.#knownIn !== link || this.#known.size >= MAXIMUM_KNOWN) {
      this.#known.clear();
      this.#knownIn = link;
    }
    let known = this.#known.get(channel);
    if (known === undefined) {
      const path = pathOfChannel(channel);
      const leaf = this.trie.leaf(path);
      this.#known.set(channel, (known = { path, key: leaf && keyOf(leaf, channel) }));
    }
    return known;
  }

  /** What the store holds at a channel; `undefined` if nothing ever happened there. */
  key(channel: Uint8Array): StoredKey | undefined {
    return this.#find(channel).key;
  }

  /** The items that wait on a channel, each as often as it waits, ascending by hash. */
  *items(channel: Uint8Array): Generator<StoredItem> {
    const key = this.key(channel);
    for (const leaf of leavesOf(this.trie.read, key?.state)) {
      const count = countOf(leaf);
      if (count === 0 || !equalBytes(hashBytes(leaf.attachment), leaf.path))
        throw new StoreDamagedError(`key ${hexFromBytes(channel)}`, 'an item with the hash of its path');
      for (let copy = 0; copy < count; copy += 1) yield { bytes: leaf.attachment, hash: leaf.path };
    }
  }

  /** Canonical bytes of all channels on which anything ever happened, ascending by hash. */
  *channels(): Generator<Uint8Array> {
    for (const leaf of this.trie.leaves()) {
      const value = decodeKeyValue(leaf.value);
      if (value === undefined) throw new StoreDamagedError(`path ${hexFromBytes(leaf.path)}`, 'a key');
      yield value.channel;
    }
  }

  /**
   * Canonical bytes of the channels on which anything happened between a commit, 0 for the empty store, and the present version, whichever comes first; in
   * no particular order. Takes time proportional to their number.
   *
   * @throws StoreDamagedError if the commit is not kept, or a record cannot be read.
   */
  *channelsChangedSince(commit: number): Generator<Uint8Array> {
    for (const { before, after } of this.trie.differences(commit)) {
      const leaf = (after ?? before)!;
      const value = decodeKeyValue(leaf.value);
      if (value === undefined) throw new StoreDamagedError(`path ${hexFromBytes(leaf.path)}`, 'a key');
      yield value.channel;
    }
  }

  #open(channel: Uint8Array): OpenKey {
    const { key, path } = this.#find(channel);
    const root = rootHash(key?.state);
    const base = key ?? { channel, state: undefined, sequence: 0, head: ZERO_HASH, segment: 0 };
    return { ...base, path, firstState: root, root, hash: base.head, entries: new NewEntries() };
  }

  #append(open: OpenKey, index: number, event: Uint8Array, changes: readonly ItemChange[]): void {
    let after = open.root;
    if (changes.length > 0) {
      const changed = changeState(this.trie.read, open.state, changes);
      if (!changed.ok)
        throw new StoreArgumentError(
          `events[${String(index)}]`,
          'items that wait',
          `one that removes an item that does not wait at ${hexFromBytes(open.channel)}`,
        );
      open.state = changed.state;
      after = rootHash(changed.state);
    }
    const sequence = open.sequence + open.entries.length + 1;
    open.hash = entryHash({ previous: open.hash, sequence, event, before: open.root, after });
    open.root = after;
    open.entries.append({ index, event, after });
  }

  /** The keys that events change, as they are afterwards. */
  #fold(log: readonly LogEntry[]): OpenKey[] {
    const keys = new Map<string, OpenKey>();
    for (const [index, { event, hash }] of log.entries())
      for (const { channel, changes } of changesOf(event)) {
        const text = textFromBytes(channel);
        let open = keys.get(text);
        if (open === undefined) keys.set(text, (open = this.#open(channel)));
        this.#append(open, index, hash, changes);
      }
    return [...keys.values()];
  }

  /** {@link #fold} of events that were packed: nothing is made of them but what they change. */
  #foldPacked(log: PackedLog): OpenKey[] {
    const keys: (OpenKey | undefined)[] = [];
    log.forEachChange((index, event, slot, changes) => {
      this.#append((keys[slot] ??= this.#open(log.channels[slot]!)), index, event, changes);
    });
    return keys.filter((open) => open !== undefined);
  }

  /**
   * Makes a version of what events do to the present one, in one durable transaction.
   *
   * @throws StoreArgumentError if an event removes an item that does not wait; nothing is written.
   * @throws StoreStaleError if another handle committed since.
   * @throws StoreWriteError if there is no room; nothing is written.
   */
  commit(log: readonly LogEntry[], options: CommitOptions = {}): CommitInfo {
    return this.#commit(this.#fold(log), encodeLog(log.map((entry) => entry.bytes)), options);
  }

  /**
   * {@link commit} of events that were packed.
   *
   * @param bytes - of the log, as it gives them. Must not be changed afterwards.
   */
  commitPacked(log: PackedLog, bytes: Uint8Array<ArrayBuffer>, options: CommitOptions = {}): CommitInfo {
    return this.#commit(this.#foldPacked(log), bytes, options);
  }

  #commit(
    keys: readonly OpenKey[],
    bytes: Uint8Array<ArrayBuffer>,
    { note = NO_NOTE, side = {} }: CommitOptions,
  ): CommitInfo {
    const beside = sideBatch(side);
    const number = this.trie.meta.commits + 1;
    const prepare = (transaction: Transaction): Uint8Array<ArrayBuffer> => {
      transaction.puts.push([recordKey(RECORD.log, number), bytes], ...beside.puts);
      transaction.deletes.push(...beside.deletes);
      this.trie.update(
        keys.map((open) => {
          transaction.save(open.state);
          const segment = {
            previousSegment: open.segment,
            commit: number,
            previous: open.head,
            first: open.sequence + 1,
            before: open.firstState,
          };
          const places = {
            state: open.state?.number ?? 0,
            segment: transaction.add(RECORD.segment, segmentBytes(segment, open.entries)),
          };
          const sequence = open.sequence + open.entries.length;
          const value = encodeKeyValue({ channel: open.channel, state: open.root, sequence, head: open.hash });
          return { path: open.path, value, attachment: encodePlaces(places) };
        }),
      );
      return encodeCommitInfo({ logHash: hashBytes(bytes), note });
    };
    return commitInfo(this.trie.commit(prepare));
  }

  /**
   * The value of a side record.
   *
   * @throws StoreDamagedError if it is damaged.
   */
  side(key: Uint8Array): Uint8Array | undefined {
    const bytes = this.trie.store.get(sideKey(checkedSideKey(key)));
    const value = bytes === undefined ? undefined : decodeSide(key, bytes);
    if (bytes !== undefined && value === undefined)
      throw new StoreDamagedError(`side record ${hexFromBytes(key)}`, 'its value');
    return value;
  }

  /** The side records whose keys begin with a prefix, ascending. Nothing may be written while they are read. */
  *sides(prefix: Uint8Array): Generator<KeyValuePair> {
    const from = sideKey(prefix);
    for (const [key, bytes] of this.trie.store.entries({ from })) {
      if (!equalBytes(key.subarray(0, from.length), from)) return;
      const own = new Uint8Array(key.subarray(1));
      const value = decodeSide(own, bytes);
      if (value === undefined) throw new StoreDamagedError(`side record ${hexFromBytes(own)}`, 'its value');
      yield [own, value];
    }
  }

  /** The keys of the side records that begin with a prefix, ascending, readable or not. Nothing may be written while they are read. */
  *sideKeys(prefix: Uint8Array): Generator<Uint8Array> {
    const from = sideKey(prefix);
    for (const [key] of this.trie.store.entries({ from })) {
      if (!equalBytes(key.subarray(0, from.length), from)) return;
      yield new Uint8Array(key.subarray(1));
    }
  }

  /** Writes side records alone, in one durable transaction. Throws as a commit does. */
  writeSide(changes: SideChanges): void {
    this.trie.writeBeside(sideBatch(changes));
  }

  /**
   * A commit, by its number.
   *
   * @throws StoreDamagedError if its record is damaged or was pruned.
   */
  commitAt(number: number): CommitInfo {
    return commitInfo(this.trie.commitAt(number));
  }

  /** A segment of a history. */
  segment(number: number): Segment | undefined {
    const bytes = this.trie.store.get(recordKey(RECORD.segment, number));
    return bytes === undefined ? undefined : decodeSegment(bytes);
  }

  /** The encoded events of a commit, unchecked; `undefined` if the log is damaged or was pruned. */
  eventsOf(commit: number): SplitLog | undefined {
    const cached = this.#logs.get(commit);
    if (cached !== undefined) return cached;
    const bytes = this.log(commit);
    const events = bytes === undefined ? undefined : splitLog(bytes);
    if (events !== undefined) this.#logs.set(commit, events);
    return events;
  }

  /** The log of a commit; `undefined` if it was pruned. */
  log(commit: number): Uint8Array | undefined {
    return this.trie.store.get(recordKey(RECORD.log, commit));
  }

  /** Forgets what it keeps in memory of logs. */
  forgetLogs(): void {
    this.#logs.clear();
  }

  /** The segments of the history of a channel, newest first. */
  *segments(channel: Uint8Array): Generator<Segment> {
    let number = this.key(channel)?.segment ?? 0;
    while (number !== 0) {
      const segment = this.segment(number);
      // Segments point backwards, so damaged pointers cannot make a circle.
      if (segment === undefined || segment.previousSegment >= number)
        throw new StoreDamagedError(`key ${hexFromBytes(channel)}`, 'a segment of its history');
      yield segment;
      number = segment.previousSegment;
    }
  }

  /**
   * The history of a channel, oldest first; each hash is computed, none is checked against the head. {@link verifyStore} checks everything.
   *
   * @throws StoreDamagedError if a part of it cannot be read.
   */
  *history(channel: Uint8Array): Generator<HistoryStep> {
    for (const segment of [...this.segments(channel)].reverse()) {
      const events = this.eventsOf(segment.commit);
      for (const { entry, hash, index } of entriesOf(segment)) {
        const bytes = events?.at(index);
        yield {
          entry,
          hash,
          commit: segment.commit,
          index,
          event: bytes === undefined ? undefined : decodeEvent(bytes),
        };
      }
    }
  }
}
