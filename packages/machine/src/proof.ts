import { RangeMismatchError } from '@commute/errors';
import type { AccessLog, PristineRegion, WordAccess } from './access.ts';
import type { Hasher } from './hash.ts';
import { LEAF_BYTES, PAGE_LEVELS, TREE_LEVELS, type Region } from './layout.ts';
import type { Page } from './page.ts';
import { treeHasherOf, type Snapshot } from './snapshot.ts';
import { Branch, type TreeHasher, type TreeNode } from './tree.ts';

/*
 * A multi-opening of leaves of the state tree. The tree is walked depth first from the root; wherever a subtree holds
 * no opened leaf its hash is a sibling. Siblings of all-zero subtrees are marked by a bit instead of 32 bytes.
 *
 * Bytes, integers little-endian:
 *   u8 version = 1 | u8 leaf count | leaf numbers, u32 each, ascending | leaves, 32 bytes each
 *   | u16 sibling count | bit map of siblings that follow, lowest bit first | siblings, 32 bytes each
 */

const VERSION = 1;
/** Most leaves a proof may open: far more than a step of any machine here touches. */
export const MAXIMUM_LEAVES = 128;
const MAXIMUM_SIBLINGS = MAXIMUM_LEAVES * TREE_LEVELS;

/** Why a proof was refused. */
export type ProofReason =
  /** The bytes end too early. */
  | 'truncated'
  /** There are bytes after the end. */
  | 'trailing-bytes'
  /** The version byte is not known. */
  | 'unsupported-version'
  /** Counts, order or padding are not as this format has them; every proof has exactly one encoding. */
  | 'not-canonical'
  /** The opened leaves and siblings do not hash to the root before. */
  | 'root-mismatch'
  /** The step touches a leaf that the proof does not open. */
  | 'missing-leaf'
  /** The proof opens a leaf that the step does not touch. */
  | 'unused-leaf';

/** A failure with its reason. */
export interface ProofFailure<R extends string = ProofReason> {
  readonly ok: false;
  readonly reason: R;
}

/**
 * Opens the leaves that a step touched.
 *
 * @param before - the state before the step.
 * @param log - what the step read and wrote, from `Machine.logStep`.
 * @returns the encoded proof for {@link openProof}.
 */
export function proveAccesses(before: Snapshot, log: AccessLog): Uint8Array<ArrayBuffer> {
  const numbers = new Set<number>();
  for (const access of log) if (access.kind !== 'replace') numbers.add(access.address >>> 5);
  return proveLeaves(
    before,
    [...numbers].sort((a, b) => a - b),
  );
}

/** Opens leaves by number (address divided by 32), ascending and without repetition, 1 to 128 of them. */
export function proveLeaves(state: Snapshot, numbers: readonly number[]): Uint8Array<ArrayBuffer> {
  const ascending = numbers.every(
    (number, i) => number >= 0 && number < 2 ** TREE_LEVELS && (i === 0 || number > numbers[i - 1]!),
  );
  if (numbers.length === 0 || numbers.length > MAXIMUM_LEAVES || !ascending) {
    throw new RangeMismatchError(
      'MACHINE_LEAVES_RANGE',
      'numbers',
      '1 to 128 leaf numbers, ascending',
      numbers.join(' '),
    );
  }
  const tree = treeHasherOf(state.hasher);
  const leaves: Uint8Array[] = [];
  const siblings: (Uint8Array | null)[] = [];
  const walk = (node: TreeNode, level: number, index: number, from: number, to: number, page: Page | null): void => {
    if (from === to) {
      const hash =
        page === null
          ? tree.node(node, level - PAGE_LEVELS)
          : tree.insidePage(page, level, index % 2 ** (PAGE_LEVELS - level));
      siblings.push(equal(hash, tree.zero(level)) ? null : hash);
      return;
    }
    if (level === 0) {
      leaves.push(page === null ? tree.zero(0) : tree.insidePage(page, 0, index % 2 ** PAGE_LEVELS));
      return;
    }
    const middle = split(numbers, level, from, to);
    const inner = level <= PAGE_LEVELS ? (node as Page | null) : null;
    const branch = node instanceof Branch ? node : null;
    walk(branch?.left ?? inner, level - 1, 2 * index, from, middle, inner);
    walk(branch?.right ?? inner, level - 1, 2 * index + 1, middle, to, inner);
  };
  walk(state.tree, TREE_LEVELS, 0, 0, numbers.length, null);

  const explicit = siblings.filter((hash) => hash !== null);
  const bitmapBytes = Math.ceil(siblings.length / 8);
  const out = new Uint8Array(4 + numbers.length * (4 + LEAF_BYTES) + bitmapBytes + 32 * explicit.length);
  const view = new DataView(out.buffer);
  out[0] = VERSION;
  out[1] = numbers.length;
  let at = 2;
  for (const number of numbers) {
    view.setUint32(at, number, true);
    at += 4;
  }
  for (const leaf of leaves) {
    out.set(leaf, at);
    at += LEAF_BYTES;
  }
  view.setUint16(at, siblings.length, true);
  at += 2;
  siblings.forEach((hash, i) => {
    if (hash !== null) out[at + (i >> 3)]! |= 1 << (i & 7);
  });
  at += bitmapBytes;
  for (const hash of explicit) {
    out.set(hash, at);
    at += 32;
  }
  return out;
}

/**
 * Decodes a proof and checks it against the root before the step.
 *
 * Never throws on any bytes; work is bounded by 128 leaves of 27 levels.
 */
export function openProof(
  hasher: Hasher,
  rootBefore: Uint8Array,
  proof: Uint8Array,
): { readonly ok: true; readonly memory: ProofMemory } | ProofFailure {
  const decoded = decode(proof);
  if (!decoded.ok) return decoded;
  const memory = new ProofMemory(hasher, decoded.numbers, decoded.leaves, decoded.siblings);
  const root = memory.root();
  if (root === null) return { ok: false, reason: 'not-canonical' };
  if (!equal(root, rootBefore)) return { ok: false, reason: 'root-mismatch' };
  return { ok: true, memory };
}

/** Thrown by a {@link ProofMemory} for an address that is not open. Verifiers catch it and answer `missing-leaf`. */
export class MissingLeafError extends Error {}

/** The memory a verifier runs a step on: the opened leaves, and nothing else. */
export class ProofMemory implements WordAccess {
  readonly #tree: TreeHasher;
  readonly #numbers: readonly number[];
  readonly #leaves: Uint8Array;
  readonly #view: DataView;
  readonly #siblings: readonly (Uint8Array | null)[];
  readonly #used: Set<number> = new Set<number>();
  readonly #positions: Map<number, number>;
  readonly #replaced: PristineRegion[] = [];

  /** Use {@link openProof}. */
  constructor(
    hasher: Hasher,
    numbers: readonly number[],
    leaves: Uint8Array,
    siblings: readonly (Uint8Array | null)[],
  ) {
    this.#tree = treeHasherOf(hasher);
    this.#numbers = numbers;
    this.#leaves = leaves.slice();
    this.#view = new DataView(this.#leaves.buffer);
    this.#siblings = siblings;
    this.#positions = new Map(numbers.map((number, i) => [number, i]));
  }

  loadWord(address: number): number {
    return this.#view.getUint32(this.#offset(address), true);
  }

  storeWord(address: number, value: number): void {
    this.#view.setUint32(this.#offset(address), value, true);
  }

  replaceRegion(pristine: PristineRegion): void {
    const { base, log2Size } = pristine.region;
    // Only then is the path to the region part of the proof.
    const isOpened = this.#numbers.some(
      (number) => number * LEAF_BYTES >= base && number * LEAF_BYTES < base + 2 ** log2Size,
    );
    if (!isOpened) throw new MissingLeafError();
    this.#replaced.push(pristine);
  }

  /** Tells whether the leaf of an address is open. */
  isOpen(address: number): boolean {
    return this.#positions.has(address >>> 5);
  }

  /** Tells whether every opened leaf has been touched. */
  allUsed(): boolean {
    return this.#used.size === this.#numbers.length;
  }

  /** The root over the present content of the leaves; null if the number of siblings does not fit. */
  root(): Uint8Array | null {
    let next = 0;
    const walk = (level: number, index: number, from: number, to: number): Uint8Array | null => {
      if (from === to) {
        if (next >= this.#siblings.length) return null;
        const zero = this.#tree.zero(level);
        const sibling = this.#siblings[next++] ?? zero;
        // A zero subtree written out would be a second encoding of the same proof.
        return sibling !== zero && equal(sibling, zero) ? null : sibling;
      }
      if (level === 0) return this.#leaves.subarray(from * LEAF_BYTES, (from + 1) * LEAF_BYTES);
      const middle = split(this.#numbers, level, from, to);
      const left = walk(level - 1, 2 * index, from, middle);
      const right = left === null ? null : walk(level - 1, 2 * index + 1, middle, to);
      if (left === null || right === null) return null;
      return this.#replacement(level, index) ?? this.#tree.pair(left, right);
    };
    const root = walk(TREE_LEVELS, 0, 0, this.#numbers.length);
    return next === this.#siblings.length ? root : null;
  }

  #replacement(level: number, index: number): Uint8Array | undefined {
    return this.#replaced.find(({ region }) => matches(region, level, index))?.root;
  }

  #offset(address: number): number {
    const position = this.#positions.get(address >>> 5);
    if (position === undefined) throw new MissingLeafError();
    this.#used.add(position);
    return position * LEAF_BYTES + (address & 28);
  }
}

function matches(region: Region, level: number, index: number): boolean {
  return region.log2Size - 5 === level && Math.floor(region.base / 2 ** region.log2Size) === index;
}

/** Position of the first leaf of `numbers[from..to)` that lies in the right half of a subtree of 2^level leaves. */
function split(numbers: readonly number[], level: number, from: number, to: number): number {
  const bit = 1 << (level - 1);
  let middle = from;
  while (middle < to && (numbers[middle]! & bit) === 0) middle++;
  return middle;
}

function equal(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

type Decoded =
  | {
      readonly ok: true;
      readonly numbers: readonly number[];
      readonly leaves: Uint8Array;
      readonly siblings: readonly (Uint8Array | null)[];
    }
  | ProofFailure;

function decode(proof: Uint8Array): Decoded {
  const fail = (reason: ProofReason): ProofFailure => ({ ok: false, reason });
  if (proof.length < 2) return fail('truncated');
  if (proof[0] !== VERSION) return fail('unsupported-version');
  const count = proof[1]!;
  if (count === 0 || count > MAXIMUM_LEAVES) return fail('not-canonical');
  const view = new DataView(proof.buffer, proof.byteOffset, proof.byteLength);
  let at = 2 + count * (4 + LEAF_BYTES);
  if (proof.length < at + 2) return fail('truncated');
  const numbers: number[] = [];
  for (let i = 0; i < count; i++) {
    const number = view.getUint32(2 + 4 * i, true);
    if (number >= 2 ** TREE_LEVELS || (i > 0 && number <= numbers[i - 1]!)) return fail('not-canonical');
    numbers.push(number);
  }
  const leaves = proof.subarray(2 + 4 * count, at);
  const siblingCount = view.getUint16(at, true);
  at += 2;
  if (siblingCount > MAXIMUM_SIBLINGS) return fail('not-canonical');
  const bitmap = proof.subarray(at, at + Math.ceil(siblingCount / 8));
  at += Math.ceil(siblingCount / 8);
  if (proof.length < at) return fail('truncated');
  if (siblingCount % 8 !== 0 && bitmap.at(-1)! >> (siblingCount % 8) !== 0) return fail('not-canonical');
  const siblings: (Uint8Array | null)[] = [];
  for (let i = 0; i < siblingCount; i++) {
    if (((bitmap[i >> 3]! >> (i & 7)) & 1) === 0) {
      siblings.push(null);
      continue;
    }
    if (proof.length < at + 32) return fail('truncated');
    siblings.push(proof.slice(at, at + 32));
    at += 32;
  }
  return at === proof.length ? { ok: true, numbers, leaves, siblings } : fail('trailing-bytes');
}
