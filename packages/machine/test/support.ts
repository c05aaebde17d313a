import { createHash } from 'node:crypto';
import { keccak256, type Hasher } from '../src/index.ts';

export const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

export const fcRuns = (fallback: number): number => Number(process.env['FC_NUM_RUNS'] ?? fallback);

/** A second, quick SHA-256, so that trees can be checked against another implementation. */
export const nodeSha256: Hasher = {
  name: 'sha256',
  digest: (bytes) => new Uint8Array(createHash('sha256').update(bytes).digest()),
};

/** The root of a whole state by definition: hash every pair, level by level, over all leaves that are not zero. */
export function obviousRoot(words: ReadonlyMap<number, number>, hasher: Hasher = keccak256): Uint8Array {
  let level = new Map<number, Uint8Array>();
  for (const [address, value] of words) {
    const leaf = level.get(address >>> 5) ?? new Uint8Array(32);
    new DataView(leaf.buffer).setUint32(address & 28, value, true);
    level.set(address >>> 5, leaf);
  }
  let zero: Uint8Array = new Uint8Array(32);
  for (let height = 0; height < 27; height++) {
    const next = new Map<number, Uint8Array>();
    for (const index of level.keys()) {
      const parent = index >>> 1;
      if (next.has(parent)) continue;
      const pair = new Uint8Array(64);
      pair.set(level.get(2 * parent) ?? zero, 0);
      pair.set(level.get(2 * parent + 1) ?? zero, 32);
      next.set(parent, hasher.digest(pair));
    }
    const pair = new Uint8Array(64);
    pair.set(zero, 0);
    pair.set(zero, 32);
    zero = hasher.digest(pair);
    level = next;
  }
  return level.get(0) ?? zero;
}
