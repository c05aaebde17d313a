import fc from 'fast-check';
import { expect, test } from 'vitest';
import { demandOf, type Term } from '../src/index.ts';
import { anyCodeProgram, INPUT, OUTPUT } from './code-program-arbitrary.ts';
import { metered, read, runAll, supply } from './metered-run.ts';

const numRuns = Number(process.env['FC_NUM_RUNS'] ?? 1500);
const PLENTY = 1_000_000n;

/** Gives every receive on the input what it waits for, as often as it likes. */
const driver = read(`${INPUT}!!(1) | ${INPUT}!!([1, 2]) | ${INPUT}!!(1, 2)`).term;

/** Those who take what gets out: they run what is code, alone or in a list, and send on what is a name, more than once. */
const takers: readonly Term[] = [
  `for (@p <= ${OUTPUT}) { p | p | p }`,
  `for (@[p ..._] <= ${OUTPUT}) { p | p | p }`,
  `for (x <= ${OUTPUT}) { x!(1) | x!(2) | x!([3]) }`,
  `for (@[x ..._] <= ${OUTPUT}) { @x!(1) | @x!(2) | @x!(3) }`,
].map((source) => read(source).term);

test('the demand bounds what is spent by code that is sent, kept, handed to others and run', () => {
  const counts = new Map<string, number>();
  const count = (name: string): void => void counts.set(name, (counts.get(name) ?? 0) + 1);
  fc.assert(
    fc.property(anyCodeProgram, (source) => {
      const { term } = read(source);
      const demand = demandOf(term);
      if (demand.kind === 'unbounded') {
        count(demand.reason);
        return;
      }
      let most = 0;
      for (const taker of takers)
        most = Math.max(most, runAll([supply(PLENTY), taker, metered(term), driver], 300).gates);
      expect(BigInt(most)).toBeLessThanOrEqual(demand.tokens);
      if (most > 0) count('spent');
      if (BigInt(most) === demand.tokens && most > 1) count('exact');
    }),
    { numRuns },
  );
  // What a bound must not be given for is there, and so are programs with one that is reached.
  for (const name of ['code-leaves', 'runs-code', 'system-name-leaves', 'open-receive', 'spent', 'exact'])
    expect([name, (counts.get(name) ?? 0) > 0]).toEqual([name, true]);
});
