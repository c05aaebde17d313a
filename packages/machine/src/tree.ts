import type { Hasher } from './hash.ts';
import { PAGE_BITS, PAGE_BYTES, PAGE_LEVELS, TREE_LEVELS, LEAF_BYTES, type Region } from './layout.ts';
import { Page } from './page.ts';
import { pairsOneByOne, type PairHash } from './pairs/pair-kernel.ts';

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
  readonly #hashPairs: PairHash;
  readonly #zero: Uint8Array[] = [];
  #zeroInner: Uint8Array | undefined;
  // What one level of a page is gathered in: numbers of nodes, their children, and the nodes.
  readonly #nodes = new Uint8Array(LEAVES_PER_PAGE / 2);
  readonly #pairs = new Uint8Array(PAGE_BYTES);
  readonly #digests = new Uint8Array(PAGE_BYTES / 2);

  constructor(hasher: Hasher) {
    this.hasher = hasher;
    this.#hashPairs = hasher.digestPairs ?? pairsOneByOne(hasher.digest);
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
    const pair = new Uint8Array(64);
    pair.set(left, 0);
    pair.set(right, 32);
    const digest = new Uint8Array(32);
    this.#hashPairs(pair, digest);
    return digest;
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

  #build(bytes: Uint8Array<ArrayBuffer>): Uint8Array {
    const inner = this.#zeroPage().slice();
    const touched = new Uint8Array(2 * LEAVES_PER_PAGE - 1);
    const words = wordsOf(bytes);
    for (let word = 0; word < words.length; word++) {
      if (words[word] !== 0) touched[LEAVES_PER_PAGE - 1 + (word >>> 3)] = 1;
    }
    this.#rehash(inner, bytes, touched);
    return inner;
  }

  #update(inner: Uint8Array, before: Uint8Array<ArrayBuffer>, after: Uint8Array<ArrayBuffer>): Uint8Array {
    const touched = new Uint8Array(2 * LEAVES_PER_PAGE - 1);
    const a = wordsOf(before);
    const b = wordsOf(after);
    for (let word = 0; word < a.length; word++) {
      if (a[word] !== b[word]) touched[LEAVES_PER_PAGE - 1 + (word >>> 3)] = 1;
    }
    this.#rehash(inner, after, touched);
    return inner;
  }

  /** Hashes the nodes above touched ones, level by level from below, so that many are hashed at a time. */
  #rehash(inner: Uint8Array, bytes: Uint8Array, touched: Uint8Array): void {
    for (let width = LEAVES_PER_PAGE / 2; width >= 1; width /= 2) {
      const first = width - 1;
      let count = 0;
      for (let node = 0; node < width; node++) {
        const heap = first + node;
        if (touched[2 * heap + 1] === 0 && touched[2 * heap + 2] === 0) continue;
        touched[heap] = 1;
        this.#nodes[count++] = node;
      }
      const children = 2 * first + 1;
      const pairs = width === LEAVES_PER_PAGE / 2 ? bytes : inner.subarray(children * 32, (children + 2 * width) * 32);
      if (count === width) {
        this.#hashPairs(pairs, inner.subarray(first * 32, (first + width) * 32));
        continue;
      }
      for (let i = 0; i < count; i++) {
        const at = this.#nodes[i]! * 64;
        this.#pairs.set(pairs.subarray(at, at + 64), i * 64);
      }
      this.#hashPairs(this.#pairs.subarray(0, count * 64), this.#digests.subarray(0, count * 32));
      for (let i = 0; i < count; i++) {
        inner.set(this.#digests.subarray(i * 32, (i + 1) * 32), (first + this.#nodes[i]!) * 32);
      }
    }
  }

  /** The inner nodes of a page of zeros. */
  #zeroPage(): Uint8Array {
    if (this.#zeroInner === undefined) {
      const inner = new Uint8Array(INNER_BYTES);
      for (let heap = 0; heap < LEAVES_PER_PAGE - 1; heap++) {
        inner.set(this.zero(PAGE_LEVELS - (31 - Math.clz32(heap + 1))), heap * 32);
      }
      this.#zeroInner = inner;
    }
    return this.#zeroInner;
  }
}

function wordsOf(bytes: Uint8Array<ArrayBuffer>): Int32Array {
  return new Int32Array(bytes.buffer, bytes.byteOffset, PAGE_BYTES / 4);
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
