import { HASH_BYTES, hashTo } from './bytes.ts';

/** Bytes of a piece once there is more than one. */
const PIECE = 2 ** 20;
const FIRST = 2 ** 12;

/** Bytes that are appended and cut off at the end: in pieces, so that growing copies nothing once there is much. */
export class GrowingBytes {
  /** All but the first are whole pieces; the first is one once there is a second. */
  readonly #pieces: Uint8Array<ArrayBuffer>[] = [new Uint8Array(FIRST)];
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** Makes room for more bytes. */
  #reserve(count: number): void {
    const needed = this.#length + count;
    const first = this.#pieces[0]!;
    if (first.length < PIECE && needed > first.length) {
      let size = first.length;
      while (size < needed && size < PIECE) size *= 2;
      const next = new Uint8Array(size);
      next.set(first.subarray(0, this.#length));
      this.#pieces[0] = next;
    }
    while (this.#pieces.length * PIECE < needed && needed > PIECE) this.#pieces.push(new Uint8Array(PIECE));
  }

  append(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    for (let done = 0; done < bytes.length;) {
      const piece = this.#pieces[Math.floor(this.#length / PIECE)]!;
      const at = this.#length % PIECE;
      const count = Math.min(bytes.length - done, piece.length - at);
      piece.set(count === bytes.length ? bytes : bytes.subarray(done, done + count), at);
      this.#length += count;
      done += count;
    }
  }

  /** A copy of some of the bytes. */
  slice(from: number, to: number): Uint8Array<ArrayBuffer> {
    const first = Math.floor(from / PIECE);
    const start = from % PIECE;
    if (start + to - from <= PIECE) return this.#pieces[first]!.slice(start, start + to - from);
    const bytes = new Uint8Array(to - from);
    this.copyTo(bytes, 0, from, to);
    return bytes;
  }

  /** Writes some of the bytes to `target` from `at` on. */
  copyTo(target: Uint8Array, at: number, from: number, to: number): void {
    for (let done = from; done < to;) {
      const start = done % PIECE;
      const count = Math.min(to - done, PIECE - start);
      target.set(this.#pieces[Math.floor(done / PIECE)]!.subarray(start, start + count), at + done - from);
      done += count;
    }
  }

  /** Tells whether some of the bytes are those of `other`. */
  equals(from: number, to: number, other: Uint8Array): boolean {
    if (other.length !== to - from) return false;
    for (let at = from; at < to;) {
      const piece = this.#pieces[Math.floor(at / PIECE)]!;
      const start = at % PIECE;
      const count = Math.min(to - at, PIECE - start);
      for (let index = 0; index < count; index += 1)
        if (piece[start + index] !== other[at - from + index]) return false;
      at += count;
    }
    return true;
  }

  /** Cuts off what is behind `length`. */
  truncate(length: number): void {
    this.#length = length;
    this.#pieces.length = Math.max(1, Math.ceil(length / PIECE));
  }
}

/** Integers in `[0, 2^53)` that are appended and cut off at the end, eight bytes each. */
export class GrowingNumbers {
  #numbers = new Float64Array(256);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  append(value: number): void {
    if (this.#length === this.#numbers.length) {
      const next = new Float64Array(2 * this.#length);
      next.set(this.#numbers);
      this.#numbers = next;
    }
    this.#numbers[this.#length++] = value;
  }

  at(index: number): number {
    return this.#numbers[index]!;
  }

  truncate(length: number): void {
    this.#length = length;
  }
}

/** Hashes that are appended and cut off at the end, 32 bytes each. */
export class GrowingHashes {
  #bytes = new Uint8Array(64 * HASH_BYTES);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  #place(): number {
    const at = this.#length * HASH_BYTES;
    if (at === this.#bytes.length) {
      const next = new Uint8Array(2 * at);
      next.set(this.#bytes);
      this.#bytes = next;
    }
    this.#length += 1;
    return at;
  }

  append(hash: Uint8Array): void {
    const at = this.#place();
    this.#bytes.set(hash, at);
  }

  /** Appends the hash of a message. */
  appendHashOf(message: Uint8Array): void {
    const at = this.#place();
    hashTo(message, this.#bytes, at);
  }

  /** A copy. */
  at(index: number): Uint8Array<ArrayBuffer> {
    return this.#bytes.slice(index * HASH_BYTES, (index + 1) * HASH_BYTES);
  }

  truncate(length: number): void {
    this.#length = length;
  }
}
