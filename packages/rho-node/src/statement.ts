import { ed25519 } from '@noble/curves/ed25519.js';
import { ByteReader, ByteWriter, hashBytes } from '@commute/rho-store/bytes';
import { verifySignature } from './deploy.ts';
import type { Network } from './network.ts';

const STATEMENT_VERSION = 1;
const SIGNATURE_BYTES = 64;
const HASH_BYTES = 32;

/** What a member says in a round, in this order. Of each it says one. */
export const STEP = {
  /** Its block. */
  block: 0,
  /** The hash of the blocks of all. */
  seal: 1,
  /** Which of the units that conflict are to stand. */
  vote: 2,
  /** The hash of the votes of all. */
  voteSeal: 3,
} as const;

/** Number of steps. */
export const STEPS = 4;

/** Something that a member said and signed. */
export interface Statement {
  readonly round: number;
  /** One of {@link STEP}. */
  readonly step: number;
  /** Position of the member in the network. */
  readonly member: number;
  readonly body: Uint8Array;
  readonly signature: Uint8Array;
  /** SHA-256 of the network and everything but the signature; what is signed. */
  readonly hash: Uint8Array<ArrayBuffer>;
  /** All of it as it is sent. */
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** Why bytes are no statement of a member. */
export type StatementReason = 'malformed' | 'other-network' | 'unknown-member' | 'too-large' | 'bad-signature';

function unsigned(network: Network, round: number, step: number, member: number, body: Uint8Array): Uint8Array {
  return new ByteWriter(body.length + 64)
    .byte(STATEMENT_VERSION)
    .raw(network.id)
    .uint64(round)
    .byte(step)
    .uint16(member)
    .bytes(body)
    .finish();
}

function hashOf(said: Uint8Array): Uint8Array<ArrayBuffer> {
  return hashBytes(new ByteWriter(said.length + 1).byte(0x11).raw(said).finish());
}

/** Says something as a member. Format: `docs/format.md`. */
export function signStatement(
  network: Network,
  { round, step, member, body }: Pick<Statement, 'round' | 'step' | 'member' | 'body'>,
  secretKey: Uint8Array,
): Statement {
  const said = unsigned(network, round, step, member, body);
  const hash = hashOf(said);
  const signature = ed25519.sign(hash, secretKey);
  const bytes = new ByteWriter(said.length + SIGNATURE_BYTES).raw(said).raw(signature).finish();
  return { round, step, member, body, signature, hash, bytes };
}

/** Reads a statement without checking its signature. Never throws; does not look into the body. */
export function decodeStatement(
  network: Network,
  bytes: Uint8Array,
): { readonly ok: true; readonly statement: Statement } | { readonly ok: false; readonly reason: StatementReason } {
  const reader = new ByteReader(bytes);
  if (reader.byte() !== STATEMENT_VERSION) return { ok: false, reason: 'malformed' };
  const id = reader.raw(HASH_BYTES);
  const [round, step, member] = [reader.uint64(), reader.byte(), reader.uint16()];
  const body = reader.bytes();
  const signature = reader.raw(SIGNATURE_BYTES);
  if (!reader.atEnd || step >= STEPS) return { ok: false, reason: 'malformed' };
  if (id.join() !== network.id.join()) return { ok: false, reason: 'other-network' };
  if (member >= network.members.length) return { ok: false, reason: 'unknown-member' };
  if (body.length > network.maximumBlockBytes) return { ok: false, reason: 'too-large' };
  const hash = hashOf(bytes.subarray(0, bytes.length - SIGNATURE_BYTES));
  return { ok: true, statement: { round, step, member, body, signature, hash, bytes: new Uint8Array(bytes) } };
}

/** Tells whether a statement is signed by its member. Never throws. */
export function verifyStatement(network: Network, { member, hash, signature }: Statement): boolean {
  return verifySignature(signature, hash, network.members[member]!.publicKey);
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
