import type { Hasher } from './hash.ts';
import { PAGE_BITS, PAGE_BYTES, PAGE_LEVELS, TREE_LEVELS, LEAF_BYTES, type Region } from './layout.ts';
import { Page } from './page.ts';

/*
 * The state tree: a persistent binary Merkle tree over 2^27 leaves of 32 bytes. Leaves enter unhashed; the depth is
 * fixed, so no inner node can pass for a leaf. The lowest seven levels live inside pages, the upper twenty are branch
 * objects that versions share. `null` is an all-zero subtree at any height.
 */

/** Height of the root above the pages. */
export const ROOT_HEIGHT: number = TREE_LEVELS - PAGE_LEVELS;

const LEAVES_PER_PAGE = PAGE_BYTES / LEAF_BYTES;
const INNER_BYTES = (LEAVES_PER_PAGE - 1) * 32;

/** Two subtrees of equal height. Immutable, except that the hash is filled in when first asked for. */
export class Branch {
  readonly left: TreeNode;
  readonly right: TreeNode;
  hash: Uint8Array | undefined = undefined;

  constructor(left: TreeNode, right: TreeNode) {
    this.left = left;
    this.right = right;
  }
}

export type TreeNode = Branch | Page | null;

/** Hashes of tree nodes with one hash function. */
export class TreeHasher {
  readonly hasher: Hasher;
  readonly #zero: Uint8Array[] = [];
  readonly #pair = new Uint8Array(64);

  constructor(hasher: Hasher) {
    this.hasher = hasher;
  }

  /** Root of an all-zero subtree that spans 2^level leaves. */
  zero(level: number): Uint8Array {
    while (this.#zero.length <= level) {
      const last = this.#zero.at(-1);
      this.#zero.push(last === undefined ? new Uint8Array(32) : this.pair(last, last));
    }
    return this.#zero[level]!;
  }

  /** Hash of the concatenation of two nodes. */
  pair(left: Uint8Array, right: Uint8Array): Uint8Array {
    this.#pair.set(left, 0);
    this.#pair.set(right, 32);
    return this.hasher.digest(this.#pair);
  }

  /** Root of a subtree whose root is `height` levels above the pages. */
  node(node: TreeNode, height: number): Uint8Array {
    if (node === null) return this.zero(height + PAGE_LEVELS);
    if (node instanceof Page) return this.#page(node);
    node.hash ??= this.pair(this.node(node.left, height - 1), this.node(node.right, height - 1));
    return node.hash;
  }

  /** The node of a page at `level` above its leaves and `index` from the left. */
  insidePage(page: Page, level: number, index: number): Uint8Array {
    if (level === 0) return page.bytes.subarray(index * LEAF_BYTES, (index + 1) * LEAF_BYTES);
    this.#page(page);
    page.inner ??= this.#build(page.bytes);
    const heap = 2 ** (PAGE_LEVELS - level) - 1 + index;
    return page.inner.subarray(heap * 32, heap * 32 + 32);
  }

  #page(page: Page): Uint8Array {
    if (page.hash === undefined) {
      const base = page.base;
      page.inner =
        base?.inner === undefined ? this.#build(page.bytes) : this.#update(base.inner, base.bytes, page.bytes);
      // The inner nodes moved on; an older version rebuilds them in the rare case that it is opened again.
      if (base !== undefined) base.inner = undefined;
      page.base = undefined;
      page.hash = page.inner.slice(0, 32);
    }
    return page.hash;
  }

  #combine(inner: Uint8Array, bytes: Uint8Array, heap: number): void {
    const child = 2 * heap + 1;
    const firstLeaf = LEAVES_PER_PAGE - 1;
    const source = child >= firstLeaf ? bytes.subarray((child - firstLeaf) * 32) : inner.subarray(child * 32);
    inner.set(this.hasher.digest(source.subarray(0, 64)), heap * 32);
  }

  #build(bytes: Uint8Array): Uint8Array {
    const inner = new Uint8Array(INNER_BYTES);
    const words = new Int32Array(bytes.buffer, bytes.byteOffset, PAGE_BYTES / 4);
    const touched = new Uint8Array(2 * LEAVES_PER_PAGE - 1);
    for (let word = 0; word < words.length; word++) {
      if (words[word] !== 0) touched[LEAVES_PER_PAGE - 1 + (word >>> 3)] = 1;
    }
    for (let heap = LEAVES_PER_PAGE - 2; heap >= 0; heap--) {
      if (touched[2 * heap + 1] === 1 || touched[2 * heap + 2] === 1) {
        touched[heap] = 1;
        this.#combine(inner, bytes, heap);
      } else {
        inner.set(this.zero(PAGE_LEVELS - (31 - Math.clz32(heap + 1))), heap * 32);
      }
    }
    return inner;
  }

  #update(inner: Uint8Array, before: Uint8Array, after: Uint8Array): Uint8Array {
    const touched = new Uint8Array(2 * LEAVES_PER_PAGE - 1);
    const a = new Int32Array(before.buffer, before.byteOffset, PAGE_BYTES / 4);
    const b = new Int32Array(after.buffer, after.byteOffset, PAGE_BYTES / 4);
    for (let word = 0; word < a.length; word++) {
      if (a[word] !== b[word]) touched[LEAVES_PER_PAGE - 1 + (word >>> 3)] = 1;
    }
    for (let heap = LEAVES_PER_PAGE - 2; heap >= 0; heap--) {
      if (touched[2 * heap + 1] === 1 || touched[2 * heap + 2] === 1) {
        touched[heap] = 1;
        this.#combine(inner, after, heap);
      }
    }
    return inner;
  }
}

/** The page at `index`, or null where all is zero. */
export function pageAt(root: TreeNode, index: number): Page | null {
  let node = root;
  for (let height = ROOT_HEIGHT - 1; node instanceof Branch; height--) {
    node = (index >>> height) & 1 ? node.right : node.left;
  }
  return node;
}

/** A page of a new version. */
export interface PageChange {
  readonly index: number;
  readonly page: Page | null;
}

/** The tree with some pages exchanged; `changes` are in ascending order of index. Shares all that did not change. */
export function withPages(root: TreeNode, changes: readonly PageChange[]): TreeNode {
  return update(root, ROOT_HEIGHT, changes, 0, changes.length);
}

function update(node: TreeNode, height: number, changes: readonly PageChange[], from: number, to: number): TreeNode {
  if (from === to) return node;
  if (height === 0) return changes[to - 1]!.page;
  const bit = 1 << (height - 1);
  let middle = from;
  while (middle < to && (changes[middle]!.index & bit) === 0) middle++;
  const branch = node instanceof Branch ? node : null;
  const left = update(branch?.left ?? null, height - 1, changes, from, middle);
  const right = update(branch?.right ?? null, height - 1, changes, middle, to);
  if (left === null && right === null) return null;
  return branch?.left === left && branch.right === right ? branch : new Branch(left, right);
}

/** The subtree of `region`. */
export function subtreeAt(root: TreeNode, region: Region): TreeNode {
  let node = root;
  const path = region.base >>> PAGE_BITS;
  for (let height = ROOT_HEIGHT; height > region.log2Size - PAGE_BITS; height--) {
    if (!(node instanceof Branch)) return null;
    node = (path >>> (height - 1)) & 1 ? node.right : node.left;
  }
  return node;
}

/** The tree with the subtree of `region` exchanged. */
export function withSubtree(root: TreeNode, region: Region, subtree: TreeNode): TreeNode {
  const path = region.base >>> PAGE_BITS;
  const replace = (node: TreeNode, height: number): TreeNode => {
    if (height === region.log2Size - PAGE_BITS) return subtree;
    const branch = node instanceof Branch ? node : null;
    const toRight = ((path >>> (height - 1)) & 1) === 1;
    const left = toRight ? (branch?.left ?? null) : replace(branch?.left ?? null, height - 1);
    const right = toRight ? replace(branch?.right ?? null, height - 1) : (branch?.right ?? null);
    return left === null && right === null ? null : new Branch(left, right);
  };
  return replace(root, ROOT_HEIGHT);
}

/** Calls `visit` with the index of each page that is not the same object in both trees, in ascending order. */
export function differingPages(
  a: TreeNode,
  b: TreeNode,
  visit: (index: number, a: Page | null, b: Page | null) => void,
): void {
  const walk = (x: TreeNode, y: TreeNode, height: number, index: number): void => {
    if (x === y) return;
    if (height === 0) {
      visit(index, x as Page | null, y as Page | null);
      return;
    }
    const left = x as Branch | null;
    const right = y as Branch | null;
    walk(left?.left ?? null, right?.left ?? null, height - 1, index);
    walk(left?.right ?? null, right?.right ?? null, height - 1, index + 2 ** (height - 1));
  };
  walk(a, b, ROOT_HEIGHT, 0);
}
