import { BudgetExhausted, type Budget } from '../match/assignment.ts';
import { DEFAULT_MATCH_BUDGET } from '../match/match.ts';
import { Matcher } from '../match/matcher.ts';
import { countedSearch } from '../match/run-budget.ts';
import { evaluate } from '../evaluate/evaluate.ts';
import { EvaluationFailure } from '../evaluate/failure.ts';
import { listTerm, nilTerm, TermDepthError } from '../term/build.ts';
import type { Bind, Term } from '../term/term.ts';
import type { Ordered } from './chunked-list.ts';
import type { Consume, Datum } from './space.ts';

/** Thrown by a tuple space when a search takes more steps than it may. */
export class MatchBudgetError extends Error {
  constructor() {
    super('match: the budget of the search is used up');
  }
}

/** One way in which a receive can fire: a message for each bind, and what the variables matched. */
export interface Meeting {
  readonly data: readonly Datum[];
  readonly bindings: readonly Term[];
}

/** Tells whether a guard holds; one that has no value does not. */
export function holds(guard: Term, environment: readonly Term[]): boolean {
  try {
    const value = evaluate(guard, environment);
    return value.kind === 'boolean' && value.value;
  } catch (error) {
    if (error instanceof EvaluationFailure || error instanceof TermDepthError) return false;
    throw error;
  }
}

/** Matches the parts of a message with the patterns of a bind, in each way until `next` returns true. */
function matchDatum(
  matcher: Matcher,
  bind: Bind,
  data: readonly Term[],
  bindings: Term[],
  next: () => boolean,
): boolean {
  const { patterns, remainder } = bind;
  if (remainder === undefined ? data.length !== patterns.length : data.length < patterns.length) return false;
  if (remainder?.kind === 'free') bindings[remainder.index] = listTerm(data.slice(patterns.length));
  const from = (start: number): boolean => {
    for (let index = start; index < patterns.length; index += 1) {
      const pattern = patterns[index]!;
      if (pattern.searches) return matcher.match(pattern, data[index]!, bindings, () => from(index + 1));
      if (!matcher.simple(pattern, data[index]!, bindings)) return false;
    }
    return next();
  };
  return from(0);
}

function concatenated(binds: readonly Bind[], parts: readonly Term[][]): Term[] {
  if (parts.length === 1 && parts[0]!.length === binds[0]!.variables) return parts[0]!.slice();
  return binds.flatMap((bind, index) =>
    Array.from({ length: bind.variables }, (_, variable) => parts[index]![variable] ?? nilTerm()),
  );
}

/**
 * Finds the first meeting of a receive with messages that `accept` takes. Complete: tries every combination if it must.
 *
 * Bind by bind a list of candidates is made first, so that a join fails as soon as one channel has nothing that matches, and combinations
 * are only tried where a guard, a channel that stands twice, or `accept` turns the first one down.
 *
 * @param candidates - the messages that each bind may take, in order.
 * @param budget - most steps; each evaluation of the guard counts as many as it has nodes. Within a run they count for its `maximumMatchSteps`.
 * @throws MatchBudgetError if they do not suffice.
 */
export function findMeeting(
  consume: Consume,
  candidates: readonly Ordered<Datum>[],
  accept: (meeting: Meeting) => boolean,
  budget: number = DEFAULT_MATCH_BUDGET,
): Meeting | undefined {
  try {
    return countedSearch(budget, 0, (steps) => search(consume, candidates, accept, steps));
  } catch (error) {
    if (error instanceof BudgetExhausted) throw new MatchBudgetError();
    throw error;
  }
}

/** {@link search} for one bind whose patterns can match in one way at most, which most are: without a closure. */
function firstSimple(
  matcher: Matcher,
  bind: Bind,
  candidates: Ordered<Datum>,
  accept: (meeting: Meeting) => boolean,
  steps: Budget,
): Meeting | undefined {
  const { patterns, remainder, variables } = bind;
  const count = patterns.length;
  for (const datum of candidates) {
    steps.spend(1);
    const { data } = datum;
    if (remainder === undefined ? data.length !== count : data.length < count) continue;
    const bindings: Term[] = [];
    if (remainder?.kind === 'free') bindings[remainder.index] = listTerm(data.slice(count));
    let index = 0;
    while (index < count && matcher.simple(patterns[index]!, data[index]!, bindings)) index += 1;
    if (index < count) continue;
    for (let variable = 0; variable < variables; variable += 1) bindings[variable] ??= nilTerm();
    const meeting = { data: [datum], bindings };
    if (accept(meeting)) return meeting;
  }
  return undefined;
}

function search(
  consume: Consume,
  candidates: readonly Ordered<Datum>[],
  accept: (meeting: Meeting) => boolean,
  steps: Budget,
): Meeting | undefined {
  const { binds, guard } = consume;
  // Also the search that finds nothing to look at is a step: many receives may wait where a message arrives.
  steps.spend(binds.length);
  for (const list of candidates) if (list.length === 0) return undefined;
  const matcher = new Matcher(steps);
  if (binds.length === 1 && guard === undefined && binds[0]!.patterns.every((pattern) => !pattern.searches))
    return firstSimple(matcher, binds[0]!, candidates[0]!, accept, steps);
  const parts: Term[][] = binds.map(() => []);
  const data: Datum[] = [];
  let found: Meeting | undefined;
  const matches = (index: number, datum: Datum, bindings: Term[], next: () => boolean): boolean => {
    steps.spend(1);
    return matchDatum(matcher, binds[index]!, datum.data, bindings, next);
  };
  const finish = (): boolean => {
    const bindings = concatenated(binds, parts);
    if (guard !== undefined) {
      steps.spend(guard.size);
      if (!holds(guard, bindings)) return false;
    }
    const meeting = { data: data.slice(), bindings };
    if (!accept(meeting)) return false;
    found = meeting;
    return true;
  };
  if (binds.length === 1) {
    const bindings = parts[0]!;
    for (const datum of candidates[0]!) {
      data[0] = datum;
      if (matches(0, datum, bindings, finish)) break;
    }
    return found;
  }
  const any = (): boolean => true;
  if (guard === undefined && new Set(candidates).size === candidates.length) {
    // Without a guard the binds do not depend on each other, so the first match of each is a meeting.
    for (let index = 0; index < binds.length; index += 1) {
      for (const datum of candidates[index]!) {
        if (!matches(index, datum, parts[index]!, any)) continue;
        data.push(datum);
        break;
      }
      if (data.length === index) return undefined;
    }
    if (finish()) return found;
    data.length = 0;
  }
  // The candidates of each bind that match it.
  const lists: (readonly Datum[])[] = [];
  for (let index = 0; index < binds.length; index += 1) {
    const list: Datum[] = [];
    for (const datum of candidates[index]!) if (matches(index, datum, [], any)) list.push(datum);
    if (list.length === 0) return undefined;
    lists.push(list);
  }
  const combine = (index: number): boolean => {
    if (index === binds.length) return finish();
    for (const datum of lists[index]!) {
      if (data.includes(datum)) continue;
      data.push(datum);
      if (matches(index, datum, parts[index]!, () => combine(index + 1))) return true;
      data.pop();
    }
    return false;
  };
  combine(0);
  return found;
}
