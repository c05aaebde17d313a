/** Number of items from which on it is worth to look for one by its order. */
const MANY = 16;

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
 * if (list.inOrder().join('') !== 'abc' || !list.remove('b') || list.remove('b')) throw new Error('unexpected list');
 * ```
 */
export class OrderedList<T> {
  #items: T[];
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
    return this.#items.length;
  }

  /** The items in no particular order. */
  get unordered(): readonly T[] {
    return this.#items;
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
    let index = this.#find(item);
    if (index < 0) index = this.#items.findIndex((one) => this.#order(one) === this.#order(item));
    if (index < 0) return false;
    this.#items.splice(index, 1);
    if (index < this.#sorted) this.#sorted -= 1;
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

  /** The items in order. The array changes with the list. */
  inOrder(): readonly T[] {
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
