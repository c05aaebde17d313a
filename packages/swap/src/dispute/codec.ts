import type { Answer, Claim, Position, Question } from './messages.ts';

/*
 * Messages as bytes, version 1; specified in docs/spec/dispute.md. Integers little-endian.
 *
 *   u8 version = 1 | u8 kind | u32 id | body
 */

const VERSION = 1;
const ROOT_BYTES = 32;
/** Most layers a position may lead through. */
const MAXIMUM_PATH = 16;
/** Most hashes beside the path of a region of one page. */
const MAXIMUM_SIBLINGS = 20;
/** Most bytes of a refusal's reason, in UTF-8. */
const MAXIMUM_REASON = 1024;

const QUESTION_KINDS = { claim: 1, root: 2, opening: 3, step: 4, settlement: 5 } as const;
const ANSWER_KINDS = { claim: 129, root: 130, opening: 131, proof: 132, refusal: 133 } as const;

/** Why bytes were refused as a message. */
export type MessageReason =
  /** The bytes end too early. */
  | 'truncated'
  /** There are bytes after the end. */
  | 'trailing-bytes'
  /** The version is not known. */
  | 'unsupported-version'
  /** Not a kind of message that is expected here. */
  | 'unknown-kind'
  /** A number, a length or a text out of its range. */
  | 'not-canonical';

/** A decoded message with the number that ties an answer to its question. */
export type Decoded<M> =
  | { readonly ok: true; readonly id: number; readonly message: M }
  | { readonly ok: false; readonly reason: MessageReason };

/** A question as bytes. `id` is 0 to 2^32 - 1. */
export function encodeQuestion(id: number, question: Question): Uint8Array<ArrayBuffer> {
  const writer = new Writer(QUESTION_KINDS[question.kind], id);
  if (question.kind !== 'claim') writer.position(question);
  return writer.bytes();
}

/** An answer as bytes. `id` is that of the question. */
export function encodeAnswer(id: number, answer: Answer): Uint8Array<ArrayBuffer> {
  const writer = new Writer(ANSWER_KINDS[answer.kind], id);
  switch (answer.kind) {
    case 'claim':
      writer.raw(answer.claim.initialRoot);
      writer.u64(answer.claim.steps);
      writer.raw(answer.claim.finalRoot);
      break;
    case 'root':
      writer.raw(answer.root);
      break;
    case 'opening':
      for (const siblings of [answer.before, answer.after]) {
        writer.u8(siblings.length);
        for (const sibling of siblings) writer.raw(sibling);
      }
      break;
    case 'proof':
      writer.sized(answer.proof);
      break;
    case 'refusal':
      writer.sized(shortText(answer.reason));
      break;
  }
  return writer.bytes();
}

/** The question in `bytes`. Never throws; copies what it keeps. */
export function decodeQuestion(bytes: Uint8Array): Decoded<Question> {
  return decode(bytes, (kind, reader) => {
    switch (kind) {
      case QUESTION_KINDS.claim:
        return { kind: 'claim' };
      case QUESTION_KINDS.root:
        return { kind: 'root', ...reader.position() };
      case QUESTION_KINDS.opening:
        return { kind: 'opening', ...reader.position() };
      case QUESTION_KINDS.step:
        return { kind: 'step', ...reader.position() };
      case QUESTION_KINDS.settlement:
        return { kind: 'settlement', ...reader.position() };
      default:
        throw new Refused('unknown-kind');
    }
  });
}

/** The answer in `bytes`. Never throws; copies what it keeps. */
export function decodeAnswer(bytes: Uint8Array): Decoded<Answer> {
  return decode(bytes, (kind, reader) => {
    switch (kind) {
      case ANSWER_KINDS.claim: {
        const claim: Claim = { initialRoot: reader.root(), steps: reader.u64(), finalRoot: reader.root() };
        return { kind: 'claim', claim };
      }
      case ANSWER_KINDS.root:
        return { kind: 'root', root: reader.root() };
      case ANSWER_KINDS.opening:
        return { kind: 'opening', before: reader.siblings(), after: reader.siblings() };
      case ANSWER_KINDS.proof:
        return { kind: 'proof', proof: reader.sized() };
      case ANSWER_KINDS.refusal: {
        const text = reader.sized();
        if (text.length > MAXIMUM_REASON) throw new Refused('not-canonical');
        try {
          return { kind: 'refusal', reason: new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(text) };
        } catch {
          throw new Refused('not-canonical');
        }
      }
      default:
        throw new Refused('unknown-kind');
    }
  });
}

/** Thrown inside a decoder, and nowhere else. */
class Refused extends Error {
  readonly reason: MessageReason;
  constructor(reason: MessageReason) {
    super(reason);
    this.reason = reason;
  }
}

function decode<M>(bytes: Uint8Array, body: (kind: number, reader: Reader) => M): Decoded<M> {
  const reader = new Reader(bytes);
  try {
    if (reader.u8() !== VERSION) throw new Refused('unsupported-version');
    const kind = reader.u8();
    const id = reader.u32();
    const message = body(kind, reader);
    if (!reader.atEnd()) throw new Refused('trailing-bytes');
    return { ok: true, id, message };
  } catch (error) {
    if (error instanceof Refused) return { ok: false, reason: error.reason };
    throw error;
  }
}

/** The text in UTF-8, cut at a character so that it is not too long. */
function shortText(text: string): Uint8Array {
  const out = new Uint8Array(MAXIMUM_REASON);
  const { written } = new TextEncoder().encodeInto(text, out);
  return out.subarray(0, written);
}

class Writer {
  readonly #parts: Uint8Array[] = [];

  constructor(kind: number, id: number) {
    this.u8(VERSION);
    this.u8(kind);
    this.#number(4, (view) => {
      view.setUint32(0, id, true);
    });
  }

  u8(value: number): void {
    this.#parts.push(Uint8Array.of(value));
  }

  u64(value: number): void {
    this.#number(8, (view) => {
      view.setBigUint64(0, BigInt(value), true);
    });
  }

  raw(bytes: Uint8Array): void {
    this.#parts.push(bytes);
  }

  sized(bytes: Uint8Array): void {
    this.#number(4, (view) => {
      view.setUint32(0, bytes.length, true);
    });
    this.raw(bytes);
  }

  position({ path, index }: Position): void {
    this.u8(path.length);
    for (const step of path) this.u64(step);
    this.u64(index);
  }

  bytes(): Uint8Array<ArrayBuffer> {
    const out = new Uint8Array(this.#parts.reduce((sum, part) => sum + part.length, 0));
    let at = 0;
    for (const part of this.#parts) {
      out.set(part, at);
      at += part.length;
    }
    return out;
  }

  #number(size: number, fill: (view: DataView) => void): void {
    const bytes = new Uint8Array(size);
    fill(new DataView(bytes.buffer));
    this.#parts.push(bytes);
  }
}

class Reader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  atEnd(): boolean {
    return this.#at === this.#bytes.length;
  }

  u8(): number {
    return this.#view.getUint8(this.#take(1));
  }

  u32(): number {
    return this.#view.getUint32(this.#take(4), true);
  }

  u64(): number {
    const value = this.#view.getBigUint64(this.#take(8), true);
    if (value > Number.MAX_SAFE_INTEGER) throw new Refused('not-canonical');
    return Number(value);
  }

  root(): Uint8Array {
    return this.#raw(ROOT_BYTES);
  }

  sized(): Uint8Array {
    return this.#raw(this.u32());
  }

  siblings(): Uint8Array[] {
    const count = this.u8();
    if (count > MAXIMUM_SIBLINGS) throw new Refused('not-canonical');
    return Array.from({ length: count }, () => this.root());
  }

  position(): Position {
    const length = this.u8();
    if (length > MAXIMUM_PATH) throw new Refused('not-canonical');
    const path = Array.from({ length }, () => this.u64());
    return { path, index: this.u64() };
  }

  #raw(length: number): Uint8Array {
    const at = this.#take(length);
    return this.#bytes.slice(at, at + length);
  }

  #take(length: number): number {
    if (length > this.#bytes.length - this.#at) throw new Refused('truncated');
    const at = this.#at;
    this.#at += length;
    return at;
  }
}
