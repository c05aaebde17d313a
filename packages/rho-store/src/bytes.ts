/**
 * The bytes of all formats of the store: a writer, a reader that never throws, comparison, the hash.
 *
 * @module
 */
import { sha256, sha256To } from './hash/sha256.ts';

/** Bytes of a hash. */
export const HASH_BYTES = 32;

/** The hash of nothing: root of an empty trie, head of an empty history. */
export const ZERO_HASH: Uint8Array<ArrayBuffer> = /* @__PURE__ */ new Uint8Array(HASH_BYTES);

/**
 * SHA-256: the hash of the whole store.
 *
 * @returns 32 bytes, not shared.
 */
export function hashBytes(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return sha256(bytes);
}

/** Writes {@link hashBytes} to 32 bytes of `target` from `at` on. */
export function hashTo(bytes: Uint8Array, target: Uint8Array, at: number): void {
  sha256To(bytes, target, at);
}

/** Tells whether two byte strings are equal. Not constant time. */
export function equalBytes(left: Uint8Array, right: Uint8Array): boolean {
  if (left === right) return true;
  if (left.length !== right.length) return false;
  for (let index = 0; index < left.length; index += 1) if (left[index] !== right[index]) return false;
  return true;
}

/** Orders byte strings as LMDB does: by bytes, a prefix first. */
export function compareBytes(left: Uint8Array, right: Uint8Array): number {
  const length = Math.min(left.length, right.length);
  for (let index = 0; index < length; index += 1) {
    const difference = left[index]! - right[index]!;
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}

/** Lower-case hexadecimal digits of bytes. */
export function hexFromBytes(bytes: Uint8Array): string {
  let text = '';
  for (const byte of bytes) text += (byte < 16 ? '0' : '') + byte.toString(16);
  return text;
}

/** Characters that are made at once: they are arguments of one call. */
const TEXT_PIECE = 4096;

/** One character in `[0, 255]` per byte: a text that is equal for equal bytes and can key a map. */
export function textFromBytes(bytes: Uint8Array): string {
  if (bytes.length <= TEXT_PIECE) return String.fromCharCode.apply(undefined, bytes as unknown as number[]);
  let text = '';
  for (let at = 0; at < bytes.length; at += TEXT_PIECE) text += textFromBytes(bytes.subarray(at, at + TEXT_PIECE));
  return text;
}

/** The inverse of {@link textFromBytes}. */
export function bytesFromText(text: string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(text.length);
  for (let index = 0; index < text.length; index += 1) bytes[index] = text.charCodeAt(index);
  return bytes;
}

/** Writes a number in `[0, 2^53)` in eight bytes, big-endian. */
export function writeUint64(bytes: Uint8Array, at: number, value: number): void {
  const high = Math.floor(value / 2 ** 32);
  for (let index = 0; index < 4; index += 1) {
    bytes[at + index] = high >>> (24 - 8 * index);
    bytes[at + 4 + index] = value >>> (24 - 8 * index);
  }
}

/** Appends values to a buffer that grows. Integers are big-endian unless variable-length. */
export class ByteWriter {
  #bytes: Uint8Array<ArrayBuffer>;
  #length = 0;

  constructor(capacity = 256) {
    this.#bytes = new Uint8Array(capacity);
  }

  get length(): number {
    return this.#length;
  }

  #grow(count: number): void {
    const needed = this.#length + count;
    if (needed <= this.#bytes.length) return;
    const next = new Uint8Array(Math.max(needed, this.#bytes.length * 2));
    next.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = next;
  }

  byte(value: number): this {
    if (this.#length === this.#bytes.length) this.#grow(1);
    this.#bytes[this.#length++] = value;
    return this;
  }

  uint16(value: number): this {
    return this.byte(value >>> 8).byte(value & 255);
  }

  uint32(value: number): this {
    this.#grow(4);
    for (let shift = 24; shift >= 0; shift -= 8) this.#bytes[this.#length++] = value >>> shift;
    return this;
  }

  /** A number in `[0, 2^53)` in eight bytes. */
  uint64(value: number): this {
    this.#grow(8);
    writeUint64(this.#bytes, this.#length, value);
    this.#length += 8;
    return this;
  }

  /** A number in `[0, 2^53)`, seven bits per byte, least significant first. */
  varint(value: number): this {
    let rest = value;
    while (rest >= 128) {
      this.byte((rest % 128) | 128);
      rest = Math.floor(rest / 128);
    }
    return this.byte(rest);
  }

  raw(bytes: Uint8Array): this {
    const { length } = bytes;
    this.#grow(length);
    // A call of `set` costs more than a few bytes do.
    if (length <= 16) for (let index = 0; index < length; index += 1) this.#bytes[this.#length + index] = bytes[index]!;
    else this.#bytes.set(bytes, this.#length);
    this.#length += length;
    return this;
  }

  /** One byte for each character of a text of {@link textFromBytes}. */
  text(text: string): this {
    const { length } = text;
    this.#grow(length);
    const bytes = this.#bytes;
    const at = this.#length;
    for (let index = 0; index < length; index += 1) bytes[at + index] = text.charCodeAt(index);
    this.#length += length;
    return this;
  }

  /** A variable-length count and the bytes. */
  bytes(bytes: Uint8Array): this {
    return this.varint(bytes.length).raw(bytes);
  }

  /** A copy of what was written. */
  finish(): Uint8Array<ArrayBuffer> {
    return this.#bytes.slice(0, this.#length);
  }

  /** What was written from some place on, without a copy: valid until the next value is written. */
  view(from = 0): Uint8Array<ArrayBuffer> {
    return this.#bytes.subarray(from, this.#length);
  }

  /** Forgets what was written and keeps the buffer. */
  reset(): this {
    this.#length = 0;
    return this;
  }
}

/** Reads what {@link ByteWriter} wrote. After a read past the end `failed` is true and every value is zero or empty. */
export class ByteReader {
  readonly #bytes: Uint8Array;
  #at = 0;
  failed = false;

  constructor(bytes: Uint8Array) {
    // Slices of a Buffer of Node would be views of it.
    this.#bytes =
      bytes.constructor === Uint8Array ? bytes : new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  get remaining(): number {
    return this.failed ? 0 : this.#bytes.length - this.#at;
  }

  /** True if everything was read and nothing was missing. */
  get atEnd(): boolean {
    return !this.failed && this.#at === this.#bytes.length;
  }

  byte(): number {
    if (this.remaining < 1) {
      this.failed = true;
      return 0;
    }
    return this.#bytes[this.#at++]!;
  }

  uint16(): number {
    return this.byte() * 256 + this.byte();
  }

  uint32(): number {
    return this.uint16() * 65536 + this.uint16();
  }

  uint64(): number {
    const value = this.uint32() * 2 ** 32 + this.uint32();
    if (!Number.isSafeInteger(value)) this.failed = true;
    return this.failed ? 0 : value;
  }

  /** Accepts only the shortest form. */
  varint(): number {
    let value = 0;
    let scale = 1;
    for (let index = 0; index < 8; index += 1) {
      const next = this.byte();
      value += (next & 127) * scale;
      if (next < 128) {
        if ((next === 0 && index > 0) || !Number.isSafeInteger(value)) this.failed = true;
        return this.failed ? 0 : value;
      }
      scale *= 128;
    }
    this.failed = true;
    return 0;
  }

  /** A copy of the next bytes. */
  raw(count: number): Uint8Array<ArrayBuffer> {
    if (count > this.remaining) {
      this.failed = true;
      return new Uint8Array(0);
    }
    this.#at += count;
    return this.#bytes.slice(this.#at - count, this.#at);
  }

  bytes(): Uint8Array<ArrayBuffer> {
    return this.raw(this.varint());
  }

  /** Goes on behind the next bytes. */
  skip(count: number): void {
    if (count > this.remaining) this.failed = true;
    else this.#at += count;
  }

  /** A hash; zeros after a failure. */
  hash(): Uint8Array<ArrayBuffer> {
    const bytes = this.raw(HASH_BYTES);
    return this.failed ? ZERO_HASH : bytes;
  }
}
