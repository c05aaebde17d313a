import { equalBytes, hexFromBytes } from '../bytes.ts';
import { StoreArgumentError, StoreDamagedError, StoreStaleError, StoreVersionError } from '../errors.ts';
import type { KeyValuePair, KeyValueStore } from '../key-value/key-value.ts';
import { differencesOf, type TrieDifference } from './differences.ts';
import { GenerationCache } from './node-cache.ts';
import { decodeNode, nodeBytes, nodeHash, rootHash, type Leaf, type Link, type TrieNode } from './node.ts';
import { assertPath, proveLeaf } from './proof.ts';
import {
  decodeCommit,
  decodeCommitNumber,
  decodeMeta,
  encodeCommit,
  encodeCommitNumber,
  encodeMeta,
  META_KEY,
  RECORD,
  recordKey,
  rootKey,
  type Commit,
  type Meta,
} from './records.ts';
import { findLeaf, leavesOf, updateTrie, type NodeReader, type TrieChange } from './update.ts';

/** Bytes of a piece that holds several records. */
const PIECE = 2 ** 16;

/** Records of a commit that is being made; none of them is changed afterwards. */
export class Transaction {
  readonly puts: KeyValuePair[] = [];
  /** Records are views of pieces: memory that is asked for once for many costs less. */
  #piece = new Uint8Array(PIECE);
  #at = 0;
  readonly deletes: Uint8Array[] = [];
  readonly #saved: { link: Link; node: TrieNode }[] = [];
  next: number;

  constructor(next: number) {
    this.next = next;
  }

  #copy(bytes: Uint8Array): Uint8Array {
    const { length } = bytes;
    if (this.#at + length > PIECE) {
      this.#piece = new Uint8Array(PIECE);
      this.#at = 0;
    }
    this.#piece.set(bytes, this.#at);
    this.#at += length;
    return this.#piece.subarray(this.#at - length, this.#at);
  }

  /** Writes a record under a fresh number. Takes a copy of up to 4 KiB; longer ones must not be changed. */
  add(kind: number, bytes: Uint8Array): number {
    const number = this.next;
    this.next += 1;
    const key = recordKey(kind, number);
    this.puts.push([key, bytes.length > PIECE / 16 ? bytes : this.#copy(bytes)]);
    return number;
  }

  /** Writes the nodes of a trie that are not saved, children first. */
  save(link: Link | undefined): void {
    if (link?.number !== 0) return;
    const node = link.node!;
    if (node.kind === 'branch') for (const child of node.links) this.save(child);
    link.hash ??= nodeHash(node);
    link.number = this.add(RECORD.node, nodeBytes(node));
    this.#saved.push({ link, node });
  }

  /** After the commit: nodes are found by their numbers from now on. */
  settle(cache: GenerationCache<TrieNode>): void {
    for (const { link, node } of this.#saved) {
      cache.set(link.number, node);
      link.node = undefined;
    }
  }

  /** After a failed commit: nothing is saved. */
  undo(): void {
    for (const { link } of this.#saved) link.number = 0;
  }
}

/** How a trie is opened. */
export interface TrieOptions {
  /** Nodes kept in memory, at most twice this many; 65,536 unless told. */
  readonly cachedNodes?: number;
}

const NO_PAYLOAD: Uint8Array<ArrayBuffer> = /* @__PURE__ */ new Uint8Array(0);
const NEW_META: Meta = { next: 1, head: 0, commits: 0, oldest: 1 };

/**
 * A map from paths of 32 bytes to values in a key-value store, of which every committed version stays until it is pruned.
 *
 * The root hash depends on the content alone. Nodes are stored under commit-ordered numbers, and a pointer holds number and hash of a node:
 * commits append, and every node that is read is checked against the hash that was meant.
 *
 * @example
 * ```ts
 * import { createMemoryKeyValue, VersionedTrie, verifyLeaf } from '@commute/rho-store';
 * const trie = new VersionedTrie(createMemoryKeyValue());
 * const path = new Uint8Array(32).fill(7);
 * trie.update([{ path, value: new Uint8Array([1]) }]);
 * const { root } = trie.commit();
 * const proof = verifyLeaf(root, path, trie.prove(path));
 * if (!proof.ok || !proof.present || proof.value[0] !== 1) throw new Error('not proved');
 * ```
 */
export class VersionedTrie {
  readonly #store: KeyValueStore;
  readonly #cache: GenerationCache<TrieNode>;
  #metaBytes: Uint8Array | undefined;
  #meta: Meta;
  #head: number;
  #link: Link | undefined;
  #epoch = 0;

  /**
   * Opens the trie at its last commit.
   *
   * @throws StoreDamagedError if the record of the last commit is damaged.
   */
  constructor(store: KeyValueStore, { cachedNodes = 65_536 }: TrieOptions = {}) {
    this.#store = store;
    this.#cache = new GenerationCache(cachedNodes);
    this.#metaBytes = store.get(META_KEY);
    this.#meta = this.#readMeta();
    this.#head = this.#meta.head;
    this.#link = this.#linkOf(this.#head);
  }

  #readMeta(): Meta {
    if (this.#metaBytes === undefined) {
      for (const _ of this.#store.entries())
        throw new StoreDamagedError('meta', 'the record of the last commit, or an empty store');
      return NEW_META;
    }
    const meta = decodeMeta(this.#metaBytes);
    if (meta === undefined) throw new StoreDamagedError('meta', 'the record of the last commit');
    return meta;
  }

  #linkOf(number: number): Link | undefined {
    if (number === 0) return undefined;
    const { root, rootNumber } = this.commitAt(number);
    return rootNumber === 0 ? undefined : { number: rootNumber, hash: root, node: undefined };
  }

  /** The key-value store under the trie. */
  get store(): KeyValueStore {
    return this.#store;
  }

  /** Numbers and counts as of the last commit that this handle knows. */
  get meta(): Meta {
    return this.#meta;
  }

  /** Number of the commit that the next one follows, 0 for none. */
  get head(): number {
    return this.#head;
  }

  /** Pointer to the root node. */
  get link(): Link | undefined {
    return this.#link;
  }

  /** Root hash of the present content, 32 bytes, zeros for none. Hashes what changed since it was asked last. */
  root(): Uint8Array<ArrayBuffer> {
    return new Uint8Array(rootHash(this.#link));
  }

  /** Reads the node of a pointer and checks it against the hash there. */
  readonly read: NodeReader = (link: Link): TrieNode => {
    if (link.node !== undefined) return link.node;
    const cached = this.#cache.get(link.number);
    if (cached !== undefined) return cached;
    const node = this.readUncached(link);
    if (node === undefined)
      throw new StoreDamagedError(`node ${String(link.number)}`, 'a node with the hash of its pointer');
    this.#cache.set(link.number, node);
    return node;
  };

  /** Reads the node of a saved pointer from the medium; `undefined` if it is not what the pointer says. */
  readUncached(link: Link): TrieNode | undefined {
    const bytes = this.#store.get(recordKey(RECORD.node, link.number));
    const node = bytes === undefined ? undefined : decodeNode(bytes);
    return node !== undefined && equalBytes(nodeHash(node), link.hash!) ? node : undefined;
  }

  /** The leaf at a path of 32 bytes. */
  leaf(path: Uint8Array): Leaf | undefined {
    assertPath('path', path);
    return findLeaf(this.read, this.#link, path);
  }

  /** The value at a path of 32 bytes. Must not be changed. */
  get(path: Uint8Array): Uint8Array | undefined {
    return this.leaf(path)?.value;
  }

  /** All leaves, ascending by path. */
  leaves(): Iterable<Leaf> {
    return leavesOf(this.read, this.#link);
  }

  /**
   * The paths at which the present content differs from a committed version, 0 for the empty one; each once, in no particular order. Takes time
   * proportional to what differs.
   *
   * @throws StoreDamagedError if the version is not kept, or a node cannot be read.
   */
  differences(number: number): Iterable<TrieDifference> {
    return differencesOf(this.read, this.#linkOf(number), this.#link);
  }

  /** Puts and removes. The last of several changes of one path counts. Paths and values must not be changed afterwards. */
  update(changes: readonly TrieChange[]): void {
    for (const { path } of changes) assertPath('path', path);
    this.#link = updateTrie(this.read, this.#link, changes);
  }

  /** Proves what is at a path, or that nothing is, against {@link root}; `verifyLeaf` checks it. */
  prove(path: Uint8Array): Uint8Array<ArrayBuffer> {
    return proveLeaf(this.read, this.#link, path);
  }

  /** Marks the present content, committed or not; the function that is returned goes back to it, as often as it is called before the next commit or reset. */
  mark(): () => void {
    const link = this.#link;
    const epoch = this.#epoch;
    return () => {
      if (epoch !== this.#epoch)
        throw new StoreArgumentError('mark', 'one made since the last commit or reset', 'an older one');
      this.#link = link;
    };
  }

  /**
   * Makes the present content a version, in one durable transaction.
   *
   * @param prepare - writes more records into the transaction, and returns what the commit should say about itself.
   * @throws StoreStaleError if another handle committed since; {@link refresh} reads what it did.
   * @throws StoreWriteError if there is no room; the content stays, uncommitted.
   */
  commit(prepare?: (transaction: Transaction) => Uint8Array<ArrayBuffer>): Commit {
    const before = this.#link;
    const transaction = new Transaction(this.#meta.next);
    try {
      const payload = prepare?.(transaction) ?? NO_PAYLOAD;
      transaction.save(this.#link);
      const number = this.#meta.commits + 1;
      const commit: Commit = {
        number,
        parent: this.#head,
        root: this.root(),
        rootNumber: this.#link?.number ?? 0,
        payload,
      };
      const meta: Meta = { next: transaction.next, head: number, commits: number, oldest: this.#meta.oldest };
      const metaBytes = encodeMeta(meta);
      transaction.puts.push(
        [recordKey(RECORD.commit, number), encodeCommit(commit)],
        [rootKey(commit.root), encodeCommitNumber(number)],
        [META_KEY, metaBytes],
      );
      const { puts, deletes } = transaction;
      this.#store.commit({ expected: [[META_KEY, this.#metaBytes]], puts, deletes, owned: true });
      transaction.settle(this.#cache);
      this.#meta = meta;
      this.#metaBytes = metaBytes;
      this.#head = number;
      this.#epoch += 1;
      return commit;
    } catch (error) {
      transaction.undo();
      this.#link = before;
      throw error;
    }
  }

  /** One version, by its number. */
  commitAt(number: number): Commit {
    const bytes = this.#store.get(recordKey(RECORD.commit, number));
    const commit = bytes === undefined ? undefined : decodeCommit(bytes);
    if (commit?.number !== number) throw new StoreDamagedError(`commit ${String(number)}`, 'its record');
    return commit;
  }

  /** The newest version with a root. */
  commitOfRoot(root: Uint8Array): Commit {
    const bytes = this.#store.get(rootKey(root));
    if (bytes === undefined) throw new StoreVersionError(hexFromBytes(root));
    const number = decodeCommitNumber(bytes);
    if (number === undefined) throw new StoreDamagedError(`root ${hexFromBytes(root)}`, 'the number of its commit');
    return this.commitAt(number);
  }

  /**
   * Goes to a committed version and drops what is not committed. The next commit follows that version; later ones stay.
   *
   * @throws StoreVersionError if no commit with this root is kept.
   */
  reset(root: Uint8Array): Commit {
    assertPath('root', root);
    const commit = this.commitOfRoot(root);
    this.#link = this.#linkOf(commit.number);
    this.#head = commit.number;
    this.#epoch += 1;
    return commit;
  }

  /**
   * Goes to the version of a commit, 0 for the empty one, and drops what is not committed. The next commit follows that version; later ones stay.
   *
   * @throws StoreDamagedError if the commit is not kept.
   */
  goTo(number: number): void {
    this.#link = this.#linkOf(number);
    this.#head = number;
    this.#epoch += 1;
  }

  /** Goes to the last commit of any handle and drops what is not committed. */
  refresh(): void {
    this.#metaBytes = this.#store.get(META_KEY);
    this.#meta = this.#readMeta();
    this.#head = this.#meta.head;
    this.#link = this.#linkOf(this.#head);
    this.#epoch += 1;
  }

  /** Writes outside of a commit: pruning. */
  rewrite(puts: readonly KeyValuePair[], deletes: readonly Uint8Array[], meta: Meta): void {
    const metaBytes = encodeMeta(meta);
    this.#store.commit({ expected: [[META_KEY, this.#metaBytes]], puts: [...puts, [META_KEY, metaBytes]], deletes });
    this.#meta = meta;
    this.#metaBytes = metaBytes;
    this.#cache.clear();
  }

  /** Writes records to which no version leads yet, under numbers before `next`, in one durable transaction. */
  stage(puts: readonly KeyValuePair[], next: number): void {
    const meta = { ...this.#meta, next };
    const metaBytes = encodeMeta(meta);
    this.#store.commit({
      expected: [[META_KEY, this.#metaBytes]],
      puts: [...puts, [META_KEY, metaBytes]],
      owned: true,
    });
    this.#meta = meta;
    this.#metaBytes = metaBytes;
  }

  /** Writes records that are no part of a version, unless another handle committed since. */
  writeBeside(batch: { readonly puts: readonly KeyValuePair[]; readonly deletes: readonly Uint8Array[] }): void {
    this.#store.commit({ expected: [[META_KEY, this.#metaBytes]], ...batch });
  }

  /** Throws StoreStaleError if another handle committed since this one read last. */
  assertFresh(): void {
    const bytes = this.#store.get(META_KEY);
    const same =
      bytes === undefined || this.#metaBytes === undefined
        ? bytes === this.#metaBytes
        : equalBytes(bytes, this.#metaBytes);
    if (!same) throw new StoreStaleError('store');
  }
}
