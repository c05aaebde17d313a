import { crc32 } from 'node:zlib';
import { PAGE_COUNT } from '@commute/machine';

/*
 * The log of a snapshot store, version 1; specified in docs/spec/snapshot-store.md. Integers little-endian.
 */

/** Bytes before the first record: the description and two commit slots. */
export const LOG_HEADER_BYTES = 128;
/** Where the commit slots begin; each has {@link SLOT_BYTES}. */
export const SLOT_OFFSETS: readonly [number, number] = [64, 96];
export const SLOT_BYTES = 32;
/** Bytes of a content address. */
export const ADDRESS_BYTES = 32;
/** Page number that stands for an all-zero page. */
export const ZERO_PAGE = 0xffff_ffff;

const MAGIC = Uint8Array.from('COMMUTES', (letter) => letter.charCodeAt(0));
const VERSION = 1;
const NAME_BYTES = 16;
const RECORD_MAGIC = 0x504e_5353;
/** Bytes of a record before its lists: magic, length, index, flags, step, two counts. */
const RECORD_HEAD_BYTES = 32;

/** How much of a store has been acknowledged. */
export interface Commit {
  /** Counts up by one with each commit; the larger of the two slots is the present one. */
  readonly sequence: number;
  /** Bytes of the log. */
  readonly logLength: number;
  /** Records in the log. */
  readonly snapshots: number;
  /** Pages in the pack. */
  readonly pages: number;
}

/** One snapshot: what differs from the one before. */
export interface SnapshotRecord {
  readonly index: number;
  readonly step: number;
  readonly halted: boolean;
  /** Content addresses of the pages that this snapshot adds to the pack, one after the other. */
  readonly addresses: Uint8Array;
  /** Pairs of an index in the page table and the page's number in the pack or {@link ZERO_PAGE}; indices ascending. */
  readonly changes: Uint32Array;
}

/** A record as it is kept in memory: its content addresses are in the page index. */
export type KeptRecord = Omit<SnapshotRecord, 'addresses'>;

/** The first 64 bytes of a log. */
export function encodeDescription(hashName: string): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(64);
  const view = new DataView(out.buffer);
  out.set(MAGIC, 0);
  view.setUint32(8, VERSION, true);
  for (let i = 0; i < hashName.length; i++) out[12 + i] = hashName.charCodeAt(i);
  view.setUint32(60, crc32(out.subarray(0, 60)), true);
  return out;
}

/** The name of the hash of a log, or why its first bytes are not those of one. */
export function decodeDescription(
  bytes: Uint8Array,
):
  | { readonly ok: true; readonly hashName: string }
  | { readonly ok: false; readonly reason: 'damaged' | 'not-a-store' | 'unsupported-version' } {
  if (bytes.length < 64) return { ok: false, reason: 'not-a-store' };
  const view = viewOf(bytes);
  const differing = MAGIC.filter((byte, i) => byte !== bytes[i]).length;
  if (differing > 1) return { ok: false, reason: 'not-a-store' };
  if (view.getUint32(60, true) !== crc32(bytes.subarray(0, 60))) return { ok: false, reason: 'damaged' };
  if (differing === 1) return { ok: false, reason: 'not-a-store' };
  if (view.getUint32(8, true) !== VERSION) return { ok: false, reason: 'unsupported-version' };
  const end = bytes.subarray(12, 12 + NAME_BYTES).indexOf(0);
  const name = bytes.subarray(12, 12 + (end < 0 ? NAME_BYTES : end));
  return { ok: true, hashName: String.fromCharCode(...name) };
}

/** A commit slot. */
export function encodeCommit(commit: Commit): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(SLOT_BYTES);
  const view = new DataView(out.buffer);
  view.setBigUint64(0, BigInt(commit.sequence), true);
  view.setBigUint64(8, BigInt(commit.logLength), true);
  view.setUint32(16, commit.snapshots, true);
  view.setUint32(20, commit.pages, true);
  view.setUint32(28, crc32(out.subarray(0, 28)), true);
  return out;
}

/** The commit in a slot, or null if its checksum does not fit. */
export function decodeCommit(slot: Uint8Array): Commit | null {
  if (slot.length < SLOT_BYTES) return null;
  const view = viewOf(slot);
  if (view.getUint32(28, true) !== crc32(slot.subarray(0, 28)) || view.getUint32(24, true) !== 0) return null;
  const sequence = view.getBigUint64(0, true);
  const logLength = view.getBigUint64(8, true);
  if (sequence > Number.MAX_SAFE_INTEGER || logLength > Number.MAX_SAFE_INTEGER) return null;
  return {
    sequence: Number(sequence),
    logLength: Number(logLength),
    snapshots: view.getUint32(16, true),
    pages: view.getUint32(20, true),
  };
}

/** A record with its checksum. */
export function encodeRecord(record: SnapshotRecord): Uint8Array<ArrayBuffer> {
  const { index, step, halted, addresses, changes } = record;
  const length = RECORD_HEAD_BYTES + addresses.length + changes.length * 4 + 4;
  const out = new Uint8Array(length);
  const view = new DataView(out.buffer);
  view.setUint32(0, RECORD_MAGIC, true);
  view.setUint32(4, length, true);
  view.setUint32(8, index, true);
  view.setUint32(12, halted ? 1 : 0, true);
  view.setBigUint64(16, BigInt(step), true);
  view.setUint32(24, addresses.length / ADDRESS_BYTES, true);
  view.setUint32(28, changes.length / 2, true);
  out.set(addresses, RECORD_HEAD_BYTES);
  let at = RECORD_HEAD_BYTES + addresses.length;
  for (const value of changes) {
    view.setUint32(at, value, true);
    at += 4;
  }
  view.setUint32(at, crc32(out.subarray(0, at)), true);
  return out;
}

/**
 * The record at `offset`.
 *
 * @param expected - what the records before it determine: its index, the number of pages in the pack, and the step that
 * it must be beyond.
 * @returns null if there is none, or it is damaged.
 */
export function decodeRecord(
  bytes: Uint8Array,
  offset: number,
  expected: { readonly index: number; readonly pages: number; readonly afterStep: number },
): { readonly record: SnapshotRecord; readonly end: number } | null {
  const left = bytes.length - offset;
  if (left < RECORD_HEAD_BYTES + 4) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset + offset, left);
  const length = view.getUint32(4, true);
  const added = view.getUint32(24, true);
  const changed = view.getUint32(28, true);
  if (view.getUint32(0, true) !== RECORD_MAGIC || length > left) return null;
  if (length !== RECORD_HEAD_BYTES + added * ADDRESS_BYTES + changed * 8 + 4) return null;
  const body = bytes.subarray(offset, offset + length - 4);
  if (view.getUint32(length - 4, true) !== crc32(body)) return null;
  const flags = view.getUint32(12, true);
  const step = view.getBigUint64(16, true);
  if (view.getUint32(8, true) !== expected.index || flags > 1) return null;
  if (step > Number.MAX_SAFE_INTEGER || Number(step) <= expected.afterStep) return null;
  const addresses = body.slice(RECORD_HEAD_BYTES, RECORD_HEAD_BYTES + added * ADDRESS_BYTES);
  const changes = new Uint32Array(2 * changed);
  for (let i = 0; i < changes.length; i++) {
    changes[i] = view.getUint32(RECORD_HEAD_BYTES + addresses.length + 4 * i, true);
  }
  for (let i = 0; i < changes.length; i += 2) {
    const before = i === 0 ? -1 : changes[i - 2]!;
    const page = changes[i + 1]!;
    if (changes[i]! <= before || changes[i]! >= PAGE_COUNT) return null;
    if (page !== ZERO_PAGE && page >= expected.pages + added) return null;
  }
  return {
    record: { index: expected.index, step: Number(step), halted: flags === 1, addresses, changes },
    end: offset + length,
  };
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
