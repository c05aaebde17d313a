/**
 * Tests that one machine is the other, fast-forwarded: from any state, one step above leads where 2^k steps below lead.
 * Needs no test framework; shrinks what it finds.
 *
 * @module
 */
import { BaseError, assertInteger } from '@commute/errors';
import { PAGE_BYTES, type Snapshot } from '@commute/machine';
import { Diagram, describeDifference, hex, type DiagramDifference } from './kit/fast-forward.ts';
import { Random } from './kit/random.ts';
import { shrinkState } from './kit/shrink.ts';
import type { Layer, Stack } from './layer.ts';

export { Diagram, describeDifference, diagramDifference, type DiagramDifference } from './kit/fast-forward.ts';
export { Random } from './kit/random.ts';

/** What {@link findCounterexample} needs. */
export interface FastForwardOptions {
  /** The layer, or several: the first upper machine against the last lower one. */
  readonly layer: Layer | Stack;
  /**
   * A state of the upper machine. Good generators make states in which much can go wrong: few instructions, edge values,
   * addresses that meet.
   */
  readonly generate: (random: Random) => Snapshot;
  /** Number of states; 100 unless told. */
  readonly cases?: number;
  /** Steps of the upper machine from each state, each of which is tested; 1 unless told. */
  readonly steps?: number;
  /** Another seed gives other states; 1 unless told. */
  readonly seed?: number;
  /** Most states to try when making a counterexample smaller; 20,000 unless told. */
  readonly shrinkLimit?: number;
}

/** A state from which the diagram does not commute. */
export interface Counterexample {
  /** The seed and the number of the case: they reproduce it. */
  readonly seed: number;
  readonly index: number;
  /** The step at which the generated state failed, from 0. */
  readonly step: number;
  /** The generated state. */
  readonly original: Snapshot;
  /** A small state in which the very next step fails in the same way. */
  readonly state: Snapshot;
  /** Its words that are not zero. */
  readonly words: readonly { readonly address: number; readonly value: number }[];
  /** What is wrong from `state`. */
  readonly difference: DiagramDifference;
}

/**
 * Looks for a state from which the diagram does not commute, and makes it small: no more steps than the failing one, no
 * more pages, words and bits than needed.
 *
 * @throws BaseError `SWAP_KIT_RANGE` for numbers out of range, and as `assertStack`.
 */
export function findCounterexample(options: FastForwardOptions): Counterexample | undefined {
  const { layer, generate, cases = 100, steps = 1, seed = 1, shrinkLimit = 20_000 } = options;
  assertInteger('SWAP_KIT_RANGE', 'cases', cases, 1, Number.MAX_SAFE_INTEGER);
  assertInteger('SWAP_KIT_RANGE', 'steps', steps, 1, Number.MAX_SAFE_INTEGER);
  const diagram = new Diagram(layer);
  for (let index = 0; index < cases; index++) {
    const original = generate(new Random(seed, index));
    let state = original;
    for (let step = 0; step < steps; step++) {
      const difference = diagram.difference(state);
      if (difference === undefined) {
        state = diagram.upper.snapshot();
        continue;
      }
      const fails = (candidate: Snapshot): boolean => diagram.difference(candidate)?.kind === difference.kind;
      const small = shrinkState(state, fails, shrinkLimit).state;
      return {
        seed,
        index,
        step,
        original,
        state: small,
        words: wordsOf(small),
        difference: diagram.difference(small) ?? difference,
      };
    }
  }
  return undefined;
}

/**
 * Throws if a state is found from which the diagram does not commute; the message has the state.
 *
 * @throws BaseError `SWAP_DIAGRAM_MISMATCH`; its `context` is the {@link Counterexample}.
 * @example
 * ```ts no-run
 * import { assertFastForward } from '@commute/swap/kit';
 * import { test } from 'vitest';
 * import { layer, randomState } from './mine.ts';
 * test('the diagram commutes', () => assertFastForward({ layer, generate: randomState }));
 * ```
 */
export function assertFastForward(options: FastForwardOptions): void {
  const found = findCounterexample(options);
  if (found === undefined) return;
  const shown = found.words.slice(0, 40).map(({ address, value }) => `  ${hex(address)}: ${hex(value)}`);
  const more = found.words.length > 40 ? `\n  and ${String(found.words.length - 40)} more words` : '';
  throw new BaseError(
    'SWAP_DIAGRAM_MISMATCH',
    `diagram: expected both ways to lead to one state, got a difference: ${describeDifference(found.difference)}, ` +
      `after one step from the state with these words (seed ${String(found.seed)}, case ${String(found.index)}, ` +
      `step ${String(found.step)}):\n${shown.join('\n')}${more}\n`,
    found,
  );
}

function wordsOf(state: Snapshot): { readonly address: number; readonly value: number }[] {
  const words: { address: number; value: number }[] = [];
  for (const { index } of state.pages()) {
    for (let address = index * PAGE_BYTES; address < (index + 1) * PAGE_BYTES; address += 4) {
      const value = state.word(address);
      if (value !== 0) words.push({ address, value });
    }
  }
  return words;
}
