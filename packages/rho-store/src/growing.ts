import { HASH_BYTES, hashTo } from './bytes.ts';

/** Bytes of a piece once there is more than one; a multiple of the size of a hash. */
const PIECE = 2 ** 20;
const FIRST = 2 ** 12;

/** Bytes that are appended and cut off at the end: in pieces, so that growing copies nothing once there is much. */
export class GrowingBytes {
  /** All but the first are whole pieces; the first is one once there is a second. */
  #pieces: Uint8Array<ArrayBuffer>[] = [new Uint8Array(FIRST)];
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
    while (needed > PIECE && this.#pieces.length * PIECE < needed) this.#pieces.push(new Uint8Array(PIECE));
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

  /** Appends the hash of a message. Only hashes may have been appended before. */
  appendHashOf(message: Uint8Array): void {
    this.#reserve(HASH_BYTES);
    hashTo(message, this.#pieces[Math.floor(this.#length / PIECE)]!, this.#length % PIECE);
    this.#length += HASH_BYTES;
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

  /** The bytes in their pieces, which are not copied: valid until anything is appended or cut off. */
  *views(): Generator<Uint8Array> {
    for (let at = 0; at < this.#length; at += PIECE)
      yield this.#pieces[at / PIECE]!.subarray(0, Math.min(PIECE, this.#length - at));
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

  /**
   * All bytes in one array behind `header`. Whole pieces are given up for parts of that array, so there are never two copies of all. The array must not be changed
   * while anything is read, and is changed where bytes are cut off and appended afterwards.
   */
  gather(header: Uint8Array): Uint8Array<ArrayBuffer> {
    const all = new Uint8Array(header.length + this.#length);
    all.set(header);
    for (let index = 0; index < this.#pieces.length; index += 1) {
      const start = index * PIECE;
      const end = Math.min(start + PIECE, this.#length);
      const piece = this.#pieces[index]!;
      all.set(piece.subarray(0, end - start), header.length + start);
      if (end - start < PIECE) continue;
      this.#pieces[index] = all.subarray(header.length + start, header.length + end);
      // Frees it now, instead of when garbage is collected, where the host can; unless it is part of an array that was gathered before.
      if (piece.buffer.byteLength === PIECE && 'transfer' in piece.buffer) piece.buffer.transfer(0);
    }
    return all;
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

/** Numbers of a piece. */
const COUNT = 2 ** 14;

/** Whole numbers that are appended and cut off at the end: four bytes each below 2^32, or eight each below 2^53. */
export class GrowingNumbers {
  readonly #pieces: (Uint32Array | Float64Array)[];
  readonly #make: (count: number) => Uint32Array | Float64Array;
  #length = 0;

  /** @param bytes - of each number. */
  constructor(bytes: 4 | 8) {
    this.#make = bytes === 4 ? (count) => new Uint32Array(count) : (count) => new Float64Array(count);
    this.#pieces = [this.#make(64)];
  }

  get length(): number {
    return this.#length;
  }

  append(value: number): void {
    const at = this.#length % COUNT;
    const index = (this.#length - at) / COUNT;
    if (index === this.#pieces.length) this.#pieces.push(this.#make(COUNT));
    let piece = this.#pieces[index]!;
    if (at === piece.length) {
      const next = this.#make(2 * at);
      next.set(piece);
      this.#pieces[index] = piece = next;
    }
    piece[at] = value;
    this.#length += 1;
  }

  at(index: number): number {
    const at = index % COUNT;
    return this.#pieces[(index - at) / COUNT]![at]!;
  }

  truncate(length: number): void {
    this.#length = length;
    this.#pieces.length = Math.max(1, Math.ceil(length / COUNT));
  }
}
