/**
 * The prover of polynomial commitments.
 *
 * @module
 */
import {
  type ExtensionElement,
  type FieldEngine,
  inverse,
  logOfPowerOfTwo,
  type Matrix,
  negate,
  rootOfUnity,
} from '@commute/field';
import { createBlake3Scheme, isWasmEngine } from './blake3-tree.ts';
import { CommitmentError } from './errors.ts';
import { FRI } from './fri.ts';
import { grind } from './grinding.ts';
import { BLAKE3 } from './hash.ts';
import { type MerkleScheme, treeHeight } from './merkle.ts';
import {
  absorbClaims,
  assertRounds,
  claimedMatrices,
  type CommittedBatch,
  logHeights,
  type OpeningProof,
  type ProverRound,
} from './opening.ts';
import { lowDegreeParameters, type OpeningParameters } from './parameters.ts';
import { computeQuotients, differencesInto, extendCoefficientsInto, planQuotients } from './quotients.ts';
import { createMerkleScheme } from './reference-tree.ts';
import { type Transcript } from './transcript.ts';

/** What a batch's matrices hold: values on the subgroup of their rows in natural order, or coefficients from low to high. */
export type PolynomialForm = 'values' | 'coefficients';

/** Commits and opens. */
export interface PolynomialCommitmentScheme {
  readonly parameters: OpeningParameters;
  /**
   * Commits to the polynomials that are the columns of matrices, whose rows are powers of two and may differ. The matrices must
   * stay unchanged and in use until they have been opened. The extended ones belong to the engine's open scope, if there is one, the tree to
   * whoever calls `release`.
   *
   * @param form - what the matrices hold, values by default.
   * @throws {@link CommitmentError} `COMMIT_SHAPE` for no matrices or no columns, `COMMIT_SECURITY` for more rows than the parameters allow,
   * `FIELD_SIZE` for rows that are no power of two.
   */
  readonly commit: (matrices: readonly Matrix[], form?: PolynomialForm) => CommittedBatch;
  /**
   * Proves the values of all columns at the points; they are in the proof. Whoever draws the points from the transcript has to let it
   * hear the roots before.
   *
   * @throws {@link CommitmentError} `COMMIT_SHAPE` for no rounds, `COMMIT_RANGE` for a point on a matrix's domain, `COMMIT_SECURITY`
   * for an opening that is larger than the parameters allow.
   */
  readonly open: (rounds: readonly ProverRound[], transcript: Transcript) => OpeningProof;
}

/**
 * Makes the prover's side for an engine and parameters.
 *
 * @param merkle - the trees; by default those of the parameters' hash, vectorised where that can be.
 * @throws {@link CommitmentError} `COMMIT_SHAPE` for trees of another hash than the parameters'.
 * @example
 * ```ts
 * import { createFieldEngineSync } from '@commute/field';
 * import { createCommitmentScheme, createOpeningParameters, Transcript, verifyOpening } from '@commute/poly-commit';
 * const limits = { maximumLogRows: 3, maximumFunctions: 10 };
 * const parameters = createOpeningParameters({ securityBits: 60, logBlowup: 2, queryWork: 8, ...limits });
 * const engine = createFieldEngineSync();
 * const scheme = createCommitmentScheme(engine, parameters);
 * const batch = scheme.commit([engine.from([1n, 1n, 2n, 3n, 5n, 8n, 13n, 21n])]);
 * const [prover, verifier] = [new Transcript('example'), new Transcript('example')];
 * const points = [[[3n, 1n, 4n], [1n, 5n, 9n]]];
 * const proof = scheme.open([{ batch, points }], prover);
 * const verdict = verifyOpening(parameters, [{ commitment: batch.commitment, points }], proof, verifier);
 * if (!verdict.ok) throw new Error(verdict.reason);
 * ```
 */
export function createCommitmentScheme(
  engine: FieldEngine,
  parameters: OpeningParameters,
  merkle: MerkleScheme = defaultTrees(engine, parameters),
): PolynomialCommitmentScheme {
  const { field, hash, logBlowup, maximumLogRows } = parameters;
  if (merkle.hash.name !== hash.name) {
    throw new CommitmentError('COMMIT_SHAPE', 'merkle', `trees of ${hash.name}`, `trees of ${merkle.hash.name}`);
  }

  const commit = (matrices: readonly Matrix[], form: PolynomialForm = 'values'): CommittedBatch => {
    const height = treeHeight(matrices);
    if (height > 2 ** maximumLogRows) {
      throw new CommitmentError('COMMIT_SECURITY', 'rows', `at most 2^${String(maximumLogRows)}`, String(height));
    }
    const empty = matrices.find(({ columns }) => columns === 0);
    if (empty !== undefined) throw new CommitmentError('COMMIT_SHAPE', 'columns', 'at least one', 'none');
    const extended = matrices.map((matrix) => extend(engine, matrix, form, 2 ** logBlowup));
    const tree = merkle.commit(extended);
    return {
      commitment: { root: tree.root, shapes: matrices.map(({ rows, columns }) => ({ rows, columns })) },
      extended,
      combineInto: (out, matrix, factors) => {
        engine.combineInto(out, matrices[matrix]!, factors);
        if (form === 'values') engine.interpolateInPlace(out);
      },
      evaluate: (matrix, point) => evaluateAt(engine, parameters, matrices[matrix]!, form, point),
      openRows: tree.open,
      release: () => {
        tree.release();
        for (const each of extended) each.release();
      },
    };
  };

  const open = (proverRounds: readonly ProverRound[], transcript: Transcript): OpeningProof => {
    const rounds = proverRounds.map(({ batch, points }) => ({ commitment: batch.commitment, points }));
    assertRounds(parameters, rounds);
    const evaluations = proverRounds.map(({ batch, points }) =>
      points.map((at, matrix) => at.map((point) => batch.evaluate(matrix, point))),
    );
    absorbClaims(transcript, parameters, rounds, evaluations);
    const batchingNonce = grind(transcript, parameters.batchingWork, engine);
    const challenge = transcript.extensionElement('opening/batching', field);
    return engine.scope(() => {
      const plans = planQuotients(field, claimedMatrices(rounds, evaluations), challenge);
      const combineInto = (out: Matrix, round: number, index: number, factors: readonly ExtensionElement[]): void => {
        proverRounds[round]!.batch.combineInto(out, index, factors);
      };
      const [largest, ...smaller] = plans.map((plan) => computeQuotients(engine, field, plan, combineInto, logBlowup));
      const { proof: lowDegree, indices } = FRI.prove(
        engine,
        merkle,
        transcript,
        lowDegreeParameters(parameters, logHeights(rounds.flatMap(({ commitment }) => commitment.shapes))),
        [largest!, ...smaller],
      );
      const batches = proverRounds.map(({ batch }) => {
        const height = treeHeight(batch.extended);
        return batch.openRows(indices.map((index) => index % height));
      });
      return { evaluations, batchingNonce, batches, lowDegree };
    });
  };

  return { parameters, commit, open };
}

function defaultTrees(engine: FieldEngine, { hash }: OpeningParameters): MerkleScheme {
  return isWasmEngine(engine) && hash.name === BLAKE3.name ? createBlake3Scheme(engine) : createMerkleScheme(hash);
}

/** The values on the coset of `blowup` times the rows. */
function extend(engine: FieldEngine, matrix: Matrix, form: PolynomialForm, blowup: number): Matrix {
  const result = engine.allocate(matrix.rows * blowup, matrix.columns);
  if (form === 'values') {
    engine.extendInto(result, matrix);
    return result;
  }
  extendCoefficientsInto(engine, result, matrix);
  return result;
}

/** The columns' values at a point, by the barycentric formula where the matrix holds values. */
function evaluateAt(
  engine: FieldEngine,
  { field }: OpeningParameters,
  matrix: Matrix,
  form: PolynomialForm,
  point: ExtensionElement,
): ExtensionElement[] {
  const extension = engine.extension(field);
  if (form === 'coefficients') return extension.evaluateColumns(matrix, point);
  const { rows } = matrix;
  const vanishing = field.subtract(field.power(point, BigInt(rows)), field.one);
  return engine.scope(() => {
    if (field.equals(vanishing, field.zero)) {
      // One of the subgroup's points, where the formula divides by zero.
      const coefficients = engine.allocate(rows, matrix.columns);
      engine.copyInto(coefficients, matrix);
      engine.interpolateInPlace(coefficients);
      return extension.evaluateColumns(coefficients, point);
    }
    // p(z) = (z^n - 1)/n · Σ w^i/(z - w^i)·p(w^i)
    const points = engine.allocate(rows);
    engine.powersInto(points, rootOfUnity(logOfPowerOfTwo(rows)));
    const weights = engine.allocate(rows, field.degree);
    differencesInto(engine, weights, points, point);
    extension.inverseInto(weights, weights);
    extension.multiplyBaseInto(weights, weights, points);
    const factor = field.scale(vanishing, negate(inverse(BigInt(rows))));
    return engine.weigh(matrix, weights).map((sum) => field.multiply(sum, factor));
  });
}
