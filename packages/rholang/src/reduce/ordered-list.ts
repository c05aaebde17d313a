import { ChunkedList, type Ordered } from './chunked-list.ts';

/** Number of items from which on it is worth to look for one by its order. */
const MANY = 16;

/** Number of items from which on they are kept in chunks, and below which no more. */
const LARGE = 2048;
const SMALL = 512;

/**
 * A list that is put in order when it is asked for: cheap while it has one item, and while few come between two questions. It is what tuple
 * spaces keep the messages and receives of a channel in.
 *
 * @example
 * ```ts
 * import { OrderedList } from '@commute/rholang';
 * const list = new OrderedList<string>((item) => item, ['b']);
 * list.add('c');
 * list.add('a');
 * if ([...list.inOrder()].join('') !== 'abc' || !list.remove('b') || list.remove('b')) throw new Error('unexpected list');
 * ```
 */
export class OrderedList<T> {
  /** All items; those that came since the last question once there are many. */
  #items: T[];
  /** Those that were put in order, once there are many. */
  #chunks: ChunkedList<T> | undefined;
  /** Number of leading items that are in order. */
  #sorted = 0;
  readonly #order: (item: T) => string;

  /** @param order - the text by which items are ordered; equal only for items that may stand for each other. */
  constructor(order: (item: T) => string, items: readonly T[] = []) {
    this.#order = order;
    this.#items = items.slice();
  }

  /** Number of items. */
  get length(): number {
    return this.#chunks === undefined ? this.#items.length : this.#chunks.length + this.#items.length;
  }

  /** The items in no particular order. */
  get unordered(): readonly T[] {
    return this.#chunks === undefined ? this.#items : [...this.#chunks.toArray(), ...this.#items];
  }

  /** Puts an item in, beside any with the same order. */
  add(item: T): void {
    this.#items.push(item);
  }

  /** Takes out one item with the order of `item`, the same object if it is there; `false` if there is none. */
  remove(item: T): boolean {
    const last = this.#items.length - 1;
    if (this.#items[last] === item) {
      this.#items.pop();
      if (this.#sorted > last) this.#sorted = last;
      return true;
    }
    if (this.#chunks !== undefined) return this.#removeOfMany(this.#chunks, item);
    let index = this.#find(item);
    if (index < 0) index = this.#items.findIndex((one) => this.#order(one) === this.#order(item));
    if (index < 0) return false;
    this.#items.splice(index, 1);
    if (index < this.#sorted) this.#sorted -= 1;
    return true;
  }

  #removeOfMany(chunks: ChunkedList<T>, item: T): boolean {
    const index = this.#items.indexOf(item);
    if (index >= 0) this.#items.splice(index, 1);
    else if (!chunks.remove(item)) {
      const other = this.#items.findIndex((one) => this.#order(one) === this.#order(item));
      if (other < 0) return false;
      this.#items.splice(other, 1);
    }
    if (this.length < SMALL) {
      this.#items = [...chunks.toArray(), ...this.#items];
      this.#sorted = chunks.length;
      this.#chunks = undefined;
    }
    return true;
  }

  /** Where an item is; -1 if it is not there. */
  #find(item: T): number {
    const items = this.#items;
    if (items.length > MANY && this.#sorted === items.length) {
      const index = this.#place(this.#order(item));
      if (items[index] === item) return index;
    }
    return items.indexOf(item);
  }

  /** Number of items before those with an order, if all are in order. */
  #place(key: string): number {
    const items = this.#items;
    let low = 0;
    let high = items.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#order(items[middle]!) < key) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** The items in order. What is returned changes with the list, and is the same until there are many items, or many no more. */
  inOrder(): Ordered<T> {
    if (this.#chunks !== undefined) {
      if (this.#items.length * MANY > this.#chunks.length) {
        this.#items = [...this.#chunks.toArray(), ...this.#items];
        this.#sorted = 0;
        this.#chunks = undefined;
      } else {
        for (const item of this.#items) this.#chunks.add(item);
        this.#items.length = 0;
        return this.#chunks;
      }
    }
    const items = this.#arrayInOrder();
    if (items.length < LARGE) return items;
    this.#chunks = new ChunkedList(this.#order, items);
    this.#items = [];
    this.#sorted = 0;
    return this.#chunks;
  }

  #arrayInOrder(): readonly T[] {
    const items = this.#items;
    if (items.length < 2) return items;
    const order = this.#order;
    if (items.length - this.#sorted > 8) {
      items.sort((left, right) => (order(left) < order(right) ? -1 : 1));
      this.#sorted = items.length;
    }
    if (this.#sorted === items.length) return items;
    for (const item of items.splice(this.#sorted)) items.splice(this.#place(order(item)), 0, item);
    this.#sorted = items.length;
    return items;
  }
}
