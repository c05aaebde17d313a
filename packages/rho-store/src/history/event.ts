import { ByteReader, ByteWriter, hashBytes, textFromBytes } from '../bytes.ts';
import { GrowingNumbers } from '../growing.ts';

/** A message or a receive in a COMM: one that waited in the store, by its hash, or one that arrived, whole. */
export type EventItem =
  | { readonly form: 'waiting'; readonly hash: Uint8Array }
  | { readonly form: 'arriving'; readonly bytes: Uint8Array }
  /** A receive that is no part of the state, such as a system process; any bytes that name it. */
  | { readonly form: 'installed'; readonly bytes: Uint8Array };

/** A message that a COMM used. */
export interface EventUse {
  /** Canonical bytes of the channel. */
  readonly channel: Uint8Array;
  readonly message: EventItem;
  /** True if the message is used up, false if it was read or stays. */
  readonly removed: boolean;
}

/** What happened on a store. Channels, messages and receives are opaque canonical bytes. */
export type StoreEvent =
  /** A message begins to wait. */
  | { readonly kind: 'produce'; readonly channel: Uint8Array; readonly item: Uint8Array }
  /** A receive begins to wait, on one or more distinct channels. */
  | { readonly kind: 'consume'; readonly channels: readonly Uint8Array[]; readonly item: Uint8Array }
  /** A receive and a message for each of its binds meet. */
  | {
      readonly kind: 'comm';
      readonly receive: EventItem;
      /** True if the receive is used up. */
      readonly removed: boolean;
      readonly uses: readonly EventUse[];
    };

/** First byte of an event. */
export const EVENT_KIND = { produce: 1, consume: 2, comm: 3 } as const;
const FORMS = ['waiting', 'arriving', 'installed'] as const;

function writeItem(writer: ByteWriter, item: EventItem): void {
  writer.byte(FORMS.indexOf(item.form));
  if (item.form === 'waiting') writer.raw(item.hash);
  else writer.bytes(item.bytes);
}

function readItem(reader: ByteReader): EventItem {
  const form = FORMS[reader.byte()];
  if (form === 'waiting') return { form, hash: reader.hash() };
  if (form === undefined) reader.failed = true;
  return { form: form ?? 'arriving', bytes: reader.bytes() };
}

function readFlag(reader: ByteReader): boolean {
  const value = reader.byte();
  if (value > 1) reader.failed = true;
  return value === 1;
}

/** The bytes of an event, whose hash names it. Format: `docs/format.md`, section Events. */
export function encodeEvent(event: StoreEvent): Uint8Array<ArrayBuffer> {
  const writer = new ByteWriter();
  writeEvent(event, writer);
  return writer.finish();
}

/** Writes what {@link encodeEvent} gives. */
export function writeEvent(event: StoreEvent, writer: ByteWriter): void {
  writer.byte(EVENT_KIND[event.kind]);
  if (event.kind === 'produce') {
    writer.bytes(event.channel).bytes(event.item);
    return;
  }
  if (event.kind === 'consume') {
    writer.varint(event.channels.length);
    for (const channel of event.channels) writer.bytes(channel);
    writer.bytes(event.item);
    return;
  }
  writeItem(writer, event.receive);
  writer.byte(event.removed ? 1 : 0).varint(event.uses.length);
  for (const { channel, message, removed } of event.uses) {
    writer.bytes(channel).byte(removed ? 1 : 0);
    writeItem(writer, message);
  }
}

/** The inverse of {@link encodeEvent}; `undefined` if the bytes are no event. Accepts only what it would write. */
export function decodeEvent(bytes: Uint8Array): StoreEvent | undefined {
  const reader = new ByteReader(bytes);
  const kind = reader.byte();
  let event: StoreEvent | undefined;
  if (kind === EVENT_KIND.produce) event = { kind: 'produce', channel: reader.bytes(), item: reader.bytes() };
  else if (kind === EVENT_KIND.consume) {
    const channels: Uint8Array[] = [];
    for (let left = reader.varint(); left > 0 && !reader.failed; left -= 1) channels.push(reader.bytes());
    if (channels.length === 0 || new Set(channels.map(textFromBytes)).size < channels.length) return undefined;
    event = { kind: 'consume', channels, item: reader.bytes() };
  } else if (kind === EVENT_KIND.comm) {
    const receive = readItem(reader);
    const removed = readFlag(reader);
    const uses: EventUse[] = [];
    for (let left = reader.varint(); left > 0 && !reader.failed; left -= 1) {
      const channel = reader.bytes();
      const gone = readFlag(reader);
      const message = readItem(reader);
      if (message.form === 'installed') return undefined;
      uses.push({ channel, message, removed: gone });
    }
    if (uses.length === 0 || (removed && receive.form === 'installed')) return undefined;
    event = { kind: 'comm', receive, removed, uses };
  }
  return event !== undefined && reader.atEnd ? event : undefined;
}

/** The hash under which a message or a receive waits: SHA-256 of its bytes. */
export function itemHash(item: Uint8Array): Uint8Array<ArrayBuffer> {
  return hashBytes(item);
}

/** One item that begins or ceases to wait on a channel. */
export interface ItemChange {
  /** SHA-256 of the bytes of the item. */
  readonly hash: Uint8Array;
  /** The bytes, if the item begins to wait. */
  readonly added: Uint8Array | undefined;
}

/** What an event does at one channel; nothing, for a COMM of a receive and a message that do not wait. */
export interface ChannelChange {
  readonly channel: Uint8Array;
  readonly changes: readonly ItemChange[];
}

const NO_CHANGES: readonly ItemChange[] = [];

/**
 * What an event does at each channel that it is about, in order.
 *
 * @param itemHash - SHA-256 of the item that begins to wait, if it is known.
 */
export function changesOf(event: StoreEvent, itemHash?: Uint8Array): readonly ChannelChange[] {
  if (event.kind === 'produce') {
    const change = { hash: itemHash ?? hashBytes(event.item), added: event.item };
    return [{ channel: event.channel, changes: [change] }];
  }
  if (event.kind === 'consume') {
    const change = { hash: itemHash ?? hashBytes(event.item), added: event.item };
    return event.channels.map((channel) => ({ channel, changes: [change] }));
  }
  const { receive, uses } = event;
  if (uses.length === 1) {
    const { channel, message, removed } = uses[0]!;
    const receiveGoes = event.removed && receive.form === 'waiting';
    const messageGoes = removed && message.form === 'waiting';
    if (!receiveGoes && !messageGoes) return [{ channel, changes: NO_CHANGES }];
    const changes: ItemChange[] = [];
    if (receiveGoes) changes.push({ hash: receive.hash, added: undefined });
    if (messageGoes) changes.push({ hash: message.hash, added: undefined });
    return [{ channel, changes }];
  }
  const byChannel = new Map<string, { channel: Uint8Array; changes: ItemChange[] }>();
  for (const { channel, message, removed } of uses) {
    const key = textFromBytes(channel);
    let one = byChannel.get(key);
    if (one === undefined) {
      one = { channel, changes: [] };
      if (event.removed && receive.form === 'waiting') one.changes.push({ hash: receive.hash, added: undefined });
      byChannel.set(key, one);
    }
    if (removed && message.form === 'waiting') one.changes.push({ hash: message.hash, added: undefined });
  }
  return [...byChannel.values()];
}

/** Version of the encoding of event logs. */
export const LOG_VERSION = 1;

/** The bytes of a log of encoded events. */
export function encodeLog(events: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  let size = 16;
  for (const event of events) size += event.length + (event.length < 128 ? 1 : 5);
  const writer = new ByteWriter(size).byte(LOG_VERSION).varint(events.length);
  for (const event of events) writer.bytes(event);
  return writer.finish();
}

/** The encoded events of a log, which are not copied out of it. */
export class SplitLog {
  readonly #bytes: Uint8Array;
  /** Where each event starts, and how long it is. */
  readonly #places: GrowingNumbers;

  constructor(bytes: Uint8Array, places: GrowingNumbers) {
    this.#bytes = bytes;
    this.#places = places;
  }

  get length(): number {
    return this.#places.length / 2;
  }

  /** Bytes of the whole log. */
  get size(): number {
    return this.#bytes.length;
  }

  /** The bytes of an event, part of those of the log; `undefined` if there are not that many. */
  at(index: number): Uint8Array | undefined {
    if (index >= this.length) return undefined;
    const start = this.#places.at(2 * index);
    return this.#bytes.subarray(start, start + this.#places.at(2 * index + 1));
  }

  *[Symbol.iterator](): Generator<Uint8Array> {
    for (let index = 0; index < this.length; index += 1) yield this.at(index)!;
  }
}

/** Takes a log apart into encoded events; `undefined` if the bytes are no log. Does not look into the events. */
export function splitLog(bytes: Uint8Array): SplitLog | undefined {
  const reader = new ByteReader(bytes);
  if (reader.byte() !== LOG_VERSION) return undefined;
  // Arrays of bytes are shorter than 2^32 in all engines but the newest, whose longer ones no key-value store takes.
  if (bytes.length >= 2 ** 32) return undefined;
  const places = new GrowingNumbers(4);
  for (let left = reader.varint(); left > 0 && !reader.failed; left -= 1) {
    const length = reader.varint();
    const start = bytes.length - reader.remaining;
    reader.skip(length);
    if (reader.failed) return undefined;
    places.append(start);
    places.append(length);
  }
  return reader.atEnd ? new SplitLog(bytes, places) : undefined;
}

/** Number of COMMs of a log; `undefined` if the bytes are no log. Keeps no event. */
export function countComms(log: SplitLog): number | undefined {
  let comms = 0;
  for (const bytes of log) {
    const event = decodeEvent(bytes);
    if (event === undefined) return undefined;
    if (event.kind === 'comm') comms += 1;
  }
  return comms;
}

/** An event of a log. */
export interface LogEntry {
  readonly event: StoreEvent;
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** SHA-256 of the bytes, the name of the event. */
  readonly hash: Uint8Array<ArrayBuffer>;
}

/** What reading a log gives. */
export type DecodeLogResult =
  | { readonly ok: true; readonly entries: readonly LogEntry[] }
  | { readonly ok: false; readonly reason: 'malformed-log' }
  | { readonly ok: false; readonly reason: 'malformed-event'; readonly index: number };

/** Reads a log. Never throws on damaged bytes; takes time and memory linear in their length. */
export function decodeLog(bytes: Uint8Array): DecodeLogResult {
  const parts = splitLog(bytes);
  if (parts === undefined) return { ok: false, reason: 'malformed-log' };
  const entries: LogEntry[] = [];
  for (const one of parts) {
    const part = new Uint8Array(one);
    const event = decodeEvent(part);
    if (event === undefined) return { ok: false, reason: 'malformed-event', index: entries.length };
    entries.push({ event, bytes: part, hash: hashBytes(part) });
  }
  return { ok: true, entries };
}

/** The path of a channel in the trie: SHA-256 of its canonical bytes. */
export function pathOfChannel(channel: Uint8Array): Uint8Array<ArrayBuffer> {
  return hashBytes(channel);
}
