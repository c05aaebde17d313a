/**
 * Disks in memory, and their files.
 *
 * @module
 */
import { DiskError } from './errors.ts';
import { BLOCK_BYTES } from './protocol.ts';
import { blockDigest, foldPaths, nodeDigest, TREE_LEVELS, zeroDigests } from './tree.ts';

const MAGIC = [0x43, 0x44, 0x53, 0x4b, 1, 0] as const;

function assertBlock(block: number): void {
  if (!Number.isInteger(block) || block < 0 || block >= 2 ** 32) {
    throw new DiskError('block', 'an integer in [0, 2^32)', String(block));
  }
}

const isZero = (content: Uint8Array): boolean => content.every((byte) => byte === 0);

/**
 * A disk of 2^32 blocks of 512 bytes, all zero at first, of which those that are not zero take memory.
 *
 * @example
 * ```ts
 * import { Disk } from '@commute/disk';
 * const disk = new Disk();
 * const empty = disk.root();
 * disk.write(7, new Uint8Array(512).fill(1));
 * disk.write(7, new Uint8Array(512));
 * if (String(disk.root()) !== String(empty)) throw new Error('unreachable');
 * ```
 */
export class Disk {
  readonly #blocks = new Map<number, Uint8Array>();
  /** Digests of subtrees that are not zero, by level and number; those above `#changed` are out of date. */
  readonly #digests: Map<number, Uint8Array>[] = Array.from(
    { length: TREE_LEVELS + 1 },
    () => new Map<number, Uint8Array>(),
  );
  #changed = new Set<number>();

  /** How many blocks are not zero. */
  get size(): number {
    return this.#blocks.size;
  }

  /** A copy of a block. @throws {@link DiskError} `DISK_RANGE` for a number outside [0, 2^32). */
  read(block: number): Uint8Array<ArrayBuffer> {
    assertBlock(block);
    return Uint8Array.from(this.#blocks.get(block) ?? new Uint8Array(BLOCK_BYTES));
  }

  /** Copies 512 bytes into a block. @throws {@link DiskError} `DISK_RANGE` for a number outside [0, 2^32), or another length. */
  write(block: number, content: Uint8Array): void {
    assertBlock(block);
    if (content.length !== BLOCK_BYTES) {
      throw new DiskError('content', `${String(BLOCK_BYTES)} bytes`, String(content.length));
    }
    if (isZero(content)) this.#blocks.delete(block);
    else this.#blocks.set(block, content.slice());
    this.#changed.add(block);
  }

  /** The blocks that are not zero, with their numbers, increasing. Do not change the contents. */
  entries(): [number, Uint8Array][] {
    return [...this.#blocks].sort(([a], [b]) => a - b);
  }

  /** A disk of the same content. */
  clone(): Disk {
    const copy = new Disk();
    for (const [block, content] of this.#blocks) copy.write(block, content);
    return copy;
  }

  /** The root of the tree over all blocks, 32 bytes. Costs 33 hashes for each block written since the last call, fewer where paths meet. */
  root(): Uint8Array {
    return this.subtree(TREE_LEVELS, 0);
  }

  /** The digest of a subtree by its level above the blocks, and its number on that level. */
  subtree(level: number, number: number): Uint8Array {
    this.#update();
    return this.#digest(level, number);
  }

  #digest(level: number, number: number): Uint8Array {
    return this.#digests[level]!.get(number) ?? zeroDigests()[level]!;
  }

  #update(): void {
    if (this.#changed.size === 0) return;
    const zeros = zeroDigests();
    for (const block of this.#changed) {
      const content = this.#blocks.get(block);
      if (content === undefined) this.#digests[0]!.delete(block);
      else this.#digests[0]!.set(block, blockDigest(content));
    }
    let numbers = this.#changed;
    for (let level = 1; level <= TREE_LEVELS; level++) {
      const parents = new Set<number>();
      for (const number of numbers) parents.add(Math.floor(number / 2));
      for (const parent of parents) {
        const [left, right] = [this.#digest(level - 1, 2 * parent), this.#digest(level - 1, 2 * parent + 1)];
        // A subtree is zero exactly where both halves have no digest of their own.
        if (left === zeros[level - 1] && right === zeros[level - 1]) this.#digests[level]!.delete(parent);
        else this.#digests[level]!.set(parent, nodeDigest(left, right));
      }
      numbers = parents;
    }
    this.#changed = new Set();
  }
}

/** {@link Disk.root} computed from the contents alone: slow, and obviously right. */
export function referenceRoot(disk: Disk): Uint8Array {
  const entries = disk.entries();
  const zeros = zeroDigests();
  if (entries.length === 0) return zeros[TREE_LEVELS]!;
  return foldPaths(
    entries.map(([block]) => block),
    { leaf: (place) => blockDigest(entries[place]![1]), sibling: (level) => zeros[level]!, node: nodeDigest },
  );
}

/** Why bytes are not a disk's file. */
export type DiskFileReason = 'unknown-format' | 'truncated' | 'trailing-bytes' | 'not-sorted' | 'zero-block';

/** The file of a disk: `CDSK`, version (2 bytes); how many blocks (4 bytes); per block that is not zero, numbers increasing, its number (4 bytes) and content. */
export function encodeDisk(disk: Disk): Uint8Array<ArrayBuffer> {
  const entries = disk.entries();
  const bytes = new Uint8Array(10 + entries.length * (4 + BLOCK_BYTES));
  bytes.set(MAGIC);
  const view = new DataView(bytes.buffer);
  view.setUint32(6, entries.length, true);
  entries.forEach(([block, content], place) => {
    const at = 10 + place * (4 + BLOCK_BYTES);
    view.setUint32(at, block, true);
    bytes.set(content, at + 4);
  });
  return bytes;
}

/** Reads a disk's file from anybody; never throws because of the bytes. */
export function decodeDisk(
  bytes: Uint8Array,
): { readonly ok: true; readonly disk: Disk } | { readonly ok: false; readonly reason: DiskFileReason } {
  const refuse = (reason: DiskFileReason): { ok: false; reason: DiskFileReason } => ({ ok: false, reason });
  if (bytes.length < 10) return refuse('truncated');
  if (!MAGIC.every((byte, place) => bytes[place] === byte)) return refuse('unknown-format');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const count = view.getUint32(6, true);
  const length = 10 + count * (4 + BLOCK_BYTES);
  if (bytes.length !== length) return refuse(bytes.length < length ? 'truncated' : 'trailing-bytes');
  const disk = new Disk();
  let last = -1;
  for (let at = 10; at < length; at += 4 + BLOCK_BYTES) {
    const block = view.getUint32(at, true);
    if (block <= last) return refuse('not-sorted');
    last = block;
    const content = bytes.subarray(at + 4, at + 4 + BLOCK_BYTES);
    if (isZero(content)) return refuse('zero-block');
    disk.write(block, content);
  }
  return { ok: true, disk };
}
