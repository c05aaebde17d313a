/**
 * `verifyLowDegree` on a proof's bytes.
 *
 * @module
 */
import { type ExtensionElement, inverse, power, rootOfUnity } from '@commute/field';
import { DIGEST_BYTES } from '../digest.ts';
import { absorbParameters, type FriParameters, halvings, logSizes } from '../fri.ts';
import { type HashFunction } from '../hash.ts';
import { type LowDegreeRefusal } from '../low-degree-test.ts';
import { type MerkleRefusal } from '../merkle.ts';
import { type Transcript } from '../transcript.ts';
import { ELEMENT_BYTES } from '@commute/field/kernels';
import { OpenedPlaces, verifyScannedRows } from './merkle.ts';
import { type ScannedOpening } from './scan.ts';
import { type Workspace } from './workspace.ts';

/** Gives the functions at the opened places, the largest first, as addresses of elements; or why what they are computed from is refused. */
export type ScannedFunctions = (places: OpenedPlaces) => readonly number[] | MerkleRefusal;

/** Verifies the low-degree test of an opening; the refusals are those of `verifyLowDegree`. What is allocated belongs to the open scope. */
export function verifyScannedLowDegree(
  workspace: Workspace,
  start: number,
  hash: HashFunction,
  transcript: Transcript,
  parameters: FriParameters,
  proof: ScannedOpening,
  functions: ScannedFunctions,
): LowDegreeRefusal | undefined {
  const sizes = logSizes(parameters);
  const { field, foldingFactors, queries, smallerLogSizes = [], foldingWork = 0, queryWork = 0 } = parameters;
  const { kernels } = workspace;
  const { bytes, finalPolynomial } = proof;
  absorbParameters(transcript, hash, parameters);
  const roots = proof.roots.map((offset) => bytes.subarray(offset, offset + DIGEST_BYTES));
  const challenges: ExtensionElement[] = [];
  for (const [round, root] of roots.entries()) {
    transcript.absorb('fri/root', root);
    if (!transcript.checkWork(foldingWork, proof.foldingNonces[round]!)) return 'no-work';
    challenges.push(transcript.extensionElement('fri/fold', field));
  }
  const final = finalPolynomial.offset;
  transcript.absorbWords('fri/final', bytes.subarray(final, final + 8 * finalPolynomial.count));
  if (!transcript.checkWork(queryWork, proof.queryNonce)) return 'no-work';
  const indices = transcript.indices('fri/queries', queries, sizes[0]!);
  const places = new OpenedPlaces(workspace, indices);
  const expected = functions(places);
  if (typeof expected === 'string') return expected;

  // Values of the current function at the places of the current domain.
  let known = expected[0]!;
  const { shift } = parameters;
  // Of the current domain's root and first point.
  let inverted = [inverse(rootOfUnity(sizes[0]!)), inverse(shift)] as const;
  const halved = new Map<number, number>();
  for (const [round, factor] of foldingFactors.entries()) {
    const logRows = sizes[round + 1]!;
    const own = places.of(2 ** logRows);
    const opening = proof.openings[round]!;
    const shape = { rows: 2 ** logRows, columns: field.degree * factor };
    const refusal = verifyScannedRows(workspace, start, roots[round]!, [shape], places, opening);
    if (refusal !== undefined) return refusal;
    const rows = start + opening.rows[0]!.offset;
    const before = places.of(2 ** sizes[round]!);
    if (kernels.isFolded(known, before.address, before.count, own.address, own.count, logRows, rows, factor) === 0) {
      return 'wrong-fold';
    }
    const inverses = workspace.allocate(8 * own.count);
    const [root, first] = inverted.map((word) => workspace.putWords([word])) as [number, number];
    kernels.pointsAt(inverses, root, first, own.address, own.count);
    const halves = halved.get(factor) ?? workspace.putWords(halvings(factor).flat());
    halved.set(factor, halves);
    // The challenge of each halving is the square of the one before.
    const levels = Math.log2(factor);
    const powers = workspace.allocate(ELEMENT_BYTES * (levels + 1));
    workspace.words(powers, 3).set(challenges[round]!);
    for (let level = 0; level < levels; level++) {
      const at = powers + ELEMENT_BYTES * level;
      kernels.multiplyAll(at + ELEMENT_BYTES, at, 0, at, 0, 1);
    }
    const next = workspace.allocate(ELEMENT_BYTES * own.count);
    kernels.foldRows(next, rows, factor, inverses, halves, powers, own.count);
    const position = smallerLogSizes.indexOf(logRows);
    if (position >= 0) {
      const joiningFactor = powers + ELEMENT_BYTES * levels;
      kernels.accumulate(next, ELEMENT_BYTES, expected[position + 1]!, ELEMENT_BYTES, joiningFactor, 0, own.count);
    }
    known = next;
    inverted = [power(inverted[0], BigInt(factor)), power(inverted[1], BigInt(factor))];
  }
  const last = places.of(2 ** sizes.at(-1)!);
  const points = workspace.allocate(8 * last.count);
  const lastShift = power(shift, 2n ** BigInt(sizes[0]! - sizes.at(-1)!));
  const [root, first] = [rootOfUnity(sizes.at(-1)!), lastShift].map((word) => workspace.putWords([word])) as [
    number,
    number,
  ];
  kernels.pointsAt(points, root, first, last.address, last.count);
  const values = workspace.allocate(ELEMENT_BYTES * last.count);
  kernels.evaluateAt(values, start + final, finalPolynomial.count / field.degree, points, last.count);
  return kernels.areEqual(known, values, field.degree * last.count) === 0 ? 'wrong-final' : undefined;
}
