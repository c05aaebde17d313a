import { blake3 as nobleBlake3 } from '@noble/hashes/blake3.js';
import { sha256 as nobleSha256 } from '@noble/hashes/sha2.js';
import { keccak_256 as nobleKeccak256 } from '@noble/hashes/sha3.js';
import { BaseError } from '@commute/errors';

/** The hash under a state root. Any collision-resistant 32-byte hash will do; three are built in. */
export interface Hasher {
  /** Name that is written into files and messages, such as `keccak256`. */
  readonly name: string;
  /** Hashes `bytes` to 32 bytes. Does not keep or change its argument. */
  readonly digest: (bytes: Uint8Array) => Uint8Array;
}

/** Keccak-256 as Ethereum uses it: the choice where a chain will check a step. */
export const keccak256: Hasher = { name: 'keccak256', digest: (bytes) => nobleKeccak256(bytes) };

/** SHA-256. */
export const sha256: Hasher = { name: 'sha256', digest: (bytes) => nobleSha256(bytes) };

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
