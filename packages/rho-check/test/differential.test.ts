import { normalize, parse } from '@commute/rholang';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { exploreNaively } from './naive.ts';
import { smallProgram } from './program-arbitrary.ts';
import { checked } from './support.ts';

describe('the explorer beside a slow and obvious one', () => {
  it('finds the same states, reductions and verdicts, and every trace is a run of the reducer', async () => {
    let compared = 0;
    let failing = 0;
    await fc.assert(
      fc.asyncProperty(smallProgram, async (source) => {
        const tree = parse(source);
        const normal = tree.ok ? normalize(tree.process, { source }) : undefined;
        if (normal?.ok !== true) throw new Error(`not a program: ${source}`);
        let naive;
        try {
          naive = exploreNaively(normal.term, 200);
        } catch (error) {
          if (error instanceof Error && error.message.startsWith('too many names')) return;
          throw error;
        }
        if (naive === undefined) return;
        compared += 1;
        const { findings, graph } = await checked(source, {
          checks: ['deadlock', 'failure', 'race', 'cost'],
          maximumComms: 1n << 60n,
        });
        expect(graph.complete).toBe(true);
        expect({ states: graph.states, transitions: graph.transitions, terminal: graph.terminal }).toEqual({
          states: naive.states,
          transitions: naive.transitions,
          terminal: naive.terminal.length,
        });
        const [deadlock, failure, race] = findings;
        expect(deadlock!.verdict).toBe(naive.waiting ? 'fails' : 'holds');
        expect(failure!.verdict).toBe(naive.failures ? 'fails' : 'holds');
        if (naive.longest !== undefined) expect(race!.verdict).toBe(naive.terminal.length > 1 ? 'fails' : 'holds');
        if (race!.verdict === 'fails') failing += 1;
      }),
      { numRuns: 300 },
    );
    // Both kinds were met.
    expect(compared).toBeGreaterThan(100);
    expect(failing).toBeGreaterThan(10);
  });
});
