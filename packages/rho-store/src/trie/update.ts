import { compareBytes, equalBytes } from '../bytes.ts';
import { linkTo, nibbleAt, sharedNibbles, type Leaf, type Link, type TrieNode } from './node.ts';

/** Finds the node that a pointer points to. */
export type NodeReader = (link: Link) => TrieNode;

/** One change of a trie: a leaf to put at its path, or a path to remove. */
export type TrieChange =
  | { readonly path: Uint8Array; readonly value: Uint8Array; readonly attachment?: Uint8Array }
  | { readonly path: Uint8Array; readonly value: undefined };

interface Item {
  readonly path: Uint8Array;
  readonly link: Link;
}

const NO_BYTES: Uint8Array = /* @__PURE__ */ new Uint8Array(0);

/** The trie of items whose paths differ, ascending. */
function build(items: readonly Item[], low: number, high: number): Link | undefined {
  if (low === high) return undefined;
  if (high - low === 1) return items[low]!.link;
  const { path } = items[low]!;
  const depth = sharedNibbles(path, items[high - 1]!.path);
  const links = new Array<Link | undefined>(16).fill(undefined);
  for (let start = low; start < high;) {
    const nibble = nibbleAt(items[start]!.path, depth);
    let end = start + 1;
    while (end < high && nibbleAt(items[end]!.path, depth) === nibble) end += 1;
    links[nibble] = build(items, start, end);
    start = end;
  }
  return linkTo({ kind: 'branch', depth, path, links });
}

function leafOf(change: TrieChange): Item | undefined {
  if (change.value === undefined) return undefined;
  const { path, value, attachment = NO_BYTES } = change;
  return { path, link: linkTo({ kind: 'leaf', path, value, attachment }) };
}

function sameLeaf(leaf: Leaf, change: TrieChange): boolean {
  return (
    change.value !== undefined &&
    equalBytes(leaf.value, change.value) &&
    equalBytes(leaf.attachment, change.attachment ?? NO_BYTES)
  );
}

/** Merges the item of what is there with those of the changes, in order. */
function merged(present: Item | undefined, changes: readonly TrieChange[]): Item[] {
  const items: Item[] = [];
  let rest = present;
  for (const change of changes) {
    if (rest !== undefined && compareBytes(rest.path, change.path) < 0) {
      items.push(rest);
      rest = undefined;
    }
    const item = leafOf(change);
    if (item !== undefined) items.push(item);
  }
  if (rest !== undefined) items.push(rest);
  return items;
}

/** {@link updateTrie} for changes that are sorted, with one change per path. */
function update(read: NodeReader, link: Link | undefined, changes: readonly TrieChange[]): Link | undefined {
  if (changes.length === 0) return link;
  if (link === undefined) {
    const items = merged(undefined, changes);
    return build(items, 0, items.length);
  }
  const node = read(link);
  if (node.kind === 'leaf') {
    const own = changes.find((change) => equalBytes(change.path, node.path));
    if (changes.length === 1 && own !== undefined && sameLeaf(node, own)) return link;
    const items = merged(own === undefined ? { path: node.path, link } : undefined, changes);
    return build(items, 0, items.length);
  }
  const { depth, path } = node;
  const within = (change: TrieChange): boolean => sharedNibbles(change.path, path) >= depth;
  // They are sorted: what the first and the last begin with, all begin with.
  if (!within(changes[0]!) || !within(changes.at(-1)!)) {
    const inner = update(read, link, changes.filter(within));
    const outside = changes.filter((change) => !within(change));
    const present = inner === undefined ? undefined : { path: read(inner).path, link: inner };
    const items = merged(present, outside);
    return build(items, 0, items.length);
  }
  const links = node.links.slice();
  let changed = false;
  for (let start = 0; start < changes.length;) {
    const nibble = nibbleAt(changes[start]!.path, depth);
    let end = start + 1;
    while (end < changes.length && nibbleAt(changes[end]!.path, depth) === nibble) end += 1;
    const next = update(read, links[nibble], changes.slice(start, end));
    if (next !== links[nibble]) changed = true;
    links[nibble] = next;
    start = end;
  }
  if (!changed) return link;
  const left = links.filter((child) => child !== undefined);
  return left.length < 2 ? left[0] : linkTo({ kind: 'branch', depth, path, links });
}

/**
 * The trie after some changes; the one before stays as it is and shares what did not change. The last of several changes of one path counts.
 *
 * @param link - the trie, `undefined` for an empty one.
 * @returns `link` itself if nothing changed.
 */
export function updateTrie(read: NodeReader, link: Link | undefined, changes: readonly TrieChange[]): Link | undefined {
  if (changes.length < 2) return update(read, link, changes);
  const sorted = changes.toSorted((left, right) => compareBytes(left.path, right.path));
  const last = sorted.filter((change, index) => {
    const next = sorted[index + 1];
    return next === undefined || !equalBytes(next.path, change.path);
  });
  return update(read, link, last);
}

/** The leaf at a path. */
export function findLeaf(read: NodeReader, link: Link | undefined, path: Uint8Array): Leaf | undefined {
  let at = link;
  while (at !== undefined) {
    const node = read(at);
    if (node.kind === 'leaf') return equalBytes(node.path, path) ? node : undefined;
    if (sharedNibbles(node.path, path) < node.depth) return undefined;
    at = node.links[nibbleAt(path, node.depth)];
  }
  return undefined;
}

/** All leaves, ascending by path. */
export function* leavesOf(read: NodeReader, link: Link | undefined): Generator<Leaf> {
  if (link === undefined) return;
  const node = read(link);
  if (node.kind === 'leaf') yield node;
  else for (const child of node.links) yield* leavesOf(read, child);
}
