import { ByteWriter, equalBytes, textFromBytes } from '../bytes.ts';
import { StoreDamagedError } from '../errors.ts';
import { decodeKeyValue, decodePlaces, entriesOf, type HistoryEntry } from '../history/entry.ts';
import type { HistoryStore } from '../history/history-store.ts';
import {
  nibbleAt,
  PATH_NIBBLES,
  sharedNibbles,
  type Branch,
  type Leaf,
  type Link,
  type TrieNode,
} from '../trie/node.ts';
import { nodeElement, pieceElement } from './element.ts';
import { encodePlace, MAXIMUM_NAMES, NAME_BYTES, pieceStart, type Place, type Prefix } from './place.ts';

interface Element {
  readonly place: Place;
  readonly bytes: Uint8Array;
}

const NOTHING: Uint8Array = /* @__PURE__ */ new Uint8Array(0);
const START: Prefix = { path: new Uint8Array(32), depth: 0 };

/** Which bytes of a version another store asks for. */
export interface PartRequest {
  /** Number of the commit. */
  readonly commit: number;
  /** What is told first. */
  readonly place: Place;
  /** Bytes after which nothing more is told; at least one element is. */
  readonly limit: number;
  /** Hashes, the first 8 bytes of each, of nodes and last entries of histories that the other store has: what they lead to need not be told. */
  readonly have?: Uint8Array;
}

/**
 * Tells versions of a store to others, part by part. What it reads does not go into the cache of the store, so that whoever serves is not slowed down by it; each part costs what its
 * bytes cost, as long as parts are asked for one after another.
 */
export class StateTeller {
  readonly #history: HistoryStore;
  /** Where the last part ended. */
  #open: { readonly commit: number; readonly elements: Iterator<Element>; next: Element; at: Uint8Array } | undefined;
  /** What the other store has. */
  readonly #have = new Set<string>();
  #root: { readonly commit: number; readonly link: Link | undefined } | undefined;

  constructor(history: HistoryStore) {
    this.#history = history;
  }

  #read(link: Link): TrieNode {
    const node = this.#history.trie.readUncached(link);
    if (node === undefined)
      throw new StoreDamagedError(`node ${String(link.number)}`, 'a node with the hash of its pointer');
    return node;
  }

  /**
   * A part of a version: elements from a place on, each a varint length and its bytes.
   *
   * @returns `undefined` if the version is not kept, or has no such place.
   */
  part({ commit, place, limit, have = NOTHING }: PartRequest): Uint8Array<ArrayBuffer> | undefined {
    const { oldest, commits } = this.#history.trie.meta;
    if (commit < oldest || commit > commits) return undefined;
    this.#have.clear();
    const most = Math.min(have.length, MAXIMUM_NAMES * NAME_BYTES);
    for (let at = 0; at + NAME_BYTES <= most; at += NAME_BYTES)
      this.#have.add(textFromBytes(have.subarray(at, at + NAME_BYTES)));
    const name = encodePlace(place);
    let open = this.#open;
    this.#open = undefined;
    if (open?.commit !== commit || !equalBytes(open.at, name)) {
      const elements = this.#elements(commit, place);
      const first = elements.next();
      if (first.done === true) return undefined;
      open = { commit, elements, next: first.value, at: name };
    }
    const writer = new ByteWriter(limit + 1024);
    for (;;) {
      writer.bytes(open.next.bytes);
      const next = open.elements.next();
      if (next.done === true) return writer.finish();
      open.next = next.value;
      if (writer.length < limit) continue;
      open.at = encodePlace(next.value.place);
      this.#open = open;
      return writer.finish();
    }
  }

  #has(hash: Uint8Array): boolean {
    return this.#have.size > 0 && this.#have.has(textFromBytes(hash.subarray(0, NAME_BYTES)));
  }

  *#elements(commit: number, place: Place): Generator<Element> {
    if (this.#root?.commit !== commit) {
      const { root, rootNumber } = this.#history.commitAt(commit);
      this.#root = { commit, link: rootNumber === 0 ? undefined : { number: rootNumber, hash: root, node: undefined } };
    }
    const { link } = this.#root;
    if (link !== undefined) yield* this.#keys(link, place);
  }

  /**
   * The nodes below a pointer, each before those below it, and what belongs to the leaves, from a place on; nothing if it is not there.
   *
   * @param below - tells a leaf; `first` if it stands at the place itself.
   */
  *#walk(
    link: Link,
    at: Prefix,
    from: Prefix | undefined,
    tell: (branch: Branch, at: Prefix) => Element,
    below: (leaf: Leaf, at: Prefix, first: boolean) => Generator<Element>,
  ): Generator<Element> {
    const node = this.#read(link);
    const own = node.kind === 'leaf' ? PATH_NIBBLES : node.depth;
    if (from !== undefined && sharedNibbles(node.path, from.path) < Math.min(own, from.depth)) return;
    if (node.kind === 'leaf') {
      yield* below(node, at, from !== undefined);
      return;
    }
    let next = 0;
    if (from === undefined || from.depth <= own) yield tell(node, at);
    else {
      next = nibbleAt(from.path, own);
      const child = node.links[next];
      let found = false;
      if (child !== undefined)
        for (const element of this.#walk(child, childPrefix(node, next), from, tell, below)) {
          found = true;
          yield element;
        }
      if (!found) return;
      next += 1;
    }
    for (let nibble = next; nibble < 16; nibble += 1) {
      const child = node.links[nibble];
      if (child !== undefined && !this.#has(child.hash!))
        yield* this.#walk(child, childPrefix(node, nibble), undefined, tell, below);
    }
  }

  #keys(link: Link, from: Place): Generator<Element> {
    const tell = (node: TrieNode, at: Prefix): Element => {
      return { place: { kind: 'node', at }, bytes: nodeElement(node, false) };
    };
    const target = from.kind === 'node' ? from.at : { path: from.key, depth: PATH_NIBBLES };
    const below = (leaf: Leaf, at: Prefix, first: boolean): Generator<Element> => {
      if (first && from.kind !== 'node') return this.#key(leaf, from);
      return this.#leaf(leaf, tell(leaf, at));
    };
    return this.#walk(link, START, target, tell, below);
  }

  *#leaf(leaf: Leaf, told: Element): Generator<Element> {
    yield told;
    yield* this.#key(leaf, undefined);
  }

  /** What belongs to a key besides its leaf. */
  *#key(leaf: Leaf, from: Exclude<Place, { kind: 'node' }> | undefined): Generator<Element> {
    const value = decodeKeyValue(leaf.value);
    const places = decodePlaces(leaf.attachment);
    if (value === undefined || places === undefined) throw new StoreDamagedError('key', 'its state and history');
    const key = leaf.path;
    if (from?.kind !== 'history') {
      let found = from === undefined;
      const tell = (node: TrieNode, at: Prefix): Element => {
        return { place: { kind: 'state', key, at }, bytes: nodeElement(node, true) };
      };
      const below = function* (item: Leaf, at: Prefix): Generator<Element> {
        yield tell(item, at);
      };
      if (places.state !== 0 && (from !== undefined || !this.#has(value.state)))
        for (const element of this.#walk(
          { number: places.state, hash: value.state, node: undefined },
          START,
          from?.at,
          tell,
          below,
        )) {
          found = true;
          yield element;
        }
      if (!found) return;
    }
    const end = from?.kind === 'history' ? from.end : value.sequence;
    if (from === undefined && this.#has(value.head)) return;
    if (end >= 1 && end <= value.sequence) yield* this.#entries(key, places.segment, end);
  }

  /** The history of a key from an entry back to the first. */
  *#entries(key: Uint8Array, last: number, end: number): Generator<Element> {
    /** Those that are not told yet, newest last. */
    let entries: { readonly entry: HistoryEntry; readonly hash: Uint8Array }[] = [];
    for (let number = last; number !== 0;) {
      const segment = this.#history.segment(number);
      if (segment === undefined || segment.previousSegment >= number)
        throw new StoreDamagedError(`segment ${String(number)}`, 'a part of a history');
      number = segment.previousSegment;
      if (segment.first > end) continue;
      entries = [...[...entriesOf(segment)].filter(({ entry }) => entry.sequence <= end), ...entries];
      for (let at = entries.at(-1)?.entry.sequence ?? 0; at > 0 && pieceStart(at) >= segment.first;) {
        const piece = entries.splice(entries.length - (at - pieceStart(at)) - 1);
        const { previous, before } = piece[0]!.entry;
        const bytes = pieceElement({ previous, before, entries: piece.map(({ entry }) => entry) });
        yield { place: { kind: 'history', key, end: at }, bytes };
        // The other store has the entries before the newest that it has.
        if (this.#has(previous) || piece.some(({ hash }) => this.#has(hash))) return;
        at = entries.at(-1)?.entry.sequence ?? 0;
      }
    }
  }
}

/** Where a child of a branch stands. */
export function childPrefix(node: Branch, nibble: number): Prefix {
  const path = new Uint8Array(node.path);
  const at = node.depth >>> 1;
  path[at] = (node.depth & 1) === 0 ? nibble << 4 : (path[at]! & 0xf0) | nibble;
  return { path, depth: node.depth + 1 };
}
