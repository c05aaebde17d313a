import { ByteReader, ByteWriter } from '@commute/rho-store/bytes';
import type { Network } from './network.ts';

const HASH_BYTES = 32;
const MEMBER_BYTES = 2;

/** One statement of a set, by its member and its hash. */
export interface SetEntry {
  readonly member: number;
  readonly hash: Uint8Array;
}

/** Statements of different members, ascending by member, that a round is to hold. */
export type StatementSet = readonly SetEntry[];

/** What the leader of a view offers. */
export interface Offer {
  /** The newest view before in which a quorum prepared the set, so that who committed to it can prepare it again; `undefined` if there is none. */
  readonly prepared: number | undefined;
  /** Bytes of the set. */
  readonly set: Uint8Array;
}

/** The bytes of a set, which also name it: varint count, position (2) and hash of each. */
export function encodeSet(set: StatementSet): Uint8Array<ArrayBuffer> {
  const writer = new ByteWriter(set.length * (HASH_BYTES + MEMBER_BYTES) + 8).varint(set.length);
  for (const { member, hash } of set) writer.uint16(member).raw(hash);
  return writer.finish();
}

/** The inverse of {@link encodeSet}; `undefined` for bytes that are no set, or one that has no quorum. Never throws. */
export function decodeSet(network: Network, bytes: Uint8Array): StatementSet | undefined {
  const reader = new ByteReader(bytes);
  const count = reader.varint();
  if (reader.failed || count * (HASH_BYTES + MEMBER_BYTES) !== reader.remaining) return undefined;
  const set: SetEntry[] = [];
  let stake = 0n;
  for (let left = count; left > 0; left -= 1) {
    const [member, hash] = [reader.uint16(), reader.raw(HASH_BYTES)];
    const one = network.members[member];
    if (one === undefined || member <= (set.at(-1)?.member ?? -1)) return undefined;
    set.push({ member, hash });
    stake += one.stake;
  }
  return stake >= network.quorum ? set : undefined;
}

/** The bytes of an offer: one more than the view in which it was prepared, or 0 (4), and the set. */
export function encodeOffer({ prepared, set }: Offer): Uint8Array<ArrayBuffer> {
  return new ByteWriter(set.length + 4)
    .uint32(prepared === undefined ? 0 : prepared + 1)
    .raw(set)
    .finish();
}

/** The inverse of {@link encodeOffer}; `undefined` for bytes that are none. Does not look into the set. Never throws. */
export function decodeOffer(bytes: Uint8Array): Offer | undefined {
  const reader = new ByteReader(bytes);
  const prepared = reader.uint32();
  const set = reader.raw(reader.remaining);
  return reader.failed ? undefined : { prepared: prepared === 0 ? undefined : prepared - 1, set };
}
