import { blake3, keccak256, sha256, type Hasher } from './hash.ts';
import { PAGE_BYTES, PAGE_COUNT } from './layout.ts';
import { Snapshot, type PageContent } from './snapshot.ts';

/*
 * One state in one file. Bytes, integers little-endian:
 *   "COMMSNAP" | u32 version = 1 | hash name, 16 bytes of ASCII, padded with zeros | state root, 32 bytes
 *   | u32 number of pages | pages: u32 index, ascending | 4096 bytes, not all zero
 *
 * Every state has exactly one encoding, and the root vouches for all of it.
 */

const MAGIC = [0x43, 0x4f, 0x4d, 0x4d, 0x53, 0x4e, 0x41, 0x50];
const VERSION = 1;
const NAME_BYTES = 16;
const HEADER_BYTES = 64;
const ENTRY_BYTES = 4 + PAGE_BYTES;

/** Why bytes were refused as a snapshot. */
export type SnapshotFileReason =
  /** The bytes do not begin as a snapshot does. */
  | 'not-a-snapshot'
  /** The version is not known. */
  | 'unsupported-version'
  /** The hash is none of those built in. */
  | 'unsupported-hash'
  /** The bytes end too early. */
  | 'truncated'
  /** There are bytes after the end. */
  | 'trailing-bytes'
  /** Pages out of order, twice, out of range or zero, or padding that is not zero. */
  | 'not-canonical'
  /** The pages do not hash to the root in the file: something in it has changed. */
  | 'root-mismatch';

/** A decoded snapshot, or why there is none. */
export type SnapshotFileResult =
  { readonly ok: true; readonly snapshot: Snapshot } | { readonly ok: false; readonly reason: SnapshotFileReason };

/**
 * One state as bytes, to keep or to send: 64 bytes and 4100 for each page that is not zero.
 *
 * @example
 * ```ts
 * import { Snapshot, decodeSnapshot, encodeSnapshot } from '@commute/machine';
 * const state = Snapshot.empty().withPages([{ index: 3, bytes: new Uint8Array(4096).fill(1) }]);
 * const decoded = decodeSnapshot(encodeSnapshot(state));
 * if (!decoded.ok || decoded.snapshot.word(3 * 4096) !== 0x01010101) throw new Error('lost in transit');
 * ```
 */
export function encodeSnapshot(snapshot: Snapshot): Uint8Array<ArrayBuffer> {
  const pages = snapshot.pages().filter((page) => !isZero(page.bytes));
  const out = new Uint8Array(HEADER_BYTES + pages.length * ENTRY_BYTES);
  const view = new DataView(out.buffer);
  out.set(MAGIC, 0);
  view.setUint32(8, VERSION, true);
  for (let i = 0; i < snapshot.hasher.name.length; i++) out[12 + i] = snapshot.hasher.name.charCodeAt(i);
  out.set(snapshot.root(), 28);
  view.setUint32(60, pages.length, true);
  pages.forEach(({ index, bytes }, i) => {
    const at = HEADER_BYTES + i * ENTRY_BYTES;
    view.setUint32(at, index, true);
    if (bytes !== null) out.set(bytes, at + 4);
  });
  return out;
}

/**
 * The state in bytes from {@link encodeSnapshot}, checked against the root in them. Never throws on any bytes; takes
 * memory in proportion to their number. Copies what it keeps.
 */
export function decodeSnapshot(bytes: Uint8Array): SnapshotFileResult {
  const fail = (reason: SnapshotFileReason): SnapshotFileResult => ({ ok: false, reason });
  const magic = bytes.subarray(0, MAGIC.length);
  if (!magic.every((byte, i) => byte === MAGIC[i])) return fail('not-a-snapshot');
  if (bytes.length < HEADER_BYTES) return fail('truncated');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint32(8, true) !== VERSION) return fail('unsupported-version');
  const hasher = hasherFrom(bytes.subarray(12, 12 + NAME_BYTES));
  if (hasher === undefined) return fail('unsupported-hash');
  const count = view.getUint32(60, true);
  if (count > PAGE_COUNT) return fail('not-canonical');
  const end = HEADER_BYTES + count * ENTRY_BYTES;
  if (bytes.length < end) return fail('truncated');
  if (bytes.length > end) return fail('trailing-bytes');
  const pages: PageContent[] = [];
  for (let i = 0; i < count; i++) {
    const at = HEADER_BYTES + i * ENTRY_BYTES;
    const index = view.getUint32(at, true);
    const content = bytes.slice(at + 4, at + ENTRY_BYTES);
    if (index >= PAGE_COUNT || index <= (pages.at(-1)?.index ?? -1) || isZero(content)) return fail('not-canonical');
    pages.push({ index, bytes: content });
  }
  const snapshot = Snapshot.empty(hasher).withPages(pages);
  const root = bytes.subarray(28, 60);
  return snapshot.root().every((byte, i) => byte === root[i]) ? { ok: true, snapshot } : fail('root-mismatch');
}

function hasherFrom(name: Uint8Array): Hasher | undefined {
  return [keccak256, sha256, blake3].find((hasher) =>
    name.every((byte, i) => byte === (i < hasher.name.length ? hasher.name.charCodeAt(i) : 0)),
  );
}

function isZero(bytes: Uint8Array | null): boolean {
  return bytes?.every((byte) => byte === 0) ?? true;
}
