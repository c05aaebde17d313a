import { Budget } from './assignment.ts';

/**
 * Steps that all searches of a run may take together unless the caller says otherwise. Searches of the tuple space count in full, those of `match` and `matches` with
 * what they take beyond {@link FREE_STEPS}.
 */
export const DEFAULT_MAXIMUM_MATCH_STEPS = 100_000_000;

/**
 * Steps of each `match` and `matches` that do not count for the run: as many as a compiler may take to decide one before the program runs, so that programs end in
 * the same way whether it did or not.
 */
export const FREE_STEPS = 10_000;

/** Thrown to leave a run whose searches took too many steps together; the runtime turns it into a reason. */
export class RunBudgetExhausted extends Error {
  constructor(limit: number) {
    super(`match: expected at most ${String(limit)} steps of all searches of the run together, got more`);
  }
}

/** What the searches of one run may still take together. */
export class RunBudget {
  readonly limit: number;
  #left: number;

  constructor(limit: number) {
    this.limit = limit;
    this.#left = limit;
  }

  get left(): number {
    return this.#left;
  }

  /** Takes steps; throws {@link RunBudgetExhausted} when there are not enough. */
  spend(steps: number): void {
    this.#left -= steps;
    if (this.#left < 0) throw new RunBudgetExhausted(this.limit);
  }
}

/** Of the run that is under way. Runs are synchronous, so there is one at a time, and searches need not be told. */
let current: RunBudget | undefined;

/** Does something whose searches count for a run. */
export function withRunBudget<T>(budget: RunBudget, act: () => T): T {
  const outer = current;
  current = budget;
  try {
    return act();
  } finally {
    current = outer;
  }
}

/**
 * Does one search, and counts what it takes for the run that is under way.
 *
 * @param limit - steps of the search.
 * @param free - steps of the search that do not count for the run.
 * @throws BudgetExhausted if the search takes more than its own steps. RunBudgetExhausted if it takes more than the run has left.
 */
export function countedSearch<T>(limit: number, free: number, search: (steps: Budget) => T): T {
  const run = current;
  if (run === undefined) return search(new Budget(limit));
  const most = Math.min(limit, run.left + free);
  const steps = new Budget(most);
  try {
    return search(steps);
  } finally {
    // Also after a search that failed: throws instead if it was the run that had no more.
    run.spend(Math.max(0, most - steps.left - free));
  }
}
