/**
 * The prover of polynomial commitments.
 *
 * @module
 */
import { type ExtensionElement, type ExtensionField, type FieldEngine, type Matrix } from '@commute/field';
import { createBlake3Scheme, isWasmEngine } from './blake3-tree.ts';
import { extendAndHash } from './cosets.ts';
import { CommitmentError } from './errors.ts';
import { FRI } from './fri.ts';
import { grind } from './grinding.ts';
import { BLAKE3 } from './hash.ts';
import { collectInstances } from './instance-columns.ts';
import { commitInterleaved } from './interleaved.ts';
import { computeNode, type MerkleNodes, type MerkleScheme, openTree, treeHeight } from './merkle.ts';
import {
  absorbClaims,
  assertRounds,
  claimedMatrices,
  type CommittedBatch,
  type Evaluations,
  logHeights,
  type OpeningProof,
  type ProverRound,
} from './opening.ts';
import { lowDegreeParameters, type OpeningParameters } from './parameters.ts';
import { reversedPowers } from './powers.ts';
import { computeQuotients, planQuotients } from './quotients.ts';
import { createMerkleScheme } from './reference-tree.ts';
import { type Transcript } from './transcript.ts';

/** What a batch's matrices hold: values on the subgroup of their rows in natural order, or coefficients from low to high. */
export type PolynomialForm = 'values' | 'coefficients';

/** How a prover uses memory. */
export interface CommitmentOptions {
  /**
   * Batches whose extended matrices are larger, and instances with more coefficients, are kept outside of the engine's memory, which ends at 4 GiB; 512 MiB by default. With several
   * threads instances are kept there from 16 MiB on.
   */
  readonly keptBytes?: number;
  /**
   * Told how much of a large commitment to instances is extended, from 0 to below 1, between its parts. What it throws ends the commitment, and nothing is left of it.
   */
  readonly onExtended?: (share: number) => void;
}

/** Commits and opens. */
export interface PolynomialCommitmentScheme {
  readonly parameters: OpeningParameters;
  /**
   * Commits to the polynomials that are the columns of matrices, whose rows are powers of two and may differ. The matrices are copied, and
   * not needed any more. What the batch keeps in the engine's memory belongs to the open scope, if there is one, else to whoever calls `release`.
   *
   * @param form - what the matrices hold, values by default.
   * @param taken - whether the batch may have the matrices, which spares the copies: they are its own from then on, with other contents, and released
   *   with it.
   * @throws {@link CommitmentError} `COMMIT_SHAPE` for no matrices or no columns, `COMMIT_SECURITY` for more rows than the parameters allow,
   * `FIELD_SIZE` for rows that are no power of two.
   */
  readonly commit: (matrices: readonly Matrix[], form?: PolynomialForm, taken?: boolean) => CommittedBatch;
  /**
   * Commits to the polynomials of several instances as one batch, interleaved: per column one polynomial of as many times the rows, so that whoever verifies is
   * sent no more rows than for one instance.
   *
   * @param instances - how many, a power of two up to the parameters' maximum.
   * @param matricesOf - the matrices of an instance, of the same shapes for all; asked for once each, from the first to the last. They are taken, as by
   *   `commit`; what `matricesOf` allocates is given back after each. Undefined for an instance after the first whose polynomials are all zero.
   * @param form - what the matrices hold, values by default.
   * @throws as `commit`, and {@link CommitmentError} `COMMIT_SHAPE` for instances of different shapes, `COMMIT_SECURITY` for another number of them than the
   *   parameters allow.
   */
  readonly commitInstances: (
    instances: number,
    matricesOf: (instance: number) => readonly Matrix[] | undefined,
    form?: PolynomialForm,
  ) => CommittedBatch;
  /**
   * Proves the values of all columns at the points; they are in the proof. Whoever draws the points from the transcript has to let it
   * hear the roots before.
   *
   * @throws {@link CommitmentError} `COMMIT_SHAPE` for no rounds, `COMMIT_RANGE` for a point on a matrix's domain, `COMMIT_SECURITY`
   * for an opening that is larger than the parameters allow.
   */
  readonly open: (rounds: readonly ProverRound[], transcript: Transcript) => OpeningProof;
}

/** Bytes of instances that are kept in the engine's memory though several threads could copy them. */
const DIVIDED_BYTES = 2 ** 24;

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
  { keptBytes = 2 ** 29, onExtended }: CommitmentOptions = {},
): PolynomialCommitmentScheme {
  const { field, hash, logBlowup, maximumLogRows, maximumLogInstances } = parameters;
  if (merkle.hash.name !== hash.name) {
    throw new CommitmentError('COMMIT_SHAPE', 'merkle', `trees of ${hash.name}`, `trees of ${merkle.hash.name}`);
  }

  const isOutside = (words: number): boolean => 8 * words > keptBytes;
  /** The same of instances: where threads divide the copies, columns are best made where memory is in use already, and wait elsewhere. */
  const waitsOutside = (words: number): boolean =>
    8 * words > (engine.threads > 1 ? Math.min(keptBytes, DIVIDED_BYTES) : keptBytes);
  const assertMatrices = (matrices: readonly Matrix[]): void => {
    const height = treeHeight(matrices);
    if (height > 2 ** maximumLogRows) {
      throw new CommitmentError('COMMIT_SECURITY', 'rows', `at most 2^${String(maximumLogRows)}`, String(height));
    }
    const empty = matrices.find(({ columns }) => columns === 0);
    if (empty !== undefined) throw new CommitmentError('COMMIT_SHAPE', 'columns', 'at least one', 'none');
  };

  const commit = (matrices: readonly Matrix[], form: PolynomialForm = 'values', taken = false): CommittedBatch => {
    assertMatrices(matrices);
    const coefficients = matrices.map((matrix) => coefficientsOf(engine, matrix, form, taken));
    const words = matrices.reduce((sum, { size }) => sum + size, 0);
    const outside = isOutside(words * 2 ** logBlowup);
    const extension = extendAndHash(engine, merkle, coefficients, 2 ** logBlowup, outside);
    const shapes = matrices.map(({ rows, columns }) => ({ rows, columns }));
    const domains = shapes.map(({ rows, columns }) => ({ rows: rows * 2 ** logBlowup, columns }));
    const { nodes } = extension;
    const { kept = nodes.height } = nodes;
    const node: MerkleNodes['node'] = (size, index) =>
      size <= kept ? nodes.node(size, index) : computeNode(merkle.hash, domains, extension.row, size, index);
    return {
      commitment: { root: nodes.node(1, 0), shapes },
      coset: extension.coset,
      evaluateOn: (matrix, shift) => {
        const values = engine.reserve(shapes[matrix]!.rows, shapes[matrix]!.columns);
        engine.evaluateInto(values, coefficients[matrix]!, { shift, input: 'bit-reversed' });
        return values;
      },
      combineInto: (out, matrix, factors) => {
        engine.combineInto(out, coefficients[matrix]!, factors);
      },
      evaluate: (matrix, point, powers) =>
        engine.scope(() => {
          const { rows } = shapes[matrix]!;
          return engine.weigh(coefficients[matrix]!, powers ?? reversedPowers(engine, field, rows, point));
        }),
      openRows: (indices) => openTree(domains, extension.row, indices, node),
      release: () => {
        extension.release();
        for (const matrix of coefficients) matrix.release();
      },
    };
  };

  const commitInstances: PolynomialCommitmentScheme['commitInstances'] = (instances, matricesOf, form = 'values') => {
    if (!(Number.isInteger(Math.log2(instances)) && instances >= 1 && instances <= 2 ** maximumLogInstances)) {
      const expected = `a power of two up to 2^${String(maximumLogInstances)}`;
      throw new CommitmentError('COMMIT_SECURITY', 'instances', expected, String(instances));
    }
    const coefficientsOfInstance = (instance: number): Matrix[] | undefined => {
      const matrices = matricesOf(instance);
      if (matrices === undefined && instance > 0) return undefined;
      if (matrices === undefined) throw new CommitmentError('COMMIT_SHAPE', 'instance 0', 'matrices', 'undefined');
      assertMatrices(matrices);
      return matrices.map((matrix) => coefficientsOf(engine, matrix, form, true));
    };
    const coefficients = collectInstances(engine, instances, coefficientsOfInstance, waitsOutside);
    return commitInterleaved(engine, merkle, coefficients, { field, logBlowup, isOutside, onExtended });
  };

  const open = (proverRounds: readonly ProverRound[], transcript: Transcript): OpeningProof => {
    const rounds = proverRounds.map(({ batch, points }) => ({ commitment: batch.commitment, points }));
    assertRounds(parameters, rounds);
    const evaluations = evaluateAll(engine, field, proverRounds);
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
        const height = treeHeight(batch.commitment.shapes) * 2 ** logBlowup;
        return batch.openRows(indices.map((index) => index % height));
      });
      return { evaluations, batchingNonce, batches, lowDegree };
    });
  };

  return { parameters, commit, commitInstances, open };
}

function defaultTrees(engine: FieldEngine, { hash }: OpeningParameters): MerkleScheme {
  return isWasmEngine(engine) && hash.name === BLAKE3.name ? createBlake3Scheme(engine) : createMerkleScheme(hash);
}

/** The coefficients of columns in bit-reversed order, in a matrix of their own unless theirs may be taken. */
function coefficientsOf(engine: FieldEngine, matrix: Matrix, form: PolynomialForm, taken: boolean): Matrix {
  const coefficients = taken ? matrix : engine.reserve(matrix.rows, matrix.columns);
  if (!taken) engine.copyInto(coefficients, matrix);
  if (form === 'values') engine.interpolateInPlace(coefficients, { output: 'bit-reversed' });
  else engine.reverseBitsInPlace(coefficients);
  return coefficients;
}

/** The values of all columns at their points; the powers of a point are computed once for all instances of a height. */
function evaluateAll(engine: FieldEngine, field: ExtensionField, rounds: readonly ProverRound[]): Evaluations {
  const claims = rounds.flatMap(({ batch, points }, round) =>
    points.flatMap((at, matrix) =>
      at.map((point, place) => {
        const { shapes, instances = 1 } = batch.commitment;
        return { batch, round, matrix, place, point, rows: shapes[matrix]!.rows / instances };
      }),
    ),
  );
  const values = rounds.map(({ points }): ExtensionElement[][][] => points.map(() => []));
  const groups = new Map<string, typeof claims>();
  for (const claim of claims) {
    const key = `${String(claim.rows)}/${claim.point.join()}`;
    groups.set(key, [...(groups.get(key) ?? []), claim]);
  }
  for (const group of groups.values()) {
    engine.scope(() => {
      const powers = reversedPowers(engine, field, group[0]!.rows, group[0]!.point);
      for (const { batch, round, matrix, place, point } of group) {
        values[round]![matrix]![place] = batch.evaluate(matrix, point, powers);
      }
    });
  }
  return values;
}
