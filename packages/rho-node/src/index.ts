/**
 * Instances of the RhoVM that work together: nodes of one network, and namespaces.
 *
 * @module
 */
export * from './errors.ts';
export { createNetwork, MAXIMUM_MEMBERS, type Member, type Network, type NetworkOptions } from './network.ts';
export {
  decodeStatement,
  decodeVote,
  encodeVote,
  signStatement,
  STEP,
  verifyStatement,
  type Said,
  type Statement,
  type StatementReason,
} from './statement.ts';
export {
  decodeCertificate,
  encodeCertificate,
  verifyCertificate,
  type Certificate,
  type DecodedCertificate,
} from './certificate.ts';
export {
  decodeOffer,
  decodeSet,
  encodeOffer,
  encodeSet,
  type Offer,
  type SetEntry,
  type StatementSet,
} from './statement-set.ts';
export type { Equivocation } from './round-book.ts';
export type { BlockReason, ClosedRound, InvalidBlock, NodeEvent, RanDeploy } from './events.ts';
export type { NodeDeployOptions, NodeOptions, Voter } from './options.ts';
export { RhoNode, type NodeStatus, type ReceiveResult } from './rho-node.ts';
export { auditRound, keptRounds, type RoundAudit } from './audit.ts';
export { keepTime } from './keep-time.ts';
export { decodeBase, encodeBase, type Base } from './base.ts';
export {
  encodeMessage,
  FrameReader,
  OLDEST_VERSION,
  PROTOCOL_VERSION,
  type FrameReason,
  type Message,
  type RefusalReason,
} from './frame.ts';
export type { TransferOptions, TransferProgress } from './transfer/options.ts';
export type { StateOffer } from './transfer/state-offer.ts';
export type { Transfer, TransferReason } from './transfer/transfer.ts';
export { Session, type SessionOptions, type SessionReason, type Wire } from './session.ts';
export { exchange, type ExchangeOptions, type ExchangeResult } from './namespace/exchange.ts';
export {
  Namespace,
  type Awaitable,
  type Delivery,
  type FailedMessage,
  type NamespaceHandle,
  type NamespaceOptions,
  type NamespaceRun,
  type Parcel,
} from './namespace/namespace.ts';
export {
  decodeNamespaceMessage,
  encodeNamespaceMessage,
  isNamespaceName,
  MAXIMUM_VALUES,
  messagesOf,
  SEND_URI,
  type NamespaceMessage,
} from './namespace/message.ts';
