/** A list that is put in order when it is asked for. Items are told apart by their order. */
export class OrderedList<T> {
  #items: T[] = [];
  /** Number of leading items that are in order. */
  #sorted = 0;
  readonly #order: (item: T) => string;

  constructor(order: (item: T) => string) {
    this.#order = order;
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

  /** Takes out one item with the order of `item`, the same object if it is there; `false` if there is none. */
  remove(item: T): boolean {
    const last = this.#items.length - 1;
    if (this.#items[last] === item) {
      this.#items.pop();
      if (this.#sorted > last) this.#sorted = last;
      return true;
    }
    let index = this.#items.indexOf(item);
    if (index < 0) index = this.#items.findIndex((one) => this.#order(one) === this.#order(item));
    if (index < 0) return false;
    this.#items.splice(index, 1);
    if (index < this.#sorted) this.#sorted -= 1;
    return true;
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
    for (; this.#sorted < items.length; this.#sorted += 1) {
      const item = items[this.#sorted]!;
      const key = order(item);
      let low = 0;
      let high = this.#sorted;
      while (low < high) {
        const middle = (low + high) >>> 1;
        if (order(items[middle]!) < key) low = middle + 1;
        else high = middle;
      }
      items.copyWithin(low + 1, low, this.#sorted);
      items[low] = item;
    }
    return items;
  }
}
