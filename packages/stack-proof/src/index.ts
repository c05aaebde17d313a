/**
 * Proofs of runs of the stack machine, in linked segments.
 *
 * @module
 */
export { type InitialRam } from './cells.ts';
export { StackProofError, type StackProofErrorCode } from './errors.ts';
export { StackExecutor, type StackRunInputs, type StackRunRefusal, type StackSegmentOutcome } from './execution.ts';
export { HALT_IP, keyOf, REGION, type RegionName, REGISTER } from './layout.ts';
export { STACK_TABLES } from './machine-tables.ts';
export { createStackProgram, elementBytes, type StackProgram, type StackProgramOptions } from './program.ts';
export { LookupCounts, type RecordedTable, type Row, type StackSegmentRecord } from './record.ts';
export {
  type ExecutedStackRun,
  executeStackRun,
  type ExecuteStackOptions,
  type ProvenStackRun,
  proveStackRun,
  type ProveStackOptions,
  runClaimOf,
  type StackRunClaim,
  verifyStackRun,
} from './run.ts';
