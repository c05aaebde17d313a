import type { AtomId } from './atoms.ts';

/** The number of a state: in the order in which a search in breadth finds them, so never before one that is nearer. */
export type StateId = number;

/** Atoms below this take one character of a key. */
const SHORT = 0x8000;

/** Most characters that are made at once. */
const AT_ONCE = 4096;

/** A text that is equal for equal states only. */
export function stateKey(atoms: readonly AtomId[]): string {
  const codes: number[] = [];
  for (const id of atoms) {
    if (id < SHORT) codes.push(id);
    else codes.push(SHORT | Math.floor(id / SHORT), id % SHORT);
  }
  if (codes.length <= AT_ONCE) return String.fromCharCode(...codes);
  let key = '';
  for (let start = 0; start < codes.length; start += AT_ONCE)
    key += String.fromCharCode(...codes.slice(start, start + AT_ONCE));
  return key;
}

/** The atoms of a state. */
export function atomsOfKey(key: string): AtomId[] {
  const atoms: AtomId[] = [];
  for (let index = 0; index < key.length; index += 1) {
    const code = key.charCodeAt(index);
    if (code < SHORT) atoms.push(code);
    else {
      index += 1;
      atoms.push((code - SHORT) * SHORT + key.charCodeAt(index));
    }
  }
  return atoms;
}

/** What a state takes besides its key, and an edge, in bytes. */
const STATE_BYTES = 160;
const EDGE_BYTES = 16;

/** States and the reductions between them. */
export class Graph {
  readonly #byKey = new Map<string, StateId>();
  readonly #keys: string[] = [];
  readonly #parent: StateId[] = [];
  readonly #depth: number[] = [];
  readonly #firstEdge: number[] = [];
  readonly #edges: number[] = [];
  readonly #targets: StateId[] = [];
  readonly #weights: number[] = [];
  /** Reductions before the first state: system processes take their messages at once. */
  before = 0;
  /** Memory of states and edges, estimated. */
  bytes = 0;

  /** Number of states. */
  get size(): number {
    return this.#keys.length;
  }

  /** Number of edges: pairs of states with a reduction from the one to the other. */
  get transitions(): number {
    return this.#targets.length;
  }

  /** Tells whether there is a state of these atoms. */
  has(atoms: readonly AtomId[]): boolean {
    return this.#byKey.has(stateKey(atoms));
  }

  /** The state of these atoms, new if it was not there. */
  add(atoms: readonly AtomId[], parent: StateId): StateId {
    const key = stateKey(atoms);
    const existing = this.#byKey.get(key);
    if (existing !== undefined) return existing;
    const id = this.#keys.length;
    this.#byKey.set(key, id);
    this.#keys.push(key);
    this.#parent.push(parent);
    this.#depth.push(parent < 0 ? 0 : this.#depth[parent]! + 1);
    this.#firstEdge.push(-1);
    this.#edges.push(0);
    this.bytes += STATE_BYTES + 2 * key.length;
    return id;
  }

  /** Says what follows a state; until then it is not expanded. */
  expand(state: StateId, next: ReadonlyMap<StateId, number>): void {
    this.#firstEdge[state] = this.#targets.length;
    this.#edges[state] = next.size;
    for (const [target, weight] of next) {
      this.#targets.push(target);
      this.#weights.push(weight);
    }
    this.bytes += EDGE_BYTES * next.size;
  }

  atoms(state: StateId): AtomId[] {
    return atomsOfKey(this.#keys[state]!);
  }

  key(state: StateId): string {
    return this.#keys[state]!;
  }

  parent(state: StateId): StateId {
    return this.#parent[state]!;
  }

  depth(state: StateId): number {
    return this.#depth[state]!;
  }

  /** True if all that can follow the state is known. */
  isExpanded(state: StateId): boolean {
    return this.#firstEdge[state]! >= 0;
  }

  /** True if nothing can follow. */
  isTerminal(state: StateId): boolean {
    return this.isExpanded(state) && this.#edges[state] === 0;
  }

  /** Number of states that can follow. */
  degree(state: StateId): number {
    return this.#edges[state]!;
  }

  /** State number `index` of those that can follow. */
  target(state: StateId, index: number): StateId {
    return this.#targets[this.#firstEdge[state]! + index]!;
  }

  /** The most reductions on the way to that state. */
  weight(state: StateId, index: number): number {
    return this.#weights[this.#firstEdge[state]! + index]!;
  }

  /** The shortest schedule to a state: all states on it, the first one first. */
  path(state: StateId): StateId[] {
    const path: StateId[] = [];
    for (let at = state; at >= 0; at = this.#parent[at]!) path.push(at);
    return path.reverse();
  }
}

/** The strongly connected components of a part of a graph. */
export interface Components {
  /** The component of each state; -1 outside the part. Components that can be reached from one have smaller numbers. */
  readonly of: Int32Array;
  readonly count: number;
}

/** Finds the strongly connected components of the states that `inside` takes, without recursion. */
export function components(graph: Graph, inside: (state: StateId) => boolean): Components {
  const { size } = graph;
  const of = new Int32Array(size).fill(-1);
  const index = new Int32Array(size).fill(-1);
  const low = new Int32Array(size);
  const stack: StateId[] = [];
  const onStack = new Uint8Array(size);
  const work: { state: StateId; edge: number }[] = [];
  let next = 0;
  let count = 0;
  const enter = (state: StateId): void => {
    index[state] = low[state] = next;
    next += 1;
    stack.push(state);
    onStack[state] = 1;
    work.push({ state, edge: 0 });
  };
  for (let root = 0; root < size; root += 1) {
    if (index[root] !== -1 || !inside(root)) continue;
    enter(root);
    for (let top = work.at(-1); top !== undefined; top = work.at(-1)) {
      const { state } = top;
      if (top.edge < graph.degree(state)) {
        const target = graph.target(state, top.edge);
        top.edge += 1;
        if (!inside(target)) continue;
        if (index[target] === -1) enter(target);
        else if (onStack[target] === 1) low[state] = Math.min(low[state]!, index[target]!);
        continue;
      }
      work.pop();
      const above = work.at(-1);
      if (above !== undefined) low[above.state] = Math.min(low[above.state]!, low[state]!);
      if (low[state] !== index[state]) continue;
      for (let member = stack.pop()!; ; member = stack.pop()!) {
        onStack[member] = 0;
        of[member] = count;
        if (member === state) break;
      }
      count += 1;
    }
  }
  return { of, count };
}

/** Marks the components from which nothing leads out of the component: where fair schedules end up. */
export function bottoms(graph: Graph, { of, count }: Components): Uint8Array {
  const bottom = new Uint8Array(count).fill(1);
  for (let state = 0; state < graph.size; state += 1) {
    const component = of[state]!;
    if (component < 0) continue;
    if (!graph.isExpanded(state)) bottom[component] = 0;
    for (let edge = 0; edge < graph.degree(state); edge += 1) {
      if (of[graph.target(state, edge)] !== component) bottom[component] = 0;
    }
  }
  return bottom;
}

/** The shortest way from `start` to a state that `goal` takes, over states that `inside` takes; nothing if there is none. */
export function shortestWay(
  graph: Graph,
  start: StateId,
  inside: (state: StateId) => boolean,
  goal: (state: StateId) => boolean,
  /** True to take at least one step. */
  step = false,
): StateId[] | undefined {
  if (!step && goal(start)) return [start];
  const from = new Map<StateId, StateId>();
  const queue: StateId[] = [start];
  for (const state of queue) {
    for (let edge = 0; edge < graph.degree(state); edge += 1) {
      const target = graph.target(state, edge);
      if (goal(target)) {
        const way = [target];
        for (let at = state; at !== start; at = from.get(at)!) way.push(at);
        way.push(start);
        return way.reverse();
      }
      if (target === start || from.has(target) || !inside(target)) continue;
      from.set(target, state);
      queue.push(target);
    }
  }
  return undefined;
}
