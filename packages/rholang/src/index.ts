/**
 * Rholang 1.1: parser, printer, canonical normal form, matcher and reducer, metering and analyses.
 *
 * @module
 */

export * from './syntax/tree.ts';
export {
  positionAt,
  renderDiagnostic,
  type Diagnostic,
  type Position,
  type SyntaxErrorReason,
} from './syntax/diagnostic.ts';
export { DEFAULT_MAXIMUM_LENGTH, MAXIMUM_NESTING, parse, type ParseOptions, type ParseResult } from './syntax/parse.ts';
export { print, printString, printUri, type PrintOptions } from './syntax/print.ts';
export {
  normalize,
  type NormalizeDiagnostic,
  type NormalizeErrorReason,
  type NormalizeOptions,
  type NormalizeResult,
} from './normalize/normalize.ts';
export * from './term/term.ts';
export {
  bigIntegerTerm,
  binaryTerm,
  booleanTerm,
  boundTerm,
  bundleTerm,
  bytesTerm,
  connectiveTerm,
  freeTerm,
  integerTerm,
  listTerm,
  mapTerm,
  matchTerm,
  MAXIMUM_DEPTH,
  methodTerm,
  newTerm,
  nilTerm,
  parTerm,
  sendTerm,
  setTerm,
  stringTerm,
  TermDepthError,
  tupleTerm,
  typeTerm,
  unaryTerm,
  unforgeableTerm,
  uriTerm,
  wildcardTerm,
} from './term/build.ts';
export { compareTerms, equalTerms } from './term/compare.ts';
export { decodeTerm, type DecodeReason, type DecodeResult } from './term/decode.ts';
export { encodeTerm, encodeTermBinary, hashTerm, termKey } from './term/encode.ts';
export { forEachPart, mapParts, type PartPlace } from './term/parts.ts';
export { printTerm, termToSyntax } from './term/to-syntax.ts';
export { receiveTerm, substitute, substituteUnder, type OnCopy } from './term/transform.ts';
export { forEachVariable, mapVariables } from './term/variables.ts';
export { DEFAULT_MATCH_BUDGET, matchPattern, type MatchResult } from './match/match.ts';
export { DEFAULT_MAXIMUM_MATCH_STEPS, FREE_STEPS } from './match/run-budget.ts';
export {
  checkedValue,
  evaluate,
  evaluateTerm,
  MAXIMUM_VALUE_SIZE,
  type EvaluationResult,
} from './evaluate/evaluate.ts';
export { EvaluationFailure, mismatch, type EvaluationReason } from './evaluate/failure.ts';
export { callMethod } from './evaluate/methods.ts';
export { applyOperator, negate, type StrictOperator } from './evaluate/operators.ts';
export {
  Evaluator,
  PlacedFailure,
  usableChannel,
  type Action,
  type Engine,
  type ProcessEvaluator,
  type Surroundings,
  type Task,
} from './reduce/reducer.ts';
export { findMeeting, holds, MatchBudgetError, type Meeting } from './reduce/join.ts';
export { acceptOnce, meetArriving, type MessageRow } from './reduce/meetings.ts';
export { MemorySpace, type ChannelState } from './reduce/memory-space.ts';
export type { Ordered } from './reduce/chunked-list.ts';
export { OrderedList } from './reduce/ordered-list.ts';
export {
  createRuntime,
  DEFAULT_MAXIMUM_COMMS,
  RuntimeArgumentError,
  type RunOptions,
  type RunReason,
  type RunResult,
  type Runtime,
  type RuntimeOptions,
} from './reduce/runtime.ts';
export { nameFromSeed, seedBelowNew, seedFromBytes, seedFromComm, splitSeed, type Seed } from './reduce/seed.ts';
export {
  channelKey,
  consumeFromReceive,
  consumeOrder,
  datumFromSend,
  datumOrder,
  receiveOf,
  seedBytes,
  sendOf,
  type Comm,
  type Consume,
  type Continuation,
  type Datum,
  type TupleSpace,
  type UsedDatum,
} from './reduce/space.ts';
export { demandOf, type AnalysisOptions, type Demand, type UnboundedReason } from './analyze/demand.ts';
export {
  checkObservability,
  type Finding,
  type ObservabilityResult,
  type RefusalReason,
  type WarningReason,
} from './analyze/observability.ts';
export {
  checkTransactions,
  type Cell,
  type TransactionReason,
  type TransactionResult,
} from './analyze/transactions.ts';
export { placeFields, type PlaceFields, type SourceText } from './analyze/place.ts';
export { admit, type Admission } from './meter/admission.ts';
export { meterProgram, type MeterOptions, type MeterResult } from './meter/meter.ts';
export { behindGate, meteringRole, type MeteringRole } from './meter/role.ts';
export { withoutGates } from './meter/ungate.ts';
export { countTokens, MAXIMUM_STACK, tokenChannel, TokenError, tokenStack } from './meter/token.ts';
export { registryUri } from './system/registry.ts';
export { deployerTerm } from './system/deployer.ts';
export { systemChannel, systemName, systemUri } from './system/system-name.ts';
export { standardProcesses } from './system/standard.ts';
export {
  answer,
  rejectArguments,
  type BlockData,
  type DeployData,
  type OutputLine,
  type SystemContext,
  type SystemProcess,
} from './system/system-process.ts';
