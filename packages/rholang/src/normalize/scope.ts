import type { Located } from '../syntax/tree.ts';
import type { FreeTerm } from '../term/term.ts';

/** Whether a variable stands for a name or for a process. */
export type Sort = 'name' | 'process';

/** One variable that is in scope. */
export interface Binder {
  /** Absent for variables that desugaring introduces. */
  readonly name: string | undefined;
  readonly sort: Sort;
  /** Level of the binder of the same name that this one hides, or -1. */
  readonly hidden: number;
}

/** The variables in scope, by level: 0 is the outermost. */
export class Scope {
  readonly #binders: Binder[] = [];
  readonly #levels = new Map<string, number>();

  /** Number of variables in scope. */
  get level(): number {
    return this.#binders.length;
  }

  /** Brings a variable into scope and returns its level. */
  enter(name: string | undefined, sort: Sort): number {
    const level = this.#binders.length;
    let hidden = -1;
    if (name !== undefined) {
      hidden = this.#levels.get(name) ?? -1;
      this.#levels.set(name, level);
    }
    this.#binders.push({ name, sort, hidden });
    return level;
  }

  /** Takes the last `count` variables out of scope. */
  leave(count: number): void {
    for (let left = count; left > 0; left -= 1) {
      const { name, hidden } = this.#binders.pop()!;
      if (name === undefined) continue;
      if (hidden === -1) this.#levels.delete(name);
      else this.#levels.set(name, hidden);
    }
  }

  /** The level of the innermost variable of this name. */
  find(name: string): number | undefined {
    return this.#levels.get(name);
  }

  /** What the variable of a level stands for. */
  sortOf(level: number): Sort {
    return this.#binders[level]!.sort;
  }

  /** The de Bruijn index, here, of the variable of a level. */
  indexOf(level: number): number {
    return this.#binders.length - 1 - level;
  }

  /** Names in scope that are spelled like `name`. */
  similar(name: string): string | undefined {
    for (const other of this.#levels.keys()) {
      if (other.toLowerCase() === name.toLowerCase() || isOneEditAway(other, name)) return other;
    }
    return undefined;
  }
}

function isOneEditAway(left: string, right: string): boolean {
  if (Math.abs(left.length - right.length) > 1 || Math.max(left.length, right.length) < 3) return false;
  let index = 0;
  while (index < left.length && left[index] === right[index]) index += 1;
  const swapped = left.slice(index + 1) === right.slice(index + 1);
  return swapped || left.slice(index + 1) === right.slice(index) || left.slice(index) === right.slice(index + 1);
}

/** A variable of a pattern. */
export interface PatternVariable extends Located {
  readonly name: string | undefined;
  readonly sort: Sort;
  /** What stands for it until the pattern is complete and sorted. */
  readonly placeholder: FreeTerm;
}

/** The pattern that is being read: its own variables so far. */
export interface Pattern {
  /** Variables in scope outside the pattern; what is bound above this level is bound inside the pattern. */
  readonly base: number;
  readonly variables: PatternVariable[];
  /** Names of the variables so far. */
  readonly names: Set<string>;
  /** Above 0 under `\/` and `~`, where variables match anything and bind nothing. */
  existential: number;
}
