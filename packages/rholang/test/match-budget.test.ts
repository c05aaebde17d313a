import { describe, expect, test } from 'vitest';
import { outcomeOf } from '../src/conformance/engine.ts';
import { SEARCHES } from '../src/conformance/programs.ts';
import { createRuntime, DEFAULT_MAXIMUM_MATCH_STEPS, type RunOptions, type RunResult } from '../src/index.ts';

const seed = new Uint8Array([1]);
const run = (source: string, options: Partial<RunOptions> = {}): RunResult =>
  createRuntime().run(source, { seed, ...options });
const create = (space: NonNullable<Parameters<typeof createRuntime>[0]>['space']): ReturnType<typeof createRuntime> =>
  createRuntime(space === undefined ? {} : { space });

describe('the searches of a run together', () => {
  test('have a bound, which a run meets however many searches it makes', () => {
    // Receives that want none of the messages, of which more come with each reduction: each search is short.
    const source = `new wait, loop in {
      contract wait(@n) = { for (@[=n, 1] <- @0) { Nil } | if (n > 0) { wait!(n - 1) } } | wait!(1500) |
      contract loop(@n) = { @0!([n, 2]) | if (n > 0) { loop!(n - 1) } } | loop!(1000000)
    }`;
    const result = run(source, { maximumMatchSteps: 3_000_000 });
    expect(result).toMatchObject({
      ok: false,
      reason: 'match-budget',
      message: 'match: expected at most 3000000 steps of all searches of the run together, got more',
    });
    // The same steps at the same reduction, always.
    expect(run(source, { maximumMatchSteps: 3_000_000 })).toEqual(result);
    expect(result.comms).toBeGreaterThan(1500);
    expect(result.comms).toBeLessThan(10_000);
  });

  test('are counted from the start in each run, and leave nothing behind where they are too many', () => {
    const runtime = createRuntime();
    const [, source] = SEARCHES[0]!;
    for (let round = 0; round < 3; round += 1) {
      expect(runtime.run(source, { seed: Uint8Array.of(round), maximumMatchSteps: 20_000 }).ok).toBe(round === 0);
      expect(
        runtime.run('for (@x <- @"a") { Nil } | @"a"!(1)', { seed: Uint8Array.of(9), maximumMatchSteps: 10 }),
      ).toMatchObject({
        ok: true,
        comms: 1,
      });
    }
  });

  test('end in the same way whatever the order of evaluation, also beside a failure', () => {
    const fails = '@9!(1 + "a")';
    for (const [, source] of SEARCHES)
      for (const both of [`${source} | ${fails}`, `${fails} | ${source}`, `${fails} | {${source}} | ${source}`])
        for (const maximumMatchSteps of [0, 1000, 15_000, 30_000, 60_000, 1_000_000]) {
          const outcome = outcomeOf([both], create, { maximumMatchSteps });
          for (const evaluationOrder of [
            (count: number) => [...Array(count).keys()].reverse(),
            (count: number) => [...Array(count).keys()].map((index) => (index + 1) % count),
          ])
            expect(outcomeOf([both], create, { maximumMatchSteps, evaluationOrder })).toEqual(outcome);
        }
  });

  test('are many by default, and an option that is none is refused', () => {
    expect(DEFAULT_MAXIMUM_MATCH_STEPS).toBe(100_000_000);
    for (const maximumMatchSteps of [-1, 0.5, Number.NaN])
      expect(() => run('Nil', { maximumMatchSteps })).toThrow('RHOLANG_OPTION_RANGE');
  });
});
