/** Cuts long work into slices of a length in time, between which progress is told and signals are heard. */
export class Pace {
  readonly #milliseconds: number;
  #size: number;
  #started = 0;

  /**
   * @param milliseconds - how long a slice should take.
   * @param size - steps of the first slice.
   */
  constructor(milliseconds: number, size: number) {
    this.#milliseconds = milliseconds;
    this.#size = size;
  }

  /** Steps of the next slice. Starts its clock. */
  begin(): number {
    this.#started = performance.now();
    return this.#size;
  }

  /** Ends a slice of `size` steps and chooses the size of the next. */
  end(size: number): void {
    const spent = performance.now() - this.#started;
    if (size < this.#size) return;
    if (spent < this.#milliseconds / 2) this.#size *= 2;
    else if (spent > 2 * this.#milliseconds && this.#size > 1) this.#size = Math.floor(this.#size / 2);
  }
}

/** Lets other work of this thread have its turn. */
export function turn(): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, 0);
  });
}
