/**
 * BLAKE3 in a verifier's memory: of rows, of long messages, and as a stream.
 *
 * @module
 */
import { FLAGS } from '../blake3-kernels.ts';
import { DIGEST_BYTES } from '../digest.ts';
import { CHUNK_BYTES } from './memory-layout.ts';
import { type Workspace } from './workspace.ts';

const { chunkStart, chunkEnd, parent, root } = FLAGS;

/**
 * The digests of messages of one length that lie `stride` bytes apart, to places `outStride` bytes apart. `out` may be `from` where messages have one chunk and
 * both strides are the same.
 */
export function hashRows(
  workspace: Workspace,
  out: number,
  outStride: number,
  from: number,
  stride: number,
  length: number,
  count: number,
): void {
  const { chunks } = workspace.kernels;
  if (length <= CHUNK_BYTES) {
    chunks(out, outStride, from, stride, length, chunkStart, chunkEnd | root, 0, 0, 0, count);
    return;
  }
  workspace.scope(() => {
    // The chaining values of a message's chunks side by side; then of each pair its parent, until one is left. The last of an odd number goes up as it is.
    let left = Math.ceil(length / CHUNK_BYTES);
    let width = DIGEST_BYTES * left;
    let values = workspace.allocate(width * count);
    for (let chunk = 0; chunk < left; chunk++) {
      const start = CHUNK_BYTES * chunk;
      const bytes = Math.min(CHUNK_BYTES, length - start);
      chunks(
        values + DIGEST_BYTES * chunk,
        width,
        from + start,
        stride,
        bytes,
        chunkStart,
        chunkEnd,
        chunk,
        0,
        0,
        count,
      );
    }
    while (left > 2) {
      const parents = Math.ceil(left / 2);
      const above = workspace.allocate(DIGEST_BYTES * parents * count);
      for (let pair = 0; pair < left >>> 1; pair++) {
        const at = above + DIGEST_BYTES * pair;
        chunks(
          at,
          DIGEST_BYTES * parents,
          values + 2 * DIGEST_BYTES * pair,
          width,
          2 * DIGEST_BYTES,
          parent,
          0,
          0,
          0,
          0,
          count,
        );
      }
      if (left % 2 === 1) {
        for (let row = 0; row < count; row++) {
          const last = workspace.bytes(values + width * (row + 1) - DIGEST_BYTES, DIGEST_BYTES);
          workspace.bytes(above + DIGEST_BYTES * (parents * (row + 1) - 1), DIGEST_BYTES).set(last);
        }
      }
      [left, width, values] = [parents, DIGEST_BYTES * parents, above];
    }
    chunks(out, outStride, values, width, 2 * DIGEST_BYTES, parent, root, 0, 0, 0, count);
  });
}

/** Chunks of a long message that are in memory at once. */
const MOST_CHUNKS = 1024;

/** The digest of one message, its chunks four at a time. */
export function hashMessage(workspace: Workspace, message: Uint8Array): Uint8Array<ArrayBuffer> {
  const { chunks } = workspace.kernels;
  return workspace.scope(() => {
    const { length } = message;
    let count = Math.ceil(length / CHUNK_BYTES);
    let values = workspace.allocate(DIGEST_BYTES * Math.max(1, count));
    if (count <= 1) {
      const from = workspace.put(message);
      chunks(values, DIGEST_BYTES, from, length, length, chunkStart, chunkEnd | root, 0, 0, 0, 1);
      return workspace.bytes(values, DIGEST_BYTES).slice();
    }
    for (let first = 0; first < count; first += MOST_CHUNKS) {
      workspace.scope(() => {
        const piece = message.subarray(CHUNK_BYTES * first, CHUNK_BYTES * (first + MOST_CHUNKS));
        const from = workspace.put(piece);
        const whole = Math.floor(piece.length / CHUNK_BYTES);
        const to = values + DIGEST_BYTES * first;
        chunks(to, DIGEST_BYTES, from, CHUNK_BYTES, CHUNK_BYTES, chunkStart, chunkEnd, first, 1, 0, whole);
        const rest = piece.length - CHUNK_BYTES * whole;
        if (rest === 0) return;
        const last = from + CHUNK_BYTES * whole;
        chunks(to + DIGEST_BYTES * whole, DIGEST_BYTES, last, rest, rest, chunkStart, chunkEnd, first + whole, 0, 0, 1);
      });
    }
    while (count > 2) {
      const pairs = count >>> 1;
      const above = workspace.allocate(DIGEST_BYTES * (count - pairs));
      chunks(above, DIGEST_BYTES, values, 2 * DIGEST_BYTES, 2 * DIGEST_BYTES, parent, 0, 0, 0, 0, pairs);
      if (count % 2 === 1) {
        const last = workspace.bytes(values + DIGEST_BYTES * (count - 1), DIGEST_BYTES);
        workspace.bytes(above + DIGEST_BYTES * pairs, DIGEST_BYTES).set(last);
      }
      [values, count] = [above, count - pairs];
    }
    chunks(values, DIGEST_BYTES, values, 2 * DIGEST_BYTES, 2 * DIGEST_BYTES, parent, root, 0, 0, 0, 1);
    return workspace.bytes(values, DIGEST_BYTES).slice();
  });
}

/** The first bytes of the output stream of a message of at most 64 bytes. */
export function hashStream(workspace: Workspace, message: Uint8Array, length: number): Uint8Array<ArrayBuffer> {
  return workspace.scope(() => {
    const from = workspace.put(message);
    const blocks = Math.ceil(length / 64);
    const out = workspace.allocate(64 * blocks);
    const flags = chunkEnd | root;
    workspace.kernels.chunks(out, 64, from, 0, message.length, chunkStart, flags, 0, 1, 1, blocks);
    return workspace.bytes(out, length).slice();
  });
}
