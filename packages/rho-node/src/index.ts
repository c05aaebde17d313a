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
export { auditRound, type RoundAudit } from './audit.ts';
export { keepTime } from './keep-time.ts';
export { encodeMessage, FrameReader, PROTOCOL_VERSION, type FrameReason, type Message } from './frame.ts';
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
