/**
 * Reading and writing of bytes from and to anybody.
 *
 * @module
 */

/** Writes little-endian numbers and bytes. */
export class ByteWriter {
  readonly #parts: Uint8Array[] = [];

  bytes(bytes: Uint8Array): this {
    this.#parts.push(bytes);
    return this;
  }

  /** An unsigned number of 1 to 8 bytes. @throws `RangeError` where it does not fit. */
  number(value: number | bigint, length: number): this {
    const bytes = new Uint8Array(length);
    let rest = BigInt(value);
    for (let k = 0; k < length; k++, rest >>= 8n) bytes[k] = Number(rest & 0xffn);
    if (rest !== 0n) throw new RangeError(`value: expected ${String(length)} bytes, got ${String(value)}`);
    return this.bytes(bytes);
  }

  finish(): Uint8Array<ArrayBuffer> {
    const result = new Uint8Array(this.#parts.reduce((sum, { length }) => sum + length, 0));
    let at = 0;
    for (const part of this.#parts) {
      result.set(part, at);
      at += part.length;
    }
    return result;
  }
}

/** Why bytes cannot be read. */
export type DecodeRefusal = 'unknown-format' | 'truncated' | 'trailing-bytes' | 'out-of-range';

/** Carries a reason out of a decoder; never leaves this package. */
class Refusal extends Error {
  readonly reason: DecodeRefusal;

  constructor(reason: DecodeRefusal) {
    super(reason);
    this.reason = reason;
  }
}

/** Reads what {@link ByteWriter} wrote. */
export class ByteReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get left(): number {
    return this.#bytes.length - this.#at;
  }

  refuse(reason: DecodeRefusal): never {
    throw new Refusal(reason);
  }

  /** A copy of what follows. */
  bytes(length: number): Uint8Array {
    return this.view(length).slice();
  }

  /** What follows where it is: copying proofs takes longer than much of what is done with them. */
  view(length: number): Uint8Array {
    if (length > this.left) this.refuse('truncated');
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }

  bigint(length: number): bigint {
    const bytes = this.view(length);
    let value = 0n;
    for (let k = length - 1; k >= 0; k--) value = (value << 8n) | BigInt(bytes[k]!);
    return value;
  }

  /** A number of up to 8 bytes, the nearest one where it has more than 53 bits. */
  number(length: number): number {
    const bytes = this.view(length);
    let value = 0;
    for (let k = length - 1; k >= 0; k--) value = 256 * value + bytes[k]!;
    return value;
  }

  /** A number that is at most `most`. */
  bounded(length: number, most: number): number {
    const value = this.number(length);
    if (value > most) this.refuse('out-of-range');
    return value;
  }

  expect(bytes: ArrayLike<number>): void {
    const got = this.view(bytes.length);
    if (!got.every((byte, k) => byte === bytes[k])) this.refuse('unknown-format');
  }
}

/** What `read` reads of all bytes, or why it cannot. */
export function decodeWith<T>(
  bytes: Uint8Array,
  read: (reader: ByteReader) => T,
): { readonly ok: true; readonly value: T } | { readonly ok: false; readonly reason: DecodeRefusal } {
  const reader = new ByteReader(bytes);
  try {
    const value = read(reader);
    if (reader.left > 0) reader.refuse('trailing-bytes');
    return { ok: true, value };
  } catch (error) {
    if (error instanceof Refusal) return { ok: false, reason: error.reason };
    throw error;
  }
}

/** Whether two byte strings are equal. */
export function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, k) => byte === b[k]);
}
