import { ByteReader, ByteWriter, equalBytes, ZERO_HASH } from '../bytes.ts';
import { StoreArgumentError, StoreDamagedError } from '../errors.ts';
import {
  decodeKeyValue,
  decodePlaces,
  encodePlaces,
  NewEntries,
  segmentBytes,
  type KeyValue,
} from '../history/entry.ts';
import { encodeCommitInfo, sideBatch, type HistoryStore, type SideChanges } from '../history/history-store.ts';
import { nodeBytes, type Branch, type Link, type TrieNode } from '../trie/node.ts';
import { encodeCommit, encodeCommitNumber, RECORD, recordKey, rootKey, TRANSFER_KEY } from '../trie/records.ts';
import { findLeaf, type NodeReader } from '../trie/update.ts';
import { Transaction } from '../trie/versioned-trie.ts';
import { hashesOf, readNodeElement, readPieceElement } from './element.ts';
import {
  candidateBelow,
  decodeTransfer,
  encodeTransfer,
  partialOf,
  type Frame,
  type KeyFrame,
  type PartialVersion,
} from './frames.ts';
import { MAXIMUM_NAMES, NAME_BYTES, PIECE_ENTRIES, pieceStart, type Place, type Prefix } from './place.ts';
import { childPrefix } from './teller.ts';

/** Why a part is none that was asked for. */
export type PartReason =
  /** The bytes are no elements. */
  | 'malformed-part'
  /** Nothing is in it. */
  | 'empty-part'
  /** An element is not what the root commits to at the place that was asked for. */
  | 'other-part'
  /** All is here already. */
  | 'unasked-part';

/** What became of a part. */
export type PartResult =
  | {
      readonly ok: true;
      /** Elements of it that were missing, and those that were not. */
      readonly taken: number;
      readonly passed: number;
    }
  | { readonly ok: false; readonly reason: PartReason };

/** Versions of which parts are kept at a time. */
const MOST_STACKS = 4;
const START: Prefix = { path: ZERO_HASH, depth: 0 };

/** A place that is missing, and what has to be there. */
interface Missing {
  readonly place: Place;
  /** Hash of the node, or of the last entry. */
  readonly hash: Uint8Array;
  /** What is here of other versions at that place. */
  readonly candidates: readonly Link[];
}

/** A key of a version that is here. */
interface KnownKey {
  readonly key: KeyValue;
  readonly segment: number;
}

/**
 * Fetches a version of another store, part by part, and makes it the version of this one.
 *
 * Nothing is believed: every element is checked against the root before it is kept, and each part is kept, with what is missing, in one transaction, so that a process that is killed goes on
 * where it was. No version leads to what was fetched until {@link finish}; what this store has of its present version, or of one that was begun before, is not fetched. Memory is
 * bounded by that of a part and of one way through the trie. Whoever commits to the store, by the same handle, does not disturb it; `pruneStore` gives it up.
 *
 * @example
 * ```ts
 * import { createRuntime } from '@commute/rholang';
 * import { createMemoryKeyValue, RhoSpace, StateReceiver, StateTeller } from '@commute/rho-store';
 * const from = new RhoSpace(createMemoryKeyValue());
 * createRuntime({ space: from }).run('@"key"!(1) | @"other"!(2)', { seed: new Uint8Array(32) });
 * const { root, number: commit } = from.commit();
 * const to = new RhoSpace(createMemoryKeyValue());
 * const receiver = new StateReceiver(to.history);
 * receiver.begin(root);
 * const teller = new StateTeller(from.history);
 * for (let place = receiver.next(); place !== undefined; place = receiver.next())
 *   if (!receiver.take(teller.part({ commit, place, limit: 100, have: receiver.have() })!).ok) throw new Error('not what the root commits to');
 * const { log, logHash, note } = { ...from.history.commitAt(commit), log: from.history.log(commit)! };
 * receiver.finish({ number: commit, logHash, note, log });
 * to.goTo(commit);
 * if (to.root().join() !== root.join()) throw new Error('not the same');
 * ```
 */
export class StateReceiver {
  readonly #history: HistoryStore;
  #from = 0;
  #root: Uint8Array | undefined;
  #done: number | undefined;
  #frames: Frame[] = [];
  /** What is kept of versions that were begun before, newest first. */
  #older: readonly (readonly Frame[])[] = [];
  #candidates: readonly PartialVersion[] = [];
  #missing: Missing | undefined;
  /** True once something was here that follows in the part that is taken. */
  #skipped = false;
  /** True if the part that is taken may leave out what is here. */
  #said = false;

  /**
   * Reads what a transfer left that was begun before.
   *
   * @throws StoreDamagedError if that is damaged.
   */
  constructor(history: HistoryStore) {
    this.#history = history;
    this.#load();
  }

  #load(): void {
    const bytes = this.#history.trie.store.get(TRANSFER_KEY);
    if (bytes === undefined) return;
    const record = decodeTransfer(bytes);
    if (record === undefined) throw new StoreDamagedError('transfer', 'what is missing of a version');
    this.#from = record.from;
    this.#root = record.root;
    this.#done = record.done;
    const [frames = [], ...older] = record.stacks;
    this.#frames = [...frames];
    this.#older = older;
  }

  /** True if something was fetched that no version leads to, or something was left behind by versions that went: `pruneStore` removes it. */
  get active(): boolean {
    return this.#from > 0;
  }

  /** Root of the version that is fetched; `undefined` if there is none. */
  get root(): Uint8Array | undefined {
    return this.#root;
  }

  readonly #read: NodeReader = (link) => this.#history.trie.read(link);

  /** Fetches a version, or goes on to fetch it. Parts of another that was begun before are used if they are the same. */
  begin(root: Uint8Array): void {
    if (this.#from === 0) this.#from = this.#history.trie.meta.next;
    if (this.#root === undefined || !equalBytes(root, this.#root)) {
      if (this.#frames.length > 0) this.#older = [this.#frames, ...this.#older].slice(0, MOST_STACKS - 1);
      this.#frames = [];
      this.#done = equalBytes(root, ZERO_HASH) ? 0 : undefined;
      this.#root = root;
    }
    this.#look();
    const transaction = new Transaction(this.#history.trie.meta.next);
    this.#settle(transaction);
    this.#write(transaction);
  }

  #look(): void {
    const { link } = this.#history.trie;
    this.#candidates = [{ link, key: undefined }, ...this.#older.map(partialOf)];
  }

  /** The place from which on something is missing; `undefined` once nothing is. {@link begin} first. */
  next(): Place | undefined {
    return this.#missing?.place;
  }

  /**
   * What this store has that may be part of what follows {@link next}: hashes of nodes and of last entries, the first 8 bytes of each, for whoever tells the part. The part that
   * is taken next may leave that out.
   */
  have(): Uint8Array<ArrayBuffer> {
    const starts: Link[] = [...(this.#missing?.candidates ?? [])];
    for (let depth = this.#frames.length - 1; depth >= 0; depth -= 1) {
      const frame = this.#frames[depth]!;
      if (frame.kind === 'key') {
        for (const { key } of this.#leaves(depth)) starts.push({ number: 0, hash: key.head, node: undefined });
        continue;
      }
      const candidates = this.#candidatesAt(depth - 1);
      for (let nibble = frame.at + 1; nibble < 16; nibble += 1)
        if (frame.node.links[nibble] !== undefined)
          for (const link of candidates) starts.push(...this.#below(link, frame.node, nibble));
    }
    const writer = new ByteWriter(NAME_BYTES * MAXIMUM_NAMES);
    let left = MAXIMUM_NAMES;
    // What comes soon counts for more.
    for (const start of starts) left -= this.#name(start, Math.ceil(left / 2), writer);
    this.#said = writer.length > 0;
    return writer.finish();
  }

  /** Writes names of what a pointer leads to, nearest first. @returns their number. */
  #name(start: Link, most: number, writer: ByteWriter): number {
    const links = [start];
    let count = 0;
    const say = (hash: Uint8Array): void => {
      if (count === most || hash.length === 0) return;
      writer.raw(hash.subarray(0, NAME_BYTES));
      count += 1;
    };
    for (let at = 0; at < links.length && count < most; at += 1) {
      const link = links[at]!;
      say(link.hash!);
      const node = link.number === 0 && link.node === undefined ? undefined : this.#try(() => this.#read(link));
      if (node?.kind === 'branch') links.push(...node.links.flatMap((child) => child ?? []));
      const key = node?.kind === 'leaf' ? decodeKeyValue(node.value) : undefined;
      if (key === undefined) continue;
      say(key.state);
      say(key.head);
    }
    return count;
  }

  /** How much of the version is here, in `[0, 1]`, by the paths of its keys. */
  get fraction(): number {
    if (this.#done !== undefined) return 1;
    const place = this.#missing?.place;
    const path = place === undefined ? undefined : place.kind === 'node' ? place.at.path : place.key;
    return path === undefined ? 0 : (path[0]! * 256 + path[1]!) / 65_536;
  }

  /**
   * Takes a part that begins at {@link next}; may be hostile. Everything up to the first thing that is wrong is kept.
   *
   * @throws StoreWriteError if there is no room.
   */
  take(part: Uint8Array): PartResult {
    const transaction = new Transaction(this.#history.trie.meta.next);
    const reader = new ByteReader(part);
    let [taken, passed] = [0, 0];
    let reason: PartReason | undefined = part.length === 0 ? 'empty-part' : undefined;
    // What is here already need not be told, but may be.
    this.#skipped = false;
    while (reason === undefined && reader.remaining > 0) {
      const element = reader.bytes();
      if (reader.failed) reason = 'malformed-part';
      else if (this.#missing === undefined) reason = 'unasked-part';
      else {
        const wrong = this.#accept(element, this.#missing, transaction);
        if (wrong === undefined) {
          taken += 1;
          this.#settle(transaction);
        } else if (this.#skipped || (this.#said && taken > 0)) passed += 1;
        else reason = wrong;
      }
      if (this.#missing === undefined) break;
    }
    if (reason === undefined && !this.#skipped && !this.#said && reader.remaining > 0) reason = 'unasked-part';
    this.#said = false;
    if (taken > 0) this.#write(transaction);
    return reason === undefined ? { ok: true, taken, passed } : { ok: false, reason };
  }

  #write(transaction: Transaction): void {
    const stacks = [this.#frames, ...this.#older];
    const record = encodeTransfer({ from: this.#from, root: this.#root, done: this.#done, stacks });
    try {
      this.#history.trie.stage([...transaction.puts, [TRANSFER_KEY, record]], transaction.next);
    } catch (error) {
      // Nothing was kept: it goes on where the medium is, once the version is asked for again.
      this.#missing = undefined;
      this.#frames = [];
      this.#older = [];
      this.#root = undefined;
      this.#done = undefined;
      this.#load();
      throw error;
    }
  }

  /** Checks an element and keeps it; gives what is wrong with it. */
  #accept(element: Uint8Array, { place, hash }: Missing, transaction: Transaction): PartReason | undefined {
    if (place.kind === 'history') return this.#acceptPiece(element, transaction);
    const read = readNodeElement(element, hash, place.kind === 'state');
    if (!read.ok) return read.reason === 'malformed' ? 'malformed-part' : 'other-part';
    const { node, key } = read;
    if (node.kind === 'branch') this.#frames.push({ kind: 'branch', node, at: 0 });
    else if (key === undefined) this.#deliver(this.#save(node, transaction));
    else {
      const { path, value } = node;
      this.#frames.push({ kind: 'key', path, value, key, state: undefined, history: undefined, alone: false });
    }
    return undefined;
  }

  #save(node: TrieNode, transaction: Transaction): number {
    return transaction.add(RECORD.node, nodeBytes(node));
  }

  /** Takes entries of the history of the key that is open. */
  #acceptPiece(element: Uint8Array, transaction: Transaction): PartReason | undefined {
    const frame = this.#frames.at(-1) as KeyFrame;
    const history = frame.history!;
    const piece = readPieceElement(element);
    if (piece === undefined) return element[0] === 2 ? 'malformed-part' : 'other-part';
    const first = pieceStart(history.end);
    if (piece.entries.length !== history.end - first + 1) return 'other-part';
    const hashes = hashesOf(piece, first);
    if (!equalBytes(hashes.at(-1)!, history.head) || !equalBytes(piece.entries.at(-1)!.after, history.state))
      return 'other-part';
    if (first === 1 && !(equalBytes(piece.previous, ZERO_HASH) && equalBytes(piece.before, ZERO_HASH)))
      return 'other-part';
    const known = this.#knownKey(frame);
    const own = known === undefined ? 0 : known.key.sequence;
    // Entries that are here are not kept twice.
    const cut = own >= first ? own - first + 1 : 0;
    const lowest = cut > 0 || own === first - 1;
    const head = cut > 0 ? hashes[cut - 1]! : piece.previous;
    if (own > 0 && lowest && !equalBytes(head, known!.key.head)) {
      // The history that is here is another one, which cannot be but by damage: all of this one is fetched.
      frame.alone = true;
      frame.history = undefined;
      this.#skipped = true;
      return undefined;
    }
    const entries = new NewEntries();
    for (const { event, after } of piece.entries.slice(cut)) entries.append({ index: 0, event, after });
    const index = (first - 1) / PIECE_ENTRIES;
    const number = history.start + index - history.low;
    const previousSegment = lowest ? (known?.segment ?? 0) : number - 1;
    const before = cut > 0 ? piece.entries[cut - 1]!.after : piece.before;
    const segment = { previousSegment, commit: 0, previous: head, first: first + cut, before };
    transaction.puts.push([recordKey(RECORD.segment, number), new Uint8Array(segmentBytes(segment, entries))]);
    if (lowest && own > 0) this.#skipped = true;
    history.end = lowest ? 0 : first - 1;
    history.head = head;
    history.state = before;
    return undefined;
  }

  /** Puts the number of what is complete where it belongs. */
  #deliver(number: number): void {
    const frame = this.#frames.at(-1);
    if (frame === undefined) this.#done = number;
    else if (frame.kind === 'key') frame.state = number;
    else {
      frame.node.links[frame.at]!.number = number;
      frame.at += 1;
    }
  }

  /** Candidates are read from this store: what cannot be read there is fetched. */
  #try<T>(look: () => T): T | undefined {
    try {
      return look();
    } catch (error) {
      if (error instanceof StoreDamagedError) return undefined;
      throw error;
    }
  }

  /** What is here of other versions at a place in the trie of keys, or in the state of the open key, down from the frames that are open. */
  #candidatesAt(depth: number): readonly Link[] {
    const above = this.#frames[depth];
    if (above === undefined || depth < 0) return this.#candidates.flatMap(({ link }) => link ?? []);
    if (above.kind === 'key') {
      const own = this.#leaves(depth).flatMap(({ key, state }) =>
        state === 0 ? [] : [{ number: state, hash: key.state, node: undefined }],
      );
      const begun = this.#candidates.flatMap(({ key }) =>
        key !== undefined && equalBytes(key.path, above.path) ? [key.state] : [],
      );
      return [...own, ...begun];
    }
    return this.#candidatesAt(depth - 1).flatMap((link) => this.#below(link, above.node, above.at));
  }

  #below(link: Link, branch: Branch, nibble: number): readonly Link[] {
    const below = this.#try(() => candidateBelow(this.#read, link, branch, nibble));
    return below === undefined ? [] : [below];
  }

  /** What other versions hold at the key of a frame. */
  #leaves(depth: number): readonly (KnownKey & { readonly state: number })[] {
    const { path } = this.#frames[depth] as KeyFrame;
    return this.#candidatesAt(depth - 1).flatMap((link) => {
      const leaf = this.#try(() => findLeaf(this.#read, link, path));
      const [key, places] = [leaf && decodeKeyValue(leaf.value), leaf && decodePlaces(leaf.attachment)];
      return key === undefined || places === undefined ? [] : [{ key, ...places }];
    });
  }

  /** The longest history of the open key that may be the beginning of that which is fetched. */
  #knownKey(frame: KeyFrame): KnownKey | undefined {
    if (frame.alone) return undefined;
    let best: KnownKey | undefined;
    for (const one of this.#leaves(this.#frames.length - 1))
      if (one.key.sequence <= frame.key.sequence && one.key.sequence > (best?.key.sequence ?? 0)) best = one;
    return best;
  }

  /** Goes on to the next thing that is missing, and keeps what is complete on the way. */
  #settle(transaction: Transaction): void {
    for (;;) {
      this.#missing = undefined;
      const missing = this.#step(transaction);
      if (missing === undefined) {
        if (this.#done !== undefined) return;
        continue;
      }
      const { hash, candidates } = missing;
      const here =
        missing.place.kind === 'history'
          ? undefined
          : candidates.find((one) => one.number !== 0 && equalBytes(one.hash!, hash));
      if (here === undefined) {
        this.#missing = missing;
        return;
      }
      this.#deliver(here.number);
      this.#skipped = true;
    }
  }

  /** What is missing at the frame that is open; `undefined` if it was completed instead. */
  #step(transaction: Transaction): Missing | undefined {
    const depth = this.#frames.length - 1;
    const frame = this.#frames[depth];
    if (frame === undefined) {
      if (this.#done !== undefined) return undefined;
      return { place: { kind: 'node', at: START }, hash: this.#root!, candidates: this.#candidatesAt(-1) };
    }
    if (frame.kind === 'key') return this.#stepKey(frame, transaction);
    const { node } = frame;
    while (frame.at < 16 && node.links[frame.at]?.number !== 0) frame.at += 1;
    const link = node.links[frame.at];
    if (link === undefined) {
      this.#frames.pop();
      this.#deliver(this.#save(node, transaction));
      return undefined;
    }
    const at = childPrefix(node, frame.at);
    const key = this.#frames.find((one) => one.kind === 'key');
    const place: Place = key === undefined ? { kind: 'node', at } : { kind: 'state', key: key.path, at };
    return { place, hash: link.hash!, candidates: this.#candidatesAt(depth) };
  }

  #stepKey(frame: KeyFrame, transaction: Transaction): Missing | undefined {
    const { path, key } = frame;
    if (frame.state === undefined) {
      if (equalBytes(key.state, ZERO_HASH)) {
        frame.state = 0;
        return undefined;
      }
      const candidates = this.#candidatesAt(this.#frames.length - 1);
      return { place: { kind: 'state', key: path, at: START }, hash: key.state, candidates };
    }
    if (frame.history === undefined) {
      const known = this.#knownKey(frame);
      const own = known?.key.sequence ?? 0;
      if (known !== undefined && own === key.sequence && equalBytes(known.key.head, key.head)) {
        this.#skipped = true;
        this.#close(frame, known.segment, transaction);
        return undefined;
      }
      // A history of the same length that is another one.
      if (own >= key.sequence) frame.alone = true;
      const low = frame.alone ? 0 : Math.floor(own / PIECE_ENTRIES);
      const count = Math.floor((key.sequence - 1) / PIECE_ENTRIES) - low + 1;
      const start = transaction.next;
      transaction.next += count;
      frame.history = { start, low, newest: start + count - 1, end: key.sequence, head: key.head, state: key.state };
    }
    const { end, head, newest } = frame.history;
    if (end > 0) return { place: { kind: 'history', key: path, end }, hash: head, candidates: [] };
    this.#close(frame, newest, transaction);
    return undefined;
  }

  #close({ path, value, state }: KeyFrame, segment: number, transaction: Transaction): void {
    this.#frames.pop();
    const attachment = encodePlaces({ state: state!, segment });
    this.#deliver(this.#save({ kind: 'leaf', path, value, attachment }, transaction));
  }

  /**
   * Makes the version that was fetched the only one of the store, in one transaction; what is not part of it is left for `pruneStore`. The handle is at it afterwards.
   *
   * @param commit - the commit of the version: its number, greater than those of the store, what it says of itself, and its log. Not checked.
   * @param side - records of the caller's own for the same transaction.
   * @throws StoreArgumentError if something is missing, or the number is not greater.
   */
  finish(
    commit: {
      readonly number: number;
      readonly logHash: Uint8Array;
      readonly note: Uint8Array;
      readonly log: Uint8Array;
    },
    side: SideChanges = {},
  ): void {
    const { trie } = this.#history;
    const { meta, store } = trie;
    if (this.#done === undefined || this.#root === undefined)
      throw new StoreArgumentError('transfer', 'a version of which nothing is missing', 'one that is not complete');
    const { number } = commit;
    if (number <= meta.commits)
      throw new StoreArgumentError('number', `more than ${String(meta.commits)}`, String(number));
    const root = new Uint8Array(this.#root);
    const deletes: Uint8Array[] = [];
    for (let old = meta.oldest; old <= meta.commits; old += 1)
      deletes.push(recordKey(RECORD.commit, old), recordKey(RECORD.log, old));
    for (const [key] of store.entries({ from: Uint8Array.of(RECORD.root), to: Uint8Array.of(RECORD.root + 1) }))
      deletes.push(new Uint8Array(key));
    const beside = sideBatch(side);
    const payload = encodeCommitInfo(commit);
    trie.rewrite(
      [
        [
          recordKey(RECORD.commit, number),
          encodeCommit({ number, parent: number - 1, root, rootNumber: this.#done, payload }),
        ],
        [recordKey(RECORD.log, number), commit.log],
        [rootKey(root), encodeCommitNumber(number)],
        [TRANSFER_KEY, encodeTransfer({ from: 1, root: undefined, done: undefined, stacks: [] })],
        ...beside.puts,
      ],
      [...deletes, ...beside.deletes],
      { next: meta.next, head: number, commits: number, oldest: number },
    );
    this.#history.forgetLogs();
    trie.goTo(number);
    this.#from = 1;
    this.#root = undefined;
    this.#done = undefined;
    this.#older = [];
    this.#candidates = [];
  }
}
