/**
 * Runs of the micro machine, proved in segments that are linked and merged.
 *
 * @module
 */
export { ContinuationError, type ContinuationErrorCode } from './errors.ts';
export { machineTables, segmentMessages, SegmentTracer } from './machine-tables.ts';
export {
  createExecutor,
  type CustomCall,
  type CustomExecution,
  type Executor,
  type ExecutorOptions,
  type SegmentOutcome,
} from './execution/executor.ts';
export { type RunReason, type RunRefusal } from './execution/refusal.ts';
export { initialState, type MachineState } from './execution/state.ts';
export {
  type HostCallRecord,
  type SegmentClaim,
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
export { LookupCounts } from './traces/lookups.ts';
