import { equalBytes, hashBytes, hexFromBytes, textFromBytes, ZERO_HASH } from '../bytes.ts';
import { StoreDamagedError } from '../errors.ts';
import { decodeNode, rootHash, type Leaf, type Link } from '../trie/node.ts';
import {
  decodeCommit,
  decodeCommitNumber,
  decodeSide,
  META_KEY,
  numberOfKey,
  RECORD,
  recordKey,
  rootKey,
  TRANSFER_KEY,
  type Commit,
} from '../trie/records.ts';
import { decodeTransfer } from '../transfer/frames.ts';
import { commitInfo, type HistoryStore } from './history-store.ts';
import { decodeKeyValue, decodePlaces, entriesOf, type KeyValue, type Segment } from './entry.ts';
import { changesOf, decodeEvent, pathOfChannel, type ItemChange } from './event.ts';
import { changeState, countOf } from './state.ts';

/** One thing that is wrong with a store. */
export type StoreProblem =
  /** The history or the state of a key is not what the root commits to. */
  | {
      readonly kind: 'key';
      /** Canonical bytes of the channel. */
      readonly channel: Uint8Array;
      /** The first entry of the history that is wrong; `undefined` if the state or the key itself is. */
      readonly sequence: number | undefined;
      readonly expected: string;
    }
  /** A node above several keys is damaged. */
  | {
      readonly kind: 'keys';
      /** Hexadecimal digits with which the paths of the keys begin. */
      readonly prefix: string;
      /** Canonical bytes of those of the keys that other records name. */
      readonly channels: readonly Uint8Array[];
      readonly expected: string;
    }
  /** The record or the log of a commit is damaged. */
  | { readonly kind: 'commit'; readonly commit: number; readonly expected: string }
  /** A record that belongs to nothing, or a side record that is damaged. `key` is in hexadecimal. */
  | { readonly kind: 'record'; readonly key: string; readonly expected: string };

/** What a verification found. */
export interface VerifyResult {
  readonly ok: boolean;
  readonly problems: readonly StoreProblem[];
  readonly commits: number;
  /** Number of keys of the newest version. */
  readonly keys: number;
  /** Number of entries of histories that were folded or, where the log was pruned, hashed. */
  readonly entries: number;
}

const digits = (path: Uint8Array, count: number): string => hexFromBytes(path).slice(0, count);

class Verifier {
  readonly #store: HistoryStore;
  readonly #problems: StoreProblem[] = [];
  /** Numbers of nodes and segments that were checked, with the root each segment ends in. */
  readonly #nodes = new Set<number>();
  readonly #segments = new Map<number, { head: Uint8Array; state: Uint8Array }>();
  readonly #hashes = new Map<number, Uint8Array>();
  readonly #channels = new Map<string, Uint8Array>();
  /** Root nodes of states, by hash. */
  readonly #stateRoots = new Map<string, Link>();
  /** Keys of all versions, newest version first. */
  readonly #ends: { value: KeyValue; segment: number }[] = [];
  readonly #damaged: { prefix: string; expected: string }[] = [];
  #keys = 0;
  #entries = 0;

  constructor(store: HistoryStore) {
    this.#store = store;
  }

  run(): VerifyResult {
    const { trie } = this.#store;
    this.#store.forgetLogs();
    const { commits, oldest } = trie.meta;
    for (let number = commits; number >= oldest; number -= 1) this.#commit(number, number === trie.meta.head);
    for (const { value, segment } of this.#ends) this.#history(value, segment);
    for (const { prefix, expected } of this.#damaged) {
      const channels = [...this.#channels].filter(([path]) => path.startsWith(prefix)).map(([, channel]) => channel);
      this.#problems.push({ kind: 'keys', prefix, channels, expected });
    }
    this.#sides();
    if (this.#problems.length === 0) this.#sweep(commits, oldest);
    return {
      ok: this.#problems.length === 0,
      problems: this.#problems,
      commits: commits - oldest + 1,
      keys: this.#keys,
      entries: this.#entries,
    };
  }

  /** Checks the state and history of one channel in the version that is open. */
  key(channel: Uint8Array): VerifyResult {
    const { trie } = this.#store;
    try {
      const leaf = trie.leaf(pathOfChannel(channel));
      if (leaf !== undefined) {
        this.#keys += 1;
        this.#leaf(leaf);
      }
    } catch (error) {
      if (!(error instanceof StoreDamagedError)) throw error;
      this.#problem(channel, undefined, 'a way of whole nodes from the root to the key');
    }
    for (const { value, segment } of this.#ends) this.#history(value, segment);
    if (this.#damaged.length > 0) this.#problem(channel, undefined, 'a key at the hash of its channel');
    const problems = this.#problems;
    return { ok: problems.length === 0, problems, commits: 1, keys: this.#keys, entries: this.#entries };
  }

  #commit(number: number, newest: boolean): void {
    const { trie } = this.#store;
    const problem = (expected: string): void => void this.#problems.push({ kind: 'commit', commit: number, expected });
    const bytes = trie.store.get(recordKey(RECORD.commit, number));
    const commit = bytes === undefined ? undefined : decodeCommit(bytes);
    if (commit?.number !== number) {
      problem('the record of the commit');
      return;
    }
    this.#rootIndex(commit, problem);
    try {
      const log = this.#store.log(number);
      if (log === undefined || !equalBytes(hashBytes(log), commitInfo(commit).logHash))
        problem('the log of its events');
    } catch (error) {
      if (!(error instanceof StoreDamagedError)) throw error;
      problem('the hash of its log');
    }
    const { root, rootNumber } = commit;
    if (rootNumber === 0) {
      if (!equalBytes(root, ZERO_HASH)) problem('the number of its root');
      return;
    }
    this.#walk({ number: rootNumber, hash: root, node: undefined }, '', newest);
  }

  #rootIndex(commit: Commit, problem: (expected: string) => void): void {
    const bytes = this.#store.trie.store.get(rootKey(commit.root));
    const number = bytes === undefined ? undefined : decodeCommitNumber(bytes);
    if (number === undefined || number < commit.number) problem('a way from its root to its record');
  }

  #walk(link: Link, prefix: string, newest: boolean): void {
    if (this.#nodes.has(link.number)) {
      if (!equalBytes(rootHash(link), this.#hashOf(link.number)))
        this.#damaged.push({ prefix, expected: 'a pointer with the hash of its node' });
      return;
    }
    const node = this.#store.trie.readUncached(link);
    if (node === undefined) {
      this.#damagedNode(link.number, prefix);
      return;
    }
    this.#nodes.add(link.number);
    this.#hashes.set(link.number, rootHash(link));
    if (node.kind === 'leaf') {
      if (newest) this.#keys += 1;
      this.#leaf(node);
      return;
    }
    for (const [nibble, child] of node.links.entries())
      if (child !== undefined) this.#walk(child, digits(node.path, node.depth) + nibble.toString(16), newest);
  }

  #hashOf(number: number): Uint8Array {
    return this.#hashes.get(number) ?? ZERO_HASH;
  }

  /** Names the key of a damaged leaf from the leaf itself, if its channel still hashes to where it lies. */
  #damagedNode(number: number, prefix: string): void {
    const bytes = this.#store.trie.store.get(recordKey(RECORD.node, number));
    const node = bytes === undefined ? undefined : decodeNode(bytes);
    const value = node?.kind === 'leaf' ? decodeKeyValue(node.value) : undefined;
    if (value !== undefined && hexFromBytes(pathOfChannel(value.channel)).startsWith(prefix))
      this.#problem(value.channel, undefined, 'a key with the hash of its pointer');
    else this.#damaged.push({ prefix, expected: 'a node with the hash of its pointer' });
  }

  #problem(channel: Uint8Array, sequence: number | undefined, expected: string): void {
    const name = textFromBytes(channel);
    const known = this.#problems.some(
      (one) => one.kind === 'key' && textFromBytes(one.channel) === name && one.sequence === sequence,
    );
    if (!known) this.#problems.push({ kind: 'key', channel, sequence, expected });
  }

  #leaf(leaf: Leaf): void {
    const value = decodeKeyValue(leaf.value);
    if (value === undefined || !equalBytes(pathOfChannel(value.channel), leaf.path)) {
      this.#damaged.push({ prefix: hexFromBytes(leaf.path), expected: 'a key at the hash of its channel' });
      return;
    }
    this.#channels.set(hexFromBytes(leaf.path), value.channel);
    const places = decodePlaces(leaf.attachment);
    if (places === undefined || (places.state === 0) !== equalBytes(value.state, ZERO_HASH)) {
      this.#problem(value.channel, undefined, 'the places of its state and history');
      return;
    }
    if (places.state !== 0) {
      const link: Link = { number: places.state, hash: value.state, node: undefined };
      this.#state(link, value.channel);
      this.#stateRoots.set(textFromBytes(value.state), link);
    }
    this.#ends.push({ value, segment: places.segment });
  }

  #state(link: Link, channel: Uint8Array): void {
    if (this.#nodes.has(link.number) && equalBytes(rootHash(link), this.#hashOf(link.number))) return;
    const node = this.#store.trie.readUncached(link);
    if (node === undefined) {
      this.#problem(channel, undefined, 'a node of its state with the hash of its pointer');
      return;
    }
    this.#nodes.add(link.number);
    this.#hashes.set(link.number, rootHash(link));
    if (node.kind === 'leaf') {
      if (countOf(node) === 0 || !equalBytes(hashBytes(node.attachment), node.path))
        this.#problem(channel, undefined, 'an item with the hash of its path');
      return;
    }
    for (const child of node.links) if (child !== undefined) this.#state(child, channel);
  }

  /** The state with a root, if it is empty or a kept version holds it. */
  #stateOf(root: Uint8Array): { link: Link | undefined } | undefined {
    if (equalBytes(root, ZERO_HASH)) return { link: undefined };
    const link = this.#stateRoots.get(textFromBytes(root));
    return link && { link };
  }

  /** Checks a history from its first entry on, unless one that was checked goes through its last segment, and that it ends where the key says. */
  #history({ channel, state, sequence, head }: KeyValue, last: number): void {
    if (!this.#segments.has(last) && !this.#chain(channel, sequence, last)) return;
    const end = this.#segments.get(last)!;
    if (!equalBytes(end.head, head)) this.#problem(channel, sequence, 'an entry with the hash that the key commits to');
    else if (!equalBytes(end.state, state)) this.#problem(channel, sequence, 'the state that the key commits to');
  }

  #chain(channel: Uint8Array, sequence: number, last: number): boolean {
    const segments: { number: number; segment: Segment }[] = [];
    let next = sequence + 1;
    for (let number = last; number !== 0;) {
      const segment = this.#store.segment(number);
      const end = segment === undefined ? 0 : segment.first + segment.entries.length;
      if (segment === undefined || segment.previousSegment >= number || end !== next) {
        this.#problem(channel, Math.max(next - 1, 1), 'the segment of its history that ends here');
        return false;
      }
      segments.push({ number, segment });
      next = segment.first;
      number = segment.previousSegment;
    }
    if (next !== 1) {
      this.#problem(channel, next - 1, 'a history from the first entry on');
      return false;
    }
    let before: { head: Uint8Array; state: Uint8Array } = { head: ZERO_HASH, state: ZERO_HASH };
    let folded = this.#stateOf(ZERO_HASH);
    for (const { number, segment } of segments.reverse()) {
      if (!equalBytes(segment.previous, before.head) || !equalBytes(segment.before, before.state)) {
        this.#problem(channel, segment.first, 'an entry that follows the one before');
        return false;
      }
      const pruned = segment.commit < this.#store.trie.meta.oldest;
      const events = pruned ? undefined : this.#store.eventsOf(segment.commit);
      for (const { entry, hash, index } of entriesOf(segment)) {
        this.#entries += 1;
        before = { head: hash, state: entry.after };
        if (pruned) {
          folded = this.#stateOf(entry.after);
          continue;
        }
        const bytes = events?.at(index);
        const event = bytes !== undefined && equalBytes(hashBytes(bytes), entry.event) ? decodeEvent(bytes) : undefined;
        const change = event && changesOf(event).find((each) => equalBytes(each.channel, channel));
        if (change === undefined) {
          this.#problem(channel, entry.sequence, 'the event of the entry');
          return false;
        }
        if (folded === undefined) {
          folded = this.#stateOf(entry.after);
          continue;
        }
        const changed = this.#fold(folded.link, change.changes);
        if (!changed?.ok || !equalBytes(rootHash(changed.state), entry.after)) {
          this.#problem(channel, entry.sequence, 'the state after the event of the entry');
          return false;
        }
        folded = { link: changed.state };
      }
      this.#segments.set(number, before);
    }
    return true;
  }

  #fold(link: Link | undefined, changes: readonly ItemChange[]): ReturnType<typeof changeState> | undefined {
    try {
      return changeState(this.#store.trie.read, link, changes);
    } catch (error) {
      if (error instanceof StoreDamagedError) return undefined;
      throw error;
    }
  }

  #sides(): void {
    for (const [key, bytes] of this.#store.trie.store.entries({
      from: Uint8Array.of(RECORD.side),
      to: Uint8Array.of(RECORD.side + 1),
    }))
      if (decodeSide(key.subarray(1), bytes) === undefined)
        this.#problems.push({ kind: 'record', key: hexFromBytes(key), expected: 'a side record with its checksum' });
  }

  #sweep(commits: number, oldest: number): void {
    const metaKey = META_KEY[0];
    const { store } = this.#store.trie;
    const bytes = store.get(TRANSFER_KEY);
    const transfer = bytes === undefined ? undefined : decodeTransfer(bytes);
    if (bytes !== undefined && transfer === undefined)
      this.#problems.push({
        kind: 'record',
        key: hexFromBytes(TRANSFER_KEY),
        expected: 'what is missing of a version',
      });
    // What was fetched is checked before it is written, and whenever it is read; nothing leads to it until all is there.
    const from = transfer?.from ?? Infinity;
    for (const [key] of store.entries()) {
      const number = numberOfKey(key) ?? 0;
      const known =
        (key[0] === metaKey && key.length === 1) ||
        (key[0] === RECORD.node && this.#nodes.has(number)) ||
        (key[0] === RECORD.segment && this.#segments.has(number)) ||
        ((key[0] === RECORD.commit || key[0] === RECORD.log) && number >= oldest && number <= commits) ||
        (key[0] === RECORD.root && key.length === 33) ||
        ((key[0] === RECORD.node || key[0] === RECORD.segment) && number >= from) ||
        (key[0] === RECORD.transfer && key.length === 1) ||
        key[0] === RECORD.side;
      if (!known)
        this.#problems.push({ kind: 'record', key: hexFromBytes(key), expected: 'a record that something leads to' });
    }
  }
}

/**
 * Checks every byte of a store: that every record is what its pointers say, that every history is an unbroken chain up to the head that the
 * root commits to, and that folding its events from the start gives the state. Never throws on damaged records. Takes time and memory linear in the store.
 *
 * Only a store whose record of the last commit is damaged cannot be opened for this: opening it throws `RHO_STORE_BYTES_MALFORMED`.
 */
export function verifyStore(store: HistoryStore): VerifyResult {
  return new Verifier(store).run();
}

/**
 * Checks the history of one key against the root of the version that is open: the way from the root to the key, the chain of the entries, the event of each, and
 * that folding them from the start gives the state. Never throws on damaged records. Takes time linear in the history.
 *
 * @param channel - canonical bytes. One that has no history is in order, with `keys` 0.
 */
export function verifyHistory(store: HistoryStore, channel: Uint8Array): VerifyResult {
  return new Verifier(store).key(channel);
}
