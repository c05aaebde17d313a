import { ByteReader, ByteWriter, HASH_BYTES } from '../bytes.ts';
import { PATH_NIBBLES, prefixBytes } from '../trie/node.ts';

/** Where a node of a trie stands: the nibbles of the paths below it by which it is found, `depth` of them. */
export interface Prefix {
  /** 32 bytes; nibbles from `depth` on mean nothing. */
  readonly path: Uint8Array;
  /** In `[0, 64]`. */
  readonly depth: number;
}

/**
 * A place in a version, in the order in which it is told: the nodes of the trie of keys, each before those below it, ascending by path; after each key what waits there, a trie of its own, and
 * its history, the newest entries first.
 */
export type Place =
  /** A node of the trie of keys. */
  | { readonly kind: 'node'; readonly at: Prefix }
  /** A node of what waits at a key. */
  | { readonly kind: 'state'; readonly key: Uint8Array; readonly at: Prefix }
  /** The entries of the history of a key up to one, back to the next multiple of {@link PIECE_ENTRIES}. */
  | { readonly kind: 'history'; readonly key: Uint8Array; readonly end: number };

/** Entries of a history that are told together: as a record they fill a page of LMDB. */
export const PIECE_ENTRIES = 56;

/** Bytes of a hash by which another store says that it has what the hash is of. */
export const NAME_BYTES = 8;

/** Most hashes that are said with a place. */
export const MAXIMUM_NAMES = 2048;

const KIND = { node: 0, state: 1, history: 2 } as const;

/** Sequence of the first entry that is told together with the one with a sequence. */
export function pieceStart(end: number): number {
  return end - ((end - 1) % PIECE_ENTRIES);
}

function writePrefix(writer: ByteWriter, { path, depth }: Prefix): ByteWriter {
  return writer.byte(depth).raw(prefixBytes(path, depth));
}

function readPrefix(reader: ByteReader): Prefix | undefined {
  const depth = reader.byte();
  if (depth > PATH_NIBBLES) return undefined;
  const prefix = reader.raw((depth + 1) >>> 1);
  if (reader.failed || ((depth & 1) === 1 && (prefix.at(-1)! & 15) !== 0)) return undefined;
  const path = new Uint8Array(HASH_BYTES);
  path.set(prefix);
  return { path, depth };
}

/** The bytes of a place. Format: `docs/format.md`. */
export function encodePlace(place: Place): Uint8Array<ArrayBuffer> {
  const writer = new ByteWriter(72).byte(KIND[place.kind]);
  if (place.kind === 'node') return writePrefix(writer, place.at).finish();
  writer.raw(place.key);
  if (place.kind === 'state') return writePrefix(writer, place.at).finish();
  return writer.uint64(place.end).finish();
}

/** The inverse of {@link encodePlace}; `undefined` if the bytes are none. Never throws. */
export function decodePlace(bytes: Uint8Array): Place | undefined {
  const reader = new ByteReader(bytes);
  const kind = reader.byte();
  let place: Place | undefined;
  if (kind === KIND.history) place = { kind: 'history', key: reader.hash(), end: reader.uint64() };
  else if (kind === KIND.node || kind === KIND.state) {
    const key = kind === KIND.state ? reader.hash() : undefined;
    const at = readPrefix(reader);
    if (at !== undefined) place = key === undefined ? { kind: 'node', at } : { kind: 'state', key, at };
  }
  return reader.atEnd ? place : undefined;
}
