import { bottoms, components, shortestWay, type Components, type Graph, type StateId } from './graph.ts';

/** A schedule that never comes to what it should: it stops, or it goes round for ever. */
export interface EndlessWay {
  readonly path: readonly StateId[];
  /** Index of the state to which the last state of the path leads back, if the schedule does not stop. */
  readonly cycle: number | undefined;
}

/** Finds schedules that avoid a goal for ever. */
export class Avoidance {
  readonly #graph: Graph;
  readonly #avoids: (state: StateId) => boolean;
  readonly #components: Components;
  /** Components in which a schedule can stay for ever, or stop. */
  readonly #ends: Uint8Array;
  /** Whether a schedule can get from a component to such an end without reaching the goal. */
  readonly #lost: Uint8Array;

  /**
   * @param reaches - tells whether a state is the goal.
   * @param fair - true to count only schedules in which each reduction that is possible again and again is carried out again and again: those end up in a
   *   component without a way out, and carry out everything in it.
   */
  constructor(graph: Graph, reaches: (state: StateId) => boolean, fair: boolean) {
    this.#graph = graph;
    this.#avoids = (state) => !reaches(state);
    this.#components = components(graph, this.#avoids);
    this.#ends = fair ? this.#fairEnds() : this.#anyEnds();
    this.#lost = this.#reachEnds();
  }

  #fairEnds(): Uint8Array {
    // A component of the whole graph with no way out is one of this part too, if it avoids the goal throughout.
    return bottoms(this.#graph, this.#components);
  }

  #anyEnds(): Uint8Array {
    const { of, count } = this.#components;
    const ends = new Uint8Array(count);
    for (let state = 0; state < this.#graph.size; state += 1) {
      const component = of[state]!;
      if (component < 0) continue;
      if (this.#graph.isTerminal(state)) ends[component] = 1;
      for (let edge = 0; edge < this.#graph.degree(state); edge += 1)
        if (of[this.#graph.target(state, edge)] === component) ends[component] = 1;
    }
    return ends;
  }

  #reachEnds(): Uint8Array {
    const { of, count } = this.#components;
    const lost = this.#ends.slice();
    const members: StateId[][] = Array.from({ length: count }, () => []);
    for (let state = 0; state < this.#graph.size; state += 1) if (of[state]! >= 0) members[of[state]!]!.push(state);
    // What a component reaches has smaller numbers.
    members.forEach((states, component) => {
      for (const state of states) {
        for (let edge = 0; edge < this.#graph.degree(state); edge += 1) {
          const next = of[this.#graph.target(state, edge)]!;
          if (next >= 0 && lost[next] === 1) lost[component] = 1;
        }
      }
    });
    return lost;
  }

  /** True if a schedule from this state can avoid the goal for ever. */
  canAvoid(state: StateId): boolean {
    const component = this.#components.of[state]!;
    return component >= 0 && this.#lost[component] === 1;
  }

  /** The shortest such schedule, after the shortest way to the state. */
  way(state: StateId): EndlessWay {
    const { of } = this.#components;
    const graph = this.#graph;
    const isEnd = (one: StateId): boolean => of[one]! >= 0 && this.#ends[of[one]!] === 1;
    const further = shortestWay(graph, state, this.#avoids, isEnd)!;
    const path = [...graph.path(state), ...further.slice(1)];
    const last = path.at(-1)!;
    if (graph.isTerminal(last)) return { path, cycle: undefined };
    const within = (one: StateId): boolean => of[one] === of[last];
    const round = shortestWay(graph, last, within, (one) => one === last, true);
    if (round === undefined) return { path, cycle: undefined };
    return { path: [...path, ...round.slice(1)], cycle: path.length - 1 };
  }
}
