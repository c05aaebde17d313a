import type { FreeTerm } from '@commute/rholang';

/** The variables in scope, by level: 0 is the outermost. */
export class Scope {
  readonly #names: string[] = [];
  readonly #hidden: number[] = [];
  readonly #levels = new Map<string, number>();

  /** Number of variables in scope. */
  get level(): number {
    return this.#names.length;
  }

  /** Runs `body` with variables in scope; those of the last name are bound last. */
  under<T>(names: readonly string[], body: () => T): T {
    for (const name of names) {
      this.#hidden.push(this.#levels.get(name) ?? -1);
      this.#levels.set(name, this.#names.length);
      this.#names.push(name);
    }
    const result = body();
    for (let left = names.length; left > 0; left -= 1) {
      const name = this.#names.pop()!;
      const hidden = this.#hidden.pop()!;
      if (hidden === -1) this.#levels.delete(name);
      else this.#levels.set(name, hidden);
    }
    return result;
  }

  /** The de Bruijn index, here, of the innermost variable of this name. */
  indexOf(name: string): number | undefined {
    const level = this.#levels.get(name);
    return level === undefined ? undefined : this.#names.length - 1 - level;
  }
}

/** A pattern that is being read: what stands for its variables until they are numbered. */
export interface PatternScope {
  readonly placeholders: Map<FreeTerm, string>;
  readonly names: Set<string>;
  /** Above 0 under `\/` and `~` and right of `matches`, where nothing is bound. */
  existential: number;
}
