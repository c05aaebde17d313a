/**
 * What a low-degree test proves, whatever its protocol.
 *
 * @module
 */
import { type ExtensionElement, type FieldEngine, type Matrix } from '@commute/field';
import { type HashFunction } from './hash.ts';
import { type MerkleRefusal, type MerkleScheme } from './merkle.ts';
import { type Transcript } from './transcript.ts';

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

/**
 * Computes what the tested functions should be, the largest first: for each a map from the indices i mod its size, for all drawn
 * indices i, to the value there; or gives the reason why what they are computed from is refused.
 */
export type FunctionValues = (
  indices: readonly number[],
) =>
  | { readonly ok: true; readonly values: readonly ReadonlyMap<number, ExtensionElement>[] }
  | { readonly ok: false; readonly reason: MerkleRefusal };

/** A protocol that proves functions on cosets of different sizes to be close to polynomials of degree below size / blowup. */
export interface LowDegreeTest<Parameters, Proof> {
  readonly name: string;
  /** `functions` are those that the parameters speak of, the largest first; the transcript has heard what determines them.
   * Gives the indices that the verifier will ask for too. */
  readonly prove: (
    engine: FieldEngine,
    scheme: MerkleScheme,
    transcript: Transcript,
    parameters: Parameters,
    functions: readonly [Matrix, ...Matrix[]],
  ) => { readonly proof: Proof; readonly indices: readonly number[] };
  /** Never throws because of the proof. */
  readonly verify: (
    hash: HashFunction,
    transcript: Transcript,
    parameters: Parameters,
    proof: Proof,
    functions: FunctionValues,
  ) => LowDegreeVerdict;
}
