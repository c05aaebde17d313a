/** A map in which what is added within a scope is forgotten at its end. */
export class ScopedMap<Key, Value> {
  readonly #values = new Map<Key, Value>();
  #added: Key[] = [];

  get(key: Key): Value | undefined {
    return this.#values.get(key);
  }

  /** Adds a key that is not there. */
  add(key: Key, value: Value): void {
    this.#values.set(key, value);
    this.#added.push(key);
  }

  /** Does some work in a scope of its own. */
  scoped<T>(work: () => T): T {
    const outer = this.#added;
    this.#added = [];
    const result = work();
    for (const key of this.#added) this.#values.delete(key);
    this.#added = outer;
    return result;
  }
}
