import { ByteReader, ByteWriter, equalBytes, hashBytes, writeUint64 } from '../bytes.ts';

/** First byte of the key of each kind of record. Never renumber. */
export const RECORD = {
  meta: 0x6d,
  node: 0x6e,
  commit: 0x63,
  root: 0x72,
  segment: 0x68,
  log: 0x6c,
  side: 0x73,
  transfer: 0x74,
} as const;

/** Version of the format of the store. */
export const FORMAT_VERSION = 1;

const CHECKSUM_BYTES = 8;

/** The key of a record with a number. */
export function recordKey(kind: number, number: number): Uint8Array<ArrayBuffer> {
  const key = new Uint8Array(9);
  key[0] = kind;
  writeUint64(key, 1, number);
  return key;
}

/** The key under which a root leads to its commit. */
export function rootKey(root: Uint8Array): Uint8Array<ArrayBuffer> {
  return new ByteWriter(33).byte(RECORD.root).raw(root).finish();
}

/** The key of a side record. */
export function sideKey(key: Uint8Array): Uint8Array<ArrayBuffer> {
  return new ByteWriter(1 + key.length).byte(RECORD.side).raw(key).finish();
}

/** The stored bytes of a side record: key and value are under the checksum. */
export function encodeSide(key: Uint8Array, value: Uint8Array): Uint8Array<ArrayBuffer> {
  return new ByteWriter(value.length + CHECKSUM_BYTES).raw(value).raw(sideChecksum(key, value)).finish();
}

/** The inverse of {@link encodeSide}; `undefined` if the bytes are damaged or belong to another key. */
export function decodeSide(key: Uint8Array, bytes: Uint8Array): Uint8Array<ArrayBuffer> | undefined {
  if (bytes.length < CHECKSUM_BYTES) return undefined;
  const value = new Uint8Array(bytes.subarray(0, bytes.length - CHECKSUM_BYTES));
  return equalBytes(sideChecksum(key, value), bytes.subarray(value.length)) ? value : undefined;
}

function sideChecksum(key: Uint8Array, value: Uint8Array): Uint8Array {
  return hashBytes(new ByteWriter(key.length + value.length + 4).bytes(key).raw(value).finish()).subarray(
    0,
    CHECKSUM_BYTES,
  );
}

/** The number in a record's key; `undefined` if it has none. */
export function numberOfKey(key: Uint8Array): number | undefined {
  const reader = new ByteReader(key);
  reader.byte();
  const number = reader.uint64();
  return reader.atEnd ? number : undefined;
}

/** The key of the record that changes with each commit. */
export const META_KEY: Uint8Array<ArrayBuffer> = /* @__PURE__ */ Uint8Array.of(RECORD.meta);

/** The key of what is missing of a version that is fetched from another store. */
export const TRANSFER_KEY: Uint8Array<ArrayBuffer> = /* @__PURE__ */ Uint8Array.of(RECORD.transfer);

/** What changes with each commit. */
export interface Meta {
  /** Number of the next record. */
  readonly next: number;
  /** Number of the commit that is the present state. */
  readonly head: number;
  /** Number of commits made. */
  readonly commits: number;
  /** Oldest commit that is kept. */
  readonly oldest: number;
}

function sealed(writer: ByteWriter): Uint8Array<ArrayBuffer> {
  const body = writer.finish();
  return writer.raw(hashBytes(body).subarray(0, CHECKSUM_BYTES)).finish();
}

function unsealed(bytes: Uint8Array): ByteReader | undefined {
  if (bytes.length < CHECKSUM_BYTES) return undefined;
  const body = bytes.subarray(0, bytes.length - CHECKSUM_BYTES);
  const checksum = hashBytes(body).subarray(0, CHECKSUM_BYTES);
  return equalBytes(checksum, bytes.subarray(body.length)) ? new ByteReader(body) : undefined;
}

/** The stored bytes of what changes with each commit. */
export function encodeMeta({ next, head, commits, oldest }: Meta): Uint8Array<ArrayBuffer> {
  return sealed(new ByteWriter(41).byte(FORMAT_VERSION).uint64(next).uint64(head).uint64(commits).uint64(oldest));
}

/** The inverse of {@link encodeMeta}; `undefined` if the bytes are damaged. */
export function decodeMeta(bytes: Uint8Array): Meta | undefined {
  const reader = unsealed(bytes);
  if (reader?.byte() !== FORMAT_VERSION) return undefined;
  const meta = { next: reader.uint64(), head: reader.uint64(), commits: reader.uint64(), oldest: reader.uint64() };
  return reader.atEnd ? meta : undefined;
}

/** One version of the store. */
export interface Commit {
  /** Position among all commits of the store, from 1. */
  readonly number: number;
  /** Number of the commit that it follows, 0 for none. */
  readonly parent: number;
  /** Root hash, 32 bytes. */
  readonly root: Uint8Array<ArrayBuffer>;
  /** Number of the root node, 0 for an empty trie. */
  readonly rootNumber: number;
  /** What the layer above wants to know of the commit. */
  readonly payload: Uint8Array<ArrayBuffer>;
}

/** The stored bytes of a commit. */
export function encodeCommit({ number, parent, root, rootNumber, payload }: Commit): Uint8Array<ArrayBuffer> {
  return sealed(new ByteWriter().uint64(number).uint64(parent).raw(root).uint64(rootNumber).bytes(payload));
}

/** The inverse of {@link encodeCommit}; `undefined` if the bytes are damaged. */
export function decodeCommit(bytes: Uint8Array): Commit | undefined {
  const reader = unsealed(bytes);
  if (reader === undefined) return undefined;
  const commit = {
    number: reader.uint64(),
    parent: reader.uint64(),
    root: reader.hash(),
    rootNumber: reader.uint64(),
    payload: reader.bytes(),
  };
  return reader.atEnd ? commit : undefined;
}

/** The stored bytes under {@link rootKey}. */
export function encodeCommitNumber(number: number): Uint8Array<ArrayBuffer> {
  return sealed(new ByteWriter(16).uint64(number));
}

/** The inverse of {@link encodeCommitNumber}; `undefined` if the bytes are damaged. */
export function decodeCommitNumber(bytes: Uint8Array): number | undefined {
  const reader = unsealed(bytes);
  const number = reader?.uint64();
  return reader?.atEnd === true ? number : undefined;
}
