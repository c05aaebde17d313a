/** Number of items from which on it is worth to look for one by its order. */
const MANY = 16;

/** A list that is put in order when it is asked for: cheap while it has one item, and while few come between two questions. */
export class OrderedList<T> {
  #items: T[];
  /** Number of leading items that are in order. */
  #sorted = 0;
  readonly #order: (item: T) => string;

  /** @param order - the text by which items are ordered; distinct for distinct items. */
  constructor(order: (item: T) => string, items: readonly T[] = []) {
    this.#order = order;
    this.#items = items.slice();
  }

  get length(): number {
    return this.#items.length;
  }

  /** The items in no particular order. */
  get unordered(): readonly T[] {
    return this.#items;
  }

  add(item: T): void {
    this.#items.push(item);
  }

  /** Takes an item out that is in the list. */
  remove(item: T): void {
    const last = this.#items.length - 1;
    if (this.#items[last] === item) {
      this.#items.pop();
      if (this.#sorted > last) this.#sorted = last;
      return;
    }
    const index = this.#find(item);
    this.#items.splice(index, 1);
    if (index < this.#sorted) this.#sorted -= 1;
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
