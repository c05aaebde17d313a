import { blake3 } from '@noble/hashes/blake3.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { blake3Batch } from './blake3-batch.ts';

/** Length of a digest in bytes. */
export const DIGEST_BYTES = 32 as const;

/** A collision-resistant hash with digests of 32 bytes. */
export interface HashFunction {
  /** Name, bound into transcripts. */
  readonly name: string;
  readonly digest: (message: Uint8Array) => Uint8Array;
  /** The digests of several messages of one length, where that is quicker than one after the other. */
  readonly digestAll?: (messages: readonly Uint8Array[]) => Uint8Array[];
}

/** The digests of messages of one length. */
export function digestAll(hash: HashFunction, messages: readonly Uint8Array[]): Uint8Array[] {
  return hash.digestAll?.(messages) ?? messages.map(hash.digest);
}

const blake3One = (message: Uint8Array): Uint8Array => blake3(message);

/** BLAKE3, by @noble/hashes, several at once by vectors; the one that has a vectorised tree. */
export const BLAKE3: HashFunction = /* @__PURE__ */ Object.freeze({
  name: 'blake3',
  digest: blake3One,
  digestAll: (messages: readonly Uint8Array[]): Uint8Array[] => blake3Batch(messages) ?? messages.map(blake3One),
});

/** SHA-256, by @noble/hashes. */
export const SHA256: HashFunction = /* @__PURE__ */ Object.freeze({
  name: 'sha256',
  digest: (message: Uint8Array): Uint8Array => sha256(message),
});
