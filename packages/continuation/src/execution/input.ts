/** Asked for more input, with everything that the program has written so far, a view that holds until it goes on. Nothing given: the input has ended. */
export type InputSource = (written: Uint8Array) => Uint8Array;

/** Input that may grow while a program runs. */
export class GrowingInput {
  #bytes: Uint8Array;
  #length: number;
  readonly #source: InputSource | undefined;
  #hasEnded: boolean;

  constructor(first: Uint8Array, source: InputSource | undefined) {
    this.#bytes = first;
    this.#length = first.length;
    this.#source = source;
    this.#hasEnded = source === undefined;
  }

  get length(): number {
    return this.#length;
  }

  byte(position: number): number {
    return this.#bytes[position]!;
  }

  /**
   * Sees to it that the first `wanted` bytes are there, or that the input has ended: only then is what a read moves the same whatever comes later.
   *
   * @param limit - more bytes than there may be.
   * @returns false where the source has given too many.
   */
  reach(wanted: number, limit: number, written: () => Uint8Array): boolean {
    while (this.#length < wanted && !this.#hasEnded) {
      const more = this.#source!(written());
      if (more.length === 0) this.#hasEnded = true;
      else if (this.#length + more.length >= limit) return false;
      else this.#append(more);
    }
    return true;
  }

  /** A copy of all bytes so far. */
  all(): Uint8Array<ArrayBuffer> {
    return Uint8Array.from(this.#bytes.subarray(0, this.#length));
  }

  #append(more: Uint8Array): void {
    const length = this.#length + more.length;
    if (length > this.#bytes.length) {
      const longer = new Uint8Array(Math.max(length, 2 * this.#bytes.length));
      longer.set(this.#bytes.subarray(0, this.#length));
      this.#bytes = longer;
    }
    this.#bytes.set(more, this.#length);
    this.#length = length;
  }
}
