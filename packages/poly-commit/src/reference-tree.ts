import { type Matrix } from '@commute/field';
import { type HashFunction } from './hash.ts';
import { joinDigests, type MerkleNodes, type MerkleScheme, rowBytes, treeHeight, treeOf } from './merkle.ts';

/**
 * Merkle trees with any hash function, one digest at a time: the oracle of the vectorised ones, and the scheme of other
 * hashes. Takes the matrices of any engine.
 *
 * @example
 * ```ts
 * import { createReferenceEngine } from '@commute/field';
 * import { createMerkleScheme, SHA256, verifyMerkleOpening } from '@commute/poly-commit';
 * const matrix = createReferenceEngine().from([1n, 2n, 3n, 4n]);
 * const tree = createMerkleScheme(SHA256).commit([matrix]);
 * const verdict = verifyMerkleOpening(SHA256, tree.root, tree.shapes, [2], tree.open([2]));
 * if (!verdict.ok) throw new Error('unreachable');
 * ```
 */
export function createMerkleScheme(hash: HashFunction): MerkleScheme {
  const digestRow = (matrices: readonly Matrix[], row: number): Uint8Array =>
    hash.digest(
      rowBytes(
        matrices.map((matrix) => Array.from({ length: matrix.columns }, (_, column) => matrix.get(row, column))),
      ),
    );
  const digests = (matrices: readonly Matrix[]): MerkleNodes => {
    const height = treeHeight(matrices);
    const ofHeight = (rows: number): Matrix[] => matrices.filter((matrix) => matrix.rows === rows);
    const layers = new Map<number, Uint8Array[]>();
    let nodes = Array.from({ length: height }, (_, row) => digestRow(ofHeight(height), row));
    layers.set(height, nodes);
    for (let size = height / 2; size >= 1; size /= 2) {
      const extra = ofHeight(size);
      const below = nodes;
      nodes = Array.from({ length: size }, (_, j) => {
        const digest = hash.digest(joinDigests(below[j]!, below[j + size]!));
        return extra.length === 0 ? digest : hash.digest(joinDigests(digest, digestRow(extra, j)));
      });
      layers.set(size, nodes);
    }
    return {
      height,
      node: (size, index) => layers.get(size)![index]!,
      release: () => {
        layers.clear();
      },
    };
  };
  return { hash, digests, commit: (matrices) => treeOf(matrices, digests(matrices)) };
}
