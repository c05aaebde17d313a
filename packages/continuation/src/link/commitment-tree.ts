/**
 * A Merkle tree over the commitments of all segments, which the challenge of the global link is drawn from.
 *
 * Leaves and inner nodes are hashed with different first bytes; a node without a partner moves up unchanged. The root is bound
 * together with the number of leaves.
 *
 * @module
 */
import { BLAKE3 } from '@commute/poly-commit';
import { ByteWriter, sameBytes } from '../claim/bytes.ts';

function leafOf(item: Uint8Array): Uint8Array {
  return BLAKE3.digest(new ByteWriter().number(0, 1).bytes(item).finish());
}

function nodeOf(left: Uint8Array, right: Uint8Array): Uint8Array {
  return BLAKE3.digest(new ByteWriter().number(1, 1).bytes(left).bytes(right).finish());
}

function above(layer: readonly Uint8Array[]): Uint8Array[] {
  return Array.from({ length: Math.ceil(layer.length / 2) }, (_, k) => {
    const [left, right] = [layer[2 * k]!, layer[2 * k + 1]];
    return right === undefined ? left : nodeOf(left, right);
  });
}

/** The root over some items, at least one. */
export function commitmentRoot(items: readonly Uint8Array[]): Uint8Array {
  let layer = items.map(leafOf);
  while (layer.length > 1) layer = above(layer);
  return layer[0]!;
}

/** The digests beside the way from an item to the root, from below. */
export function commitmentPath(items: readonly Uint8Array[], index: number): Uint8Array[] {
  const path: Uint8Array[] = [];
  let layer = items.map(leafOf);
  for (let at = index; layer.length > 1; at >>= 1, layer = above(layer)) {
    const sibling = layer[at ^ 1];
    if (sibling !== undefined) path.push(sibling);
  }
  return path;
}

/** Whether `item` is the one at `index` of `count` under a root. */
export function verifyCommitmentPath(
  root: Uint8Array,
  count: number,
  index: number,
  item: Uint8Array,
  path: readonly Uint8Array[],
): boolean {
  if (!(index >= 0 && index < count)) return false;
  let digest = leafOf(item);
  let used = 0;
  for (let [at, length] = [index, count]; length > 1; at >>= 1, length = Math.ceil(length / 2)) {
    if ((at ^ 1) >= length) continue;
    const sibling = path[used++];
    if (sibling === undefined) return false;
    digest = at % 2 === 0 ? nodeOf(digest, sibling) : nodeOf(sibling, digest);
  }
  return used === path.length && sameBytes(digest, root);
}

/** Most digests of a path. */
export const MOST_PATH_DIGESTS = 32 as const;
