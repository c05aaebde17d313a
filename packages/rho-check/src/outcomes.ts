import type { AtomId, AtomTable } from './atoms.ts';
import { canonicalState } from './canonical.ts';
import { bottoms, components, shortestWay, stateKey, type Components, type Graph, type StateId } from './graph.ts';

const MARKS: ReadonlySet<string> = new Set(['known', 'event']);

/** The key of a state without its marks. */
function unmarkedKey(atoms: readonly AtomId[], table: AtomTable): string {
  const unmarked = atoms.filter((id) => !MARKS.has(table.get(id).kind));
  return stateKey(unmarked.length === atoms.length ? atoms : canonicalState(unmarked, table).atoms);
}

/** Where schedules end up, and whether that depends on the order of reductions. */
export class Outcomes {
  readonly #graph: Graph;
  readonly #components: Components;
  /** The first state of each outcome, nearest first; marks of names that others know and of messages that the system took do not count. */
  readonly first: readonly StateId[];

  constructor(graph: Graph, table: AtomTable) {
    this.#graph = graph;
    this.#components = components(graph, () => true);
    const bottom = bottoms(graph, this.#components);
    const { of } = this.#components;
    const firstOf = new Map<number, StateId>();
    const keyOf = new Map<number, string>();
    for (let state = 0; state < graph.size; state += 1) {
      const component = of[state]!;
      if (bottom[component] !== 1) continue;
      const key = unmarkedKey(graph.atoms(state), table);
      if (!firstOf.has(component)) firstOf.set(component, state);
      // Loops that go through the same states but for their marks have the same least one.
      const least = keyOf.get(component);
      if (least === undefined || key < least) keyOf.set(component, key);
    }
    const seen = new Set<string>();
    const first: StateId[] = [];
    for (const [component, state] of firstOf) {
      const key = keyOf.get(component)!;
      if (seen.has(key)) continue;
      seen.add(key);
      first.push(state);
    }
    this.first = first;
  }

  /** The states of the components that schedules go round in for ever, without a way out. */
  loops(): readonly (readonly StateId[])[] {
    const { of } = this.#components;
    const loops = new Map<number, StateId[]>();
    for (const state of this.first) if (!this.#graph.isTerminal(state)) loops.set(of[state]!, []);
    for (let state = 0; state < this.#graph.size; state += 1) loops.get(of[state]!)?.push(state);
    return [...loops.values()];
  }

  /** Two schedules with different outcomes, that are the same as long as possible on the shortest way to the first. */
  race():
    { readonly path: readonly StateId[]; readonly other: readonly StateId[]; readonly shared: number } | undefined {
    const [one, two] = this.first;
    if (one === undefined || two === undefined) return undefined;
    const path = this.#graph.path(one);
    const goal = this.#graph.isTerminal(two)
      ? (state: StateId): boolean => state === two
      : (state: StateId): boolean => this.#components.of[state] === this.#components.of[two];
    for (let index = path.length - 1; index >= 0; index -= 1) {
      const rest = shortestWay(this.#graph, path[index]!, () => true, goal);
      if (rest !== undefined) return { path, other: [...path.slice(0, index), ...rest], shared: index + 1 };
    }
    return undefined;
  }
}

/** The most reductions that a schedule takes. */
export type LongestWay =
  | { readonly kind: 'bounded'; readonly most: number; readonly path: readonly StateId[] }
  /** A schedule that goes round for ever. */
  | { readonly kind: 'unbounded'; readonly path: readonly StateId[]; readonly cycle: number };

/** Finds the schedule with the most reductions in what was explored. */
export function longestWay(graph: Graph): LongestWay {
  const { of, count } = components(graph, () => true);
  const size = new Int32Array(count);
  for (let state = 0; state < graph.size; state += 1) {
    const component = of[state]!;
    size[component]! += 1;
    let loops = size[component]! > 1;
    for (let edge = 0; edge < graph.degree(state); edge += 1) if (graph.target(state, edge) === state) loops = true;
    if (!loops) continue;
    const path = graph.path(state);
    const round = shortestWay(
      graph,
      state,
      (one) => of[one] === component,
      (one) => one === state,
      true,
    )!;
    return { kind: 'unbounded', path: [...path, ...round.slice(1)], cycle: path.length - 1 };
  }
  // Without loops, each component is one state, and what it reaches has smaller numbers.
  const order = new Int32Array(graph.size);
  for (let state = 0; state < graph.size; state += 1) order[of[state]!] = state;
  const most = new Float64Array(graph.size);
  const next = new Int32Array(graph.size).fill(-1);
  for (const state of order) {
    for (let edge = 0; edge < graph.degree(state); edge += 1) {
      const target = graph.target(state, edge);
      const length = most[target]! + graph.weight(state, edge);
      if (next[state] !== -1 && length <= most[state]!) continue;
      most[state] = length;
      next[state] = target;
    }
  }
  const path: StateId[] = [];
  for (let state = graph.size > 0 ? 0 : -1; state >= 0; state = next[state]!) path.push(state);
  return { kind: 'bounded', most: graph.before + (most[0] ?? 0), path };
}
