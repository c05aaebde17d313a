import { MODULUS } from '@commute/field';

/** Elements that look random and stay the same. */
export function sequence(length: number, seed: number): bigint[] {
  let state = BigInt(seed) + 1n;
  return Array.from({ length }, () => {
    state = BigInt.asUintN(64, state * 6364136223846793005n + 1442695040888963407n);
    return (state ^ (state >> 29n)) % MODULUS;
  });
}
