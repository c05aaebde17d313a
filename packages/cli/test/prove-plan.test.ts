import { describe, expect, test } from 'vitest';
import { planProving } from '../src/commands/prove-plan.ts';

describe('how threads are divided among provers', () => {
  test('short runs are proved segment by segment, long ones side by side', () => {
    for (const segments of [1, 2, 3, 4, 8]) expect(planProving(segments, 2, 2)).toEqual({ provers: 1, threads: 2 });
    for (const segments of [32, 64, 1000]) expect(planProving(segments, 2, 2)).toEqual({ provers: 2, threads: 1 });
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
});
