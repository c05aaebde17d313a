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
    let same = 0;
    await fc.assert(
      fc.asyncProperty(smallProgram, async (source) => {
        const tree = parse(source);
        const normal = tree.ok ? normalize(tree.process, { source }) : undefined;
        if (normal?.ok !== true) throw new Error(`not a program: ${source}`);
        let naive;
        let finer;
        try {
          naive = exploreNaively(normal.term, 200, false);
          finer = exploreNaively(normal.term, 200, true);
        } catch (error) {
          if (error instanceof Error && error.message.startsWith('too many names')) return;
          throw error;
        }
        if (naive === undefined || finer === undefined) return;
        compared += 1;
        const { findings, graph } = await checked(source, {
          checks: ['deadlock', 'failure', 'race', 'cost'],
          maximumComms: 1n << 60n,
        });
        expect(graph.complete).toBe(true);
        // Names of different variables are told apart, unless their processes are the same text.
        const between = (value: number, least: number, most: number): void => {
          expect(value).toBeGreaterThanOrEqual(least);
          expect(value).toBeLessThanOrEqual(most);
          if (least === most) same += 1;
        };
        between(graph.states, naive.states, finer.states);
        between(graph.transitions, naive.transitions, finer.transitions);
        between(graph.terminal, naive.terminal.length, finer.terminal.length);
        const [deadlock, failure, race] = findings;
        expect(deadlock!.verdict).toBe(naive.waiting ? 'fails' : 'holds');
        expect(failure!.verdict).toBe(naive.failures ? 'fails' : 'holds');
        if (naive.longest !== undefined && naive.terminal.length > 1) expect(race!.verdict).toBe('fails');
        if (naive.longest !== undefined && finer.terminal.length === 1) expect(race!.verdict).toBe('holds');
        if (race!.verdict === 'fails') failing += 1;
      }),
      { numRuns: 250 },
    );
    // Both kinds were met.
    expect(compared).toBeGreaterThan(100);
    expect(same).toBeGreaterThan(2 * compared);
    expect(failing).toBeGreaterThan(10);
  });
});
