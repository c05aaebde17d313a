import { ByteReader, ByteWriter } from '../bytes.ts';
import type { Leaf, Link } from '../trie/node.ts';
import { findLeaf, updateTrie, type NodeReader } from '../trie/update.ts';
import type { ItemChange } from './event.ts';

/**
 * What waits on a channel is a trie of its own: the path of an item is the hash of its bytes, the value is how many of it wait. The bytes
 * themselves are the attachment; the path fixes them.
 */
export function countOf(leaf: Leaf): number {
  const reader = new ByteReader(leaf.value);
  const count = reader.varint();
  return reader.atEnd && count > 0 ? count : 0;
}

/** The state of a channel after a change; `undefined` in `ok: false` if an item is to go that does not wait. */
export function changeState(
  read: NodeReader,
  state: Link | undefined,
  changes: readonly ItemChange[],
): { readonly ok: true; readonly state: Link | undefined } | { readonly ok: false } {
  let link = state;
  for (const { hash, added } of changes) {
    const leaf = findLeaf(read, link, hash);
    const count = (leaf === undefined ? 0 : countOf(leaf)) + (added === undefined ? -1 : 1);
    if (count < 0) return { ok: false };
    const value = count === 0 ? undefined : new ByteWriter(2).varint(count).finish();
    link = updateTrie(read, link, [
      value === undefined ? { path: hash, value } : { path: hash, value, attachment: added ?? leaf!.attachment },
    ]);
  }
  return { ok: true, state: link };
}
