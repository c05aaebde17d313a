import { ByteReader, ByteWriter, equalBytes, HASH_BYTES, hashBytes } from '../bytes.ts';
import { decodeKeyValue, encodeKeyValue, entryHash, type KeyValue, type SegmentEntry } from '../history/entry.ts';
import { pathOfChannel } from '../history/event.ts';
import { countOf } from '../history/state.ts';
import {
  countBits,
  leafHash,
  linkHash,
  PATH_NIBBLES,
  prefixBytes,
  type Branch,
  type Link,
  type TrieNode,
} from '../trie/node.ts';
import { PIECE_ENTRIES } from './place.ts';

const ELEMENT = { leaf: 0, branch: 1, piece: 2 } as const;
const ENTRY_BYTES = 2 * HASH_BYTES;

/** The bytes of a node as they are told: a branch as it is hashed, of a leaf path, value and, of an item that waits, the item. */
export function nodeElement(node: TrieNode, inState: boolean): Uint8Array<ArrayBuffer> {
  if (node.kind === 'leaf') {
    const writer = new ByteWriter(node.value.length + 64).byte(ELEMENT.leaf).raw(node.path).bytes(node.value);
    return inState ? writer.bytes(node.attachment).finish() : writer.finish();
  }
  const writer = new ByteWriter(600).byte(ELEMENT.branch).byte(node.depth).raw(prefixBytes(node.path, node.depth));
  let bitmap = 0;
  for (const [index, link] of node.links.entries()) if (link !== undefined) bitmap |= 1 << index;
  writer.uint16(bitmap);
  for (const link of node.links) if (link !== undefined) writer.raw(linkHash(link));
  return writer.finish();
}

function readBranch(reader: ByteReader): Branch | undefined {
  const depth = reader.byte();
  const prefix = reader.raw((depth + 1) >>> 1);
  const bitmap = reader.uint16();
  if (depth >= PATH_NIBBLES || countBits(bitmap) < 2 || reader.remaining !== countBits(bitmap) * HASH_BYTES)
    return undefined;
  const path = new Uint8Array(HASH_BYTES);
  path.set(prefix);
  const links: (Link | undefined)[] = [];
  for (let index = 0; index < 16; index += 1)
    links.push((bitmap & (1 << index)) === 0 ? undefined : { number: 0, hash: reader.hash(), node: undefined });
  return reader.failed ? undefined : { kind: 'branch', depth, path, links };
}

/** What a node that was told is, if it is the one with a hash. */
export type ReadNode =
  | {
      readonly ok: true;
      readonly node: TrieNode;
      /** Of a key, what the trie holds there. */ readonly key: KeyValue | undefined;
    }
  | { readonly ok: false; readonly reason: 'malformed' | 'other-hash' };

/** Reads a node that was told; may be hostile. What it points to has number 0. */
export function readNodeElement(bytes: Uint8Array, hash: Uint8Array, inState: boolean): ReadNode {
  const malformed = { ok: false, reason: 'malformed' } as const;
  const other = { ok: false, reason: 'other-hash' } as const;
  const reader = new ByteReader(bytes);
  const kind = reader.byte();
  if (kind === ELEMENT.branch) {
    if (!equalBytes(hashBytes(bytes), hash)) return other;
    const node = readBranch(reader);
    return node === undefined ? malformed : { ok: true, node, key: undefined };
  }
  if (kind !== ELEMENT.leaf) return kind === ELEMENT.piece ? other : malformed;
  const [path, value] = [reader.raw(HASH_BYTES), reader.bytes()];
  if (reader.failed) return malformed;
  if (!equalBytes(leafHash(path, hashBytes(value)), hash)) return other;
  const item = inState ? reader.bytes() : undefined;
  if (!reader.atEnd) return malformed;
  if (item !== undefined) {
    const node = { kind: 'leaf', path, value, attachment: item } as const;
    return countOf(node) > 0 && equalBytes(hashBytes(item), path) ? { ok: true, node, key: undefined } : other;
  }
  const key = decodeKeyValue(value);
  if (key === undefined || !equalBytes(encodeKeyValue(key), value) || !equalBytes(pathOfChannel(key.channel), path))
    return malformed;
  return { ok: true, node: { kind: 'leaf', path, value, attachment: new Uint8Array(0) }, key };
}

/** Entries of a history that follow one another. */
export interface Piece {
  /** Hash of the entry before, zeros for none. */
  readonly previous: Uint8Array;
  /** Root of the state of the key before. */
  readonly before: Uint8Array;
  readonly entries: readonly Pick<SegmentEntry, 'event' | 'after'>[];
}

/** The bytes of entries of a history as they are told. */
export function pieceElement({ previous, before, entries }: Piece): Uint8Array<ArrayBuffer> {
  const writer = new ByteWriter(entries.length * ENTRY_BYTES + 72).byte(ELEMENT.piece).raw(previous).raw(before);
  for (const { event, after } of entries) writer.raw(event).raw(after);
  return writer.finish();
}

/** Reads entries of a history that were told; `undefined` if the bytes are none. May be hostile. */
export function readPieceElement(bytes: Uint8Array): Piece | undefined {
  const reader = new ByteReader(bytes);
  if (reader.byte() !== ELEMENT.piece) return undefined;
  const [previous, before] = [reader.hash(), reader.hash()];
  const count = reader.remaining / ENTRY_BYTES;
  if (reader.failed || !Number.isInteger(count) || count < 1 || count > PIECE_ENTRIES) return undefined;
  const entries = Array.from({ length: count }, () => ({ event: reader.hash(), after: reader.hash() }));
  return { previous, before, entries };
}

/** Hashes of the entries of a piece, in order. */
export function hashesOf({ previous, before, entries }: Piece, first: number): Uint8Array[] {
  let [hash, state] = [previous, before];
  return entries.map(({ event, after }, index) => {
    hash = entryHash({ previous: hash, sequence: first + index, event, before: state, after });
    state = after;
    return hash;
  });
}
