/**
 * Proofs, and their bytes, version 1.
 *
 * `CSTK`, version (2 bytes, little-endian); log2 of the rows of each table (1 byte each); the roots of main, auxiliary (where there are such
 * columns) and quotient columns (32 bytes each); for each table with messages that must cancel its terminal (three words of 8 bytes,
 * little-endian); for each table its exposed values (three words each); then the opening as @commute/poly-commit writes it.
 *
 * @module
 */
import { type ExtensionElement, isCanonical } from '@commute/field';
import {
  type DecodeRefusal,
  decodeOpeningProof,
  DIGEST_BYTES,
  encodeOpeningProof,
  type OpeningProof,
} from '@commute/poly-commit';
import { isHeight, planRounds, type StarkSystem, tablesWith } from './system.ts';

/** Everything a prover sends. */
export interface StarkProof {
  /** log2 of the rows of each table. */
  readonly logRows: readonly number[];
  /** Of main, auxiliary (where there are such columns) and quotient columns. */
  readonly roots: readonly Uint8Array[];
  /** For each table with messages that must cancel the sum of its fractions. */
  readonly terminals: readonly ExtensionElement[];
  /** For each table its exposed values. */
  readonly exposed: readonly (readonly ExtensionElement[])[];
  readonly opening: OpeningProof;
}

/** The proof, or why there is none. */
export type StarkDecodeVerdict =
  { readonly ok: true; readonly proof: StarkProof } | { readonly ok: false; readonly reason: DecodeRefusal };

const MAGIC = [0x43, 0x53, 0x54, 0x4b, 1, 0] as const;

/** How many roots a proof of a system has. */
export function rootCount(system: StarkSystem): number {
  return tablesWith(system, 'auxiliary').length > 0 ? 3 : 2;
}

/** How many terminals a proof of a system has. */
export function terminalCount(system: StarkSystem): number {
  return system.arithmetizations.filter(({ hasTerminal }) => hasTerminal).length;
}

/** The bytes of a proof. */
export function encodeProof(system: StarkSystem, proof: StarkProof): Uint8Array<ArrayBuffer> {
  const opening = encodeOpeningProof(system.parameters, proof.opening);
  const words = [...proof.terminals.flat(), ...proof.exposed.flat(2)];
  const head = MAGIC.length + proof.logRows.length + DIGEST_BYTES * proof.roots.length;
  const bytes = new Uint8Array(head + 8 * words.length + opening.length);
  bytes.set(MAGIC);
  bytes.set(proof.logRows, MAGIC.length);
  proof.roots.forEach((root, index) => {
    bytes.set(root, MAGIC.length + proof.logRows.length + DIGEST_BYTES * index);
  });
  const view = new DataView(bytes.buffer);
  words.forEach((word, index) => {
    view.setBigUint64(head + 8 * index, word, true);
  });
  bytes.set(opening, head + 8 * words.length);
  return bytes;
}

/** Reads a proof from anybody; never throws because of the bytes, and takes time and memory linear in them. */
export function decodeProof(system: StarkSystem, bytes: Uint8Array): StarkDecodeVerdict {
  const refuse = (reason: DecodeRefusal): StarkDecodeVerdict => ({ ok: false, reason });
  for (const [at, byte] of MAGIC.entries()) if (bytes[at] !== byte) return refuse('unknown-format');
  const [roots, terminals] = [rootCount(system), terminalCount(system)];
  const exposures = system.arithmetizations.map(({ exposed }) => exposed.length);
  const elements = exposures.reduce((sum, each) => sum + each, terminals);
  const afterRows = MAGIC.length + system.tables.length;
  const afterRoots = afterRows + DIGEST_BYTES * roots;
  const afterElements = afterRoots + 24 * elements;
  if (bytes.length < afterElements) return refuse('truncated');
  const logRows = Array.from(bytes.subarray(MAGIC.length, afterRows));
  if (!logRows.every((log) => isHeight(system, log))) return refuse('count-out-of-range');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const words = Array.from({ length: 3 * elements }, (_, index) => view.getBigUint64(afterRoots + 8 * index, true));
  if (!words.every(isCanonical)) return refuse('not-canonical');
  const layout = planRounds(system, logRows).map((round) => round.layout);
  const opening = decodeOpeningProof(system.parameters, layout, bytes.subarray(afterElements));
  if (!opening.ok) return opening;
  let next = 0;
  const take = (count: number): ExtensionElement[] =>
    Array.from({ length: count }, () => {
      next += 3;
      return words.slice(next - 3, next);
    });
  return {
    ok: true,
    proof: {
      logRows,
      roots: Array.from({ length: roots }, (_, index) =>
        bytes.slice(afterRows + DIGEST_BYTES * index, afterRows + DIGEST_BYTES * (index + 1)),
      ),
      terminals: take(terminals),
      exposed: exposures.map(take),
      opening: opening.proof,
    },
  };
}
