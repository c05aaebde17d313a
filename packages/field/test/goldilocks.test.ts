import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  add,
  batchInverse,
  canonical,
  GENERATOR,
  inverse,
  logOfPowerOfTwo,
  MODULUS,
  multiply,
  negate,
  power,
  reduce,
  reverseBits,
  rootOfUnity,
  subtract,
  TWO_ADIC_ROOT,
} from '../src/index.ts';
import { anyElement, EDGES, RUNS } from './engines.ts';
import plonky3 from './vectors/plonky3.json' with { type: 'json' };
import twentyFirst from './vectors/twenty-first.json' with { type: 'json' };

describe('roots of unity', () => {
  test('are those of Plonky3', () => {
    expect(plonky3.twoAdicGenerators.map((_, log) => String(rootOfUnity(log)))).toEqual(plonky3.twoAdicGenerators);
  });

  test('are those of twenty-first', () => {
    for (const [order, root] of twentyFirst.primitiveRoots) {
      expect(rootOfUnity(logOfPowerOfTwo(Number(order)))).toBe(BigInt(root!));
    }
  });

  test('come from the generator', () => {
    expect(power(GENERATOR, (MODULUS - 1n) >> 32n)).toBe(TWO_ADIC_ROOT);
    for (const prime of [2n, 3n, 5n, 17n, 257n, 65537n]) {
      expect((MODULUS - 1n) % prime).toBe(0n);
      expect(power(GENERATOR, (MODULUS - 1n) / prime)).not.toBe(1n);
    }
  });

  test('have an order up to 2^32 and no other', () => {
    for (const log of [-1, 33, 0.5, NaN]) expect(() => rootOfUnity(log)).toThrow('[FIELD_SIZE]');
    for (const size of [0, 3, -4, 2 ** 33, Infinity, NaN]) expect(() => logOfPowerOfTwo(size)).toThrow('[FIELD_SIZE]');
  });
});

describe('arithmetic', () => {
  test('is that of the integers modulo p', () => {
    fc.assert(
      fc.property(anyElement, anyElement, (a, b) => {
        expect(add(a, b)).toBe((a + b) % MODULUS);
        expect(add(subtract(a, b), b)).toBe(a);
        expect(add(a, negate(a))).toBe(0n);
        expect(multiply(a, b)).toBe((a * b) % MODULUS);
      }),
      RUNS,
    );
  });

  test('inverse times the element is one', () => {
    for (const a of EDGES.slice(1)) expect(multiply(a, inverse(a))).toBe(1n);
    expect(batchInverse(EDGES.slice(1))).toEqual(EDGES.slice(1).map(inverse));
    expect(batchInverse([])).toEqual([]);
  });

  test('zero has no inverse', () => {
    expect(() => inverse(0n)).toThrow('[FIELD_DIVISION_BY_ZERO]');
    expect(() => batchInverse([1n, 0n])).toThrow('[FIELD_DIVISION_BY_ZERO]');
  });

  test('powers', () => {
    expect(power(0n, 0n)).toBe(1n);
    expect(power(5n, MODULUS - 1n)).toBe(1n);
    expect(() => power(5n, -1n)).toThrow('[FIELD_SIZE]');
  });

  test('reduce gives the canonical element, canonical refuses others', () => {
    expect([reduce(-1n), reduce(MODULUS), reduce(1n << 64n)]).toEqual([MODULUS - 1n, 0n, 0xffffffffn]);
    expect(canonical(MODULUS - 1n)).toBe(MODULUS - 1n);
    for (const value of [MODULUS, -1n, 1n << 64n]) expect(() => canonical(value)).toThrow('[FIELD_NOT_CANONICAL]');
  });

  test('bits are reversed', () => {
    expect([0, 1, 2, 3, 4, 5, 6, 7].map((i) => reverseBits(i, 3))).toEqual([0, 4, 2, 6, 1, 5, 3, 7]);
    expect(reverseBits(1, 32)).toBe(2 ** 31);
  });
});
