/**
 * FRI proofs as bytes, version 1.
 *
 * All numbers are little-endian. `CFRI`, version (2 bytes); per round the root (32 bytes) and the nonce (4 bytes); the final
 * polynomial, its coefficients' words (8 bytes each); the nonce of the queries (4 bytes); per round the number of opened rows (4 bytes),
 * their words, the number of digests (4 bytes), the digests. Everything else follows from the parameters, which are not in the bytes.
 *
 * @module
 */
import { type ExtensionElement, isCanonical } from '@commute/field';
import { type FriParameters, type FriProof } from './fri.ts';
import { DIGEST_BYTES } from './hash.ts';
import { type MerkleOpening } from './merkle.ts';

const MAGIC = [0x43, 0x46, 0x52, 0x49] as const;
const VERSION = 1;

/** Why bytes are not a proof. */
export type DecodeRefusal =
  /** The bytes end before the proof does. */
  | 'truncated'
  /** Bytes follow after the proof. */
  | 'trailing-bytes'
  /** Not a FRI proof, or one of another version. */
  | 'unknown-format'
  /** A field element is not below p. */
  | 'not-canonical'
  /** A count exceeds what the parameters allow. */
  | 'count-out-of-range';

/** The proof, or why there is none. */
export type DecodeVerdict =
  { readonly ok: true; readonly proof: FriProof } | { readonly ok: false; readonly reason: DecodeRefusal };

/** Bytes of a proof. */
export function encodeFriProof(proof: FriProof): Uint8Array<ArrayBuffer> {
  const bytes: number[] = [...MAGIC, VERSION & 0xff, VERSION >> 8];
  const word = (value: number): void => {
    bytes.push(value & 0xff, (value >>> 8) & 0xff, (value >>> 16) & 0xff, value >>> 24);
  };
  const element = (value: bigint): void => {
    word(Number(value & 0xffffffffn));
    word(Number(value >> 32n));
  };
  proof.roots.forEach((root, round) => {
    for (const byte of root) bytes.push(byte);
    word(proof.foldingNonces[round]!);
  });
  for (const value of proof.finalPolynomial.flat()) element(value);
  word(proof.queryNonce);
  for (const { rows, siblings } of proof.openings) {
    word(rows[0]!.length);
    for (const value of rows[0]!.flat()) element(value);
    word(siblings.length);
    for (const digest of siblings) for (const byte of digest) bytes.push(byte);
  }
  return Uint8Array.from(bytes);
}

/** Thrown and caught in this file alone. */
class Refusal extends Error {
  readonly reason: DecodeRefusal;

  constructor(reason: DecodeRefusal) {
    super(reason);
    this.reason = reason;
  }
}

/** Reads forward; refuses to read past the end before it allocates. */
class Reader {
  readonly #view: DataView;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  }

  get left(): number {
    return this.#view.byteLength - this.#at;
  }

  #take(count: number): number {
    if (count > this.left) throw new Refusal('truncated');
    const at = this.#at;
    this.#at += count;
    return at;
  }

  byte(): number {
    return this.#view.getUint8(this.#take(1));
  }

  word(): number {
    return this.#view.getUint32(this.#take(4), true);
  }

  /** A number of items of `bytes` bytes each. */
  count(most: number, bytes: number): number {
    const count = this.word();
    if (count > most) throw new Refusal('count-out-of-range');
    if (count * bytes > this.left) throw new Refusal('truncated');
    return count;
  }

  elements(count: number): bigint[] {
    if (8 * count > this.left) throw new Refusal('truncated');
    return Array.from({ length: count }, () => {
      const value = this.#view.getBigUint64(this.#take(8), true);
      if (!isCanonical(value)) throw new Refusal('not-canonical');
      return value;
    });
  }

  digest(): Uint8Array {
    const at = this.#take(DIGEST_BYTES);
    return new Uint8Array(this.#view.buffer, this.#view.byteOffset + at, DIGEST_BYTES).slice();
  }
}

/**
 * Reads a proof from anybody. Takes time and memory linear in the bytes; a proof that it gives can be verified, which says nothing
 * about whether it is right.
 *
 * @example
 * ```ts
 * import { createExtensionField } from '@commute/field';
 * import { decodeFriProof } from '@commute/poly-commit';
 * const field = createExtensionField();
 * const parameters = { field, logSize: 4, shift: 7n, logBlowup: 2, foldingFactors: [2], queries: 3 };
 * const verdict = decodeFriProof(parameters, Uint8Array.of(1, 2, 3));
 * if (verdict.ok || verdict.reason !== 'unknown-format') throw new Error('unreachable');
 * ```
 */
export function decodeFriProof(parameters: FriParameters, bytes: Uint8Array): DecodeVerdict {
  try {
    return { ok: true, proof: readProof(parameters, new Reader(bytes)) };
  } catch (error) {
    if (error instanceof Refusal) return { ok: false, reason: error.reason };
    throw error;
  }
}

function readProof({ field, logSize, logBlowup, foldingFactors, queries }: FriParameters, reader: Reader): FriProof {
  for (const byte of [...MAGIC, VERSION & 0xff, VERSION >> 8]) {
    if (reader.left === 0 || reader.byte() !== byte) throw new Refusal('unknown-format');
  }
  const roots: Uint8Array[] = [];
  const foldingNonces: number[] = [];
  let size = 2 ** logSize;
  for (const factor of foldingFactors) {
    roots.push(reader.digest());
    foldingNonces.push(reader.word());
    size /= factor;
  }
  const words = reader.elements((size / 2 ** logBlowup) * field.degree);
  const finalPolynomial: ExtensionElement[] = [];
  for (let at = 0; at < words.length; at += field.degree) finalPolynomial.push(words.slice(at, at + field.degree));
  const queryNonce = reader.word();
  const openings = foldingFactors.map((factor): MerkleOpening => {
    const columns = field.degree * factor;
    const rows = Array.from({ length: reader.count(queries, 8 * columns) }, () => reader.elements(columns));
    const siblings = Array.from({ length: reader.count(queries * logSize, DIGEST_BYTES) }, () => reader.digest());
    return { rows: [rows], siblings };
  });
  if (reader.left > 0) throw new Refusal('trailing-bytes');
  return { roots, foldingNonces, finalPolynomial, queryNonce, openings };
}
