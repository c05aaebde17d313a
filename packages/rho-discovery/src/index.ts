/**
 * Discovery of Rholang contracts: what they accept and answer, search by that, and composition.
 *
 * @module
 */
export { DiscoveryArgumentError } from './errors.ts';
export { messagePattern } from './subsume/pattern.ts';
export {
  DEFAULT_SUBSUMPTION_BUDGET,
  exampleOf,
  overlaps,
  subsumes,
  type Overlap,
  type Subsumption,
  type UndecidedReason,
} from './subsume/subsumes.ts';
export type {
  CallCost,
  CheckedProperty,
  CheckVerdict,
  ContractChannel,
  ContractInterface,
  ExpectedAnswer,
  PassedName,
  ProgramInterface,
  Reply,
  RequiredCall,
  TakenMessage,
} from './contract/interface.ts';
export { interfaceOf, readProgram, type ExtractOptions, type ReadResult } from './contract/extract.ts';
export {
  parseQuery,
  type ContractQuery,
  type QueryDiagnostic,
  type QueryProblem,
  type QueryResult,
  type WantedReply,
} from './index/query.ts';
export { channelText, type Aspect, type AspectName } from './index/judge.ts';
export { ContractIndex, type QueryAnswer, type QueryMatch, type QueryOptions } from './index/contract-index.ts';
export type { IndexedContract } from './index/signature.ts';
export type { SavedIndexReason } from './store/saved-index.ts';
export {
  StoreIndex,
  type LoadedIndex,
  type StoredPlace,
  type StoreIndexOptions,
  type UpdateResult,
} from './store/store-index.ts';
export {
  partsOfStore,
  type StoredPart,
  type StoredPartReason,
  type StoredPartRequest,
  type StoredPartsResult,
} from './store/stored-part.ts';
export {
  composeContracts,
  type ComposeOptions,
  type Composite,
  type CompositionProblem,
  type CompositionReason,
  type ContractPart,
  type LoadedPart,
  type RefusedComposite,
} from './compose/compose.ts';
export type { Connection } from './compose/connect.ts';
export type { PartChannel, SharedChannel, Wire } from './compose/wiring.ts';
export {
  checkComposite,
  propertiesOfCheck,
  type CheckCompositeOptions,
  type CompositeCheck,
} from './compose/check-composite.ts';
