import { describe, expect, test } from 'vitest';
import { planJointProving, planProving } from '../src/commands/prove-plan.ts';

describe('how threads are divided among provers', () => {
  test('two threads prove segment by segment', () => {
    for (const segments of [1, 4, 16, 64, 1000]) {
      expect(planProving(segments, 2, 2)).toEqual({ provers: 1, threads: 2 });
    }
  });

  test('of many threads short runs have one prover, long ones several', () => {
    expect(planProving(1, 8, 8)).toEqual({ provers: 1, threads: 8 });
    expect(planProving(4, 8, 8).provers).toBeLessThan(4);
    expect(planProving(1000, 8, 8).provers).toBeGreaterThan(4);
    expect(planProving(1000, 8, 4)).toEqual({ provers: 4, threads: 2 });
  });

  test('there are no more of them than allowed, than segments, and than threads', () => {
    const numbers = [1, 2, 3, 5, 8, 16, 17, 64];
    for (const segments of numbers) {
      for (const threads of numbers) {
        for (const most of numbers) {
          const plan = planProving(segments, threads, most);
          expect(plan.provers).toBeGreaterThan(0);
          expect(plan.threads).toBeGreaterThan(0);
          expect(plan.provers).toBeLessThanOrEqual(Math.min(segments, most));
          expect(plan.provers * plan.threads).toBeLessThanOrEqual(threads);
        }
      }
    }
  });

  test('one thread has nothing to divide', () => {
    expect(planProving(100, 1, 1)).toEqual({ provers: 1, threads: 1 });
  });

  test('joint proofs have up to four threads each, or more where memory allows fewer of them', () => {
    expect(planJointProving(1, 1)).toEqual({ provers: 1, threads: 1 });
    expect(planJointProving(2, 2)).toEqual({ provers: 1, threads: 2 });
    expect(planJointProving(7, 7)).toEqual({ provers: 1, threads: 7 });
    expect(planJointProving(16, 16)).toEqual({ provers: 4, threads: 4 });
    expect(planJointProving(16, 3)).toEqual({ provers: 3, threads: 5 });
  });
});
