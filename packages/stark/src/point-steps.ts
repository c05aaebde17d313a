/**
 * The steps that check constraints at a point, as their kernel takes them: an operation, and the addresses of result and operands.
 *
 * @module
 */

export const MOST_PAGES = 16384;
/** The product of a step, then what is allocated. */
export const SCRATCH = 0;
export const HEAP_START = 64;

export const ADD = 0;
export const SUBTRACT = 1;
export const MULTIPLY = 2;
/** out += left·right. */
export const ACCUMULATE = 3;
export const STEP_WORDS = 4;
