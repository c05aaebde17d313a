import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { components, Graph, shortestWay } from '../src/graph.ts';
import { Avoidance } from '../src/liveness.ts';

/** A graph by the states that follow each, with the states that are the goal. */
const anyGraph = fc.integer({ min: 1, max: 7 }).chain((size) =>
  fc.record({
    next: fc.array(fc.uniqueArray(fc.nat({ max: size - 1 }), { maxLength: 3 }), { minLength: size, maxLength: size }),
    goal: fc.array(fc.boolean(), { minLength: size, maxLength: size }),
  }),
);

/** The graph with the states that can be reached from the first one, and what they are called in it. */
function built(next: readonly (readonly number[])[]): { graph: Graph; named: number[] } {
  const graph = new Graph();
  const named: number[] = [0];
  graph.add([0], -1);
  for (let state = 0; state < graph.size; state += 1) {
    const targets = next[named[state]!]!.map((one) => {
      const target = graph.add([one], state);
      named[target] = one;
      return [target, 1] as const;
    });
    graph.expand(state, new Map(targets));
  }
  return { graph, named };
}

/** Which states can be reached from which, over states that `inside` takes, in one step or more. */
function reach(next: readonly (readonly number[])[], inside: (state: number) => boolean): boolean[][] {
  const size = next.length;
  const matrix = next.map((targets, from) =>
    Array.from({ length: size }, (_, to) => inside(from) && inside(to) && targets.includes(to)),
  );
  for (let middle = 0; middle < size; middle += 1)
    for (let from = 0; from < size; from += 1)
      for (let to = 0; to < size; to += 1) if (matrix[from]![middle]! && matrix[middle]![to]!) matrix[from]![to] = true;
  return matrix;
}

describe('schedules that avoid a goal for ever', () => {
  it('are found as by definition, and shown', () => {
    fc.assert(
      fc.property(anyGraph, fc.boolean(), ({ next, goal }, fair) => {
        const { graph, named } = built(next);
        const avoidance = new Avoidance(graph, (state) => goal[named[state]!]!, fair);
        const avoiding = reach(next, (state) => !goal[state]!);
        const all = reach(next, () => true);
        const states = [...next.keys()];
        /** A schedule can stop here or go round from here; if fair, only where it can go nowhere else and no goal is. */
        const isEnd = (state: number): boolean => {
          if (goal[state]!) return false;
          if (next[state]!.length === 0) return true;
          if (!fair) return avoiding[state]![state]!;
          return states.every((to) => !all[state]![to]! || (all[to]![state]! && !goal[to]!));
        };
        for (let state = 0; state < graph.size; state += 1) {
          const from = named[state]!;
          const expected = !goal[from]! && states.some((to) => (to === from || avoiding[from]![to]!) && isEnd(to));
          expect(avoidance.canAvoid(state)).toBe(expected);
          if (!expected) continue;
          const { path, cycle } = avoidance.way(state);
          path.slice(1).forEach((one, index) => {
            expect(next[named[path[index]!]!]).toContain(named[one]);
          });
          const after = path.slice(path.indexOf(state));
          expect(after.every((one) => !goal[named[one]!]!)).toBe(true);
          if (cycle === undefined) expect(next[named[path.at(-1)!]!]).toEqual([]);
          else expect(path[cycle]).toBe(path.at(-1));
        }
      }),
      { numRuns: 2000 },
    );
  });
});

describe('graphs', () => {
  it('have the components and shortest ways that they have by definition', () => {
    fc.assert(
      fc.property(anyGraph, ({ next }) => {
        const { graph, named } = built(next);
        const { of } = components(graph, () => true);
        const matrix = reach(next, () => true);
        for (let from = 0; from < graph.size; from += 1) {
          for (let to = 0; to < graph.size; to += 1) {
            const together = from === to || (matrix[named[from]!]![named[to]!]! && matrix[named[to]!]![named[from]!]!);
            expect(of[from] === of[to]).toBe(together);
            if (matrix[named[from]!]![named[to]!]!) expect(of[to]).toBeLessThanOrEqual(of[from]!);
            const way = shortestWay(
              graph,
              from,
              () => true,
              (state) => state === to,
              true,
            );
            expect(way !== undefined).toBe(matrix[named[from]!]![named[to]!]);
          }
        }
        for (let state = 0; state < graph.size; state += 1)
          expect(graph.path(state).length).toBe(graph.depth(state) + 1);
      }),
      { numRuns: 1000 },
    );
  });
});
