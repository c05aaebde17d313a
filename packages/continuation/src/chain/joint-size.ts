/**
 * How many segments fit a joint proof in the memory that there is.
 *
 * @module
 */
import { type StarkSystem } from '@commute/stark';
import { ContinuationError } from '../errors.ts';
import { MOST_LOG_INSTANCES } from './aggregate-format.ts';
import { groupSizes, highestLogRows } from './prove-aggregate.ts';
import { type SegmentWitness } from './prove.ts';
import { type ChainSystem } from './system.ts';

/** Extended columns, and trees, of more bytes than this are not kept: `keptBytes` of @commute/stark. */
const KEPT_BYTES = 2 ** 29;
/** What the engine holds per row of the highest table in all segments, while columns are extended and quotients folded. */
const ENGINE_BYTES_PER_ROW = 450;
/** Half of the engine's memory. */
const MOST_ENGINE_BYTES = 2 ** 31;
/** Of the process with nothing to prove. */
const BASE_BYTES = 2 ** 28;

/**
 * What a process takes that makes a joint proof of so many segments, at its peak, in bytes; an estimate.
 *
 * @param logRows - log2 of the rows of each table in each segment.
 */
export function jointBytes(system: StarkSystem, logRows: readonly number[], logInstances: number): number {
  const { arithmetizations, maximumDegree, parameters } = system;
  const [instances, blowup] = [2 ** logInstances, 2 ** parameters.logBlowup];
  const batches = [0, 0, 0];
  arithmetizations.forEach(({ names }, table) => {
    const columns = [names.main.length, 3 * names.auxiliary.length, 3 * (maximumDegree - 1)];
    columns.forEach((count, batch) => {
      batches[batch]! += count * 2 ** logRows[table]!;
    });
  });
  const cells = batches.reduce((sum, each) => sum + each, 0);
  // The coefficients of all segments; of one segment the traces, and two cosets of all columns.
  let bytes = BASE_BYTES + 8 * cells * instances + 8 * batches[0]! + 16 * cells;
  const rows = highestRows(logRows, logInstances);
  for (const batch of batches) {
    const extended = 8 * blowup * batch * instances;
    // Two digests of 32 bytes for each leaf, or the quarter of them that is nearest the root.
    const tree = 64 * blowup * rows;
    bytes += (extended > KEPT_BYTES ? 0 : extended) + (tree > KEPT_BYTES ? tree / 4 : tree);
  }
  return bytes + ENGINE_BYTES_PER_ROW * rows;
}

/** Rows of the highest table in all segments. */
function highestRows(logRows: readonly number[], logInstances: number): number {
  return 2 ** (Math.max(...logRows) + logInstances);
}

/** What joint proofs are made of. */
export interface JointLimits {
  /** Bytes that the process may take which makes a joint proof, by estimate; one segment alone takes what it takes. */
  readonly memory: number;
  /** Joint proofs there are to be at least, where there are as many segments: one for each of several workers. */
  readonly leastProofs?: number;
}

/**
 * log2 of the most segments that a joint proof of a run can have within limits.
 *
 * @param single - a system of joint proofs with the same tables, for one segment in each.
 * @throws {@link ContinuationError} `CONTINUATION_RANGE` for limits that are no positive numbers.
 */
export function mostLogInstances(
  { segments: system, link }: ChainSystem,
  witnesses: readonly SegmentWitness[],
  { memory, leastProofs = 1 }: JointLimits,
): number {
  for (const [name, value] of Object.entries({ memory, leastProofs })) {
    if (!(value >= 1)) throw new ContinuationError('CONTINUATION_RANGE', name, 'at least 1', String(value));
  }
  const { machine, linked } = highestLogRows(link, witnesses);
  const logRows = [...machine, ...linked];
  const largestDomain = 32 - system.parameters.maximumLogRows - system.parameters.logBlowup;
  const fits = (log: number): boolean =>
    log <= largestDomain &&
    // A domain of twice as many points has no room for quotients of several segments.
    system.parameters.logBlowup > 1 &&
    jointBytes(system, logRows, log) <= memory &&
    ENGINE_BYTES_PER_ROW * highestRows(logRows, log) <= MOST_ENGINE_BYTES &&
    groupSizes(witnesses.length, log).length >= Math.min(leastProofs, witnesses.length);
  // From the most down: more segments may take less, where what extends their columns is not kept any more.
  let log = Math.min(MOST_LOG_INSTANCES, Math.floor(Math.log2(witnesses.length)));
  while (log > 0 && !fits(log)) log--;
  return log;
}
