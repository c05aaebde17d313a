/**
 * Reading and writing bytes; numbers are little-endian.
 *
 * @module
 */
import { isCanonical } from '@commute/field';
import { DIGEST_BYTES } from './hash.ts';

/** Why bytes are not a proof. */
export type DecodeRefusal =
  /** The bytes end before the proof does. */
  | 'truncated'
  /** Bytes follow after the proof. */
  | 'trailing-bytes'
  /** Not such a proof, or one of another version. */
  | 'unknown-format'
  /** A proof for other parameters than the verifier's. */
  | 'other-parameters'
  /** A field element is not below p. */
  | 'not-canonical'
  /** A count exceeds what the parameters allow. */
  | 'count-out-of-range';

/** Thrown by a reader; {@link decodeWith} catches it. */
export class Refusal extends Error {
  readonly reason: DecodeRefusal;

  constructor(reason: DecodeRefusal) {
    super(reason);
    this.reason = reason;
  }
}

/** Reads forward; refuses to read past the end before it allocates. */
export class Reader {
  readonly #view: DataView;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  get left(): number {
    return this.#view.byteLength - this.#at;
  }

  /** Goes past these bytes if they are what follows. */
  expect(bytes: ArrayLike<number>, otherwise: DecodeRefusal): void {
    for (let k = 0; k < bytes.length; k++) {
      if (this.left === 0 || this.byte() !== bytes[k]) throw new Refusal(otherwise);
    }
  }

  #take(count: number): number {
    if (count > this.left) throw new Refusal('truncated');
    const at = this.#at;
    this.#at += count;
    return at;
  }

  byte(): number {
    return this.#view.getUint8(this.#take(1));
  }

  half(): number {
    return this.#view.getUint16(this.#take(2), true);
  }

  word(): number {
    return this.#view.getUint32(this.#take(4), true);
  }

  /** A number of items of `bytes` bytes each. */
  count(most: number, bytes: number): number {
    const count = this.word();
    if (count > most) throw new Refusal('count-out-of-range');
    if (count * bytes > this.left) throw new Refusal('truncated');
    return count;
  }

  elements(count: number): bigint[] {
    if (8 * count > this.left) throw new Refusal('truncated');
    return Array.from({ length: count }, () => {
      const value = this.#view.getBigUint64(this.#take(8), true);
      if (!isCanonical(value)) throw new Refusal('not-canonical');
      return value;
    });
  }

  digest(): Uint8Array {
    const at = this.#take(DIGEST_BYTES);
    return new Uint8Array(this.#view.buffer, this.#view.byteOffset + at, DIGEST_BYTES).slice();
  }
}

/** What `read` makes of all the bytes, or why it cannot. */
export function decodeWith<T>(
  bytes: Uint8Array,
  read: (reader: Reader) => T,
): { readonly ok: true; readonly proof: T } | { readonly ok: false; readonly reason: DecodeRefusal } {
  try {
    const reader = new Reader(bytes);
    const proof = read(reader);
    if (reader.left > 0) throw new Refusal('trailing-bytes');
    return { ok: true, proof };
  } catch (error) {
    if (error instanceof Refusal) return { ok: false, reason: error.reason };
    throw error;
  }
}

/** Collects bytes. */
export class Writer {
  #bytes = new Uint8Array(1 << 12);
  #view = new DataView(this.#bytes.buffer);
  #length = 0;

  #grow(count: number): number {
    const at = this.#length;
    this.#length += count;
    if (this.#length > this.#bytes.length) {
      const larger = new Uint8Array(2 * this.#length);
      larger.set(this.#bytes);
      this.#bytes = larger;
      this.#view = new DataView(larger.buffer);
    }
    return at;
  }

  bytes(bytes: ArrayLike<number>): void {
    const at = this.#grow(bytes.length);
    this.#bytes.set(bytes, at);
  }

  half(value: number): void {
    const at = this.#grow(2);
    this.#view.setUint16(at, value, true);
  }

  word(value: number): void {
    const at = this.#grow(4);
    this.#view.setUint32(at, value, true);
  }

  elements(values: readonly bigint[]): void {
    const at = this.#grow(8 * values.length);
    values.forEach((value, k) => {
      this.#view.setBigUint64(at + 8 * k, value, true);
    });
  }

  finish(): Uint8Array<ArrayBuffer> {
    return this.#bytes.slice(0, this.#length);
  }
}
