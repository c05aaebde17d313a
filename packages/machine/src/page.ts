import { PAGE_BYTES } from './layout.ts';

/** Pages that share one buffer: buffers cost more than their bytes, but are kept as long as any page of theirs. */
const CHUNK_PAGES = 8;

/** Buffers of the pages a memory works on, as long-lived as any page that borrows from them. */
export class Frames {
  /** The frames, one after the other. */
  bytes: Uint8Array<ArrayBuffer>;
  #chunk = new Uint8Array(0);

  constructor(bytes: Uint8Array<ArrayBuffer>) {
    this.bytes = bytes;
  }

  /** A copy of the frame at a byte offset. */
  copy(frame: number): Uint8Array<ArrayBuffer> {
    if (this.#chunk.length === 0) this.#chunk = new Uint8Array(CHUNK_PAGES * PAGE_BYTES);
    const copy = this.#chunk.subarray(0, PAGE_BYTES);
    this.#chunk = this.#chunk.subarray(PAGE_BYTES);
    copy.set(this.bytes.subarray(frame, frame + PAGE_BYTES));
    return copy;
  }
}

/**
 * 4096 immutable bytes with their hash, computed once when asked for.
 *
 * A page may borrow its bytes from the frame that a memory works on, until someone asks for them or the memory is about
 * to change the frame: whoever changes a frame calls {@link Page.settle} first.
 */
export class Page {
  /** Root of the page's 128 leaves. */
  hash: Uint8Array | undefined = undefined;
  /** The inner nodes in heap order (root first); handed on to the successor page, so that it rehashes only what changed. */
  inner: Uint8Array | undefined = undefined;
  /** The page this one was copied from, as long as its inner nodes can serve. */
  base: Page | undefined;
  #bytes: Uint8Array<ArrayBuffer> | undefined;
  #frames: Frames | undefined;
  readonly #frame: number;

  private constructor(bytes: Uint8Array<ArrayBuffer> | undefined, frames: Frames | undefined, frame: number) {
    this.base = undefined;
    this.#bytes = bytes;
    this.#frames = frames;
    this.#frame = frame;
  }

  /** A page with bytes of its own, at an offset that is a multiple of 4; `base` is the page before it. */
  static of(bytes: Uint8Array<ArrayBuffer>, base: Page | null): Page {
    return new Page(bytes, undefined, 0).#after(base);
  }

  /** A page that borrows the frame at a byte offset. */
  static borrow(frames: Frames, frame: number, base: Page | null): Page {
    return new Page(undefined, frames, frame).#after(base);
  }

  get bytes(): Uint8Array<ArrayBuffer> {
    return this.#bytes ?? this.#copy();
  }

  /** Copies the bytes if they are borrowed from `frames`, which are about to change. */
  settle(frames: Frames): void {
    if (this.#frames === frames) this.#copy();
  }

  /** Copies the bytes to `target` at a byte offset, without asking for a copy to keep. */
  copyTo(target: Uint8Array, offset: number): void {
    const frames = this.#frames;
    target.set(
      frames === undefined ? this.bytes : frames.bytes.subarray(this.#frame, this.#frame + PAGE_BYTES),
      offset,
    );
  }

  #after(base: Page | null): this {
    const origin = base?.hash === undefined ? base?.base : base;
    this.base = origin?.inner === undefined ? undefined : origin;
    return this;
  }

  #copy(): Uint8Array<ArrayBuffer> {
    const bytes = this.#frames!.copy(this.#frame);
    this.#bytes = bytes;
    this.#frames = undefined;
    return bytes;
  }
}
