import { ByteReader, ByteWriter, HASH_BYTES } from '@commute/rho-store/bytes';

/** What two nodes say to each other over a connection. */
export type Message =
  /** The first of each side: which network, and which round is open. */
  | { readonly kind: 'hello'; readonly network: Uint8Array; readonly round: number }
  /** A statement of a member. */
  | { readonly kind: 'statement'; readonly bytes: Uint8Array }
  /** Another round is open at the sender, which wants what was said in it. */
  | { readonly kind: 'round'; readonly round: number }
  /** The sender lacks a statement of its open round, by its hash. */
  | { readonly kind: 'want'; readonly hash: Uint8Array }
  /** The sender was asked for a round that it keeps no more; `oldest` is the first that it does. */
  | { readonly kind: 'forgotten'; readonly round: number; readonly oldest: number }
  /** What a quorum said alike. */
  | { readonly kind: 'certificate'; readonly bytes: Uint8Array };

/** Version of the protocol, in each hello. */
export const PROTOCOL_VERSION = 3;

const KIND = { hello: 1, statement: 2, round: 3, want: 4, certificate: 5, forgotten: 6 } as const;
const HEADER_BYTES = 4;

/** The bytes of a frame: length of the rest in four bytes, kind, payload. Format: `docs/format.md`. */
export function encodeMessage(message: Message): Uint8Array<ArrayBuffer> {
  const body = new ByteWriter(128).byte(KIND[message.kind]);
  if (message.kind === 'hello') body.byte(PROTOCOL_VERSION).raw(message.network).uint64(message.round);
  else if (message.kind === 'statement' || message.kind === 'certificate') body.raw(message.bytes);
  else if (message.kind === 'want') body.raw(message.hash);
  else if (message.kind === 'forgotten') body.uint64(message.round).uint64(message.oldest);
  else body.uint64(message.round);
  const bytes = body.finish();
  return new ByteWriter(bytes.length + HEADER_BYTES).uint32(bytes.length).raw(bytes).finish();
}

function decodeBody(bytes: Uint8Array): Message | undefined {
  const reader = new ByteReader(bytes);
  const kind = reader.byte();
  if (kind === KIND.statement) return { kind: 'statement', bytes: reader.raw(reader.remaining) };
  if (kind === KIND.certificate) return { kind: 'certificate', bytes: reader.raw(reader.remaining) };
  let message: Message | undefined;
  if (kind === KIND.round) message = { kind: 'round', round: reader.uint64() };
  else if (kind === KIND.forgotten) message = { kind: 'forgotten', round: reader.uint64(), oldest: reader.uint64() };
  else if (kind === KIND.want) message = { kind: 'want', hash: reader.raw(HASH_BYTES) };
  else if (kind === KIND.hello && reader.byte() === PROTOCOL_VERSION)
    message = { kind: 'hello', network: reader.raw(HASH_BYTES), round: reader.uint64() };
  return reader.atEnd ? message : undefined;
}

/** Why bytes are no frames. */
export type FrameReason = 'malformed' | 'too-large';

/**
 * Puts frames together from chunks of any size. Never throws; holds at most one frame, and no more bytes of it than arrived.
 */
export class FrameReader {
  readonly #maximum: number;
  #chunks: Uint8Array[] = [];
  #length = 0;
  #failed: FrameReason | undefined;

  /** @param maximum - most bytes of a frame without its length. */
  constructor(maximum: number) {
    this.#maximum = maximum;
  }

  /** Why it takes no more; `undefined` while it does. */
  get failed(): FrameReason | undefined {
    return this.#failed;
  }

  /** Takes the first bytes of what is there; they must be there. */
  #take(count: number): Uint8Array<ArrayBuffer> {
    const bytes = new Uint8Array(count);
    let at = 0;
    while (at < count) {
      const chunk = this.#chunks[0]!;
      const part = chunk.subarray(0, count - at);
      bytes.set(part, at);
      at += part.length;
      if (part.length === chunk.length) this.#chunks.shift();
      else this.#chunks[0] = chunk.subarray(part.length);
    }
    this.#length -= count;
    return bytes;
  }

  #size: number | undefined;

  /** Takes a chunk, which is copied, and gives the messages that it completes. After a failure there are none. */
  *push(chunk: Uint8Array): Generator<Message> {
    if (this.#failed !== undefined || chunk.length === 0) return;
    this.#chunks.push(new Uint8Array(chunk));
    this.#length += chunk.length;
    for (;;) {
      if (this.#size === undefined) {
        if (this.#length < HEADER_BYTES) return;
        const size = new ByteReader(this.#take(HEADER_BYTES)).uint32();
        if (size === 0 || size > this.#maximum) {
          this.#fail(size === 0 ? 'malformed' : 'too-large');
          return;
        }
        this.#size = size;
      }
      if (this.#length < this.#size) {
        // Many tiny chunks would take more memory than their bytes.
        if (this.#chunks.length > 1024) this.#chunks = [this.#joined()];
        return;
      }
      const message = decodeBody(this.#take(this.#size));
      this.#size = undefined;
      if (message === undefined) {
        this.#fail('malformed');
        return;
      }
      yield message;
    }
  }

  #joined(): Uint8Array {
    const length = this.#length;
    const joined = this.#take(length);
    this.#length = length;
    return joined;
  }

  #fail(reason: FrameReason): void {
    this.#failed = reason;
    this.#chunks = [];
    this.#length = 0;
  }
}
