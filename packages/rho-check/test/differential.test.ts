import { createRuntime, normalize, parse } from '@commute/rholang';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { exploreNaively } from './naive.ts';
import { CHECK_NAMES, type CheckOptions } from '../src/index.ts';
import { callProgram, smallProgram } from './program-arbitrary.ts';
import { checked, type Checked } from './support.ts';

// Programs that are always among those that are tried, so that what random ones show now and then is shown each time.

/** Has fewer states where private reductions go first. */
const FEWER_STATES =
  'new x, y in { y!(1) | y!(0) | for (@v <= y) { @"log"!(0) } | for (_ <- x) { Nil } | @"a"!(1 / 1) }';

/** Which of two messages a cell gives back depends on what comes first. */
const RACE = `new c0, c1, cell in {
  contract c0(@n, r) = { cell!(n) | for (@m <- cell) { r!(m) } } | contract c1(@n, r) = { r!(1 / n) } |
  new r in { c1!(1, *r) | for (@x <- r) { cell!(x) } } | new r in { c0!(0, *r) | for (@x <- r) { Nil } }
}`;

/** Two calls that do not touch each other, and a wait for what never comes. */
const CALLS_APART = `new c0, c1 in {
  contract c0(@n, r) = { if (n == 0) { c1!(1, *r) } else { r!(n) } } | contract c1(@n, r) = { c0!(n, *r) } |
  new r in { c1!(0, *r) | for (@x <- r) { for (c <- @"open") { c!(x, *r) } } } |
  new r in { c0!(0, *r) | for (@x <- r) { @"out"!(x) } }
}`;

describe('the explorer beside a slow and obvious one', () => {
  it('finds the same states, reductions and verdicts, and every trace is a run of the reducer', async () => {
    let compared = 0;
    let failing = 0;
    let same = 0;
    let within = 0;
    let reduced = 0;
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
          reduce: false,
        });
        const quick = await checked(source, {
          checks: ['deadlock', 'failure', 'race', 'cost'],
          maximumComms: 1n << 60n,
        });
        expect(quick.findings.map(({ verdict }) => verdict)).toEqual(findings.map(({ verdict }) => verdict));
        expect(quick.findings[3]!.message).toBe(findings[3]!.message);
        expect(quick.graph.terminal).toBe(graph.terminal);
        if (quick.graph.states < graph.states) reduced += 1;
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
        // The static bound is one.
        const [bounded] = (await checked(source, { checks: ['cost'] })).findings;
        expect(bounded!.verdict).not.toBe('fails');
        if (bounded!.verdict === 'holds') within += 1;
      }),
      { numRuns: 150, examples: [[FEWER_STATES]] },
    );
    // Both kinds were met.
    expect(compared).toBeGreaterThan(75);
    expect(reduced).toBeGreaterThan(0);
    expect(within).toBeGreaterThan(10);
    expect(same).toBeGreaterThan(2 * compared);
    expect(failing).toBeGreaterThan(10);
  });
});

describe('the cost of programs that write', () => {
  it('is at least what a run takes, and at most the static bound', async () => {
    let counted = 0;
    await fc.assert(
      fc.asyncProperty(smallProgram, async (source) => {
        const writing = `new out(\`rho:io:stdout\`) in { ${source.replaceAll('@"log"', 'out').replaceAll('@"a"!', 'out!')} }`;
        const result = await checked(writing, { checks: ['cost'], bounds: { states: 200 } });
        const [finding] = result.findings;
        if (!result.graph.complete) return;
        expect(finding!.verdict).not.toBe('fails');
        const most = /at most (\d+) reduction/.exec(finding!.message)?.[1];
        const run = createRuntime().run(writing, { seed: new Uint8Array(32), maximumComms: 1000, keepOnFailure: true });
        // A run that fails makes all reductions of a generation first.
        if (most === undefined || !run.ok) return;
        expect(run.comms).toBeLessThanOrEqual(Number(most));
        if (run.comms > 0) counted += 1;
      }),
      { numRuns: 150 },
    );
    expect(counted).toBeGreaterThan(20);
  });
});

describe('private reductions that go first', () => {
  it('change no verdict', async () => {
    let compared = 0;
    let reduced = 0;
    const seen = new Map<string, Set<string>>();
    await fc.assert(
      fc.asyncProperty(callProgram, async (source) => {
        const options: CheckOptions = { checks: CHECK_NAMES, maximumComms: 1n << 60n, bounds: { states: 200 } };
        const full = await checked(source, { ...options, reduce: false });
        if (!full.graph.complete) return;
        const quick = await checked(source, options);
        compared += 1;
        expect(quick.graph.complete).toBe(true);
        expect(quick.graph.states).toBeLessThanOrEqual(full.graph.states);
        if (quick.graph.states < full.graph.states / 2) reduced += 1;
        const verdicts = (result: Checked): string[] =>
          result.findings.map(({ check, verdict }) => `${check} ${verdict}`);
        expect(verdicts(quick)).toEqual(verdicts(full));
        for (const { check, verdict } of full.findings) {
          if (!seen.has(check)) seen.set(check, new Set());
          seen.get(check)!.add(verdict);
        }
        // Terminal states that differ in what others know are one outcome.
        if (full.findings[0]!.verdict === 'holds')
          expect(quick.graph.terminal).toBeLessThanOrEqual(full.graph.terminal);
      }),
      { numRuns: 60, examples: [[RACE], [CALLS_APART]] },
    );
    expect(compared).toBeGreaterThan(20);
    expect(reduced).toBeGreaterThan(3);
    for (const check of ['deadlock', 'race']) expect(seen.get(check)?.size).toBe(2);
  });
});
