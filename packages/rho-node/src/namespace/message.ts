import { decodeTerm, encodeTerm, tupleTerm, type Term } from '@commute/rholang';
import { decodeItem, type LogEntry } from '@commute/rho-store';
import { ByteReader, ByteWriter } from '@commute/rho-store/bytes';

/** URI of the process that sends to another namespace: its name, a channel there, and what is to be sent on it. */
export const SEND_URI = 'rho:namespace:send';

/** Most values of a message between namespaces. */
export const MAXIMUM_VALUES = 16;

/** Most bytes of the name of a namespace. */
export const MAXIMUM_NAME_BYTES = 128;

/** A message between namespaces. */
export interface NamespaceMessage {
  /** A closed name of the namespace that it goes to. */
  readonly channel: Term;
  readonly values: readonly Term[];
}

/** Tells whether a text can name a namespace: 1 to 128 bytes of UTF-8. */
export function isNamespaceName(name: string): boolean {
  return name.length > 0 && name.isWellFormed() && new TextEncoder().encode(name).length <= MAXIMUM_NAME_BYTES;
}

/** The bytes of a message. Format: `docs/namespaces.md`. */
export function encodeNamespaceMessage({ channel, values }: NamespaceMessage): Uint8Array<ArrayBuffer> {
  return new ByteWriter()
    .byte(1)
    .bytes(encodeTerm(channel))
    .raw(encodeTerm(tupleTerm(values)))
    .finish();
}

/** The inverse of {@link encodeNamespaceMessage}; `undefined` if the bytes are none. Never throws. */
export function decodeNamespaceMessage(bytes: Uint8Array): NamespaceMessage | undefined {
  const reader = new ByteReader(bytes);
  if (reader.byte() !== 1) return undefined;
  const channel = decodeTerm(reader.bytes());
  const values = decodeTerm(reader.raw(reader.remaining));
  if (reader.failed || !channel.ok || !values.ok) return undefined;
  for (const { term } of [channel, values]) if (term.scope > 0 || term.isPattern) return undefined;
  if (values.term.kind !== 'tuple' || values.term.elements.length > MAXIMUM_VALUES) return undefined;
  return { channel: channel.term, values: values.term.elements };
}

/** The messages to other namespaces that a log holds, in order: the COMM of {@link SEND_URI}. */
export function messagesOf(log: Iterable<LogEntry>): { readonly to: string; readonly message: NamespaceMessage }[] {
  const messages: { to: string; message: NamespaceMessage }[] = [];
  for (const { event } of log) {
    if (event.kind !== 'comm' || event.receive.form !== 'installed') continue;
    const uri = new ByteReader(event.receive.bytes).bytes();
    const sent = event.uses[0]!.message;
    if (new TextDecoder().decode(uri) !== SEND_URI || sent.form !== 'arriving') continue;
    const item = decodeItem(sent.bytes);
    const [to, channel, ...values] = item?.kind === 'message' ? item.datum.data : [];
    if (to?.kind === 'string' && channel !== undefined) messages.push({ to: to.value, message: { channel, values } });
  }
  return messages;
}
