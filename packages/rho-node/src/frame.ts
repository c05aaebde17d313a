import { ByteReader, ByteWriter, HASH_BYTES } from '@commute/rho-store/bytes';

/** What two nodes say to each other over a connection. */
export type Message =
  /** The first of each side: the versions of the protocol that it speaks, which network, and which round is open. */
  | {
      readonly kind: 'hello';
      /** The newest version that the sender speaks, at least {@link OLDEST_VERSION}. */
      readonly version: number;
      /** The oldest; not said by a sender of version 3, which speaks no other. */
      readonly oldest: number;
      readonly network: Uint8Array;
      readonly round: number;
    }
  /** A statement of a member. */
  | { readonly kind: 'statement'; readonly bytes: Uint8Array }
  /** Another round is open at the sender, which wants what was said in it. */
  | { readonly kind: 'round'; readonly round: number }
  /** The sender lacks a statement of its open round, by its hash. */
  | { readonly kind: 'want'; readonly hash: Uint8Array }
  /** The sender was asked for a round that it keeps no more; `oldest` is the first that it does. */
  | { readonly kind: 'forgotten'; readonly round: number; readonly oldest: number }
  /** What a quorum said alike. */
  | { readonly kind: 'certificate'; readonly bytes: Uint8Array }
  /** From here on of version 4. The sender, at which `round` is open, wants the newest version that a quorum has closed a round with. */
  | { readonly kind: 'want-state'; readonly round: number }
  /** The version after `round`: the certificate of what the round after it begins with, and how many bytes there are beside the state. */
  | { readonly kind: 'state'; readonly round: number; readonly size: number; readonly certificate: Uint8Array }
  /** The sender wants a part of the version after `round`, of about `limit` bytes, without what it has: the first 8 bytes of hashes. */
  | {
      readonly kind: 'want-part';
      readonly round: number;
      readonly limit: number;
      readonly place: Uint8Array;
      readonly have: Uint8Array;
    }
  /** The part that was asked for last. */
  | { readonly kind: 'part'; readonly bytes: Uint8Array }
  /** The sender does not do what a frame asks for, and says why. */
  | {
      readonly kind: 'refused';
      /** Kind of that frame. */
      readonly about: number;
      readonly reason: RefusalReason;
      /** The versions of the protocol that the sender speaks. */
      readonly oldest: number;
      readonly version: number;
    }
  /** A frame of a kind that this version does not know. */
  | { readonly kind: 'unknown'; readonly code: number };

/** Why a frame is refused. */
export type RefusalReason = keyof typeof REFUSAL;

/** Version of the protocol, in each hello. */
export const PROTOCOL_VERSION = 4;

/** The oldest version that is spoken. */
export const OLDEST_VERSION = 3;

/** Most bytes of what a part holds. */
export const MAXIMUM_PART = 262_144;

/** Kinds of frames. Never renumber. */
export const KIND = {
  hello: 1,
  statement: 2,
  round: 3,
  want: 4,
  certificate: 5,
  forgotten: 6,
  'want-state': 7,
  state: 8,
  'want-part': 9,
  part: 10,
  refused: 11,
} as const;

/** Codes of reasons. Never renumber. */
const REFUSAL = {
  /** What is wrong is none of the others. */
  other: 0,
  /** The kind of the frame is not known. */
  'unknown-frame': 1,
  /** There is no version that both speak. */
  'other-version': 2,
  'other-network': 3,
  /** The version is not kept, or has no such place, or there is none that a quorum closed a round with. */
  'not-kept': 4,
} as const;

const HEADER_BYTES = 4;

/** The bytes of a frame: length of the rest in four bytes, kind, payload. Format: `docs/format.md`. */
export function encodeMessage(message: Message): Uint8Array<ArrayBuffer> {
  const body = new ByteWriter(128).byte(message.kind === 'unknown' ? message.code : KIND[message.kind]);
  switch (message.kind) {
    case 'hello':
      body.byte(message.version);
      if (message.version > 3) body.byte(message.oldest);
      body.raw(message.network).uint64(message.round);
      break;
    case 'statement':
    case 'certificate':
    case 'part':
      body.raw(message.bytes);
      break;
    case 'want':
      body.raw(message.hash);
      break;
    case 'forgotten':
      body.uint64(message.round).uint64(message.oldest);
      break;
    case 'round':
    case 'want-state':
      body.uint64(message.round);
      break;
    case 'state':
      body.uint64(message.round).uint64(message.size).raw(message.certificate);
      break;
    case 'want-part':
      body.uint64(message.round).uint32(message.limit).bytes(message.place).raw(message.have);
      break;
    case 'refused':
      body.byte(message.about).byte(REFUSAL[message.reason]).byte(message.oldest).byte(message.version);
      break;
    case 'unknown':
  }
  const bytes = body.finish();
  return new ByteWriter(bytes.length + HEADER_BYTES).uint32(bytes.length).raw(bytes).finish();
}

function decodeHello(reader: ByteReader): Message | undefined {
  const version = reader.byte();
  // Nobody speaks what was before.
  if (version < OLDEST_VERSION) return undefined;
  const oldest = version === 3 ? 3 : reader.byte();
  const hello = { kind: 'hello', version, oldest, network: reader.raw(HASH_BYTES), round: reader.uint64() } as const;
  // Later versions may say more.
  if (version > PROTOCOL_VERSION) reader.skip(reader.remaining);
  return reader.failed ? undefined : hello;
}

function decodeBody(bytes: Uint8Array): Message | undefined {
  const reader = new ByteReader(bytes);
  const kind = reader.byte();
  const rest = (): Uint8Array => reader.raw(reader.remaining);
  let message: Message | undefined;
  switch (kind) {
    case KIND.hello:
      message = decodeHello(reader);
      break;
    case KIND.statement:
      message = { kind: 'statement', bytes: rest() };
      break;
    case KIND.certificate:
      message = { kind: 'certificate', bytes: rest() };
      break;
    case KIND.part:
      message = { kind: 'part', bytes: rest() };
      break;
    case KIND.round:
      message = { kind: 'round', round: reader.uint64() };
      break;
    case KIND['want-state']:
      message = { kind: 'want-state', round: reader.uint64() };
      break;
    case KIND.forgotten:
      message = { kind: 'forgotten', round: reader.uint64(), oldest: reader.uint64() };
      break;
    case KIND.want:
      message = { kind: 'want', hash: reader.raw(HASH_BYTES) };
      break;
    case KIND.state:
      message = { kind: 'state', round: reader.uint64(), size: reader.uint64(), certificate: rest() };
      break;
    case KIND['want-part']:
      message = {
        kind: 'want-part',
        round: reader.uint64(),
        limit: reader.uint32(),
        place: reader.bytes(),
        have: rest(),
      };
      break;
    case KIND.refused: {
      const [about, code, oldest, version] = [reader.byte(), reader.byte(), reader.byte(), reader.byte()];
      const [reason] = Object.entries(REFUSAL).find(([, one]) => one === code) ?? ['other'];
      message = { kind: 'refused', about, reason: reason as RefusalReason, oldest, version };
      // Later versions may say more.
      reader.skip(reader.remaining);
      break;
    }
    default:
      return { kind: 'unknown', code: kind };
  }
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
