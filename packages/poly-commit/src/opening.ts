/**
 * Commitments to batches of polynomials of different degree bounds, opened at points outside of their domains.
 *
 * A batch's matrices are extended to the cosets 7·H of their height times the blowup and hashed into one tree. An opening claims
 * the columns' values at points of the extension; combines all columns and quotients of one height into one function; and tests
 * these functions together, the smaller ones joining where folding arrives at their size.
 *
 * @module
 */
import {
  type ExtensionElement,
  type ExtensionField,
  GENERATOR,
  isCanonical,
  logOfPowerOfTwo,
  type Matrix,
} from '@commute/field';
import { CommitmentError } from './errors.ts';
import { type FriProof } from './fri.ts';
import { type LowDegreeRefusal } from './low-degree-test.ts';
import { type MatrixShape, type MerkleOpening, treeHeight } from './merkle.ts';
import { type OpeningParameters } from './parameters.ts';
import { type ClaimedMatrix } from './quotients.ts';
import { type Transcript } from './transcript.ts';

/** What the verifier has of a batch. The root binds the contents, who verifies has to know the shapes. */
export interface BatchCommitment {
  readonly root: Uint8Array;
  /** Per matrix its degree bound, which is its rows before extension, and its columns. */
  readonly shapes: readonly MatrixShape[];
}

/** What the prover keeps of a batch. */
export interface CommittedBatch {
  readonly commitment: BatchCommitment;
  /**
   * The values of a matrix on one of the cosets that its domain consists of, 7·w^index times the subgroup of its rows, w the root of unity of the
   * order of blowup times these, natural order. Do not change it. It may be a copy, which belongs to the open scope.
   */
  readonly coset: (matrix: number, index: number) => Matrix;
  /** out = the coefficients of Σ factors[c]·(column c) of a matrix in bit-reversed order: its rows × the extension's degree. */
  readonly combineInto: (out: Matrix, matrix: number, factors: readonly ExtensionElement[]) => void;
  /**
   * Evaluates the columns of a matrix at a point.
   *
   * @param powers - those of the point in bit-reversed order, as many as the matrix has rows, where they are known.
   */
  readonly evaluate: (matrix: number, point: ExtensionElement, powers?: Matrix) => ExtensionElement[];
  /** Opens rows of the extended matrices; see `MerkleTree.open`. */
  readonly openRows: (indices: readonly number[]) => MerkleOpening;
  /** Gives everything back. */
  readonly release: () => void;
}

/** A batch and, per matrix, the points that all of its columns are opened at, none, one or more. */
export interface ProverRound {
  readonly batch: CommittedBatch;
  readonly points: readonly (readonly ExtensionElement[])[];
}

/** The same for the verifier. */
export interface VerifierRound {
  readonly commitment: BatchCommitment;
  readonly points: readonly (readonly ExtensionElement[])[];
}

/** Claimed values: `[round][matrix][point][column]`. */
export type Evaluations = readonly (readonly (readonly (readonly ExtensionElement[])[])[])[];

/** Everything that is sent for an opening. */
export interface OpeningProof {
  readonly evaluations: Evaluations;
  readonly batchingNonce: number;
  /** Per round the opened rows. */
  readonly batches: readonly MerkleOpening[];
  readonly lowDegree: FriProof;
}

/** Why an opening is refused. */
export type OpeningRefusal =
  /** More rows, columns or points than the parameters prove security for, or nothing at all. */
  | 'beyond-parameters'
  /** A point lies on the domain of a matrix that is opened there. */
  | 'point-on-domain'
  | LowDegreeRefusal;

/** The verdict; on success the claimed values, which then are those of the committed polynomials. */
export type OpeningVerdict =
  { readonly ok: true; readonly evaluations: Evaluations } | { readonly ok: false; readonly reason: OpeningRefusal };

/**
 * How many functions an opening combines: per column one for itself and one for each point.
 *
 * @example
 * ```ts
 * import { functionCount } from '@commute/poly-commit';
 * if (functionCount([{ columns: 60, points: 2 }, { columns: 12, points: 1 }]) !== 204) throw new Error('unreachable');
 * ```
 */
export function functionCount(matrices: readonly { readonly columns: number; readonly points: number }[]): number {
  return matrices.reduce((sum, { columns, points }) => sum + columns * (points + 1), 0);
}

/** The shapes of a batch's matrices and how many points each is opened at. */
export interface OpeningLayout {
  readonly shapes: readonly MatrixShape[];
  readonly points: readonly number[];
}

/** Whether the parameters prove security for an opening of these shapes. */
export function isWithinParameters(parameters: OpeningParameters, rounds: readonly OpeningLayout[]): boolean {
  const { maximumLogRows, maximumFunctions, maximumPoints } = parameters;
  let functions = 0;
  for (const { shapes, points } of rounds) {
    if (shapes.length === 0 || points.length !== shapes.length) return false;
    for (const [k, { rows, columns }] of shapes.entries()) {
      if (!(Number.isInteger(Math.log2(rows)) && rows >= 1 && rows <= 2 ** maximumLogRows)) return false;
      if (!Number.isInteger(columns) || columns < 1 || points[k]! > maximumPoints) return false;
      functions += functionCount([{ columns, points: points[k]! }]);
    }
  }
  return functions > 0 && functions <= maximumFunctions;
}

/** Refuses what the parameters say nothing about, and points where a quotient has no value. */
export function checkRounds(
  parameters: OpeningParameters,
  rounds: readonly VerifierRound[],
): 'beyond-parameters' | 'point-on-domain' | undefined {
  const { field, logBlowup } = parameters;
  const layout = rounds.map(({ commitment: { shapes }, points }) => ({
    shapes,
    points: points.map(({ length }) => length),
  }));
  if (!isWithinParameters(parameters, layout)) return 'beyond-parameters';
  for (const { commitment, points } of rounds) {
    for (const [k, at] of points.entries()) {
      const size = commitment.shapes[k]!.rows * 2 ** logBlowup;
      for (const point of at) {
        if (point.length !== field.degree || !point.every(isCanonical)) return 'beyond-parameters';
        if (isOnDomain(field, point, size)) return 'point-on-domain';
      }
    }
  }
  return undefined;
}

function isOnDomain(field: ExtensionField, point: ExtensionElement, size: number): boolean {
  const exponent = BigInt(size);
  return field.equals(field.power(point, exponent), field.power(field.fromBase(GENERATOR), exponent));
}

/** The matrices of all rounds with what is claimed of them. */
export function claimedMatrices(rounds: readonly VerifierRound[], evaluations: Evaluations): ClaimedMatrix[] {
  return rounds.flatMap(({ commitment, points }, round) =>
    commitment.shapes.map(({ rows, columns }, index) => ({
      round,
      index,
      rows,
      columns,
      points: points[index]!,
      evaluations: evaluations[round]![index]!,
    })),
  );
}

/** log2 of the different heights of all matrices, falling. */
export function logHeights(shapes: readonly MatrixShape[]): number[] {
  const heights = shapes.map(({ rows }) => logOfPowerOfTwo(rows));
  return [...new Set(heights)].sort((a, b) => b - a);
}

/** Tells a transcript everything up to the batching challenge. */
export function absorbClaims(
  transcript: Transcript,
  parameters: OpeningParameters,
  rounds: readonly VerifierRound[],
  evaluations: Evaluations,
): void {
  transcript.absorb('opening/parameters', new TextEncoder().encode(parameters.description));
  transcript.absorbElements('opening/rounds', [BigInt(rounds.length)]);
  rounds.forEach(({ commitment, points }, round) => {
    transcript.absorb('opening/root', commitment.root);
    const shapes = commitment.shapes.flatMap(({ rows, columns }, k) => [rows, columns, points[k]!.length]);
    transcript.absorbElements('opening/shapes', shapes.map(BigInt));
    transcript.absorbElements('opening/points', points.flat(2));
    transcript.absorbElements('opening/evaluations', evaluations[round]!.flat(3));
  });
}

/** Throws for what a prover must not be asked to open. */
export function assertRounds(parameters: OpeningParameters, rounds: readonly VerifierRound[]): void {
  if (rounds.length === 0) throw new CommitmentError('COMMIT_SHAPE', 'rounds', 'at least one', 'none');
  for (const { commitment, points } of rounds) {
    treeHeight(commitment.shapes);
    if (points.length !== commitment.shapes.length) {
      const expected = `points for ${String(commitment.shapes.length)} matrices`;
      throw new CommitmentError('COMMIT_SHAPE', 'points', expected, `for ${String(points.length)}`);
    }
  }
  const refusal = checkRounds(parameters, rounds);
  if (refusal === 'point-on-domain') {
    throw new CommitmentError('COMMIT_RANGE', 'point', 'one outside of the domain', 'one on it');
  }
  if (refusal !== undefined) {
    throw new CommitmentError(
      'COMMIT_SECURITY',
      'rounds',
      `an opening within "${parameters.description}"`,
      'a larger one',
    );
  }
}
