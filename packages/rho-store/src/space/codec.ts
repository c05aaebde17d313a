import {
  consumeFromReceive,
  decodeTerm,
  encodeTerm,
  encodeTermBinary,
  receiveOf,
  tupleTerm,
  type Consume,
  type Datum,
  type Term,
} from '@commute/rholang';
import { ByteReader, ByteWriter, bytesFromText, textFromBytes } from '../bytes.ts';

/** First byte of an item. */
const ITEM = { message: 0, lastingMessage: 1, receive: 2 } as const;

/** The canonical bytes of a channel. */
export function encodeChannel(channel: Term): Uint8Array<ArrayBuffer> {
  return encodeTerm(channel);
}

/** The channel of its canonical bytes; `undefined` if they are none. */
export function decodeChannel(bytes: Uint8Array): Term | undefined {
  const result = decodeTerm(bytes);
  return result.ok ? result.term : undefined;
}

/** What is written is taken out at once. */
const scratch = /* @__PURE__ */ new ByteWriter(1024);

function writeItem(writer: ByteWriter, kind: number, seed: string, term: Term): ByteWriter {
  return writer.reset().byte(kind).varint(seed.length).text(seed).text(encodeTermBinary(term));
}

function writeMessage(writer: ByteWriter, { persistent, seed, data }: Datum): ByteWriter {
  return writeItem(writer, persistent ? ITEM.lastingMessage : ITEM.message, seed, tupleTerm(data));
}

function writeReceive(writer: ByteWriter, consume: Consume): ByteWriter {
  return writeItem(writer, ITEM.receive, consume.seed, receiveOf(consume));
}

/** The bytes of a message that waits: its kind, its seed, the tuple of its data. */
export function encodeMessage(datum: Datum): Uint8Array<ArrayBuffer> {
  return writeMessage(scratch, datum).finish();
}

/** The bytes of a receive that waits: its kind, its seed, the closed receive. */
export function encodeReceive(consume: Consume): Uint8Array<ArrayBuffer> {
  return writeReceive(scratch, consume).finish();
}

/** Holds {@link itemBytes}. */
const arriving = /* @__PURE__ */ new ByteWriter(1024);

/** The bytes of a message or a receive without a copy: valid until this is called again. */
export function itemBytes(item: Datum | Consume): Uint8Array {
  return ('binds' in item ? writeReceive(arriving, item) : writeMessage(arriving, item)).view();
}

/** The bytes that name a receive that is installed: its URI and its seed. */
export function encodeInstalled(consume: Consume): Uint8Array<ArrayBuffer> {
  const name = consume.continuation.kind === 'system' ? consume.continuation.uri : '';
  return new ByteWriter().bytes(new TextEncoder().encode(name)).bytes(bytesFromText(consume.seed)).finish();
}

/** A message or a receive that waits. */
export type DecodedItem =
  { readonly kind: 'message'; readonly datum: Datum } | { readonly kind: 'receive'; readonly consume: Consume };

/** The item of its bytes; `undefined` if they are none. Never throws on damaged bytes. */
export function decodeItem(bytes: Uint8Array): DecodedItem | undefined {
  const reader = new ByteReader(bytes);
  const kind = reader.byte();
  const seed = textFromBytes(reader.bytes());
  const result = decodeTerm(reader.raw(reader.remaining));
  if (reader.failed || !result.ok) return undefined;
  const { term } = result;
  if (term.scope > 0 || term.isPattern) return undefined;
  if (kind === ITEM.receive)
    return term.kind === 'receive' ? { kind: 'receive', consume: consumeFromReceive(term, seed) } : undefined;
  if (kind > ITEM.lastingMessage || term.kind !== 'tuple') return undefined;
  const persistent = kind === ITEM.lastingMessage;
  return { kind: 'message', datum: { data: term.elements, persistent, seed, place: undefined, order: '' } };
}
