import { ByteReader, ByteWriter, HASH_BYTES, hashBytes, ZERO_HASH } from '../bytes.ts';

/** Nibbles of a path. */
export const PATH_NIBBLES = 64;

/** A key and what it holds. */
export interface Leaf {
  readonly kind: 'leaf';
  /** 32 bytes. */
  readonly path: Uint8Array;
  /** Under the hash. */
  readonly value: Uint8Array;
  /** Not under the hash: where on the medium other things lie, or bytes that the path or the value fixes already. */
  readonly attachment: Uint8Array;
}

/** Two to sixteen children, told apart by nibble number `depth` of their paths, which agree before it. */
export interface Branch {
  readonly kind: 'branch';
  /** In `[0, 64)`. */
  readonly depth: number;
  /** 32 bytes: the path of any leaf below; nibbles from `depth` on mean nothing. */
  readonly path: Uint8Array;
  /** Sixteen places. */
  readonly links: readonly (Link | undefined)[];
}

/** A node of the trie. */
export type TrieNode = Leaf | Branch;

/** A pointer to a node: its number on the medium, and its hash, so that what is read is known to be what was meant. */
export interface Link {
  /** Commit-ordered; 0 while the node is not saved. */
  number: number;
  /** `undefined` until it is asked for. */
  hash: Uint8Array | undefined;
  /** `undefined` once it is saved: then the number leads to it. */
  node: TrieNode | undefined;
}

/** A pointer to a node that is not saved. */
export function linkTo(node: TrieNode): Link {
  return { number: 0, hash: undefined, node };
}

/** Nibble number `index` of a path, in `[0, 16)`. */
export function nibbleAt(path: Uint8Array, index: number): number {
  const byte = path[index >>> 1]!;
  return (index & 1) === 0 ? byte >>> 4 : byte & 15;
}

/** Number of nibbles at the start that two paths share, at most 64. */
export function sharedNibbles(left: Uint8Array, right: Uint8Array): number {
  let index = 0;
  while (index < HASH_BYTES && left[index] === right[index]) index += 1;
  if (index === HASH_BYTES) return PATH_NIBBLES;
  return index * 2 + (((left[index]! ^ right[index]!) & 0xf0) === 0 ? 1 : 0);
}

/** The first `depth` nibbles of a path, padded with a zero nibble to whole bytes. */
export function prefixBytes(path: Uint8Array, depth: number): Uint8Array<ArrayBuffer> {
  const prefix = new Uint8Array(path.subarray(0, (depth + 1) >>> 1));
  if ((depth & 1) === 1) prefix[prefix.length - 1]! &= 0xf0;
  return prefix;
}

/** What is written is hashed or taken out at once. */
const scratch = /* @__PURE__ */ new ByteWriter(1024);

/** `H(00, path, H(value))`. */
export function leafHash(path: Uint8Array, hash: Uint8Array): Uint8Array<ArrayBuffer> {
  return hashBytes(scratch.reset().byte(0).raw(path).raw(hash).view());
}

/** `H(01, depth, prefix, bitmap, hashes)`: bit `i` of the bitmap is set if child `i` is there; the hashes of those that are, ascending. */
export function branchHash(
  path: Uint8Array,
  depth: number,
  hashes: readonly (Uint8Array | undefined)[],
): Uint8Array<ArrayBuffer> {
  scratch.reset().byte(1).byte(depth).raw(prefixBytes(path, depth));
  let bitmap = 0;
  for (let index = 0; index < 16; index += 1) if (hashes[index] !== undefined) bitmap |= 1 << index;
  scratch.uint16(bitmap);
  for (let index = 0; index < 16; index += 1) {
    const hash = hashes[index];
    if (hash !== undefined) scratch.raw(hash);
  }
  return hashBytes(scratch.view());
}

/** Hashes of values of one byte: the count of an item is mostly 1. */
const SHORT_HASHES: (Uint8Array | undefined)[] = [];

function valueHash(value: Uint8Array): Uint8Array {
  if (value.length !== 1) return hashBytes(value);
  return (SHORT_HASHES[value[0]!] ??= hashBytes(value));
}

/** The hash of a node that is in memory, with the hashes of all nodes below it that are not saved. */
export function nodeHash(node: TrieNode): Uint8Array {
  if (node.kind === 'leaf') return leafHash(node.path, valueHash(node.value));
  return branchHash(
    node.path,
    node.depth,
    node.links.map((link) => (link === undefined ? undefined : linkHash(link))),
  );
}

/** The hash that a pointer holds; computed once. */
export function linkHash(link: Link): Uint8Array {
  return (link.hash ??= nodeHash(link.node!));
}

/** The root hash of a trie, zeros for an empty one. */
export function rootHash(link: Link | undefined): Uint8Array {
  return link === undefined ? ZERO_HASH : linkHash(link);
}

/** Longest node that is written to the buffer that is used again; longer ones have their own. */
const KEPT_BYTES = 4096;

/** The stored bytes of a node whose children are saved; up to 4 KiB valid until anything of a node is hashed or encoded, longer ones for good. */
export function nodeBytes(node: TrieNode): Uint8Array {
  if (node.kind === 'leaf') {
    const size = node.value.length + node.attachment.length + 64;
    const target = size > KEPT_BYTES ? new ByteWriter(size) : scratch.reset();
    return target.byte(0).raw(node.path).bytes(node.value).bytes(node.attachment).view();
  }
  // Hashes first: they are written to the same buffer.
  for (const link of node.links) if (link !== undefined) linkHash(link);
  const writer = scratch.reset().byte(1).byte(node.depth).raw(prefixBytes(node.path, node.depth));
  let bitmap = 0;
  for (let index = 0; index < 16; index += 1) if (node.links[index] !== undefined) bitmap |= 1 << index;
  writer.uint16(bitmap);
  for (const link of node.links) if (link !== undefined) writer.raw(linkHash(link)).uint64(link.number);
  return writer.view();
}

/** Number of bits that are set, in `[0, 16]`. */
export function countBits(bitmap: number): number {
  let count = 0;
  for (let rest = bitmap; rest !== 0; rest &= rest - 1) count += 1;
  return count;
}

/** Reads the stored bytes of a node; `undefined` if they are none. Does not check hashes. */
export function decodeNode(bytes: Uint8Array): TrieNode | undefined {
  const reader = new ByteReader(bytes);
  const kind = reader.byte();
  if (kind === 0) {
    const leaf: Leaf = {
      kind: 'leaf',
      path: reader.raw(HASH_BYTES),
      value: reader.bytes(),
      attachment: reader.bytes(),
    };
    return reader.atEnd ? leaf : undefined;
  }
  const depth = reader.byte();
  if (kind !== 1 || depth >= PATH_NIBBLES) return undefined;
  const prefix = reader.raw((depth + 1) >>> 1);
  const path = new Uint8Array(HASH_BYTES);
  path.set(prefix);
  if ((depth & 1) === 1 && (path[depth >>> 1]! & 15) !== 0) return undefined;
  const bitmap = reader.uint16();
  if (countBits(bitmap) < 2) return undefined;
  const links: (Link | undefined)[] = [];
  for (let index = 0; index < 16; index += 1) {
    if ((bitmap & (1 << index)) === 0) links.push(undefined);
    else links.push({ hash: reader.hash(), number: reader.uint64(), node: undefined });
  }
  return reader.atEnd ? { kind: 'branch', depth, path, links } : undefined;
}
