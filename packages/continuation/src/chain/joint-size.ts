/**
 * How many segments fit a joint proof in the memory that there is.
 *
 * @module
 */
import { ContinuationError } from '../errors.ts';
import { MOST_LOG_INSTANCES } from './aggregate-format.ts';
import { ENGINE_BYTES_PER_ROW, highestRows, jointBytes } from './joint-memory.ts';
import { groupSizes, highestLogRows } from './prove-aggregate.ts';
import { type SegmentWitness } from './prove.ts';
import { type ChainSystem } from './system.ts';

/** Half of the engine's memory. */
const MOST_ENGINE_BYTES = 2 ** 31;

/** What joint proofs are made of. */
export interface JointLimits {
  /** Bytes that the process may take which makes a joint proof, by estimate; one segment alone takes what it takes. */
  readonly memory: number;
  /** Joint proofs there are to be at least, where there are as many segments: one for each of several workers. */
  readonly leastProofs?: number;
}

/**
 * log2 of the places for segments that a joint proof of a run can have within limits, at most.
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
    groupSizes(witnesses.length, log).every(
      (size) => jointBytes(system, logRows, Math.ceil(Math.log2(size)), size) <= memory,
    ) &&
    ENGINE_BYTES_PER_ROW * highestRows(logRows, log) <= MOST_ENGINE_BYTES &&
    groupSizes(witnesses.length, log).length >= Math.min(leastProofs, witnesses.length);
  // From the most down: more segments may take less, where of their trees less is kept.
  let log = Math.min(MOST_LOG_INSTANCES, Math.ceil(Math.log2(witnesses.length)));
  while (log > 0 && !fits(log)) log--;
  return log;
}
