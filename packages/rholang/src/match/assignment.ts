/** What a search may still do. Counting down instead of measuring time keeps the outcome the same on every machine. */
export class Budget {
  /** Steps that are left. */
  left: number;

  constructor(steps: number) {
    this.left = steps;
  }

  /** Takes `steps`; throws {@link BudgetExhausted} when there are not enough. */
  spend(steps: number): void {
    this.left -= steps;
    if (this.left < 0) throw new BudgetExhausted('the budget of the search is used up');
  }
}

/** Thrown to leave a search whose budget is used up; never leaves this package. */
export class BudgetExhausted extends Error {}

/** The assignment of patterns to distinct targets. */
export interface AssignmentProblem {
  readonly patterns: number;
  readonly targets: number;
  /** Tells whether the pattern can match the target at all. */
  readonly compatible: (pattern: number, target: number) => boolean;
  /** Matches the pattern with the target in each possible way until `next` returns true. */
  readonly match: (pattern: number, target: number, next: () => boolean) => boolean;
  /** Tells whether a target equals the one before it, so that trying both is idle. */
  readonly sameAsPrevious: (target: number) => boolean;
}

/**
 * Assigns every pattern to a target of its own, in each possible way until `next` returns true.
 *
 * The variables of patterns are distinct, so an assignment exists exactly if the graph of compatible pairs has a matching that covers the
 * patterns. That is decided by augmenting paths before and during the search, so the search never walks into a dead end; what can be
 * exponential is only the number of solutions that `next` turns down.
 *
 * @param next - called with the target of each pattern; must not keep the array.
 */
export function assign(
  problem: AssignmentProblem,
  budget: Budget,
  next: (chosen: readonly number[]) => boolean,
): boolean {
  const { patterns, targets } = problem;
  if (patterns === 0) return next([]);
  if (patterns > targets) return false;
  const chosen = new Array<number>(patterns).fill(-1);
  if (patterns === 1) {
    for (let target = 0; target < targets; target += 1) {
      budget.spend(1);
      if (target > 0 && problem.sameAsPrevious(target)) continue;
      chosen[0] = target;
      if (problem.match(0, target, () => next(chosen))) return true;
    }
    return false;
  }
  const edges: number[][] = [];
  for (let pattern = 0; pattern < patterns; pattern += 1) {
    const row: number[] = [];
    for (let target = 0; target < targets; target += 1) {
      budget.spend(1);
      if (problem.compatible(pattern, target)) row.push(target);
    }
    if (row.length === 0) return false;
    edges.push(row);
  }
  const taken = new Array<boolean>(targets).fill(false);
  const search = (pattern: number): boolean => {
    if (pattern === patterns) return next(chosen);
    if (!isCoverable(edges, pattern, taken, budget)) return false;
    let previous = -1;
    for (const target of edges[pattern]!) {
      if (taken[target] === true) continue;
      const repeated = target > 0 && previous === target - 1 && problem.sameAsPrevious(target);
      previous = target;
      if (repeated) continue;
      budget.spend(1);
      taken[target] = true;
      chosen[pattern] = target;
      if (problem.match(pattern, target, () => search(pattern + 1))) return true;
      taken[target] = false;
    }
    return false;
  };
  return search(0);
}

/** Tells whether the patterns from `first` on can have distinct targets that are not taken. */
function isCoverable(
  edges: readonly (readonly number[])[],
  first: number,
  taken: readonly boolean[],
  budget: Budget,
): boolean {
  const owner = new Map<number, number>();
  const targetOf = new Map<number, number>();
  for (let pattern = first; pattern < edges.length; pattern += 1) {
    if (!augment(edges, pattern, taken, owner, targetOf, budget)) return false;
  }
  return true;
}

/** Finds a target for `start` by moving the patterns in the way, breadth first. */
function augment(
  edges: readonly (readonly number[])[],
  start: number,
  taken: readonly boolean[],
  owner: Map<number, number>,
  targetOf: Map<number, number>,
  budget: Budget,
): boolean {
  const cameFrom = new Map<number, number>();
  const queue = [start];
  for (const pattern of queue) {
    for (const target of edges[pattern]!) {
      budget.spend(1);
      if (taken[target] === true || cameFrom.has(target)) continue;
      cameFrom.set(target, pattern);
      const occupant = owner.get(target);
      if (occupant !== undefined) {
        queue.push(occupant);
        continue;
      }
      let free = target;
      for (;;) {
        const by = cameFrom.get(free)!;
        const before = targetOf.get(by);
        owner.set(free, by);
        targetOf.set(by, free);
        if (by === start || before === undefined) return true;
        owner.delete(before);
        free = before;
      }
    }
  }
  return false;
}
