import { ed25519 } from '@noble/curves/ed25519.js';
import { ByteReader, ByteWriter, equalBytes, hashBytes } from '@commute/rho-store/bytes';
import type { Network } from './network.ts';

const STATEMENT_VERSION = 2;
const SIGNATURE_BYTES = 64;
const HASH_BYTES = 32;

/** Bytes of what a round begins with. */
export const BASE_BYTES = 96;

/**
 * What a member says in a round: of `block`, `vote` and `base` one, of the others one in each view. The three after `block` and `vote` agree on what was said of
 * these, and have the same order: {@link Agreement}.
 */
export const STEP = {
  /** Its block. */
  block: 0,
  /** The blocks that the leader of a view wants the round to hold. */
  blockOffer: 1,
  /** The blocks that it would have, or none. */
  blockPrepare: 2,
  /** The blocks that a quorum would have, or none. */
  blockCommit: 3,
  /** Which of the units that conflict are to stand. */
  vote: 4,
  voteOffer: 5,
  votePrepare: 6,
  voteCommit: 7,
  /** What the round begins with: {@link Base}. */
  base: 8,
} as const;

/** Number of steps. */
export const STEPS = 9;

/** Steps that nodes of version 3 of the protocol know. */
export const FIRST_STEPS = 8;

/** What members agree about: the blocks of a round, or its votes. */
export type Subject = typeof STEP.block | typeof STEP.vote;

/** True for the steps of which a member says one in a round. */
export function isSubject(step: number): step is Subject {
  return step === STEP.block || step === STEP.vote;
}

/** True for the steps in which a quorum that says the same proves something. */
export function isCertified(step: number): boolean {
  return (
    step === STEP.blockPrepare ||
    step === STEP.blockCommit ||
    step === STEP.votePrepare ||
    step === STEP.voteCommit ||
    step === STEP.base
  );
}

/** True for the steps of which a member says one in each view; of the others it says one in a round. */
export function hasViews(step: number): boolean {
  return !isSubject(step) && step !== STEP.base;
}

/** The step of a statement, from its bytes. */
export function stepOfBytes(bytes: Uint8Array): number {
  return bytes[1 + HASH_BYTES + 8] ?? 0;
}

/** Something that a member said and signed. */
export interface Statement {
  readonly round: number;
  /** One of {@link STEP}. */
  readonly step: number;
  /** Which try to agree, from 0; 0 for blocks and votes. */
  readonly view: number;
  /** Position of the member in the network. */
  readonly member: number;
  readonly body: Uint8Array;
  readonly signature: Uint8Array;
  /** SHA-256 of the network and everything but the signature; what is signed. */
  readonly hash: Uint8Array<ArrayBuffer>;
  /** All of it as it is sent. */
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** A statement without its signature. */
export type Said = Pick<Statement, 'round' | 'step' | 'view' | 'member' | 'body'>;

/** Why bytes are no statement of a member. */
export type StatementReason = 'malformed' | 'other-network' | 'unknown-member' | 'too-large' | 'bad-signature';

function unsigned(network: Network, { round, step, view, member, body }: Said): Uint8Array {
  return new ByteWriter(body.length + 64)
    .byte(STATEMENT_VERSION)
    .raw(network.id)
    .uint64(round)
    .byte(step)
    .uint32(view)
    .uint16(member)
    .bytes(body)
    .finish();
}

function hashOf(said: Uint8Array): Uint8Array<ArrayBuffer> {
  return hashBytes(new ByteWriter(said.length + 1).byte(0x11).raw(said).finish());
}

/** Says something as a member. Format: `docs/format.md`. */
export function signStatement(network: Network, said: Said, secretKey: Uint8Array): Statement {
  return withSignature(unsigned(network, said), said, (hash) => ed25519.sign(hash, secretKey));
}

/** A statement of which all is known. Does not check the signature. */
export function statementOf(network: Network, said: Said, signature: Uint8Array): Statement {
  return withSignature(unsigned(network, said), said, () => signature);
}

function withSignature(header: Uint8Array, said: Said, sign: (hash: Uint8Array) => Uint8Array): Statement {
  const { round, step, view, member, body } = said;
  const hash = hashOf(header);
  const signature = sign(hash);
  const bytes = new ByteWriter(header.length + SIGNATURE_BYTES).raw(header).raw(signature).finish();
  return { round, step, view, member, body, signature, hash, bytes };
}

/** Most bytes of the body of a statement: of a block or a vote as the network says, of an offer of all members otherwise. */
function maximumBodyBytes({ maximumBlockBytes, members }: Network, step: number): number {
  if (step === STEP.base) return BASE_BYTES;
  return isSubject(step) ? maximumBlockBytes : 8 + members.length * (HASH_BYTES + 2);
}

/** Reads a statement without checking its signature. Never throws; does not look into the body. */
export function decodeStatement(
  network: Network,
  bytes: Uint8Array,
): { readonly ok: true; readonly statement: Statement } | { readonly ok: false; readonly reason: StatementReason } {
  const reader = new ByteReader(bytes);
  if (reader.byte() !== STATEMENT_VERSION) return { ok: false, reason: 'malformed' };
  const id = reader.raw(HASH_BYTES);
  const [round, step, view, member] = [reader.uint64(), reader.byte(), reader.uint32(), reader.uint16()];
  const body = reader.bytes();
  const signature = reader.raw(SIGNATURE_BYTES);
  if (!reader.atEnd || step >= STEPS || (!hasViews(step) && view > 0)) return { ok: false, reason: 'malformed' };
  if (!equalBytes(id, network.id)) return { ok: false, reason: 'other-network' };
  if (member >= network.members.length) return { ok: false, reason: 'unknown-member' };
  if (body.length > maximumBodyBytes(network, step)) return { ok: false, reason: 'too-large' };
  const hash = hashOf(bytes.subarray(0, bytes.length - SIGNATURE_BYTES));
  return { ok: true, statement: { round, step, view, member, body, signature, hash, bytes: new Uint8Array(bytes) } };
}

/** Tells whether a statement is signed by its member. Never throws. */
export function verifyStatement(network: Network, { member, hash, signature }: Statement): boolean {
  return verifySignature(signature, hash, network.members[member]!.publicKey);
}

/** Checks an Ed25519 signature strictly; false for a key that is no point. */
function verifySignature(signature: Uint8Array, message: Uint8Array, publicKey: Uint8Array): boolean {
  try {
    return ed25519.verify(signature, message, publicKey, { zip215: false });
  } catch {
    return false;
  }
}

/** The bytes of a vote: hashes of units. */
export function encodeVote(units: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const writer = new ByteWriter(units.length * HASH_BYTES + 8).varint(units.length);
  for (const unit of units) writer.raw(unit);
  return writer.finish();
}

/** The inverse of {@link encodeVote}; no units if the bytes are no vote. */
export function decodeVote(bytes: Uint8Array): Uint8Array[] {
  const reader = new ByteReader(bytes);
  const count = reader.varint();
  if (reader.failed || count * HASH_BYTES !== reader.remaining) return [];
  return Array.from({ length: count }, () => reader.raw(HASH_BYTES));
}
