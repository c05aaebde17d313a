import fc from 'fast-check';
import { MODULUS } from '@commute/field';

export const fcRuns = (fallback: number): number => Number(process.env['FC_NUM_RUNS'] ?? fallback);

/** Elements, those at the edges of words and of the field often. */
export const element: fc.Arbitrary<bigint> = fc.oneof(
  fc.constantFrom(0n, 1n, 2n, 0xffff_ffffn, 0x1_0000_0000n, 0xffff_ffff_0000_0000n, MODULUS - 1n, MODULUS - 2n),
  fc.bigInt({ min: 0n, max: MODULUS - 1n }),
  fc.bigInt({ min: 0n, max: 0xffff_ffffn }),
);
