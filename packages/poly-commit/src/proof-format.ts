/**
 * FRI proofs as bytes, version 1.
 *
 * All numbers are little-endian. `CFRI`, version (2 bytes); per round the root (32 bytes) and the nonce (4 bytes); the final
 * polynomial, its coefficients' words (8 bytes each); the nonce of the queries (4 bytes); per round the number of opened rows (4 bytes),
 * their words, the number of digests (4 bytes), the digests. Everything else follows from the parameters, which are not in the bytes.
 *
 * @module
 */
import { type ExtensionElement } from '@commute/field';
import { type DecodeRefusal, decodeWith, type Reader, Writer } from './bytes.ts';
import { type FriParameters, type FriProof } from './fri.ts';
import { DIGEST_BYTES } from './hash.ts';
import { type MerkleOpening } from './merkle.ts';

const MAGIC = [0x43, 0x46, 0x52, 0x49] as const;
const VERSION = 1;

/** The proof, or why there is none. */
export type DecodeVerdict =
  { readonly ok: true; readonly proof: FriProof } | { readonly ok: false; readonly reason: DecodeRefusal };

/** Bytes of a proof. */
export function encodeFriProof(proof: FriProof): Uint8Array<ArrayBuffer> {
  const writer = new Writer();
  writer.bytes(MAGIC);
  writer.half(VERSION);
  writeFriProof(writer, proof);
  return writer.finish();
}

/** Everything after the version. */
export function writeFriProof(writer: Writer, proof: FriProof): void {
  proof.roots.forEach((root, round) => {
    writer.bytes(root);
    writer.word(proof.foldingNonces[round]!);
  });
  writer.elements(proof.finalPolynomial.flat());
  writer.word(proof.queryNonce);
  for (const { rows, siblings } of proof.openings) {
    writer.word(rows[0]!.length);
    writer.elements(rows[0]!.flat());
    writer.word(siblings.length);
    for (const digest of siblings) writer.bytes(digest);
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
  return decodeWith(bytes, (reader) => {
    reader.expect([...MAGIC, VERSION & 0xff, VERSION >> 8], 'unknown-format');
    return readFriProof(parameters, reader);
  });
}

/** Everything after the version. */
export function readFriProof(
  { field, logSize, logBlowup, foldingFactors, queries }: FriParameters,
  reader: Reader,
): FriProof {
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
  return { roots, foldingNonces, finalPolynomial, queryNonce, openings };
}
