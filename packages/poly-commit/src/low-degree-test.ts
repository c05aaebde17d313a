/**
 * What a low-degree test proves, whatever its protocol.
 *
 * @module
 */
import { type ExtensionElement } from '@commute/field';
import { type MerkleRefusal } from './merkle.ts';

/** Values of a function at the indices that a verifier has asked for. */
export interface TestedValues {
  /** Indices into the domain in natural order, as drawn: possibly repeated. */
  readonly indices: readonly number[];
  /** The function's value at each of them. */
  readonly values: readonly ExtensionElement[];
}

/** Why a low-degree test is not passed. */
export type LowDegreeRefusal =
  /** The proof has not the parts that the parameters ask for. */
  | 'wrong-shape'
  /** A nonce does not satisfy the proof of work. */
  | 'no-work'
  /** A folded value differs from the one that was committed to. */
  | 'wrong-fold'
  /** The last values are not those of the final polynomial. */
  | 'wrong-final'
  | MerkleRefusal;

/** The verdict; on success the values that the caller has to compare with what the function should be. */
export type LowDegreeVerdict =
  ({ readonly ok: true } & TestedValues) | { readonly ok: false; readonly reason: LowDegreeRefusal };
