/**
 * Nodes that run one RhoVM together.
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
