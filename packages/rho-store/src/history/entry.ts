import { ByteReader, ByteWriter, hashBytes, HASH_BYTES, writeUint64 } from '../bytes.ts';
import { GrowingBytes } from '../growing.ts';

/** One step of the history of a key. */
export interface HistoryEntry {
  /** Hash of the entry before, zeros for the first. */
  readonly previous: Uint8Array;
  /** From 1. */
  readonly sequence: number;
  /** Hash of the event that happened. */
  readonly event: Uint8Array;
  /** Root of the state of the key before, zeros if nothing waited. */
  readonly before: Uint8Array;
  /** Root of the state of the key after. */
  readonly after: Uint8Array;
}

/** Bytes of an entry as it is hashed. */
const ENTRY_BYTES = 9 + 4 * HASH_BYTES;

/** Longest segment that is written to the buffer that is used again; longer ones have their own. */
const KEPT_BYTES = 4096;

/** What is written is taken out at once. */
const writer = /* @__PURE__ */ new ByteWriter(1024);

/** What is written is hashed at once. */
const scratch = /* @__PURE__ */ new Uint8Array(ENTRY_BYTES);

/** `H(02, previous, sequence, event, before, after)`, the sequence in eight bytes. */
export function entryHash(entry: HistoryEntry): Uint8Array<ArrayBuffer> {
  scratch[0] = 2;
  scratch.set(entry.previous, 1);
  writeUint64(scratch, 1 + HASH_BYTES, entry.sequence);
  scratch.set(entry.event, 9 + HASH_BYTES);
  scratch.set(entry.before, 9 + 2 * HASH_BYTES);
  scratch.set(entry.after, 9 + 3 * HASH_BYTES);
  return hashBytes(scratch);
}

/** What the trie holds at a key, under the root. */
export interface KeyValue {
  /** Canonical bytes of the channel. */
  readonly channel: Uint8Array;
  /** Root of what waits there. */
  readonly state: Uint8Array;
  /** Number of entries of the history. */
  readonly sequence: number;
  /** Hash of the last entry. */
  readonly head: Uint8Array;
}

/** The bytes of what the trie holds at a key. */
export function encodeKeyValue({ channel, state, sequence, head }: KeyValue): Uint8Array<ArrayBuffer> {
  return writer.reset().raw(state).uint64(sequence).raw(head).bytes(channel).finish();
}

/** The inverse of {@link encodeKeyValue}; `undefined` if the bytes are none. */
export function decodeKeyValue(bytes: Uint8Array): KeyValue | undefined {
  const reader = new ByteReader(bytes);
  const [state, sequence, head, channel] = [reader.hash(), reader.uint64(), reader.hash(), reader.bytes()];
  return reader.atEnd ? { channel, state, sequence, head } : undefined;
}

/** Where on the medium the rest of a key lies; what lies there is under hashes of the value. */
export interface KeyPlaces {
  /** Number of the root node of the state, 0 for none. */
  readonly state: number;
  /** Number of the last segment of the history. */
  readonly segment: number;
}

/** The stored bytes of the places. */
export function encodePlaces({ state, segment }: KeyPlaces): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(16);
  writeUint64(bytes, 0, state);
  writeUint64(bytes, 8, segment);
  return bytes;
}

/** The inverse of {@link encodePlaces}. */
export function decodePlaces(bytes: Uint8Array): KeyPlaces | undefined {
  const reader = new ByteReader(bytes);
  const places = { state: reader.uint64(), segment: reader.uint64() };
  return reader.atEnd ? places : undefined;
}

/** An entry in a segment; what is missing follows from the entry before. */
export interface SegmentEntry {
  /** Position of the event in the log of the commit. */
  readonly index: number;
  readonly event: Uint8Array;
  readonly after: Uint8Array;
}

/** Bytes of an entry in a segment: position in four bytes, event, state after. */
const SEGMENT_ENTRY_BYTES = 4 + 2 * HASH_BYTES;

/** Entries as a segment stores them; each is made when it is asked for. */
export class SegmentEntries {
  readonly bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  get length(): number {
    return this.bytes.length / SEGMENT_ENTRY_BYTES;
  }

  *[Symbol.iterator](): Generator<SegmentEntry> {
    const { bytes } = this;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    for (let at = 0; at < bytes.length; at += SEGMENT_ENTRY_BYTES)
      yield {
        index: view.getUint32(at),
        event: bytes.slice(at + 4, at + 4 + HASH_BYTES),
        after: bytes.slice(at + 4 + HASH_BYTES, at + SEGMENT_ENTRY_BYTES),
      };
  }
}

/** The entries of one key in one commit. */
export interface Segment {
  /** Number of the segment before, 0 for none. */
  readonly previousSegment: number;
  readonly commit: number;
  readonly previous: Uint8Array;
  /** Sequence of the first entry. */
  readonly first: number;
  readonly before: Uint8Array;
  readonly entries: SegmentEntries;
}

/** Entries that are kept as they are; later ones are kept as bytes, so that many take little more than those. */
const FEW = 16;

/** The entries of a segment that is being made. */
export class NewEntries {
  readonly #few: SegmentEntry[] = [];
  #more: GrowingBytes | undefined;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  append(entry: SegmentEntry): void {
    this.#length += 1;
    if (this.#few.length < FEW) this.#few.push(entry);
    else (this.#more ??= new GrowingBytes()).append(writeSegmentEntry(writer.reset(), entry).view());
  }

  writeTo(target: ByteWriter): ByteWriter {
    for (const entry of this.#few) writeSegmentEntry(target, entry);
    for (const view of this.#more?.views() ?? []) target.raw(view);
    return target;
  }
}

function writeSegmentEntry(target: ByteWriter, { index, event, after }: SegmentEntry): ByteWriter {
  return target.uint32(index).raw(event).raw(after);
}

/** The stored bytes of a segment; up to 4 KiB valid until anything else is encoded, longer ones for good. */
export function segmentBytes(segment: Omit<Segment, 'entries'>, entries: NewEntries): Uint8Array {
  const size = SEGMENT_ENTRY_BYTES * entries.length + 128;
  const target = size > KEPT_BYTES ? new ByteWriter(size) : writer.reset();
  target
    .uint64(segment.previousSegment)
    .uint64(segment.commit)
    .raw(segment.previous)
    .uint64(segment.first)
    .raw(segment.before)
    .varint(entries.length);
  return entries.writeTo(target).view();
}

/** The inverse of {@link segmentBytes}; `undefined` if the bytes are none. */
export function decodeSegment(bytes: Uint8Array): Segment | undefined {
  const reader = new ByteReader(bytes);
  const [previousSegment, commit, previous] = [reader.uint64(), reader.uint64(), reader.hash()];
  const [first, before] = [reader.uint64(), reader.hash()];
  const count = reader.varint();
  if (reader.failed || count === 0 || count * SEGMENT_ENTRY_BYTES !== reader.remaining) return undefined;
  const entries = new SegmentEntries(reader.raw(reader.remaining));
  return { previousSegment, commit, previous, first, before, entries };
}

/** The entries of a segment as they are hashed, with their hashes. */
export function* entriesOf(segment: Segment): Generator<{ entry: HistoryEntry; hash: Uint8Array; index: number }> {
  let { previous, before } = segment;
  let sequence = segment.first;
  for (const { index, event, after } of segment.entries) {
    const entry = { previous, sequence, event, before, after };
    const hash = entryHash(entry);
    yield { entry, hash, index };
    previous = hash;
    before = after;
    sequence += 1;
  }
}
