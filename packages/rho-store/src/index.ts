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
export type { TrieDifference } from './trie/differences.ts';
export type { Leaf } from './trie/node.ts';
export { verifyLeaf, type TrieProofReason, type TrieProofResult } from './trie/proof.ts';
export type { Commit } from './trie/records.ts';
export type { TrieChange } from './trie/update.ts';
export { VersionedTrie, type TrieOptions } from './trie/versioned-trie.ts';
export {
  decodeEvent,
  decodeLog,
  encodeEvent,
  encodeLog,
  itemHash,
  pathOfChannel,
  type DecodeLogResult,
  type EventItem,
  type EventUse,
  type LogEntry,
  type StoreEvent,
} from './history/event.ts';
export { entryHash, type HistoryEntry, type KeyValue } from './history/entry.ts';
export {
  HistoryStore,
  type CommitInfo,
  type CommitOptions,
  type HistoryStep,
  type SideChanges,
  type StoredItem,
  type StoredKey,
} from './history/history-store.ts';
export {
  proveEntry,
  proveItem,
  proveKey,
  verifyEntry,
  verifyItem,
  verifyKey,
  type KeyProofFailure,
  type KeyProofReason,
} from './history/prove.ts';
export { pruneStore, type PruneResult } from './history/prune.ts';
export { verifyHistory, verifyStore, type StoreProblem, type VerifyResult } from './history/verify.ts';
export { decodePlace, encodePlace, type Place, type Prefix } from './transfer/place.ts';
export { StateReceiver, type PartReason, type PartResult } from './transfer/receiver.ts';
export { StateTeller, type PartRequest } from './transfer/teller.ts';
export { decodeChannel, decodeItem, encodeChannel, type DecodedItem } from './space/codec.ts';
export { RhoSpace, type ReplayResult, type SpaceCommit, type SpaceOptions } from './space/rho-space.ts';
export type { Conflict } from './merge/conflict.ts';
export {
  decideByHash,
  decideByVotes,
  type ConflictingUnits,
  type Decision,
  type MergeUnit,
  type Vote,
} from './merge/decide.ts';
export {
  compareLogs,
  compareProposals,
  mergeProposals,
  type CompareProposalsResult,
  type CompareResult,
  type ConflictingPair,
  type MergeFailure,
  type MergeOutcome,
  type MergeResult,
  type Proposal,
  type ProposedDeploy,
} from './merge/merge.ts';
export { replayProposal, type ReplayProposalResult } from './merge/replay.ts';
export {
  decodeDeploy,
  deployId,
  encodeDeploy,
  signDeploy,
  unsignedDeploy,
  verifyDeploy,
  type Deploy,
  type UnsignedDeploy,
} from './block/deploy.ts';
export {
  blockHash,
  decodeBlock,
  decodeLoggedBlock,
  encodeBlock,
  encodeLoggedBlock,
  logOfMerged,
  logsOf,
  mergedBlock,
  type Block,
  type LoggedBlock,
  type Merging,
  type Origin,
} from './block/block.ts';
export { blockOf, chainOf, lastBlock, type ChainRules, type StoredBlock } from './block/chain.ts';
export {
  examineDeploy,
  type BlockRefusalReason,
  type Examination,
  type Refusal,
  type RefusalStage,
} from './block/examine.ts';
export { makeBlock, tryBlock, type BlockDraft, type MadeBlock, type TriedBlock } from './block/make.ts';
export { mergeBlocks, proposalOf, type MergedBlocks } from './block/merge.ts';
export type { DeployOutcome, PlayOptions } from './block/play.ts';
export {
  checkBlock,
  followBlock,
  replayBlock,
  type BlockFailure,
  type BlockReplay,
  type FollowedBlock,
} from './block/replay.ts';
export {
  Tracer,
  type BlockTrace,
  type SourcePlace,
  type TracedComm,
  type TracedMessage,
  type TraceOptions,
  type TraceResult,
} from './block/trace.ts';
export { verifyChain, type ChainProblem, type ChainResult } from './block/verify.ts';
