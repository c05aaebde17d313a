/**
 * A tuple space on a persistent key-value store, with a verifiable history per key.
 *
 * @module
 */
export * from './errors.ts';
export {
  MAXIMUM_KEY_BYTES,
  type KeyRange,
  type KeyValueBatch,
  type KeyValuePair,
  type KeyValueStore,
} from './key-value/key-value.ts';
export { createMemoryKeyValue } from './key-value/memory.ts';
export type { Leaf } from './trie/node.ts';
export { verifyLeaf, type TrieProofReason, type TrieProofResult } from './trie/proof.ts';
export type { Commit } from './trie/records.ts';
export type { TrieChange } from './trie/update.ts';
export { VersionedTrie, type TrieOptions } from './trie/versioned-trie.ts';
