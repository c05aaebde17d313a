/**
 * The verifier of polynomial commitments.
 *
 * @module
 */
import { isCanonical } from '@commute/field';
import { FRI } from './fri.ts';
import { DIGEST_BYTES } from './hash.ts';
import { type FunctionValues } from './low-degree-test.ts';
import { openedRows, treeHeight, verifyMerkleOpening } from './merkle.ts';
import {
  absorbClaims,
  checkRounds,
  claimedMatrices,
  logHeights,
  type OpeningProof,
  type OpeningRefusal,
  type OpeningVerdict,
  usedInstances,
  type VerifierRound,
} from './opening.ts';
import { lowDegreeParameters, type OpeningParameters } from './parameters.ts';
import { planQuotients, quotientsAt } from './quotients.ts';
import { type Transcript } from './transcript.ts';

/**
 * Verifies an opening from anybody; never throws because of it.
 *
 * @param rounds - the batches and points, as for the prover; roots may come from anybody, shapes and points must be the verifier's own.
 * @param transcript - one that has heard what the prover's had.
 */
export function verifyOpening(
  parameters: OpeningParameters,
  rounds: readonly VerifierRound[],
  proof: OpeningProof,
  transcript: Transcript,
): OpeningVerdict {
  const { field, hash, logBlowup, batchingWork } = parameters;
  const refuse = (reason: OpeningRefusal): OpeningVerdict => ({ ok: false, reason });
  const unusable = checkRounds(parameters, rounds);
  if (unusable !== undefined) return refuse(unusable);
  const { evaluations, batches } = proof;
  if (!hasShape(parameters, rounds, proof)) return refuse('wrong-shape');
  if (!evaluations.flat(4).every(isCanonical)) return refuse('not-canonical');

  absorbClaims(transcript, parameters, rounds, evaluations);
  if (!transcript.checkWork(batchingWork, proof.batchingNonce)) return refuse('no-work');
  const challenge = transcript.extensionElement('opening/batching', field);
  const plans = planQuotients(field, claimedMatrices(rounds, evaluations), challenge);

  const functions: FunctionValues = (indices) => {
    // Per round and matrix the opened rows by their number.
    const rows: Map<number, readonly bigint[]>[][] = [];
    for (const [round, { commitment }] of rounds.entries()) {
      const shapes = commitment.shapes.map((each) => ({ ...each, rows: each.rows * 2 ** logBlowup }));
      const height = treeHeight(shapes);
      const opening = batches[round]!;
      const places = indices.map((index) => index % height);
      const verdict = verifyMerkleOpening(hash, commitment.root, shapes, places, opening);
      if (!verdict.ok) return verdict;
      rows.push(
        shapes.map((shape, k) => {
          const opened = openedRows(places, shape.rows);
          return new Map(opened.map((row, at) => [row, opening.rows[k]![at]!]));
        }),
      );
    }
    const values = plans.map((plan) =>
      quotientsAt(field, plan, logBlowup, openedRows(indices, plan.rows * 2 ** logBlowup), (round, index, position) =>
        rows[round]![index]!.get(position)!,
      ),
    );
    return { ok: true, values };
  };
  const testParameters = lowDegreeParameters(
    parameters,
    logHeights(rounds.flatMap(({ commitment }) => commitment.shapes)),
  );
  const verdict = FRI.verify(hash, transcript, testParameters, proof.lowDegree, functions);
  return verdict.ok ? { ok: true, evaluations } : verdict;
}

/** Whether the proof has the parts that the rounds ask for. */
function hasShape(
  { field }: OpeningParameters,
  rounds: readonly VerifierRound[],
  { evaluations, batches }: OpeningProof,
): boolean {
  if (evaluations.length !== rounds.length || batches.length !== rounds.length) return false;
  return rounds.every(({ commitment, points }, round) => {
    const claimed = evaluations[round]!;
    if (commitment.root.length !== DIGEST_BYTES || claimed.length !== points.length) return false;
    return points.every((at, matrix) => {
      const columns = commitment.shapes[matrix]!.columns * usedInstances(commitment);
      const values = claimed[matrix]!;
      return (
        values.length === at.length &&
        values.every((row) => row.length === columns && row.every((each) => each.length === field.degree))
      );
    });
  });
}
