/**
 * Machine swapping: runs a fast machine, double-checks it on a provable one, and settles disputes by bisection.
 *
 * @module
 */
export { firstDifference } from './compare.ts';
export * from './layer.ts';
export * from './dispute/verifier.ts';
export * from './run.ts';
export { MemorySnapshotStore, type SnapshotEntry, type SnapshotStore } from './store.ts';
export * from './check/check.ts';
export {
  WorkerLostError,
  inProcessPool,
  type CheckJob,
  type CheckWorker,
  type JobResult,
  type Transition,
  type WorkerPool,
} from './check/pool.ts';
export { StepChecker, type CheckDifference, type CountsExecutedSteps } from './check/step-checker.ts';
export { FaultyMachine, flipBit, type Fault, type PositionAware } from './fault.ts';
export * from './versions.ts';
export {
  decodeAnswer,
  decodeQuestion,
  encodeAnswer,
  encodeQuestion,
  type Decoded,
  type MessageReason,
} from './dispute/codec.ts';
export { createLyingParty, type Lie } from './dispute/lying-party.ts';
export * from './dispute/messages.ts';
export { Replay, createParty, type PartyOptions } from './dispute/party.ts';
export { MalformedMessageError, portPair, remoteParty, serveParty, type DisputePort } from './dispute/port.ts';
export { settleDispute } from './dispute/referee.ts';
export {
  layerRules,
  wallClock,
  type Clock,
  type DisputeResult,
  type DisputeRound,
  type LayerRules,
  type Loss,
  type LossReason,
  type RefereeOptions,
  type Settlement,
} from './dispute/rules.ts';
export * from './dispute/tournament.ts';
