/** Keeps what was used lately: at most twice `limit` values. */
export class GenerationCache<V> {
  readonly #limit: number;
  #young = new Map<number, V>();
  #old = new Map<number, V>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  get(key: number): V | undefined {
    const young = this.#young.get(key);
    if (young !== undefined) return young;
    const old = this.#old.get(key);
    if (old !== undefined) this.set(key, old);
    return old;
  }

  set(key: number, value: V): void {
    if (this.#young.size >= this.#limit) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(key, value);
  }

  clear(): void {
    this.#young.clear();
    this.#old.clear();
  }
}
