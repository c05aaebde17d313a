/*
 * `node --conditions=@commute/source bench/sizes.bench.ts`: sizes of proofs of 110 base and 22 extension columns (and 6 of a quotient of degree 3) at 100 proven bits,
 * beside those that were planned. Sizes depend on the shapes and the drawn indices alone, so large ones are counted for random indices;
 * the counting is held to a real proof of 2^10 rows first.
 */
import { createFieldEngineSync } from '@commute/field';
import {
  createCommitmentScheme,
  createOpeningParameters,
  encodeOpeningProof,
  functionCount,
  type OpeningParameters,
  openedRows,
  Transcript,
} from '@commute/poly-commit';
import { lowDegreeParameters } from '../src/parameters.ts';

const WIDTHS = [110, 66, 6] as const;
const POINTS = [2, 2, 1] as const;
const DIGEST = 32;

const parametersFor = (logRows: number, logBlowup: number, regime: OpeningParameters['regime']): OpeningParameters =>
  createOpeningParameters({
    securityBits: 100,
    regime,
    logBlowup,
    maximumLogRows: logRows,
    finalLength: 128,
    maximumFunctions: functionCount(WIDTHS.map((columns, k) => ({ columns, points: POINTS[k]! }))),
    constraints: 300,
    constraintDegree: 3,
  });

/** Bytes of the opened rows of a tree, `width` words each, and of the digests that lead to its root. */
function treeBytes(indices: readonly number[], height: number, width: number): number {
  let bytes = 8 * width * openedRows(indices, height).length;
  for (let size = height; size > 1; size /= 2) {
    const known = new Set(openedRows(indices, size));
    for (const parent of openedRows(indices, size / 2)) {
      for (const child of [parent, parent + size / 2]) if (!known.has(child)) bytes += DIGEST;
    }
  }
  return bytes;
}

/** The parts of a proof that grow: claimed values, opened rows and digests, the last polynomial. */
function countBytes(parameters: OpeningParameters, logRows: number, indices: readonly number[]): number {
  const height = 2 ** (logRows + parameters.logBlowup);
  let bytes = WIDTHS.reduce<number>((sum, width, k) => sum + 24 * width * POINTS[k]!, 0);
  for (const width of WIDTHS) bytes += treeBytes(indices, height, width);
  const { foldingFactors } = lowDegreeParameters(parameters, [logRows]);
  let [size, degree] = [height, 2 ** logRows];
  for (const factor of foldingFactors) {
    size /= factor;
    degree /= factor;
    bytes += DIGEST + treeBytes(indices, size, 3 * factor);
  }
  return bytes + 24 * degree;
}

function randomIndices(count: number, size: number): number[] {
  return new Transcript('sizes').indices('queries', count, Math.log2(size));
}

const engine = createFieldEngineSync();
{
  const parameters = parametersFor(10, 2, 'johnson bound');
  const scheme = createCommitmentScheme(engine, parameters);
  const points = [
    [1n, 2n, 3n],
    [4n, 5n, 6n],
  ];
  const rounds = WIDTHS.map((width, k) => ({
    batch: scheme.commit([engine.allocate(2 ** 10, width)]),
    points: [points.slice(0, POINTS[k])],
  }));
  const real = encodeOpeningProof(parameters, scheme.open(rounds, new Transcript('sizes'))).length;
  const counted = countBytes(parameters, 10, randomIndices(parameters.queries, 2 ** 12));
  console.log(`2^10 rows: ${String(real)} bytes, counted ${String(counted)}`);
  if (Math.abs(real / counted - 1) > 0.02) throw new Error('the counting is off');
}
engine.dispose();

const planned = [
  ['johnson bound', 2, 308, 415],
  ['johnson bound', 3, 226, 302],
  ['johnson bound', 4, 188, 249],
  ['unique decoding', 2, 423, 573],
] as const;
for (const [regime, logBlowup, ...sizes] of planned) {
  const line = [16, 20].map((logRows, k) => {
    const parameters = parametersFor(logRows, logBlowup, regime);
    const indices = randomIndices(parameters.queries, 2 ** (logRows + logBlowup));
    const kibi = countBytes(parameters, logRows, indices) / 1024;
    return `2^${String(logRows)} rows ${kibi.toFixed(0)} KiB (planned ${String(sizes[k])}, ${(kibi / sizes[k]!).toFixed(2)} times), ${String(parameters.queries)} queries`;
  });
  console.log(`${regime}, blowup ${String(2 ** logBlowup)}: ${line.join('; ')}`);
}
