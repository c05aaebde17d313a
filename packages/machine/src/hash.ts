import { blake3 as nobleBlake3 } from '@noble/hashes/blake3.js';
import { sha256 as nobleSha256 } from '@noble/hashes/sha2.js';
import { keccak_256 as nobleKeccak256 } from '@noble/hashes/sha3.js';
import { BaseError } from '@commute/errors';
import { keccak256Kernel } from './pairs/keccak256-kernel.ts';
import { pairsByKernel, pairsOneByOne, type PairHash, type PairKernelSource } from './pairs/pair-kernel.ts';
import { sha256Kernel } from './pairs/sha256-kernel.ts';

/** The hash under a state root. Any collision-resistant 32-byte hash will do; three are built in. */
export interface Hasher {
  /** Name that is written into files and messages, such as `keccak256`. */
  readonly name: string;
  /** Hashes `bytes` to 32 bytes. Does not keep or change its argument. */
  readonly digest: (bytes: Uint8Array) => Uint8Array;
  /**
   * Hashes each 64 bytes of `pairs` to 32 bytes of `digests`, as `digest` does. Left out, `digest` is called for each: a
   * state root is nothing but such pairs, so this is where a hash is made fast. The two arguments do not overlap.
   */
  readonly digestPairs?: (pairs: Uint8Array, digests: Uint8Array) => void;
}

/** The reference, with the kernel for pairs; it is compiled when first used, and the reference serves where it cannot be. */
function withKernel(name: string, digest: Hasher['digest'], source: PairKernelSource, width: number): Hasher {
  let hash: PairHash | undefined;
  const digestPairs: PairHash = (pairs, digests) => {
    hash ??= pairsByKernel(source, width) ?? pairsOneByOne(digest);
    hash(pairs, digests);
  };
  return { name, digest, digestPairs };
}

/** Keccak-256 as Ethereum uses it: the choice where a chain will check a step. */
export const keccak256: Hasher = /* @__PURE__ */ withKernel(
  'keccak256',
  (bytes) => nobleKeccak256(bytes),
  keccak256Kernel,
  2,
);

/** SHA-256. */
export const sha256: Hasher = /* @__PURE__ */ withKernel('sha256', (bytes) => nobleSha256(bytes), sha256Kernel, 4);

/** BLAKE3 with 32 bytes of output. */
export const blake3: Hasher = { name: 'blake3', digest: (bytes) => nobleBlake3(bytes) };

/**
 * The built-in hash with this name.
 *
 * @throws BaseError `MACHINE_HASH_UNSUPPORTED` for any other name.
 * @example
 * ```ts
 * import { hasherByName } from '@commute/machine';
 * if (hasherByName('sha256').digest(new Uint8Array(0))[0] !== 0xe3) throw new Error('unexpected digest');
 * ```
 */
export function hasherByName(name: string): Hasher {
  for (const hasher of [keccak256, sha256, blake3]) {
    if (hasher.name === name) return hasher;
  }
  throw new BaseError('MACHINE_HASH_UNSUPPORTED', `hash: expected keccak256, sha256 or blake3, got ${name}`, { name });
}
