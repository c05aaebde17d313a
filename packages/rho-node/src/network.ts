import { assertInteger } from '@commute/errors';
import { ByteWriter, hashBytes } from '@commute/rho-store/bytes';
import { NodeArgumentError } from './errors.ts';

/** Bytes of an Ed25519 public key. */
export const KEY_BYTES = 32;

/** Most members of a network. */
export const MAXIMUM_MEMBERS = 256;

/** One who proposes blocks. */
export interface Member {
  /** Ed25519 public key, 32 bytes. */
  readonly publicKey: Uint8Array;
  /** What the member weighs in quorums and votes; 1 unless told. */
  readonly stake?: bigint;
}

/** What all members of a network must agree on beforehand. */
export interface NetworkOptions {
  readonly members: readonly Member[];
  /** Rholang program that the first version holds; none unless told. */
  readonly genesis?: string;
  /**
   * Stake that closes a round, more than half of all and at most all; unless told, the least that is more than two thirds. Members with less
   * than the rest may be away, and those with less than twice this minus all may contradict themselves without dividing the others.
   */
  readonly quorum?: bigint;
  /** How conflicts are decided; `hash` unless told. `votes` takes votes of members and counts stakes. */
  readonly decision?: 'hash' | 'votes';
  /** Most reductions of one deploy; 100,000 unless told. */
  readonly maximumComms?: number;
  /** Most reductions of all deploys of a block, those that fail included; 1,000,000 unless told. */
  readonly maximumBlockComms?: number;
  /** Most bytes of a block; 4 MiB unless told. */
  readonly maximumBlockBytes?: number;
  /** Blocks after the one that its author knew in which a deploy can stand; 100 unless told. */
  readonly lifetime?: number;
}

/** A network: its options, complete, and its id. */
export interface Network {
  readonly members: readonly { readonly publicKey: Uint8Array; readonly stake: bigint }[];
  /** Stake of all members. */
  readonly stake: bigint;
  readonly quorum: bigint;
  readonly genesis: string;
  readonly decision: 'hash' | 'votes';
  readonly maximumComms: number;
  readonly maximumBlockComms: number;
  readonly maximumBlockBytes: number;
  readonly lifetime: number;
  /** SHA-256 of all of it: blocks and deploys of one network mean nothing to another. */
  readonly id: Uint8Array<ArrayBuffer>;
}

const MAXIMUM_STAKE = 2n ** 64n - 1n;

function writeStake(writer: ByteWriter, stake: bigint): ByteWriter {
  return writer.uint32(Number(stake >> 32n)).uint32(Number(stake & 0xffff_ffffn));
}

/**
 * Completes and checks the options of a network. Format of what the id is the hash of: `docs/format.md`.
 *
 * @throws NodeArgumentError if a key has not 32 bytes or stands twice, or a stake or the quorum is out of range. RangeMismatchError for numbers out of range.
 */
export function createNetwork(options: NetworkOptions): Network {
  const { genesis = '', decision = 'hash', maximumComms = 100_000, maximumBlockBytes = 2 ** 22 } = options;
  const { maximumBlockComms = 1_000_000, lifetime = 100 } = options;
  assertInteger('RHO_NODE_ARGUMENT_RANGE', 'maximumComms', maximumComms, 1, 2 ** 31);
  assertInteger('RHO_NODE_ARGUMENT_RANGE', 'maximumBlockComms', maximumBlockComms, maximumComms, 2 ** 40);
  assertInteger('RHO_NODE_ARGUMENT_RANGE', 'maximumBlockBytes', maximumBlockBytes, 1024, 2 ** 28);
  assertInteger('RHO_NODE_ARGUMENT_RANGE', 'lifetime', lifetime, 1, 2 ** 20);
  assertInteger('RHO_NODE_ARGUMENT_RANGE', 'members.length', options.members.length, 1, MAXIMUM_MEMBERS);
  const members = options.members.map(({ publicKey, stake = 1n }) => ({ publicKey, stake }));
  for (const { publicKey, stake } of members) {
    if (publicKey.length !== KEY_BYTES)
      throw new NodeArgumentError('publicKey', '32 bytes', `${String(publicKey.length)} bytes`);
    if (stake < 0n || stake > MAXIMUM_STAKE)
      throw new NodeArgumentError('stake', 'a number in [0, 2^64)', stake.toString());
  }
  if (new Set(members.map(({ publicKey }) => publicKey.join())).size < members.length)
    throw new NodeArgumentError('members', 'distinct keys', 'the same key twice');
  const stake = members.reduce((sum, one) => sum + one.stake, 0n);
  const { quorum = (stake * 2n) / 3n + 1n } = options;
  if (stake > MAXIMUM_STAKE || stake === 0n)
    throw new NodeArgumentError('members', 'stakes with a sum in [1, 2^64)', stake.toString());
  if (quorum * 2n <= stake || quorum > stake)
    throw new NodeArgumentError('quorum', `more than half of ${stake.toString()}, at most all`, quorum.toString());
  const writer = new ByteWriter().byte(2).varint(members.length);
  for (const one of members) writeStake(writer.raw(one.publicKey), one.stake);
  writeStake(writer, quorum)
    .bytes(new TextEncoder().encode(genesis))
    .byte(decision === 'hash' ? 0 : 1)
    .uint64(maximumComms)
    .uint64(maximumBlockComms)
    .uint64(maximumBlockBytes)
    .uint64(lifetime);
  const id = hashBytes(writer.finish());
  return {
    members,
    stake,
    quorum,
    genesis,
    decision,
    maximumComms,
    maximumBlockComms,
    maximumBlockBytes,
    lifetime,
    id,
  };
}
