/**
 * Constraints over tables of field elements: written once, checked, mutated, lowered, compiled, proved and verified.
 *
 * @module
 */
export {
  type ConstraintBuilder,
  type Direction,
  type Environment,
  type EveryRowScope,
  type RowKind,
  type RowPair,
  type RowScope,
  type TableShape,
} from './builder.ts';
export {
  type BusFailure,
  type CellReading,
  type CheckOptions,
  type CheckReport,
  checkTraces,
  type ConstraintFailure,
  formatReport,
  type MessageSource,
  type PublicMessage,
} from './check.ts';
export { type CellsOf, column, type Column, type ColumnGroup, type ColumnRecord, columns } from './columns.ts';
export { StarkError, type StarkErrorCode } from './errors.ts';
export { type Area, type ExpressionGraph, type Node, type NodeFacts } from './graph.ts';
export { evaluateGraph, type Point } from './interpret.ts';
export {
  type Constraint,
  constraintFacts,
  constraintsOf,
  type ConstraintSystem,
  type Message,
  type RecurrentColumn,
} from './symbolic.ts';
export {
  defineTable,
  type ExposeContext,
  type FillContext,
  type NoColumns,
  type Recurrence,
  type Recurrences,
  type Table,
  type TableDefinition,
} from './table.ts';
export { createValueField, type Operand, type Term, type Value, type ValueField } from './term.ts';
export {
  allocateColumns,
  assertTrace,
  type ColumnCells,
  type TableTrace,
  type Trace,
  type TraceColumns,
  traceFromColumns,
  traceFromRows,
  type TraceRows,
} from './trace.ts';
export {
  type Arithmetization,
  type ArithmetizedTrace,
  arithmetize,
  type ArithmetizeOptions,
  type BusSum,
  completeArithmetization,
  EXPOSED_SUM,
  extendTrace,
} from './arithmetize.ts';
export { type FullTrace } from './concrete.ts';
export {
  type BusNumbers,
  EXPOSED_CHALLENGES,
  type FractionColumn,
  LOOKUP_CHALLENGES,
  numberBuses,
  numberExposedBuses,
  publicSum,
} from './lookup.ts';
export { degreeBound, type HelperColumn, type Lowered, lowerDegrees } from './lowering.ts';
export {
  formatMutations,
  type Mutation,
  type MutationOptions,
  type MutationReport,
  mutateTraces,
  type Redundant,
} from './mutation.ts';
export { compileConstraints, type CompiledConstraints, type CompileOptions } from './compiler/compile.ts';
export { contentHash } from './content-hash.ts';
export { type ConstraintInputs, evaluateConstraintsInto, ROW_KINDS, SUM_COLUMNS } from './evaluate.ts';
export { type Hiding, type RandomBytes } from './hiding.ts';
export {
  type CommittedJoint,
  commitJoint,
  type JointInstance,
  type JointProgress,
  type JointOptions,
} from './joint-prover.ts';
export {
  decodeJointProof,
  decodeProof,
  encodeJointProof,
  encodeProof,
  type JointDecodeVerdict,
  type JointProof,
  type JointScanVerdict,
  type ScannedJointProof,
  type ScannedProof,
  scanJointProof,
  scanProof,
  type StarkDecodeVerdict,
  type StarkProof,
  type StarkScanVerdict,
} from './proof.ts';
export {
  type CommittedTraces,
  commitTraces,
  prepareColumns,
  type PreparedColumns,
  type PreprocessedBatches,
  preprocess,
  prove,
  type ProveOptions,
  type ProvingPhase,
  statementOf,
} from './prover.ts';
export {
  type Claimed,
  commitmentDigest,
  type ExternalInputs,
  jointCommitmentDigest,
  type PreprocessedKey,
  type Statement,
} from './statement.ts';
export { createStarkSystem, type StarkOptions, type StarkSystem, verifyingKey } from './system.ts';
export { type TableKey, type VerifyingKey } from './verifying-key.ts';
export {
  type ExposedValues,
  type JointVerdict,
  type StarkRefusal,
  type StarkVerdict,
  verify,
  verifyJoint,
  verifyJointProof,
  verifyProof,
} from './verifier.ts';
