import process from 'node:process';

/** The seed of every run that does not choose one, so that a commit is tested with the same cases everywhere. */
const COMMITTED_SEED = 0x5eed;

function chosenSeed(): number {
  const text = process.env['COMMUTE_SEED'];
  if (text === undefined) return COMMITTED_SEED;
  const value = Number(text);
  if (text.trim() === '' || !Number.isInteger(value) || value !== (value | 0)) {
    throw new RangeError(`COMMUTE_SEED: expected a 32-bit signed integer, got '${text}'`);
  }
  return value;
}

interface State {
  seed: number;
  drawn: number;
}

// One for the whole process: the runner and the tests each have this module once.
const shared = globalThis as Record<symbol, State | undefined>;
const state = (shared[Symbol.for('@commute-tools/build/seed')] ??= { seed: chosenSeed(), drawn: 0 });

/** The seed that random cases come from, a 32-bit signed integer. */
export function currentSeed(): number {
  return state.seed;
}

/** Draws the cases that follow from another seed. */
export function setSeed(value: number): void {
  state.seed = value;
}

/** Counts random cases that a test drew. */
export function countDrawn(cases: number): void {
  state.drawn += cases;
}

/** How many random cases the tests of this process drew so far. */
export function drawnCases(): number {
  return state.drawn;
}

/**
 * The seed for a test's own generator: the same in every run of a commit, another in every repetition of a soak.
 *
 * @param which - tells the generators of a test file apart; any 32-bit integer.
 * @returns a 32-bit unsigned integer.
 */
export function seeded(which: number): number {
  countDrawn(1);
  let mixed = (state.seed ^ Math.imul(which + 1, 0x9e3779b9)) | 0;
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x21f0aaad);
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
  return (mixed ^ (mixed >>> 15)) >>> 0;
}
