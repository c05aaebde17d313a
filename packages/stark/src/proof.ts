/**
 * Proofs, and their bytes.
 *
 * `CSTK`, version (2 bytes, little-endian): 1, or 3 where the proof is of several instances; then how many (2 bytes); log2 of the rows of each table
 * (1 byte each); the roots of main, auxiliary (where there are such columns) and quotient columns (32 bytes each); for each instance for each table with
 * messages that must cancel its terminal (three words of 8 bytes, little-endian), and for each table its exposed values (three words each); then the opening
 * as @commute/poly-commit writes it.
 *
 * @module
 */
import { type ExtensionElement, isCanonical } from '@commute/field';
import {
  type DecodeRefusal,
  decodeOpeningProof,
  DIGEST_BYTES,
  encodeOpeningProof,
  type OpeningLayout,
  type OpeningProof,
  type ScannedOpening,
  scanOpening,
} from '@commute/poly-commit';
import { type Claimed } from './statement.ts';
import { isHeight, planRounds, type StarkSystem, tablesWith } from './system.ts';

/** Everything a prover sends. */
export interface StarkProof extends Claimed {
  /** log2 of the rows of each table. */
  readonly logRows: readonly number[];
  /** Of main, auxiliary (where there are such columns) and quotient columns. */
  readonly roots: readonly Uint8Array[];
  readonly opening: OpeningProof;
}

/** Everything a prover of several instances sends. */
export interface JointProof extends Pick<StarkProof, 'logRows' | 'roots' | 'opening'> {
  /** How many instances. */
  readonly instances: number;
  /** Per instance. */
  readonly claimed: readonly Claimed[];
}

/** The proof, or why there is none. */
export type StarkDecodeVerdict =
  { readonly ok: true; readonly proof: StarkProof } | { readonly ok: false; readonly reason: DecodeRefusal };

/** The joint proof, or why there is none. */
export type JointDecodeVerdict =
  { readonly ok: true; readonly proof: JointProof } | { readonly ok: false; readonly reason: DecodeRefusal };

/** A proof whose opening is still in its bytes, which must not change, as far as the host can verify it there. */
export type ScannedProof = Omit<StarkProof, 'opening'> & { readonly opening: ScannedOpening | OpeningProof };

/** The same of a joint proof. */
export type ScannedJointProof = Omit<JointProof, 'opening'> & { readonly opening: ScannedOpening | OpeningProof };

/** The proof, or why there is none. */
export type StarkScanVerdict =
  { readonly ok: true; readonly proof: ScannedProof } | { readonly ok: false; readonly reason: DecodeRefusal };

/** The joint proof, or why there is none. */
export type JointScanVerdict =
  { readonly ok: true; readonly proof: ScannedJointProof } | { readonly ok: false; readonly reason: DecodeRefusal };

const MAGIC = [0x43, 0x53, 0x54, 0x4b] as const;
/** Behind the version. */
const START = MAGIC.length + 2;

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
  const { logRows, roots, terminals, exposed, opening } = proof;
  return encodeJointProof(system, { instances: 1, logRows, roots, claimed: [{ terminals, exposed }], opening });
}

/** The bytes of a joint proof. */
export function encodeJointProof(system: StarkSystem, proof: JointProof): Uint8Array<ArrayBuffer> {
  const { instances, logRows, roots, claimed } = proof;
  const opening = encodeOpeningProof(system.parameters, proof.opening);
  const words = claimed.flatMap(({ terminals, exposed }) => [...terminals.flat(), ...exposed.flat(2)]);
  const count = instances === 1 ? [] : [instances & 255, instances >> 8];
  const head = [...MAGIC, instances === 1 ? 1 : 3, 0, ...count, ...logRows];
  const afterRoots = head.length + DIGEST_BYTES * roots.length;
  const bytes = new Uint8Array(afterRoots + 8 * words.length + opening.length);
  bytes.set(head);
  roots.forEach((root, index) => {
    bytes.set(root, head.length + DIGEST_BYTES * index);
  });
  const view = new DataView(bytes.buffer);
  words.forEach((word, index) => {
    view.setBigUint64(afterRoots + 8 * index, word, true);
  });
  bytes.set(opening, afterRoots + 8 * words.length);
  return bytes;
}

/** Reads a proof of one instance from anybody; never throws because of the bytes, and takes time and memory linear in them. */
export function decodeProof(system: StarkSystem, bytes: Uint8Array): StarkDecodeVerdict {
  return oneOf(bytes, () => decodeJointProof(system, bytes));
}

/** Reads a joint proof from anybody; never throws because of the bytes, and takes time and memory linear in them. */
export function decodeJointProof(system: StarkSystem, bytes: Uint8Array): JointDecodeVerdict {
  return readProof(system, bytes, decodeOpeningProof);
}

/** {@link decodeProof}, with the same refusals, for a proof that is to be verified and nothing else: much quicker. */
export function scanProof(system: StarkSystem, bytes: Uint8Array): StarkScanVerdict {
  return oneOf(bytes, () => scanJointProof(system, bytes));
}

/** {@link decodeJointProof}, with the same refusals, for a proof that is to be verified and nothing else: much quicker. */
export function scanJointProof(system: StarkSystem, bytes: Uint8Array): JointScanVerdict {
  return readProof(system, bytes, scanOpening);
}

type ReadVerdict<O> =
  | { readonly ok: true; readonly proof: Omit<JointProof, 'opening'> & { readonly opening: O } }
  | { readonly ok: false; readonly reason: DecodeRefusal };

/** The only instance of a proof of one. */
function oneOf<O>(
  bytes: Uint8Array,
  read: () => ReadVerdict<O>,
):
  | { readonly ok: true; readonly proof: Omit<StarkProof, 'opening'> & { readonly opening: O } }
  | { readonly ok: false; readonly reason: DecodeRefusal } {
  if (bytes[MAGIC.length] !== 1) return { ok: false, reason: 'unknown-format' };
  const verdict = read();
  if (!verdict.ok) return verdict;
  const { logRows, roots, claimed, opening } = verdict.proof;
  return { ok: true, proof: { logRows, roots, ...claimed[0]!, opening } };
}

type ReadOpening<O> = (
  parameters: StarkSystem['parameters'],
  layout: readonly OpeningLayout[],
  bytes: Uint8Array,
) => { readonly ok: true; readonly proof: O } | { readonly ok: false; readonly reason: DecodeRefusal };

function readProof<O>(system: StarkSystem, bytes: Uint8Array, readOpening: ReadOpening<O>): ReadVerdict<O> {
  const refuse = (reason: DecodeRefusal): ReadVerdict<O> => ({ ok: false, reason });
  for (const [at, byte] of MAGIC.entries()) if (bytes[at] !== byte) return refuse('unknown-format');
  const [low, high] = bytes.subarray(MAGIC.length, START);
  if ((low !== 1 && low !== 3) || high !== 0) return refuse('unknown-format');
  const [least, most] = bytes.subarray(START, START + 2);
  if (low === 3 && most === undefined) return refuse('truncated');
  const instances = low === 1 ? 1 : least! + 256 * most!;
  if (low === 3 && !(instances >= 2 && instances <= 2 ** system.parameters.maximumLogInstances)) {
    return refuse('count-out-of-range');
  }
  const beforeRows = low === 1 ? START : START + 2;
  const [roots, terminals] = [rootCount(system), terminalCount(system)];
  const exposures = system.arithmetizations.map(({ exposed }) => exposed.length);
  const elements = instances * exposures.reduce((sum, each) => sum + each, terminals);
  const afterRows = beforeRows + system.tables.length;
  const afterRoots = afterRows + DIGEST_BYTES * roots;
  const afterElements = afterRoots + 24 * elements;
  if (bytes.length < afterElements) return refuse('truncated');
  const logRows = Array.from(bytes.subarray(beforeRows, afterRows));
  if (!logRows.every((log) => isHeight(system, log))) return refuse('count-out-of-range');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const words = Array.from({ length: 3 * elements }, (_, index) => view.getBigUint64(afterRoots + 8 * index, true));
  if (!words.every(isCanonical)) return refuse('not-canonical');
  const layout = planRounds(system, logRows, instances).map((round) => round.layout);
  const opening = readOpening(system.parameters, layout, bytes.subarray(afterElements));
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
      instances,
      logRows,
      roots: Array.from({ length: roots }, (_, index) =>
        bytes.slice(afterRows + DIGEST_BYTES * index, afterRows + DIGEST_BYTES * (index + 1)),
      ),
      claimed: Array.from({ length: instances }, () => ({
        terminals: take(terminals),
        exposed: exposures.map(take),
      })),
      opening: opening.proof,
    },
  };
}
