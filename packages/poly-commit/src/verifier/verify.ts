/**
 * The verifier of polynomial commitments on a proof's bytes: the same as `verifyOpening` of a decoded proof, by kernels.
 *
 * @module
 */
import { DIGEST_BYTES } from '../digest.ts';
import {
  absorbRound,
  absorbStart,
  checkRounds,
  logHeights,
  type OpeningRefusal,
  usedInstances,
  type VerifierRound,
} from '../opening.ts';
import { lowDegreeParameters, type OpeningParameters } from '../parameters.ts';
import { type Transcript } from '../transcript.ts';
import { verifyScannedLowDegree } from './fri.ts';
import { verifyScannedRows } from './merkle.ts';
import { planScannedQuotients, scannedQuotientsAt } from './quotients.ts';
import { type ScannedOpening } from './scan.ts';
import { sharedWorkspace } from './workspace.ts';

/**
 * Verifies a scanned opening from anybody; never throws because of it.
 *
 * @returns why it is refused, if it is.
 */
export function verifyScannedOpening(
  parameters: OpeningParameters,
  rounds: readonly VerifierRound[],
  proof: ScannedOpening,
  transcript: Transcript,
): OpeningRefusal | undefined {
  const { field, hash, logBlowup, batchingWork } = parameters;
  const unusable = checkRounds(parameters, rounds);
  if (unusable !== undefined) return unusable;
  if (!hasShape(rounds, proof)) return 'wrong-shape';
  const workspace = sharedWorkspace()!;
  return workspace.scope(() => {
    const { bytes } = proof;
    const start = workspace.put(bytes);
    absorbStart(transcript, parameters, rounds.length);
    rounds.forEach((round, index) => {
      absorbRound(transcript, round);
      const { offset, count } = proof.claims[index]!;
      transcript.absorbWords('opening/evaluations', bytes.subarray(offset, offset + 8 * count));
    });
    if (!transcript.checkWork(batchingWork, proof.batchingNonce)) return 'no-work';
    const challenge = transcript.extensionElement('opening/batching', field);
    const plans = planScannedQuotients(workspace, start, field, rounds, proof, challenge);
    const shapes = rounds.map(({ commitment }) =>
      commitment.shapes.map(({ rows, columns }) => ({ rows: rows * 2 ** logBlowup, columns })),
    );
    const test = lowDegreeParameters(parameters, logHeights(rounds.flatMap(({ commitment }) => commitment.shapes)));
    return verifyScannedLowDegree(workspace, start, hash, transcript, test, proof, (places) => {
      for (const [round, { commitment }] of rounds.entries()) {
        const opened = proof.batches[round]!;
        const refusal = verifyScannedRows(workspace, start, commitment.root, shapes[round]!, places, opened);
        if (refusal !== undefined) return refusal;
      }
      return scannedQuotientsAt(workspace, start, field, plans, logBlowup, places, proof);
    });
  });
}

/** Whether the proof was scanned for such rounds. */
function hasShape(rounds: readonly VerifierRound[], { layout }: ScannedOpening): boolean {
  return (
    rounds.length === layout.length &&
    rounds.every(({ commitment, points }, round) => {
      const { shapes, points: counts, instances = 1, used = instances } = layout[round]!;
      return (
        commitment.root.length === DIGEST_BYTES &&
        (commitment.instances ?? 1) === instances &&
        usedInstances(commitment) === used &&
        commitment.shapes.length === shapes.length &&
        points.length === shapes.length &&
        shapes.every(({ rows, columns }, k) => {
          const own = commitment.shapes[k]!;
          return own.rows === rows && own.columns === columns && points[k]!.length === counts[k];
        })
      );
    })
  );
}
