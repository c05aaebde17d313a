import { expect } from 'vitest';
import {
  decodeOpeningProof,
  encodeOpeningProof,
  isScanned,
  type OpeningLayout,
  type OpeningParameters,
  type OpeningProof,
  type OpeningVerdict,
  scanOpening,
  Transcript,
  type VerifierRound,
  verifyOpening,
  verifyScannedOpening,
} from '../src/index.ts';

/** What the slow verifier says of a proof; of its bytes, where it has any that give it back, the quick one has to say the same. */
export function verifyBoth(
  parameters: OpeningParameters,
  rounds: readonly VerifierRound[],
  proof: OpeningProof,
  protocol: string,
): OpeningVerdict {
  const [transcript, other] = [new Transcript(protocol), new Transcript(protocol)];
  const verdict = verifyOpening(parameters, rounds, proof, transcript);
  const layout = rounds.map(({ commitment: { shapes, instances = 1, used = instances }, points }): OpeningLayout => ({
    shapes,
    points: points.map(({ length }) => length),
    instances,
    used,
  }));
  const bytes = bytesOf(parameters, proof);
  const decoded = bytes === undefined ? undefined : decodeOpeningProof(parameters, layout, bytes);
  if (bytes === undefined || decoded?.ok !== true) return verdict;
  try {
    expect(decoded.proof).toEqual(proof);
  } catch {
    return verdict;
  }
  const scanned = scanOpening(parameters, layout, bytes);
  if (!scanned.ok) throw new Error(scanned.reason);
  // Another field, or another hash.
  if (!isScanned(scanned.proof)) return verdict;
  const refusal = verifyScannedOpening(parameters, rounds, scanned.proof, other);
  expect(refusal).toBe(verdict.ok ? undefined : verdict.reason);
  if (verdict.ok) expect(other.state).toEqual(transcript.state);
  return verdict;
}

function bytesOf(parameters: OpeningParameters, proof: OpeningProof): Uint8Array | undefined {
  try {
    return encodeOpeningProof(parameters, proof);
  } catch {
    return undefined;
  }
}
