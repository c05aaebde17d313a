/**
 * Runs of the micro machine, proved in segments that are linked and merged.
 *
 * @module
 */
export { ContinuationError, type ContinuationErrorCode } from './errors.ts';
