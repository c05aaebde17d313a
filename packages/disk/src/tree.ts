/**
 * The Merkle tree over all 2^32 blocks: a leaf is BLAKE3 of the 512 bytes of its block, a node BLAKE3 of the digests of its halves. The lengths of what is
 * hashed tell leaves from nodes, and the depth is fixed, so that no opening can go on below a leaf.
 *
 * @module
 */
import { blake3 } from '@noble/hashes/blake3.js';
import { BLOCK_BYTES } from './protocol.ts';

/** Levels of nodes above the leaves. */
export const TREE_LEVELS = 32;

/** Length of a digest in bytes. */
export const DIGEST_BYTES = 32;

/** The digest of a block's content. */
export function blockDigest(content: Uint8Array): Uint8Array {
  return blake3(content);
}

/** The digest of two halves. */
export function nodeDigest(left: Uint8Array, right: Uint8Array): Uint8Array {
  const both = new Uint8Array(2 * DIGEST_BYTES);
  both.set(left);
  both.set(right, DIGEST_BYTES);
  return blake3(both);
}

let zeros: readonly Uint8Array[] | undefined;

/** The digests of zero blocks and of the subtrees above them, by level. */
export function zeroDigests(): readonly Uint8Array[] {
  if (zeros === undefined) {
    const digests = [blockDigest(new Uint8Array(BLOCK_BYTES))];
    for (let level = 0; level < TREE_LEVELS; level++) digests.push(nodeDigest(digests[level]!, digests[level]!));
    zeros = digests;
  }
  return zeros;
}

/**
 * Visits the paths from some blocks to the root.
 *
 * @param blocks - increasing numbers, at least one.
 * @param visit.leaf - what the block at a place of the list is worth.
 * @param visit.sibling - what the subtree without any of the blocks is worth that has this level and number; asked for in the order in which openings have them.
 */
export function foldPaths<T>(
  blocks: readonly number[],
  visit: {
    readonly leaf: (place: number) => T;
    readonly sibling: (level: number, number: number) => T;
    readonly node: (left: T, right: T) => T;
  },
): T {
  /** Of the subtree, with the places [from, to) of the list in it, at least one. */
  const fold = (level: number, number: number, from: number, to: number): T => {
    if (level === 0) return visit.leaf(from);
    const below = level - 1;
    const left = 2 * number;
    const boundary = (left + 1) * 2 ** below;
    let middle = from;
    while (middle < to && blocks[middle]! < boundary) middle++;
    const first = middle > from ? fold(below, left, from, middle) : visit.sibling(below, left);
    const second = middle < to ? fold(below, left + 1, middle, to) : visit.sibling(below, left + 1);
    return visit.node(first, second);
  };
  return fold(TREE_LEVELS, 0, 0, blocks.length);
}
