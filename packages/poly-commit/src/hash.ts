import { blake3 } from '@noble/hashes/blake3.js';
import { sha256 } from '@noble/hashes/sha2.js';

/** Length of a digest in bytes. */
export const DIGEST_BYTES = 32 as const;

/** A collision-resistant hash with digests of 32 bytes. */
export interface HashFunction {
  /** Name, bound into transcripts. */
  readonly name: string;
  readonly digest: (message: Uint8Array) => Uint8Array;
}

/** BLAKE3, by @noble/hashes; the one that has a vectorised tree. */
export const BLAKE3: HashFunction = /* @__PURE__ */ Object.freeze({
  name: 'blake3',
  digest: (message: Uint8Array): Uint8Array => blake3(message),
});

/** SHA-256, by @noble/hashes. */
export const SHA256: HashFunction = /* @__PURE__ */ Object.freeze({
  name: 'sha256',
  digest: (message: Uint8Array): Uint8Array => sha256(message),
});
