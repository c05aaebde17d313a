/**
 * `verifyMerkleOpening` on a proof's bytes.
 *
 * @module
 */
import { DIGEST_BYTES } from '../digest.ts';
import { type MatrixShape, type MerkleRefusal, openedRows, treeHeight } from '../merkle.ts';
import { hashRows } from './hashing.ts';
import { type ScannedRows } from './scan.ts';
import { type Workspace } from './workspace.ts';

/** The different rows of each height that some indices lead to, ascending: addresses of integers of 32 bits. */
export class OpenedPlaces {
  readonly #workspace: Workspace;
  readonly #indices: readonly number[];
  readonly #known = new Map<number, { readonly address: number; readonly count: number }>();

  constructor(workspace: Workspace, indices: readonly number[]) {
    this.#workspace = workspace;
    this.#indices = indices;
  }

  /** Those of a height. They are allocated in the scope in which they are first asked for. */
  of(rows: number): { readonly address: number; readonly count: number } {
    let places = this.#known.get(rows);
    if (places === undefined) {
      const numbers = openedRows(this.#indices, rows);
      places = { address: this.#workspace.allocate(4 * numbers.length), count: numbers.length };
      this.#workspace.integers(places.address, places.count).set(numbers);
      this.#known.set(rows, places);
    }
    return places;
  }
}

/**
 * The same verdicts as `verifyMerkleOpening`, for rows whose words are known to be canonical.
 *
 * @param start - address of the proof's bytes.
 * @param places - of the indices that were asked for; those of all heights of the shapes are known.
 */
export function verifyScannedRows(
  workspace: Workspace,
  start: number,
  root: Uint8Array,
  shapes: readonly MatrixShape[],
  places: OpenedPlaces,
  { rows, siblings }: ScannedRows,
): MerkleRefusal | undefined {
  if (rows.length !== shapes.length) return 'shape-mismatch';
  for (const [k, shape] of shapes.entries()) {
    if (rows[k]!.count !== places.of(shape.rows).count) return 'shape-mismatch';
  }
  const height = treeHeight(shapes);
  const { kernels } = workspace;
  return workspace.scope(() => {
    let { address, count } = places.of(height);
    /** Writes the digests of the rows of all matrices of a height; whether there are any. */
    const digestRows = (size: number, out: number, outStride: number): boolean => {
      const own = shapes.flatMap((shape, k) =>
        shape.rows === size ? [{ bytes: 8 * shape.columns, from: start + rows[k]!.offset }] : [],
      );
      if (own.length === 0) return false;
      const number = places.of(size).count;
      const stride = own.reduce((sum, { bytes }) => sum + bytes, 0);
      if (own.length === 1) {
        hashRows(workspace, out, outStride, own[0]!.from, stride, stride, number);
        return true;
      }
      workspace.scope(() => {
        const messages = workspace.allocate(stride * number);
        let at = messages;
        for (const { bytes, from } of own) {
          kernels.gather(at, stride, from, bytes, number);
          at += bytes;
        }
        hashRows(workspace, out, outStride, messages, stride, stride, number);
      });
      return true;
    };
    const digests = workspace.allocate(DIGEST_BYTES * count);
    const pairs = workspace.allocate(2 * DIGEST_BYTES * count);
    const joined = workspace.allocate(2 * DIGEST_BYTES * count);
    let [parents, others] = [workspace.allocate(4 * count), workspace.allocate(4 * count)];
    const cursor = workspace.allocate(4);
    workspace.integers(cursor, 1)[0] = start + siblings.offset;
    const end = start + siblings.offset + DIGEST_BYTES * siblings.count;
    digestRows(height, digests, DIGEST_BYTES);
    for (let size = height / 2; size >= 1; size /= 2) {
      count = kernels.level(parents, pairs, address, digests, count, size, cursor, end);
      if (count < 0) return 'wrong-siblings';
      [address, parents, others] = [parents, others, parents];
      if (digestRows(size, joined + DIGEST_BYTES, 2 * DIGEST_BYTES)) {
        hashRows(workspace, joined, 2 * DIGEST_BYTES, pairs, 2 * DIGEST_BYTES, 2 * DIGEST_BYTES, count);
        hashRows(workspace, digests, DIGEST_BYTES, joined, 2 * DIGEST_BYTES, 2 * DIGEST_BYTES, count);
      } else {
        hashRows(workspace, digests, DIGEST_BYTES, pairs, 2 * DIGEST_BYTES, 2 * DIGEST_BYTES, count);
      }
    }
    if (workspace.integers(cursor, 1)[0] !== end) return 'wrong-siblings';
    const computed = workspace.bytes(digests, DIGEST_BYTES);
    return computed.every((byte, k) => byte === root[k]) ? undefined : 'wrong-root';
  });
}
