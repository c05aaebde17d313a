import { blockHash, decodeBlock, logOfMerged } from '@commute/rho-store';
import { ByteReader, ByteWriter, equalBytes, hashBytes } from '@commute/rho-store/bytes';
import { hashOfAccepted, readAccepted, writeAccepted, type AcceptedGroup } from './accepted.ts';
import { BASE_BYTES } from './statement.ts';

/** What a round begins with, the same at all nodes: members say it in each round, so that whoever was away knows that a quorum closed the rounds before with it. */
export interface Base {
  /** Root of the version. */
  readonly root: Uint8Array;
  /** Hash of the block that made it. */
  readonly block: Uint8Array;
  /** Hash of which deploys were accepted and could be again. */
  readonly accepted: Uint8Array;
}

/** The bytes of what a round begins with: the three hashes. */
export function encodeBase({ root, block, accepted }: Base): Uint8Array<ArrayBuffer> {
  return new ByteWriter(BASE_BYTES).raw(root).raw(block).raw(accepted).finish();
}

/** The inverse of {@link encodeBase}; `undefined` for other bytes. */
export function decodeBase(bytes: Uint8Array): Base | undefined {
  const reader = new ByteReader(bytes);
  const base = { root: reader.hash(), block: reader.hash(), accepted: reader.hash() };
  return reader.atEnd ? base : undefined;
}

/** What a node needs beside the state to go on from the end of a round. */
export interface BaseRecord {
  /** Bytes of the block of the round. */
  readonly note: Uint8Array;
  readonly accepted: readonly AcceptedGroup[];
}

/** The bytes of it: bytes block, deploys that were accepted. */
export function encodeBaseRecord({ note, accepted }: BaseRecord): Uint8Array<ArrayBuffer> {
  return writeAccepted(new ByteWriter(note.length + 4096).bytes(note), accepted).finish();
}

/** What a record says that was held to a base. */
export interface CheckedRecord extends BaseRecord {
  readonly log: Uint8Array;
  readonly logHash: Uint8Array;
}

/** Reads a record, and holds it to what a quorum says that the round after began with; `undefined` if it is another one. May be hostile. */
export function checkBaseRecord(bytes: Uint8Array, round: number, base: Base): CheckedRecord | undefined {
  const reader = new ByteReader(bytes);
  const note = reader.bytes();
  const accepted = readAccepted(reader);
  if (!reader.atEnd || !equalBytes(hashOfAccepted(accepted), base.accepted)) return undefined;
  const block = decodeBlock(note);
  const log = block?.number === round ? logOfMerged(block) : undefined;
  if (log === undefined) return undefined;
  const logHash = hashBytes(log);
  if (!equalBytes(blockHash({ note, root: new Uint8Array(base.root), logHash }), base.block)) return undefined;
  return { note, accepted, log, logHash };
}
