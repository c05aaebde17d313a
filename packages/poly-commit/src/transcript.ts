/**
 * The transcript of a non-interactive proof: what was said so far determines every challenge (Fiat and Shamir).
 *
 * The state is 32 bytes. Each message replaces it by the digest of state ‖ kind ‖ label ‖ data, all of them with their
 * lengths, so that no two different sequences of messages give the same input. A challenge is a message too: its digest is
 * expanded by BLAKE3's output stream. Elements are drawn by rejection, so they are uniform in the field.
 *
 * @module
 */
import { type ExtensionElement, type ExtensionField, isCanonical } from '@commute/field';
import { CommitmentError } from './errors.ts';
import { BLAKE3, blake3Stream } from './hash.ts';

const KINDS = { start: 0, bytes: 1, elements: 2, challenge: 3, nonce: 4 } as const;
const encoder = /* @__PURE__ */ new TextEncoder();

/** Most bits of proof of work that one nonce of 32 bits is expected to reach safely. */
export const MOST_GRINDING_BITS = 28 as const;

/**
 * One side's view of a proof's messages. Prover and verifier call the same methods in the same order.
 *
 * @example
 * ```ts
 * import { Transcript } from '@commute/poly-commit';
 * const [prover, verifier] = [new Transcript('example'), new Transcript('example')];
 * for (const side of [prover, verifier]) side.absorb('root', Uint8Array.of(1, 2, 3));
 * if (prover.element('alpha') !== verifier.element('alpha')) throw new Error('unreachable');
 * ```
 */
export class Transcript {
  #state: Uint8Array;

  /** @param protocol - names the protocol and its version; transcripts of different protocols share no challenge. */
  constructor(protocol: string) {
    this.#state = new Uint8Array(32);
    this.#update(KINDS.start, protocol, new Uint8Array());
  }

  #update(kind: number, label: string, data: Uint8Array): void {
    const name = encoder.encode(label);
    const message = new Uint8Array(32 + 1 + 8 + name.length + 8 + data.length);
    const view = new DataView(message.buffer);
    message.set(this.#state);
    message[32] = kind;
    view.setBigUint64(33, BigInt(name.length), true);
    message.set(name, 41);
    view.setBigUint64(41 + name.length, BigInt(data.length), true);
    message.set(data, 49 + name.length);
    this.#state = BLAKE3.digest(message);
  }

  /** An independent transcript that has heard the same. */
  fork(): Transcript {
    const copy = new Transcript('');
    copy.#state = this.#state.slice();
    return copy;
  }

  /** The state; equal states give equal challenges for ever. */
  get state(): Uint8Array {
    return this.#state.slice();
  }

  /** Hears bytes: a root, a public input, parameters. */
  absorb(label: string, data: Uint8Array): void {
    this.#update(KINDS.bytes, label, data);
  }

  /**
   * Hears field elements.
   *
   * @throws {@link CommitmentError} `COMMIT_RANGE` for one that is not canonical.
   */
  absorbElements(label: string, elements: readonly bigint[]): void {
    const data = new DataView(new ArrayBuffer(8 * elements.length));
    elements.forEach((element, index) => {
      if (!isCanonical(element))
        throw new CommitmentError('COMMIT_RANGE', label, 'canonical elements', String(element));
      data.setBigUint64(8 * index, element, true);
    });
    this.#update(KINDS.elements, label, new Uint8Array(data.buffer));
  }

  /** Hears the words of field elements as {@link absorbElements} hears the elements; that they are canonical was checked before. */
  absorbWords(label: string, words: Uint8Array): void {
    this.#update(KINDS.elements, label, words);
  }

  /** Uniform bytes. */
  bytes(label: string, count: number): Uint8Array {
    const size = new DataView(new ArrayBuffer(8));
    size.setBigUint64(0, BigInt(count), true);
    this.#update(KINDS.challenge, label, new Uint8Array(size.buffer));
    return blake3Stream(this.#state, Math.max(1, count)).slice(0, count);
  }

  /** Uniform elements of the base field. */
  elements(label: string, count: number): bigint[] {
    const result: bigint[] = [];
    // A word is refused once in 2^32 times, so one round almost always is enough.
    for (let round = 0; result.length < count; round++) {
      const words = this.bytes(`${label}/${String(round)}`, 8 * (count - result.length));
      const view = new DataView(words.buffer, words.byteOffset);
      for (let at = 0; at < words.length; at += 8) {
        const word = view.getBigUint64(at, true);
        if (isCanonical(word)) result.push(word);
      }
    }
    return result;
  }

  /** A uniform element of the base field. */
  element(label: string): bigint {
    return this.elements(label, 1)[0]!;
  }

  /** A uniform element of an extension. */
  extensionElement(label: string, field: ExtensionField): ExtensionElement {
    return this.elements(label, field.degree);
  }

  /** `count` uniform indices below 2^bits, independent, so possibly repeated; bits ≤ 32. */
  indices(label: string, count: number, bits: number): number[] {
    if (!Number.isInteger(bits) || bits < 0 || bits > 32) {
      throw new CommitmentError('COMMIT_RANGE', 'bits', 'an integer in [0, 32]', String(bits));
    }
    const words = this.bytes(label, 4 * count);
    const view = new DataView(words.buffer, words.byteOffset);
    return Array.from({ length: count }, (_, k) => view.getUint32(4 * k, true) % 2 ** bits);
  }

  /**
   * Checks a proof of work and hears its nonce: of the digest of state ‖ nonce, read as a little-endian number, bits 63 down to
   * 64 - `bits` must be zero.
   *
   * @param nonce - an integer in [0, 2^32); anything else is refused.
   */
  checkWork(bits: number, nonce: number): boolean {
    assertWork(bits);
    if (!Number.isInteger(nonce) || nonce < 0 || nonce > 0xffffffff) return false;
    const accepted = hasWork(this.#state, bits, nonce);
    const data = new DataView(new ArrayBuffer(8));
    data.setUint32(0, nonce, true);
    this.#update(KINDS.nonce, String(bits), new Uint8Array(data.buffer));
    return accepted;
  }
}

/** Throws `COMMIT_RANGE` unless proof of work of `bits` bits is supported. */
export function assertWork(bits: number): void {
  if (!Number.isInteger(bits) || bits < 0 || bits > MOST_GRINDING_BITS) {
    throw new CommitmentError('COMMIT_RANGE', 'bits', `an integer in [0, ${String(MOST_GRINDING_BITS)}]`, String(bits));
  }
}

/** Whether the nonce satisfies the proof of work for a state. */
export function hasWork(state: Uint8Array, bits: number, nonce: number): boolean {
  const message = new Uint8Array(40);
  message.set(state);
  new DataView(message.buffer).setUint32(32, nonce, true);
  const digest = BLAKE3.digest(message);
  const word = new DataView(digest.buffer, digest.byteOffset).getUint32(4, true);
  return word < 2 ** (32 - bits);
}
