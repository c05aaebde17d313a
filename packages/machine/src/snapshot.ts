import { BaseError } from '@commute/errors';
import { keccak256, type Hasher } from './hash.ts';
import { PAGE_BITS, PAGE_BYTES, PAGE_LEVELS, assertRegion, type Region } from './layout.ts';
import { Page } from './page.ts';
import {
  ROOT_HEIGHT,
  TreeHasher,
  differingPages,
  pageAt,
  subtreeAt,
  withPages,
  withSubtree,
  type TreeNode,
} from './tree.ts';

/** Bytes at an index of the page table; `bytes` is null where the whole page is zero. */
export interface PageContent {
  /** Number of the page: its address divided by 4096. */
  readonly index: number;
  /** 4096 bytes, not to be changed, or null for zeros. */
  readonly bytes: Uint8Array<ArrayBuffer> | null;
}

const treeHashers = new WeakMap<Hasher, TreeHasher>();

/** The tree hasher of a hash function; all trees of one thread share it. */
export function treeHasherOf(hasher: Hasher): TreeHasher {
  let tree = treeHashers.get(hasher);
  if (tree === undefined) {
    tree = new TreeHasher(hasher);
    treeHashers.set(hasher, tree);
  }
  return tree;
}

/**
 * An immutable state of a 32-bit address space.
 *
 * Versions share every page and every tree node that did not change, so that keeping many costs what differs between
 * them. Hashes are computed when a root is asked for, and only for what is new.
 *
 * @example
 * ```ts
 * import { Snapshot } from '@commute/machine';
 * const empty = Snapshot.empty();
 * const one = empty.withPages([{ index: 3, bytes: new Uint8Array(4096).fill(1) }]);
 * if (one.pages().length !== 1 || empty.pages().length !== 0) throw new Error('a version changed');
 * ```
 */
export class Snapshot {
  readonly hasher: Hasher;
  /** The tree. Internal to this package; machines use pages and roots. */
  readonly tree: TreeNode;

  /** Use {@link Snapshot.empty} and the methods that derive new versions. */
  constructor(hasher: Hasher, tree: TreeNode) {
    this.hasher = hasher;
    this.tree = tree;
  }

  /** The all-zero state. */
  static empty(hasher: Hasher = keccak256): Snapshot {
    return new Snapshot(hasher, null);
  }

  /** The state root: 32 bytes. Hashes what has changed since the versions that were hashed before. */
  root(): Uint8Array {
    return treeHasherOf(this.hasher).node(this.tree, ROOT_HEIGHT).slice();
  }

  /** Root of the subtree of `region`. */
  regionRoot(region: Region): Uint8Array {
    assertRegion(region);
    return treeHasherOf(this.hasher)
      .node(subtreeAt(this.tree, region), region.log2Size - PAGE_BITS)
      .slice();
  }

  /** The 4096 bytes of a page, not to be changed; null where it is zero. */
  page(index: number): Uint8Array<ArrayBuffer> | null {
    return pageAt(this.tree, index)?.bytes ?? null;
  }

  /** The aligned 32-bit word at `address`, unsigned. */
  word(address: number): number {
    const bytes = this.page(address >>> PAGE_BITS);
    if (bytes === null) return 0;
    const offset = address & (PAGE_BYTES - 4);
    return (bytes[offset]! | (bytes[offset + 1]! << 8) | (bytes[offset + 2]! << 16) | (bytes[offset + 3]! << 24)) >>> 0;
  }

  /** All pages that are held, in ascending order. */
  pages(): PageContent[] {
    return Snapshot.empty(this.hasher).differences(this);
  }

  /** The pages of `next` that are not the same object here: a superset of those whose bytes differ. */
  differences(next: Snapshot): PageContent[] {
    const found: PageContent[] = [];
    differingPages(this.tree, next.tree, (index, _before, after) => {
      found.push({ index, bytes: after?.bytes ?? null });
    });
    return found;
  }

  /** A version with some pages exchanged. The bytes are kept, not copied: do not change them afterwards. */
  withPages(pages: readonly PageContent[]): Snapshot {
    const sorted = [...pages].sort((a, b) => a.index - b.index);
    const changes = sorted.map(({ index, bytes }) => {
      if (bytes !== null && bytes.length !== PAGE_BYTES) {
        throw new BaseError('MACHINE_PAGE_LENGTH', `bytes: expected 4096 bytes, got ${String(bytes.length)}`, {
          index,
        });
      }
      if (bytes === null) return { index, page: null };
      // Pages are compared a word at a time, which needs aligned bytes.
      const aligned = bytes.byteOffset % 4 === 0 ? bytes : bytes.slice();
      return { index, page: Page.of(aligned, pageAt(this.tree, index)) };
    });
    return new Snapshot(this.hasher, withPages(this.tree, changes));
  }

  /** A version in which `region` is as in `source`. Costs one path of the tree, whatever the region's size. */
  withRegion(region: Region, source: Snapshot): Snapshot {
    assertRegion(region);
    this.#assertSameHash(source);
    return new Snapshot(this.hasher, withSubtree(this.tree, region, subtreeAt(source.tree, region)));
  }

  /** A version in which `region` is zero. */
  withoutRegion(region: Region): Snapshot {
    assertRegion(region);
    return new Snapshot(this.hasher, withSubtree(this.tree, region, null));
  }

  /**
   * The hashes beside the path from `region` up to the root, lowest first: with them and the region's root, anyone
   * computes the state root; see {@link rootFromRegion}.
   */
  regionSiblings(region: Region): Uint8Array[] {
    assertRegion(region);
    const siblings: Uint8Array[] = [];
    for (let log2Size = region.log2Size; log2Size < 32; log2Size++) {
      const size = 2 ** log2Size;
      const index = Math.floor(region.base / size);
      const base = (index % 2 === 0 ? index + 1 : index - 1) * size;
      siblings.push(this.regionRoot({ base, log2Size }));
    }
    return siblings;
  }

  #assertSameHash(other: Snapshot): void {
    if (other.hasher !== this.hasher && other.hasher.name !== this.hasher.name) {
      throw new BaseError(
        'MACHINE_HASH_MISMATCH',
        `source: expected hash ${this.hasher.name}, got ${other.hasher.name}`,
        {
          expected: this.hasher.name,
          got: other.hasher.name,
        },
      );
    }
  }
}

/**
 * The state root that follows from a region's root and the siblings of its path, lowest first.
 *
 * @returns null if the number of siblings does not fit the region.
 */
export function rootFromRegion(
  hasher: Hasher,
  region: Region,
  regionRoot: Uint8Array,
  siblings: readonly Uint8Array[],
): Uint8Array | null {
  if (siblings.length !== 32 - region.log2Size) return null;
  const tree = treeHasherOf(hasher);
  let node = regionRoot;
  let index = Math.floor(region.base / 2 ** region.log2Size);
  for (const sibling of siblings) {
    node = index % 2 === 0 ? tree.pair(node, sibling) : tree.pair(sibling, node);
    index = Math.floor(index / 2);
  }
  return node;
}

/** Root of an all-zero region of this size. */
export function zeroRegionRoot(hasher: Hasher, log2Size: number): Uint8Array {
  return treeHasherOf(hasher)
    .zero(log2Size - PAGE_BITS + PAGE_LEVELS)
    .slice();
}
