import type { CodedError } from '@commute/errors';
import type { Machine, Memory, Snapshot } from '@commute/machine';
import { isPositionAware, tellPosition } from '../fault.ts';
import { firstDifferenceSince } from '../compare.ts';
import { Scouting } from './scouting.ts';
import { assertStack, attachAll, auxiliaryDifference, stepsBelow, type Stack } from '../layer.ts';

/** Where two accounts of a run first differ. Steps are counted from 0: step t leads from state t to state t + 1. */
export type CheckDifference =
  /** After this step a word is not the same on both machines. */
  | {
      readonly kind: 'word';
      readonly step: number;
      readonly address: number;
      /** The word after the step of the upper machine. */
      readonly upper: number;
      /** The word after the steps of the lower machine. */
      readonly lower: number;
    }
  /** A machine could not do this step, for instance because the lower one had too few steps for it. */
  | {
      readonly kind: 'error';
      readonly step: number;
      readonly machine: 'upper' | 'lower';
      /** Code of a coded error, otherwise the error's name. */
      readonly code: string;
      readonly message: string;
    }
  /** After this step the lower machine had not cleaned its auxiliary state. */
  | { readonly kind: 'auxiliary'; readonly step: number; readonly address: number }
  /**
   * Both machines agree on every step from `firstStep` to before `endStep`, but the snapshot claimed at `endStep` is
   * another state: whoever made it did not run this upper machine. (Or, between two snapshots, the upper machine comes to
   * another state when it runs to `endStep` at once.)
   */
  | {
      readonly kind: 'claim';
      /** Same as `firstStep`. */
      readonly step: number;
      readonly firstStep: number;
      readonly endStep: number;
      readonly address: number;
      /** The word after running both machines. */
      readonly upper: number;
      /** The word in the claimed snapshot. */
      readonly claimed: number;
    };

/** A machine that can say how many steps it executed itself, without those at the fixed point after a halt. */
export interface CountsExecutedSteps {
  /** Steps since the machine was made. */
  readonly executedSteps: number;
}

/**
 * Runs two machines side by side and compares them after every step of the upper one.
 *
 * Only words in either machine's journal are compared. That is enough: if the states were equal before a step, a word
 * that is not in the upper journal is unchanged above, one that is not in the lower journal is unchanged below, so a word
 * in neither is still equal; all others are looked at. So after each step the whole states are equal, or the first word
 * found different is named. Nothing is allocated per step.
 */
export class StepChecker {
  readonly upper: Machine;
  readonly lower: Machine;
  readonly #stack: Stack;
  readonly #count: number;
  readonly #bases: Int32Array;
  readonly #masks: Int32Array;
  #step = 0;
  /** The claimed state from which the upper machine was led on last, and how far. */
  #origin: Snapshot | undefined;
  #scouting: Scouting | undefined;
  /** The last state compared with a claim, and that claim: equal, though they may share no page. */
  #compared: { readonly state: Snapshot; readonly claim: Snapshot } | undefined;

  /** @param stack - the upper machine of the first layer is compared with the lower machine of the last. */
  constructor(stack: Stack) {
    assertStack(stack);
    this.#stack = stack;
    this.#count = stepsBelow(stack);
    this.upper = stack[0]!.upper();
    this.lower = stack.at(-1)!.lower();
    this.upper.memory.journaling = true;
    this.lower.memory.journaling = true;
    this.#bases = Int32Array.from(stack, ({ auxiliary }) => auxiliary.region.base | 0);
    this.#masks = Int32Array.from(stack, ({ auxiliary }) => -(2 ** auxiliary.region.log2Size) | 0);
  }

  /** The next step to be checked. */
  get step(): number {
    return this.#step;
  }

  /** Steps the lower machine has executed so far, if it counts them. */
  get executedSteps(): number | undefined {
    return (this.lower as Machine & Partial<CountsExecutedSteps>).executedSteps;
  }

  /**
   * Has the upper machine run from a state, `step` steps into the run, to some places. Begins where it was led to from that
   * state before, if that is on the way. {@link StepChecker.start} comes next.
   */
  scout(state: Snapshot, step: number, places: readonly number[]): Scouting {
    const known = this.#origin === state ? this.#scouting?.last : undefined;
    const from = known !== undefined && known.step <= places[0]! ? known : { step, state };
    this.#origin = state;
    this.#scouting = new Scouting(this.upper, from, places);
    return this.#scouting;
  }

  /** Goes to a state of the upper machine, `step` steps into the run. */
  start(state: Snapshot, step: number): void {
    this.#step = step;
    this.upper.memory.journaling = true;
    this.#compared = { state, claim: state };
    this.upper.restore(state);
    this.lower.restore(attachAll(this.#stack, state));
    tellPosition(this.upper, step);
    tellPosition(this.lower, step * this.#count);
    this.upper.memory.journalLength = 0;
    this.lower.memory.journalLength = 0;
  }

  /** Checks `count` steps, or up to the first difference. */
  advance(count: number): CheckDifference | undefined {
    const { upper, lower } = this;
    const steps = this.#count;
    const end = this.#step + count;
    const canRest = !isPositionAware(upper) && !isPositionAware(lower);
    while (this.#step < end) {
      let acting: 'upper' | 'lower' = 'upper';
      try {
        upper.advance(1);
        upper.sync();
        acting = 'lower';
        lower.advance(steps);
        lower.sync();
      } catch (error) {
        return failure(error, this.#step, acting);
      }
      const address = this.#compare();
      if (address >= 0) return this.#wordDifference(address);
      // A halted machine that wrote nothing stays as it is, and the other one agrees: this step tells for all that follow.
      const rests = canRest && upper.memory.journalLength === 0 && upper.halt !== undefined;
      upper.memory.journalLength = 0;
      lower.memory.journalLength = 0;
      this.#step = rests ? end : this.#step + 1;
    }
    return undefined;
  }

  /**
   * Compares the state after the steps so far with what is claimed for it, page by page. Also that the lower machine's
   * auxiliary state is clean.
   *
   * @param firstStep - the step from which on the claim has not been compared.
   */
  compareClaim(claimed: Snapshot, firstStep: number): CheckDifference | undefined {
    const lowerState = this.lower.snapshot();
    for (const layer of this.#stack) {
      const found = auxiliaryDifference(layer, lowerState);
      if (found !== undefined) return { kind: 'auxiliary', step: this.#step - 1, address: found };
    }
    const state = this.upper.snapshot();
    const before = this.#compared!;
    const address = firstDifferenceSince(
      { before: before.state, after: state },
      { before: before.claim, after: claimed },
    );
    if (address === undefined) {
      this.#compared = { state, claim: claimed };
      return undefined;
    }
    return {
      kind: 'claim',
      step: firstStep,
      firstStep,
      endStep: this.#step,
      address,
      upper: state.word(address),
      claimed: claimed.word(address),
    };
  }

  /** The first journaled address at which the two differ, or -1. */
  #compare(): number {
    const above = this.upper.memory;
    const below = this.lower.memory;
    for (let i = 0; i < above.journalLength; i++) {
      const address = above.journal[i]! & ~3;
      // In a state above, nothing lies where the auxiliary state goes.
      const expected = this.#isAuxiliary(address) ? 0 : wordAt(below, address);
      if (wordAt(above, address) !== expected) return address >>> 0;
    }
    for (let i = 0; i < below.journalLength; i++) {
      const address = below.journal[i]! & ~3;
      if (this.#isAuxiliary(address)) continue;
      if (wordAt(above, address) !== wordAt(below, address)) return address >>> 0;
    }
    return -1;
  }

  #isAuxiliary(address: number): boolean {
    const bases = this.#bases;
    for (let i = 0; i < bases.length; i++) if ((address & this.#masks[i]!) === bases[i]!) return true;
    return false;
  }

  #wordDifference(address: number): CheckDifference {
    const upper = wordAt(this.upper.memory, address) >>> 0;
    const lower = this.#isAuxiliary(address) ? 0 : wordAt(this.lower.memory, address) >>> 0;
    return { kind: 'word', step: this.#step, address, upper, lower };
  }
}

function wordAt(memory: Memory, address: number): number {
  const frame = memory.readTable[address >>> 12]! || memory.pageIn(address);
  return memory.words[(frame + (address & 4092)) >> 2]!;
}

/** An error of a machine as a difference. */
export function failure(error: unknown, step: number, machine: 'upper' | 'lower'): CheckDifference {
  if (!(error instanceof Error)) throw error;
  const { code } = error as Partial<CodedError>;
  return { kind: 'error', step, machine, code: code ?? error.name, message: error.message };
}
