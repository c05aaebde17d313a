/**
 * Aggregate proofs as bytes, version 2.
 *
 * `CAGG`, version (2 bytes), number of joint proofs (4 bytes), number of proofs of the ends (4 bytes). Then for each joint proof the number of segments in it
 * (2 bytes), their claims (91 bytes each), the length of the proof (4 bytes) and the proof as @commute/stark writes it; then for each proof of the
 * ends length and proof likewise. Numbers are little-endian. What the proofs are bound to is not written: the verifier computes it from all of them.
 *
 * @module
 */
import { type ByteReader, ByteWriter, decodeWith, type DecodeRefusal } from '../claim/bytes.ts';
import { CLAIM_BYTES, encodeSegmentClaim, readSegmentClaim, type SegmentClaim } from '../claim/claims.ts';
import { type JointShape, MOST_RANGES } from './system.ts';

/** One proof of neighbouring segments. */
export interface GroupProof {
  readonly claims: readonly SegmentClaim[];
  readonly proof: Uint8Array;
}

/** The proofs of a whole run, few however many its segments are. */
export interface AggregateProof {
  readonly groups: readonly GroupProof[];
  /** Of the ranges of the ends. */
  readonly ends: readonly Uint8Array[];
}

/** The proof, or why there is none. */
export type AggregateDecodeVerdict =
  { readonly ok: true; readonly value: AggregateProof } | { readonly ok: false; readonly reason: DecodeRefusal };

const MAGIC = [0x43, 0x41, 0x47, 0x47, 2, 0] as const;

/** log2 of the segments in one proof, at most. */
export const MOST_LOG_INSTANCES = 10;

/** Whether bytes say that they are an aggregate proof, of whatever version. */
export function isAggregate(bytes: Uint8Array): boolean {
  return MAGIC.slice(0, 4).every((byte, at) => bytes[at] === byte);
}

/** How the segments are put together: as many proofs, and places for the segments of the largest. */
export function shapeOf({ groups }: Pick<AggregateProof, 'groups'>): JointShape {
  const most = groups.reduce((largest, { claims }) => Math.max(largest, claims.length), 1);
  return { proofs: groups.length, logInstances: Math.ceil(Math.log2(most)) };
}

/** The bytes of an aggregate proof. */
export function encodeAggregate({ groups, ends }: AggregateProof): Uint8Array<ArrayBuffer> {
  const writer = new ByteWriter().bytes(Uint8Array.from(MAGIC)).number(groups.length, 4).number(ends.length, 4);
  for (const { claims, proof } of groups) {
    writer.number(claims.length, 2);
    for (const claim of claims) writer.bytes(encodeSegmentClaim(claim));
    writer.number(proof.length, 4).bytes(proof);
  }
  for (const proof of ends) writer.number(proof.length, 4).bytes(proof);
  return writer.finish();
}

/** Reads an aggregate proof from anybody; never throws because of the bytes, and takes time and memory linear in them. Its proofs are views of the bytes. */
export function decodeAggregate(bytes: Uint8Array): AggregateDecodeVerdict {
  return decodeWith(bytes, readAggregate);
}

function readAggregate(reader: ByteReader): AggregateProof {
  reader.expect(MAGIC);
  const [groupCount, endCount] = [reader.number(4), reader.bounded(4, MOST_RANGES)];
  if (groupCount === 0) reader.refuse('out-of-range');
  // Each has at least a claim, so numbers without their proofs run out of bytes at once.
  if (groupCount > reader.left / CLAIM_BYTES) reader.refuse('truncated');
  const readProof = (): Uint8Array => reader.view(reader.number(4));
  const groups = Array.from({ length: groupCount }, (): GroupProof => {
    const count = reader.bounded(2, 2 ** MOST_LOG_INSTANCES);
    if (count === 0) reader.refuse('out-of-range');
    if (count > reader.left / CLAIM_BYTES) reader.refuse('truncated');
    return { claims: Array.from({ length: count }, () => readSegmentClaim(reader)), proof: readProof() };
  });
  return { groups, ends: Array.from({ length: endCount }, readProof) };
}
