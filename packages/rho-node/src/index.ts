/**
 * Instances of the RhoVM that work together: nodes of one network, and namespaces.
 *
 * @module
 */
export * from './errors.ts';
export { createNetwork, MAXIMUM_MEMBERS, type Member, type Network, type NetworkOptions } from './network.ts';
export { createDeploy, decodeDeploy, encodeDeploy, verifyDeploy, type Deploy, type DeployOptions } from './deploy.ts';
export { decodeBlock, encodeBlock, type Block, type BlockDeploy } from './block.ts';
export {
  decodeStatement,
  decodeVote,
  encodeVote,
  signStatement,
  STEP,
  verifyStatement,
  type Statement,
  type StatementReason,
} from './statement.ts';
export type { Equivocation } from './round-book.ts';
export type { BlockReason, ClosedRound, NodeEvent, RanDeploy } from './events.ts';
export { RhoNode, type NodeOptions, type NodeStatus, type ReceiveResult, type Voter } from './rho-node.ts';
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
