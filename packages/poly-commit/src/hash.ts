import { blake3 } from '@noble/hashes/blake3.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { DIGEST_BYTES } from './digest.ts';
import { hashMessage, hashRows, hashStream } from './verifier/hashing.ts';
import { sharedWorkspace } from './verifier/workspace.ts';

export { DIGEST_BYTES };

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

const blake3One = (message: Uint8Array): Uint8Array => {
  const workspace = sharedWorkspace();
  return workspace === undefined ? blake3(message) : hashMessage(workspace, message);
};

/** The first bytes of BLAKE3's output stream for a message of at most 64 bytes. */
export function blake3Stream(message: Uint8Array, length: number): Uint8Array {
  const workspace = sharedWorkspace();
  return workspace === undefined ? blake3(message, { dkLen: length }) : hashStream(workspace, message, length);
}

/** Digests of messages of one length, four at a time. */
function blake3All(messages: readonly Uint8Array[]): Uint8Array[] {
  const workspace = sharedWorkspace();
  const { length = 0 } = messages[0] ?? {};
  if (workspace === undefined || length === 0 || messages.some((each) => each.length !== length)) {
    return messages.map(blake3One);
  }
  return workspace.scope(() => {
    const from = workspace.allocate(length * messages.length);
    messages.forEach((message, k) => {
      workspace.bytes(from + length * k, length).set(message);
    });
    const out = workspace.allocate(DIGEST_BYTES * messages.length);
    hashRows(workspace, out, DIGEST_BYTES, from, length, length, messages.length);
    return messages.map((_, k) => workspace.bytes(out + DIGEST_BYTES * k, DIGEST_BYTES).slice());
  });
}

/** BLAKE3, four messages at once by vectors, or by @noble/hashes where the host has none; the one that has a vectorised tree. */
export const BLAKE3: HashFunction = /* @__PURE__ */ Object.freeze({
  name: 'blake3',
  digest: blake3One,
  digestAll: blake3All,
});

/** SHA-256, by @noble/hashes. */
export const SHA256: HashFunction = /* @__PURE__ */ Object.freeze({
  name: 'sha256',
  digest: (message: Uint8Array): Uint8Array => sha256(message),
});
