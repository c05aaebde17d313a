/**
 * Commitments to batches of polynomials of different degree bounds, opened at points outside of their domains.
 *
 * A batch may be interleaved of s instances, s a power of two: its column is F(X) = Σ X^j·f_j(X^s), with f_j the column of instance j. It is committed to as
 * any other of s times the rows. What is opened at a point y are the values of all f_j there: F(X) modulo X^s - y is Σ f_j(y)·X^j.
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
  power,
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
  /** Per matrix its degree bound, which is its rows before extension, of all instances together, and its columns. */
  readonly shapes: readonly MatrixShape[];
  /** Of how many instances each matrix is interleaved, a power of two; 1 by default. */
  readonly instances?: number;
  /** How many of them, from the first, have contents; the others are zero. All by default. */
  readonly used?: number;
}

/** What the prover keeps of a batch. */
export interface CommittedBatch {
  readonly commitment: BatchCommitment;
  /**
   * The values of a matrix on one of the cosets that its domain consists of, 7·w^index times the subgroup of its rows, w the root of unity of the
   * order of blowup times these, natural order. Do not change it. It may be a copy, which belongs to the open scope. Of an interleaved batch of s instances the
   * matrix is that of one instance, its rows are the instance's, and the coset is 7^s·w^index times their subgroup: the points of the interleaved columns' coset to
   * the power of s.
   *
   * @param instance - 0 by default.
   */
  readonly coset: (matrix: number, index: number, instance?: number) => Matrix;
  /** The same on any coset, `shift` times the subgroup of the rows; a matrix in the open scope. */
  readonly evaluateOn: (matrix: number, shift: bigint, instance?: number) => Matrix;
  /** out = the coefficients of Σ factors[c]·(column c) of a matrix in bit-reversed order: its rows × the extension's degree. */
  readonly combineInto: (out: Matrix, matrix: number, factors: readonly ExtensionElement[]) => void;
  /**
   * Evaluates the columns of a matrix at a point: those of the first instance, then of the second, and so on, without those that are zero.
   *
   * @param powers - those of the point in bit-reversed order, as many as the matrix of an instance has rows, where they are known.
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

/** Claimed values: `[round][matrix][point][column]`; where there are several instances the columns of the first, then those of the second, and so on. */
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
  /** Of how many instances the matrices are interleaved; 1 by default. */
  readonly instances?: number;
  /** How many of them have contents; all by default. */
  readonly used?: number;
}

/** Whether the parameters prove security for an opening of these shapes. */
export function isWithinParameters(parameters: OpeningParameters, rounds: readonly OpeningLayout[]): boolean {
  const { maximumLogRows, maximumLogInstances, maximumFunctions, maximumPoints } = parameters;
  let functions = 0;
  for (const { shapes, points, instances = 1, used = instances } of rounds) {
    if (!Number.isInteger(used) || used < 1 || used > instances) return false;
    if (shapes.length === 0 || points.length !== shapes.length) return false;
    if (!isPowerUpTo(instances, maximumLogInstances)) return false;
    for (const [k, { rows, columns }] of shapes.entries()) {
      if (!isPowerUpTo(rows / instances, maximumLogRows)) return false;
      if (!Number.isInteger(columns) || columns < 1 || points[k]! > maximumPoints) return false;
      functions += functionCount([{ columns, points: points[k]! }]);
    }
  }
  return functions > 0 && functions <= maximumFunctions;
}

function isPowerUpTo(value: number, mostLog: number): boolean {
  return Number.isInteger(Math.log2(value)) && value >= 1 && value <= 2 ** mostLog;
}

/** Refuses what the parameters say nothing about, and points where a quotient has no value. */
export function checkRounds(
  parameters: OpeningParameters,
  rounds: readonly VerifierRound[],
): 'beyond-parameters' | 'point-on-domain' | undefined {
  const { field, logBlowup } = parameters;
  const layout = rounds.map(({ commitment: { shapes, instances = 1, used = instances }, points }) => ({
    shapes,
    points: points.map(({ length }) => length),
    instances,
    used,
  }));
  if (!isWithinParameters(parameters, layout)) return 'beyond-parameters';
  for (const { commitment, points } of rounds) {
    for (const [k, at] of points.entries()) {
      const size = commitment.shapes[k]!.rows * 2 ** logBlowup;
      for (const point of at) {
        if (point.length !== field.degree || !point.every(isCanonical)) return 'beyond-parameters';
        if (isOnDomain(field, point, size, commitment.instances ?? 1)) return 'point-on-domain';
      }
    }
  }
  return undefined;
}

/** Whether it is x^instances for an x of the coset 7·H of `size` points: these are 7^instances times the subgroup of the quotient of both. */
function isOnDomain(field: ExtensionField, point: ExtensionElement, size: number, instances: number): boolean {
  // Which are elements of the base field.
  if (point.some((word, k) => k > 0 && word !== 0n)) return false;
  return field.equals(field.power(point, BigInt(size / instances)), field.fromBase(power(GENERATOR, BigInt(size))));
}

/** How many instances something is claimed of. */
export function usedInstances({
  instances = 1,
  used = instances,
}: Pick<BatchCommitment, 'instances' | 'used'>): number {
  return used;
}

/** The matrices of all rounds with what is claimed of them. */
export function claimedMatrices(rounds: readonly VerifierRound[], evaluations: Evaluations): ClaimedMatrix[] {
  return rounds.flatMap(({ commitment, points }, round) =>
    commitment.shapes.map(({ rows, columns }, index) => ({
      round,
      index,
      rows,
      columns,
      instances: commitment.instances ?? 1,
      used: usedInstances(commitment),
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
  absorbStart(transcript, parameters, rounds.length);
  rounds.forEach((round, index) => {
    absorbRound(transcript, round);
    transcript.absorbElements('opening/evaluations', evaluations[index]!.flat(3));
  });
}

/** The first part of {@link absorbClaims}. */
export function absorbStart(transcript: Transcript, { description }: OpeningParameters, rounds: number): void {
  transcript.absorb('opening/parameters', new TextEncoder().encode(description));
  transcript.absorbElements('opening/rounds', [BigInt(rounds)]);
}

/** What {@link absorbClaims} says of a round before its claimed values. */
export function absorbRound(transcript: Transcript, { commitment, points }: VerifierRound): void {
  transcript.absorb('opening/root', commitment.root);
  const shapes = commitment.shapes.flatMap(({ rows, columns }, k) => [rows, columns, points[k]!.length]);
  transcript.absorbElements('opening/shapes', shapes.map(BigInt));
  const { instances = 1 } = commitment;
  if (instances > 1) transcript.absorbElements('opening/instances', [BigInt(instances)]);
  const used = usedInstances(commitment);
  if (used < instances) transcript.absorbElements('opening/used', [BigInt(used)]);
  transcript.absorbElements('opening/points', points.flat(2));
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
