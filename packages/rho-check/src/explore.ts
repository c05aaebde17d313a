import { TermDepthError } from '@commute/rholang';
import type { AtomId } from './atoms.ts';
import { Graph, type StateId } from './graph.ts';
import { StepLimit, type Effect } from './machine.ts';
import type { BoundName, CheckProgress } from './report.ts';
import type { Successors, Transition } from './successors.ts';

/** Bounds with their defaults. */
export interface Limits {
  readonly states: number;
  readonly depth: number;
  readonly bytes: number;
  readonly milliseconds: number;
}

/** What an exploration may be told. */
export interface ExploreOptions {
  readonly limits: Limits;
  /** True to follow private reductions alone. */
  readonly reduce: boolean;
  readonly signal: AbortSignal | undefined;
  readonly onProgress: ((progress: CheckProgress) => void) | undefined;
  /** Is told each state once all that can follow it is known; true ends the exploration. */
  readonly onState: (state: StateId, atoms: readonly AtomId[], following: readonly Transition[]) => boolean;
}

/** Thrown when the time or the memory is used up. */
class OutOfBounds extends Error {
  readonly bound: 'milliseconds' | 'bytes';

  constructor(bound: 'milliseconds' | 'bytes') {
    super(`the bound on ${bound} is reached`);
    this.bound = bound;
  }
}

/** How long the exploration runs before others may, and between reports, in milliseconds. */
const SLICE = 40;
const REPORT = 100;

/** Ends an exploration that takes too much time or memory, also within one state; give its `tick` to the {@link Successors}. */
export class Limiter {
  #end = Infinity;
  #bytes = Infinity;
  #used: () => number = () => 0;

  /** Begins to count. `used` tells the memory that is in use. */
  start({ milliseconds, bytes }: Limits, used: () => number): void {
    this.#end = performance.now() + milliseconds;
    this.#bytes = bytes;
    this.#used = used;
  }

  /** Lifts the bounds. */
  release(): void {
    this.#end = this.#bytes = Infinity;
  }

  readonly tick = (): void => {
    if (performance.now() > this.#end) throw new OutOfBounds('milliseconds');
    if (this.#used() > this.#bytes) throw new OutOfBounds('bytes');
  };
}

/** Tells whether a step takes too many reductions, or builds terms that are too deep to be stored. */
function isTooMuch(error: unknown): boolean {
  return error instanceof StepLimit || error instanceof TermDepthError;
}

/** What was explored, and what stopped it. */
export interface Exploration {
  readonly graph: Graph;
  /** Why not all was explored. */
  readonly bound: BoundName | undefined;
  /** True if `onState` ended it. */
  readonly ended: boolean;
}

/** Transitions if one of them leads to a state that is not known yet, so that nothing is put off for ever. */
function unknownOnly(graph: Graph, transitions: readonly Transition[] | undefined): readonly Transition[] | undefined {
  return transitions?.some(({ atoms }) => !graph.has(atoms)) === true ? transitions : undefined;
}

/** Explores all states in breadth, so that the first way to each is a shortest one. */
export async function explore(
  successors: Successors,
  start: () => Effect,
  limiter: Limiter,
  options: ExploreOptions,
): Promise<Exploration> {
  const { limits, signal, onProgress, onState } = options;
  const graph = new Graph();
  const { machine } = successors;
  let bound: BoundName | undefined;
  let transitions = 0;
  limiter.start(limits, () => graph.bytes + machine.bytes + machine.table.bytes);
  let sliceEnd = performance.now() + SLICE;
  let reportAt = performance.now() + REPORT;
  const isAborted = (): boolean => signal?.aborted === true;
  if (isAborted()) return { graph, bound: 'aborted', ended: false };
  try {
    const { atoms, comms } = successors.initial(start());
    graph.add(atoms, -1);
    graph.before = comms;
  } catch (error) {
    if (isTooMuch(error)) return { graph, bound: 'steps', ended: false };
    if (error instanceof OutOfBounds) return { graph, bound: error.bound, ended: false };
    throw error;
  }
  for (let state = 0; state < graph.size; state += 1) {
    if (performance.now() > sliceEnd) {
      await new Promise((resolve) => {
        setTimeout(resolve, 0);
      });
      const now = performance.now();
      sliceEnd = now + SLICE;
      if (onProgress !== undefined && now > reportAt) {
        onProgress({ states: graph.size, transitions, waiting: graph.size - state, depth: graph.depth(state) });
        reportAt = now + REPORT;
      }
    }
    if (isAborted()) return { graph, bound: 'aborted', ended: false };
    if (graph.depth(state) >= limits.depth) {
      bound ??= 'depth';
      continue;
    }
    const atoms = graph.atoms(state);
    try {
      limiter.tick();
      const next = new Map<StateId, number>();
      const following =
        (options.reduce ? unknownOnly(graph, successors.privateOf(atoms)) : undefined) ?? successors.of(atoms);
      let full = false;
      for (const transition of following) {
        const before = graph.size;
        const target = graph.add(transition.atoms, state);
        if (target === before && graph.size > limits.states) full = true;
        next.set(target, Math.max(next.get(target) ?? 0, transition.comms));
      }
      transitions += following.length;
      graph.expand(state, next);
      if (onState(state, atoms, following)) return { graph, bound, ended: true };
      if (full) return { graph, bound: 'states', ended: false };
    } catch (error) {
      if (error instanceof OutOfBounds) return { graph, bound: error.bound, ended: false };
      if (!isTooMuch(error)) throw error;
      bound ??= 'steps';
    }
  }
  if (bound === undefined && successors.systemReceive) bound = 'system-receive';
  if (bound === undefined && machine.matchesMissed) bound = 'match-budget';
  if (bound === undefined && machine.namesObserved) bound = 'names-observed';
  return { graph, bound, ended: false };
}
