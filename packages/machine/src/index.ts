/**
 * The interfaces every machine implements, and the merkleized copy-on-write memory they share.
 *
 * @module
 */
export * from './access.ts';
export type { FrameSpace } from './frame-space.ts';
export * from './hash.ts';
export * from './layout.ts';
export * from './machine.ts';
export * from './memory.ts';
export {
  MAXIMUM_LEAVES,
  openProof,
  proveAccesses,
  proveLeaves,
  type ProofFailure,
  type ProofMemory,
  type ProofReason,
  MissingLeafError,
} from './proof.ts';
export { Snapshot, rootFromRegion, zeroRegionRoot, type PageContent } from './snapshot.ts';
export { decodeSnapshot, encodeSnapshot, type SnapshotFileReason, type SnapshotFileResult } from './snapshot-file.ts';
