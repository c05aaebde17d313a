/** Items in order: an array, or something that can be gone through like one. */
export interface Ordered<T> extends Iterable<T> {
  readonly length: number;
}

/** Most items of a chunk; one with more is split into halves. */
const CHUNK = 512;

/** Many items that are kept in order, in chunks of bounded size: one that comes or goes moves those of its chunk alone, however many there are. */
export class ChunkedList<T> implements Ordered<T> {
  readonly #chunks: T[][] = [];
  readonly #order: (item: T) => string;
  #length: number;

  /** @param sorted - by their order. */
  constructor(order: (item: T) => string, sorted: readonly T[]) {
    this.#order = order;
    this.#length = sorted.length;
    const half = CHUNK / 2;
    for (let start = 0; start < sorted.length; start += half) this.#chunks.push(sorted.slice(start, start + half));
  }

  get length(): number {
    return this.#length;
  }

  *[Symbol.iterator](): Generator<T> {
    for (const chunk of this.#chunks) yield* chunk;
  }

  /** All items in order, in an array of their own. */
  toArray(): T[] {
    return this.#chunks.flat();
  }

  /** Position of the first chunk whose last item has a key or a greater one; that of the last chunk if there is none. */
  #chunkOf(key: string): number {
    const chunks = this.#chunks;
    let low = 0;
    let high = chunks.length - 1;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const chunk = chunks[middle]!;
      if (this.#order(chunk[chunk.length - 1]!) < key) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #place(chunk: readonly T[], key: string): number {
    let low = 0;
    let high = chunk.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#order(chunk[middle]!) < key) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  add(item: T): void {
    const key = this.#order(item);
    const at = this.#chunkOf(key);
    const chunk = this.#chunks[at];
    this.#length += 1;
    if (chunk === undefined) {
      this.#chunks.push([item]);
      return;
    }
    chunk.splice(this.#place(chunk, key), 0, item);
    if (chunk.length > CHUNK) this.#chunks.splice(at + 1, 0, chunk.splice(chunk.length >>> 1));
  }

  /** Takes out one item with the order of `item`, the same object if it is there; `false` if there is none. */
  remove(item: T): boolean {
    const key = this.#order(item);
    const first = this.#chunkOf(key);
    let found: { readonly at: number; readonly index: number } | undefined;
    search: for (let at = first; at < this.#chunks.length; at += 1) {
      const chunk = this.#chunks[at]!;
      for (let index = at === first ? this.#place(chunk, key) : 0; index < chunk.length; index += 1) {
        if (this.#order(chunk[index]!) !== key) break search;
        found = chunk[index] === item || found === undefined ? { at, index } : found;
        if (chunk[index] === item) break search;
      }
    }
    if (found === undefined) return false;
    const chunk = this.#chunks[found.at]!;
    chunk.splice(found.index, 1);
    if (chunk.length === 0) this.#chunks.splice(found.at, 1);
    this.#length -= 1;
    return true;
  }
}
