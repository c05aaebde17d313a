/*
 * Writes LZ4 frames (LZ4 Frame Format 1.6.3, LZ4 Block Format), so that the program `lz` has something to decompress.
 */
import { join } from '../cases/case.ts';

const PRIME1 = 0x9e3779b1;
const PRIME2 = 0x85ebca77;
const PRIME3 = 0xc2b2ae3d;
const PRIME4 = 0x27d4eb2f;
const PRIME5 = 0x165667b1;

function rotate(value: number, count: number): number {
  return (value << count) | (value >>> (32 - count));
}

/**
 * xxHash32 with seed 0 (xxHash fast digest algorithm, version 0.1.1).
 *
 * @returns the hash as an unsigned number.
 */
export function xxHash32(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  let hash: number;
  if (bytes.length >= 16) {
    const lanes = [PRIME1 + PRIME2, PRIME2, 0, -PRIME1];
    for (; at + 16 <= bytes.length; at += 16) {
      for (let lane = 0; lane < 4; lane += 1) {
        const word = view.getInt32(at + 4 * lane, true);
        lanes[lane] = Math.imul(rotate((lanes[lane]! + Math.imul(word, PRIME2)) | 0, 13), PRIME1);
      }
    }
    hash = rotate(lanes[0]!, 1) + rotate(lanes[1]!, 7) + rotate(lanes[2]!, 12) + rotate(lanes[3]!, 18);
  } else {
    hash = PRIME5;
  }
  hash = (hash + bytes.length) | 0;
  for (; at + 4 <= bytes.length; at += 4) {
    hash = Math.imul(rotate((hash + Math.imul(view.getInt32(at, true), PRIME3)) | 0, 17), PRIME4);
  }
  for (; at < bytes.length; at += 1) hash = Math.imul(rotate((hash + Math.imul(bytes[at]!, PRIME5)) | 0, 11), PRIME1);
  hash = Math.imul(hash ^ (hash >>> 15), PRIME2);
  hash = Math.imul(hash ^ (hash >>> 13), PRIME3);
  return (hash ^ (hash >>> 16)) >>> 0;
}

function word(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, value, true);
  return bytes;
}

function extraLength(length: number): number[] {
  if (length < 15) return [];
  const bytes: number[] = [];
  for (let left = length - 15; ; left -= 255) {
    bytes.push(Math.min(left, 255));
    if (left < 255) return bytes;
  }
}

/** One sequence: literals, and a match unless it is the last sequence of its block. */
function sequence(literals: Uint8Array, match?: { readonly offset: number; readonly length: number }): Uint8Array {
  const matchCode = match === undefined ? 0 : match.length - 4;
  const token = (Math.min(literals.length, 15) << 4) | Math.min(matchCode, 15);
  const start = Uint8Array.of(token, ...extraLength(literals.length));
  if (match === undefined) return join(start, literals);
  const end = Uint8Array.of(match.offset & 255, match.offset >> 8, ...extraLength(matchCode));
  return join(start, literals, end);
}

/**
 * Compresses `bytes[start, end)` to a block, greedily; matches may reach back to `oldest`. As the format demands, the last
 * five bytes are literals and no match begins in the last twelve.
 */
function compressBlock(bytes: Uint8Array, start: number, end: number, oldest: number): Uint8Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const seen = new Map<number, number>();
  for (let at = Math.max(oldest, start - 65535); at + 4 <= start; at += 1) seen.set(view.getUint32(at, true), at);
  const sequences: Uint8Array[] = [];
  let literals = start;
  for (let at = start; at < end - 12;) {
    const key = view.getUint32(at, true);
    const from = seen.get(key);
    seen.set(key, at);
    if (from === undefined || at - from > 65535) {
      at += 1;
      continue;
    }
    let length = 4;
    while (at + length < end - 5 && bytes[from + length] === bytes[at + length]) length += 1;
    sequences.push(sequence(bytes.subarray(literals, at), { offset: at - from, length }));
    at += length;
    literals = at;
  }
  return join(...sequences, sequence(bytes.subarray(literals, end)));
}

/** What a frame may have. */
export interface Lz4Options {
  /** 4: blocks of 64 KiB, 5: 256 KiB, 6: 1 MiB, 7: 4 MiB. */
  readonly blockSize?: 4 | 5 | 6 | 7;
  /** Bytes that go into one block, at most what `blockSize` says. */
  readonly blockBytes?: number;
  readonly linkedBlocks?: boolean;
  readonly blockChecksums?: boolean;
  readonly contentSize?: boolean;
  readonly contentChecksum?: boolean;
}

/** Compresses bytes to one frame. */
export function lz4Frame(bytes: Uint8Array, options: Lz4Options = {}): Uint8Array<ArrayBuffer> {
  const { blockSize = 4, linkedBlocks = false, blockChecksums = false, contentSize = false } = options;
  const { blockBytes = 2 ** (8 + 2 * blockSize), contentChecksum = false } = options;
  const flags =
    0x40 | (linkedBlocks ? 0 : 0x20) | (blockChecksums ? 0x10 : 0) | (contentSize ? 8 : 0) | (contentChecksum ? 4 : 0);
  const descriptor = join(
    Uint8Array.of(flags, blockSize << 4),
    contentSize ? join(word(bytes.length), word(0)) : new Uint8Array(0),
  );
  const parts: Uint8Array[] = [word(0x184d2204), descriptor, Uint8Array.of((xxHash32(descriptor) >>> 8) & 255)];
  for (let start = 0; start < bytes.length; start += blockBytes) {
    const end = Math.min(start + blockBytes, bytes.length);
    const packed = compressBlock(bytes, start, end, linkedBlocks ? 0 : start);
    const stored = packed.length >= end - start;
    const data = stored ? bytes.subarray(start, end) : packed;
    parts.push(word(data.length + (stored ? 0x80000000 : 0)), data);
    if (blockChecksums) parts.push(word(xxHash32(data)));
  }
  parts.push(word(0));
  if (contentChecksum) parts.push(word(xxHash32(bytes)));
  return join(...parts);
}

/** A frame that decoders must skip. */
export function skippableFrame(content: Uint8Array, kind = 0): Uint8Array<ArrayBuffer> {
  return join(word(0x184d2a50 + kind), word(content.length), content);
}
