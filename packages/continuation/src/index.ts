/**
 * Runs of the micro machine, proved in segments that are linked and merged.
 *
 * @module
 */
export { ContinuationError, type ContinuationErrorCode } from './errors.ts';
export {
  type CustomCall,
  type CustomResult,
  type CustomTrace,
  defineExtension,
  type ExtensionDefinition,
  type MachineConfiguration,
  type MachineExtension,
} from './extension.ts';
export { machineTables, segmentMessages, SegmentTracer } from './machine-tables.ts';
export { type CrossingRecord } from './execution/crossing.ts';
export { createExecutor, type Executor, type ExecutorOptions, type SegmentOutcome } from './execution/executor.ts';
export { type InputSource } from './execution/input.ts';
export { type RunReason, type RunRefusal } from './execution/refusal.ts';
export { initialState, type MachineState } from './execution/state.ts';
export {
  type HostCallRecord,
  type SegmentClaim as SegmentFacts,
  type SegmentRecord,
  type TimedValue,
  type TouchedCells,
} from './execution/record.ts';
export { type InstructionPattern, type InstructionRow } from './program/instruction-rows.ts';
export { HALT_PC, REGISTER_COUNT, REGISTER_KEYS } from './program/keys.ts';
export {
  type CodeImage,
  type CodeSegment,
  createProgram,
  isLegalKey,
  type KeyRegion,
  type Program,
  type ProgramOptions,
  type TextRange,
} from './program/program.ts';
export { assertLegalKey, fillKeyColumns, type KeyColumns, keyColumns } from './tables/legal-keys.ts';
export {
  type Access,
  accessMemory,
  checkLimbs,
  chooseOne,
  joinLimbs,
  OPERATION_TICK,
  zeroWhereIdle,
} from './tables/parts.ts';
export { LookupCounts } from './traces/lookups.ts';
export { heightFor, TraceWriter } from './traces/writer.ts';
export { type ProofStore } from './chain/proof-store.ts';
export { type ChainSecurity, chainSecurity } from './chain/security.ts';
export {
  type ChainOptions,
  type ChainSystem,
  createChainSystem,
  type JointShape,
  type ProvableProgram,
} from './chain/system.ts';
export {
  type AggregateDecodeVerdict,
  type AggregateProof,
  decodeAggregate,
  encodeAggregate,
  type GroupProof,
} from './chain/aggregate-format.ts';
export { jointBytes } from './chain/joint-memory.ts';
export { groupSizes, jointShape, proveAggregate } from './chain/prove-aggregate.ts';
export { type AggregateOptions, verifyAggregate } from './chain/verify-aggregate.ts';
export { proveShare, type ProveShareOptions } from './chain/prove-share.ts';
export {
  type ChainDecodeVerdict,
  type ChainProof,
  decodeChain,
  encodeChain,
  type EndProof,
  type GlobalBinding,
  type PagedBinding,
  type PairwiseBinding,
  type SegmentProof,
} from './chain/format.ts';
export {
  type ChainProgress,
  proveChain,
  proveChainStream,
  type StreamedWitness,
  type ProveChainOptions,
  type SegmentWitness,
} from './chain/prove.ts';
export {
  type ChainRefusal,
  type ChainVerdict,
  checkRun,
  type GlobalSpan,
  mergeSpans,
  type PagedSpan,
  type PairwiseSpan,
  type Refused,
  type VerifiedSpan,
  verifyChain,
  verifySegment,
  verifySpan,
} from './chain/verify.ts';
export { type DecodeRefusal } from './claim/bytes.ts';
export {
  checkWhole,
  type ClaimRefusal,
  decodeSegmentClaim,
  encodeSegmentClaim,
  mergeClaims,
  type RunClaim,
  runDigest,
  type SegmentClaim,
  type SegmentKind,
  type SpanClaim,
  spanOf,
} from './claim/claims.ts';
export { type Cells, type KeyRule, MEMORY_BUS, REGISTER_KEY, type TouchedCell } from './link/cells.ts';
export { createStateLink, LINK_FORMS, type LinkForm, type LinkTracker, type StateLink } from './link/state-link.ts';
export { type PageBoundary, type PageRoots } from './pages/page-tables.ts';
export { createMachineProgram, type MachineProgram, programDigest, programImage } from './run/machine-program.ts';
export {
  formOfRun,
  proveRun,
  proveRunShare,
  type ProveRunOptions,
  type ProveRunRefusal,
  type ProvenRun,
  type RunForm,
  type RunOptions,
  type RunProgress,
  verifyRun,
} from './run/run.ts';
export { executeProgram, type ExecutedRun } from './run/execute.ts';
export { assertFitsRunFile, decodeRunFile, encodeRunFile, type RunFile, type RunFileVerdict } from './run/format.ts';
export {
  createSettlement,
  type Settlement,
  type SettlementOptions,
  type SettlementRefusal,
  type SettlementVerdict,
} from './settlement/settlement.ts';
export {
  decodeSettlement,
  encodeSettlement,
  type SettledCell,
  type SettlementDecodeVerdict,
  type SettlementProof,
} from './settlement/format.ts';
