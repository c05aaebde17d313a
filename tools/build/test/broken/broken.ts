import fc from 'fast-check';
import { expect, test } from 'vitest';
import { seeded } from '../../src/seed.ts';

// What soak.test.ts soaks: mistakes that a few runs seldom meet. The cases are printed for it.

test('a property that (seldom) fails', () => {
  const cases: number[] = [];
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 0xffff }), (number) => {
      cases.push(number);
      expect(number % 64).not.toBe(63);
    }),
    { numRuns: 3 },
  );
  console.log(`cases ${cases.join(' ')}`);
});

test("a generator of the test's own", () => {
  expect(seeded(1) % 32).not.toBe(31);
});

test('nothing random', () => {
  console.log('plain');
});
