/**
 * How a program asks for blocks: version 1 of the requests on its output and of the answers on its input.
 *
 * Everything is a multiple of four bytes, numbers are 32 bits, little-endian. Answers come in the order of the requests.
 *
 * | request                                  | answer                                                                   |
 * | ---------------------------------------- | ------------------------------------------------------------------------ |
 * | 1, n, n bytes, zeros up to a multiple of 4 | none: the bytes are output of the program                                |
 * | 2, block, 512 bytes                      | none: the block has this content from then on                            |
 * | 3, block                                 | the 512 bytes of the block                                               |
 * | 4, n                                     | m, m bytes, zeros up to a multiple of 4: the next m = min(n, rest) bytes of the program's input |
 *
 * @module
 */

/** Bytes of a block. Blocks are numbered from 0 to 2^32 - 1, and zero until they are written. */
export const BLOCK_BYTES = 512 as const;

/** First words of the requests. */
export const REQUEST = { put: 1, write: 2, read: 3, take: 4 } as const;

/** A request. `bytes` are views of the stream. */
export type DiskRequest =
  | { readonly kind: 'put'; readonly bytes: Uint8Array }
  | { readonly kind: 'write'; readonly block: number; readonly bytes: Uint8Array }
  | { readonly kind: 'read'; readonly block: number }
  | { readonly kind: 'take'; readonly most: number };

/** Why there is no request at a place. */
export type RequestFault =
  /** The stream ends within it. */
  | 'incomplete-request'
  /** The first word is none of {@link REQUEST}. */
  | 'unknown-request'
  /** Bytes after the content are not zero. */
  | 'padding';

/** The request at a place, and where the next one is. */
export type RequestVerdict =
  | { readonly ok: true; readonly request: DiskRequest; readonly end: number }
  | { readonly ok: false; readonly reason: RequestFault };

/** What `count` bytes take with their padding. */
export function padded(count: number): number {
  return 4 * Math.ceil(count / 4);
}

/**
 * Reads one request from a program's output; never throws because of the bytes.
 *
 * @param at - where it begins.
 */
export function readRequest(stream: Uint8Array, at: number): RequestVerdict {
  const left = stream.length - at;
  if (left < 8) return { ok: false, reason: 'incomplete-request' };
  const view = new DataView(stream.buffer, stream.byteOffset + at);
  const [kind, argument] = [view.getUint32(0, true), view.getUint32(4, true)];
  const content = (length: number): Uint8Array | undefined =>
    left < 8 + padded(length) ? undefined : stream.subarray(at + 8, at + 8 + length);
  switch (kind) {
    case REQUEST.read:
      return { ok: true, request: { kind: 'read', block: argument }, end: at + 8 };
    case REQUEST.take:
      return { ok: true, request: { kind: 'take', most: argument }, end: at + 8 };
    case REQUEST.write: {
      const bytes = content(BLOCK_BYTES);
      if (bytes === undefined) return { ok: false, reason: 'incomplete-request' };
      return { ok: true, request: { kind: 'write', block: argument, bytes }, end: at + 8 + BLOCK_BYTES };
    }
    case REQUEST.put: {
      const bytes = content(argument);
      if (bytes === undefined) return { ok: false, reason: 'incomplete-request' };
      const end = at + 8 + padded(argument);
      for (let place = at + 8 + argument; place < end; place++) {
        if (stream[place] !== 0) return { ok: false, reason: 'padding' };
      }
      return { ok: true, request: { kind: 'put', bytes }, end };
    }
    default:
      return { ok: false, reason: 'unknown-request' };
  }
}

/** The answer to a `take`, which is given `bytes`. */
export function takeAnswer(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const answer = new Uint8Array(4 + padded(bytes.length));
  new DataView(answer.buffer).setUint32(0, bytes.length, true);
  answer.set(bytes, 4);
  return answer;
}
