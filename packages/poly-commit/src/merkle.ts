/**
 * Merkle trees over matrices of different heights, openings of several indices at once, and their verification.
 *
 * A tree of height H has H leaves; leaf i is the digest of row i of all matrices with H rows. Node j of a layer of n nodes is
 * the digest of nodes j and j + n of the layer below: the parent of index i is i mod n. So index i of the tree is row i mod h
 * of a matrix with h rows, which is the point that squaring takes a coset's i-th point to. Where matrices have n rows, the
 * node is hashed once more with the digest of their rows j. Rows are canonical 64-bit words, little-endian, in the order
 * of matrices and columns.
 *
 * Who verifies must know all shapes beforehand; the root binds nothing but the contents.
 *
 * @module
 */
import { isCanonical, type Keep, logOfPowerOfTwo, type Matrix } from '@commute/field';
import { CommitmentError } from './errors.ts';
import { DIGEST_BYTES, digestAll, type HashFunction } from './hash.ts';

/** Rows, a power of two, and columns of a committed matrix. */
export interface MatrixShape {
  readonly rows: number;
  readonly columns: number;
}

/** Rows of matrices and the digests that lead from them to the root. */
export interface MerkleOpening {
  /** Per matrix the rows of {@link openedRows}, ascending. */
  readonly rows: readonly (readonly (readonly bigint[])[])[];
  /** The digests that cannot be computed, layer by layer from the leaves, ascending. */
  readonly siblings: readonly Uint8Array[];
}

/** Why an opening is not accepted. */
export type MerkleRefusal = 'index-out-of-range' | 'shape-mismatch' | 'not-canonical' | 'wrong-siblings' | 'wrong-root';

/** The verdict on an opening. */
export type MerkleVerdict = { readonly ok: true } | { readonly ok: false; readonly reason: MerkleRefusal };

/** A commitment to matrices, and what is needed to open it. The matrices must stay unchanged and in use. */
export interface MerkleTree {
  /** 32 bytes. */
  readonly root: Uint8Array;
  readonly shapes: readonly MatrixShape[];
  /**
   * Opens rows: for each index i row i mod h of each matrix of h rows.
   *
   * @param indices - in [0, height), in any order, repeated or not.
   */
  readonly open: (indices: readonly number[]) => MerkleOpening;
  /** Gives the memory of the tree back; the matrices are untouched. */
  readonly release: () => void;
}

/** The digests of a tree: `node(n, j)` is the j-th of the layer of n nodes. */
export interface MerkleNodes {
  /** The number of leaves. */
  readonly height: number;
  /** The size of the largest layer that is there; all by default. */
  readonly kept?: number;
  readonly node: (size: number, index: number) => Uint8Array;
  /** Gives the memory back; there are no nodes after that. */
  readonly release: () => void;
}

/** Layers of a large tree, from the leaves on, that are computed again where they are asked for: what is left is a quarter of it. */
export const DROPPED_LAYERS = 2;

/** Gives the columns of matrices when they are asked for, so that not all need to be in memory at once. */
export interface ColumnSource {
  /** Some neighbouring columns of a matrix, in the open scope. */
  readonly load: (matrix: number, first: number, count: number) => Matrix;
  /** How many columns of as many rows may be asked for at once, about. */
  readonly most: (rows: number) => number;
}

/** Commits to matrices. */
export interface MerkleScheme {
  readonly hash: HashFunction;
  /**
   * The digests of {@link MerkleScheme.commit} alone: the matrices are not needed any more.
   *
   * @param outside - whether they are kept outside of an engine's memory.
   * @param dropped - how many layers need not be kept, from the leaves on.
   */
  readonly digests: (matrices: readonly Matrix[], outside?: boolean, dropped?: number) => MerkleNodes;
  /**
   * The same of matrices that are given a few columns at a time; the digests are outside of an engine's memory. Only where it can be done.
   *
   * @param dropped - how many layers are not kept, from the leaves on, as far as there are others.
   * @param keep - of the open scope, if they are to outlive it.
   */
  readonly streamedDigests?: (
    shapes: readonly MatrixShape[],
    values: ColumnSource,
    dropped?: number,
    keep?: Keep,
  ) => MerkleNodes;
  /** @throws `COMMIT_SHAPE` for no matrices, `FIELD_SIZE` for rows that are no power of two. */
  readonly commit: (matrices: readonly Matrix[]) => MerkleTree;
}

/** The largest number of rows; the number of leaves. */
export function treeHeight(shapes: readonly MatrixShape[]): number {
  if (shapes.length === 0) throw new CommitmentError('COMMIT_SHAPE', 'matrices', 'at least one', 'none');
  for (const { rows } of shapes) logOfPowerOfTwo(rows, 'rows');
  return Math.max(...shapes.map(({ rows }) => rows));
}

/** Distinct i mod rows, ascending. */
export function openedRows(indices: readonly number[], rows: number): number[] {
  const places = Float64Array.from(indices, (index) => index % rows).sort();
  return Array.from(places.filter((place, k) => place !== places[k - 1]));
}

/** One of the nodes that are not kept, from the rows below it; `rowOf` gives those of the k-th matrix. */
export function computeNode(
  hash: HashFunction,
  shapes: readonly MatrixShape[],
  rowOf: (k: number, row: number) => readonly bigint[],
  size: number,
  index: number,
): Uint8Array {
  const rows = shapes.flatMap((shape, k) => (shape.rows === size ? [rowOf(k, index)] : []));
  const own = rows.length === 0 ? undefined : hash.digest(rowBytes(rows));
  if (size === treeHeight(shapes)) return own!;
  const children = [index, index + size].map((child) => computeNode(hash, shapes, rowOf, 2 * size, child));
  const joined = hash.digest(joinDigests(children[0]!, children[1]!));
  return own === undefined ? joined : hash.digest(joinDigests(joined, own));
}

/** The bytes of one row of several matrices. */
export function rowBytes(rows: readonly (readonly bigint[])[]): Uint8Array {
  const words = rows.flat();
  const bytes = new Uint8Array(8 * words.length);
  const view = new DataView(bytes.buffer);
  words.forEach((word, index) => {
    view.setBigUint64(8 * index, word, true);
  });
  return bytes;
}

/** One digest after the other. */
export function joinDigests(left: Uint8Array, right: Uint8Array): Uint8Array {
  const both = new Uint8Array(2 * DIGEST_BYTES);
  both.set(left);
  both.set(right, DIGEST_BYTES);
  return both;
}

/**
 * One tree of the trees of its cosets: part k has the leaves whose index is k modulo the number of parts, in their order.
 *
 * An index and the one half of the leaves further lead to one parent; both belong to one part. So all layers but the highest, of fewer nodes than
 * parts, are divided among the parts.
 *
 * @param parts - of one height, a power of two of them.
 */
export function joinParts(hash: HashFunction, parts: readonly MerkleNodes[]): MerkleNodes {
  const count = parts.length;
  const height = count * parts[0]!.height;
  const kept = count * (parts[0]!.kept ?? parts[0]!.height);
  const top = new Map<number, readonly Uint8Array[]>();
  let nodes = parts.map((part) => part.node(1, 0));
  for (let size = count / 2; size >= 1; size /= 2) {
    const below = nodes;
    nodes = Array.from({ length: size }, (_, j) => hash.digest(joinDigests(below[j]!, below[j + size]!)));
    top.set(size, nodes);
  }
  return {
    height,
    kept,
    node: (size, index) =>
      top.get(size)?.[index] ?? parts[index % count]!.node(size / count, Math.floor(index / count)),
    release: () => {
      for (const part of parts) part.release();
    },
  };
}

/** A tree of its digests and of the matrices, which must stay unchanged and in use. */
export function treeOf(matrices: readonly Matrix[], { node, release }: MerkleNodes): MerkleTree {
  let released = false;
  const shapes = matrices.map(({ rows, columns }) => ({ rows, columns }));
  return {
    root: node(1, 0),
    shapes,
    open: (indices) => {
      if (released) throw new CommitmentError('COMMIT_RELEASED', 'tree', 'one in use', 'a released one');
      const rowOf = (k: number, row: number): bigint[] =>
        Array.from({ length: shapes[k]!.columns }, (_, column) => matrices[k]!.get(row, column));
      return openTree(shapes, rowOf, indices, node);
    },
    release: () => {
      released = true;
      release();
    },
  };
}

/**
 * The opening of a tree whose digests `node(n, j)` gives for the layer of n nodes.
 *
 * @param rowOf - a row of the k-th matrix.
 */
export function openTree(
  shapes: readonly MatrixShape[],
  rowOf: (k: number, row: number) => readonly bigint[],
  indices: readonly number[],
  node: MerkleNodes['node'],
): MerkleOpening {
  const height = treeHeight(shapes);
  for (const index of indices) {
    if (!Number.isInteger(index) || index < 0 || index >= height) {
      throw new CommitmentError('COMMIT_RANGE', 'index', `an integer in [0, ${String(height)})`, String(index));
    }
  }
  const rows = shapes.map((shape, k) => openedRows(indices, shape.rows).map((row) => rowOf(k, row)));
  const siblings: Uint8Array[] = [];
  let nodes = openedRows(indices, height);
  for (let size = height; size > 1; size /= 2) {
    const known = new Set(nodes);
    nodes = openedRows(nodes, size / 2);
    for (const parent of nodes) {
      for (const child of [parent, parent + size / 2]) if (!known.has(child)) siblings.push(node(size, child));
    }
  }
  return { rows, siblings };
}

/**
 * Verifies an opening against a root. Takes time and memory linear in the indices, whatever the opening contains.
 *
 * @param indices - those that were asked for, in any order.
 */
export function verifyMerkleOpening(
  hash: HashFunction,
  root: Uint8Array,
  shapes: readonly MatrixShape[],
  indices: readonly number[],
  opening: MerkleOpening,
): MerkleVerdict {
  const height = treeHeight(shapes);
  const refuse = (reason: MerkleRefusal): MerkleVerdict => ({ ok: false, reason });
  if (indices.some((index) => !Number.isInteger(index) || index < 0 || index >= height)) {
    return refuse('index-out-of-range');
  }
  if (opening.rows.length !== shapes.length) return refuse('shape-mismatch');
  for (const [k, shape] of shapes.entries()) {
    const rows = opening.rows[k]!;
    if (rows.length !== openedRows(indices, shape.rows).length) return refuse('shape-mismatch');
    if (rows.some((row) => row.length !== shape.columns)) return refuse('shape-mismatch');
    if (!rows.every((row) => row.every(isCanonical))) return refuse('not-canonical');
  }
  if (opening.siblings.some((digest) => digest.length !== DIGEST_BYTES)) return refuse('wrong-siblings');

  /** Digests of the opened rows of all matrices with `size` rows, by row; nothing where there are none. */
  const rowDigests = (size: number): Map<number, Uint8Array> | undefined => {
    const matching = shapes.flatMap(({ rows }, k) => (rows === size ? [opening.rows[k]!] : []));
    if (matching.length === 0) return undefined;
    const places = openedRows(indices, size);
    const messages = places.map((_, place) => rowBytes(matching.map((rows) => rows[place]!)));
    const digests = digestAll(hash, messages);
    return new Map(places.map((row, place) => [row, digests[place]!]));
  };

  let nodes = rowDigests(height)!;
  let used = 0;
  for (let size = height / 2; size >= 1; size /= 2) {
    const extra = rowDigests(size);
    const places = openedRows(indices, size);
    const pairs: Uint8Array[] = [];
    for (const parent of places) {
      const left = nodes.get(parent) ?? opening.siblings[used++];
      const right = nodes.get(parent + size) ?? opening.siblings[used++];
      if (left === undefined || right === undefined) return refuse('wrong-siblings');
      pairs.push(joinDigests(left, right));
    }
    let digests = digestAll(hash, pairs);
    if (extra !== undefined) {
      digests = digestAll(
        hash,
        places.map((parent, place) => joinDigests(digests[place]!, extra.get(parent)!)),
      );
    }
    nodes = new Map(places.map((parent, place) => [parent, digests[place]!]));
  }
  if (used !== opening.siblings.length) return refuse('wrong-siblings');
  const computed = nodes.get(0);
  if (computed === undefined) return indices.length === 0 ? { ok: true } : refuse('wrong-root');
  return sameBytes(computed, root) ? { ok: true } : refuse('wrong-root');
}

/** Whether two byte strings are equal. */
export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}
