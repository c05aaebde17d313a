/**
 * The memory that a joint proof takes to make.
 *
 * @module
 */
import { type StarkSystem } from '@commute/stark';

/** Of trees of more bytes than this the two lowest layers are not kept. */
const SMALL_TREE = 2 ** 25;
/** What the engine holds per row of the highest table in all segments, while columns are extended and quotients folded. */
export const ENGINE_BYTES_PER_ROW = 450;
/** Of the process with nothing to prove. */
const BASE_BYTES = 2 ** 28;

/**
 * What a process takes that makes a joint proof of so many segments, at its peak, in bytes; an estimate.
 *
 * @param logRows - log2 of the rows of each table in each segment.
 * @param segments - how many of the places are not empty; all by default.
 */
export function jointBytes(
  system: StarkSystem,
  logRows: readonly number[],
  logInstances: number,
  segments: number = 2 ** logInstances,
): number {
  const { arithmetizations, maximumDegree, parameters } = system;
  const blowup = 2 ** parameters.logBlowup;
  const batches = [0, 0, 0];
  arithmetizations.forEach(({ names }, table) => {
    const columns = [names.main.length, 3 * names.auxiliary.length, 3 * (maximumDegree - 1)];
    columns.forEach((count, batch) => {
      batches[batch]! += count * 2 ** logRows[table]!;
    });
  });
  const cells = batches.reduce((sum, each) => sum + each, 0);
  // The coefficients of all segments, all empty places having one in common; the traces of two segments, of which one is not collected yet.
  const kept = Math.min(2 ** logInstances, segments + 1);
  const rows = highestRows(logRows, logInstances);
  // Two digests of 32 bytes for each leaf, or the quarter of them that is nearest the root.
  const tree = 64 * blowup * rows;
  const trees = batches.length * (tree > SMALL_TREE ? tree / 4 : tree);
  return BASE_BYTES + 8 * cells * kept + 16 * batches[0]! + trees + ENGINE_BYTES_PER_ROW * rows;
}

/** Rows of the highest table in all segments. */
export function highestRows(logRows: readonly number[], logInstances: number): number {
  return 2 ** (Math.max(...logRows) + logInstances);
}
