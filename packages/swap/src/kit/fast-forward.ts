import type { CodedError } from '@commute/errors';
import type { Machine, Snapshot } from '@commute/machine';
import { firstDifference } from '../compare.ts';
import {
  assertStack,
  attachAll,
  auxiliaryDifference,
  detachAll,
  stepsBelow,
  type Layer,
  type Stack,
} from '../layer.ts';

/** How the diagram fails to commute from a state. */
export type DiagramDifference =
  /** A(S) and what the lower machine makes of S differ in this word. */
  | { readonly kind: 'word'; readonly address: number; readonly upper: number; readonly lower: number }
  /** After its steps the lower machine's auxiliary state is not Q*. */
  | { readonly kind: 'auxiliary'; readonly layer: string; readonly address: number }
  /** S is halted, yet a step of the upper machine changes this word. */
  | { readonly kind: 'fixed-point'; readonly address: number; readonly before: number; readonly after: number }
  /** A machine failed. */
  | { readonly kind: 'error'; readonly machine: 'upper' | 'lower'; readonly code: string; readonly message: string };

/** Two machines, kept to test many states without making them again. */
export class Diagram {
  readonly stack: Stack;
  readonly upper: Machine;
  readonly lower: Machine;

  /** @param layers - one layer, or several: the first upper machine is compared with the last lower one. */
  constructor(layers: Layer | Stack) {
    this.stack = isStack(layers) ? layers : [layers];
    assertStack(this.stack);
    this.upper = this.stack[0]!.upper();
    this.lower = this.stack.at(-1)!.lower();
  }

  /**
   * Goes both ways round from `state`, by one step of the upper machine, and compares all of both states: not by
   * journals, so that this also tests those.
   */
  difference(state: Snapshot): DiagramDifference | undefined {
    const { upper, lower, stack } = this;
    let above: Snapshot;
    try {
      upper.restore(state);
      const rests = upper.halt !== undefined && !upper.supports.clockInState;
      upper.advance(1);
      above = upper.snapshot();
      const moved = rests ? firstDifference(state, above) : undefined;
      if (moved !== undefined) {
        return { kind: 'fixed-point', address: moved, before: state.word(moved), after: above.word(moved) };
      }
    } catch (error) {
      return failed(error, 'upper');
    }
    let below: Snapshot;
    try {
      lower.restore(attachAll(stack, state));
      lower.advance(stepsBelow(stack));
      below = lower.snapshot();
    } catch (error) {
      return failed(error, 'lower');
    }
    for (const layer of stack) {
      const address = auxiliaryDifference(layer, below);
      if (address !== undefined) return { kind: 'auxiliary', layer: layer.name, address };
    }
    const detached = detachAll(stack, below);
    const address = firstDifference(above, detached);
    if (address === undefined) return undefined;
    return { kind: 'word', address, upper: above.word(address), lower: detached.word(address) };
  }
}

/**
 * Tests from one state whether the diagram commutes: A(S) = detach(AB^(2^k)(attach(S))), Q = Q* afterwards, and a halted
 * state stays as it is.
 *
 * @returns the first difference, or undefined if there is none.
 */
export function diagramDifference(layers: Layer | Stack, state: Snapshot): DiagramDifference | undefined {
  return new Diagram(layers).difference(state);
}

/** A difference in words. */
export function describeDifference(found: DiagramDifference): string {
  switch (found.kind) {
    case 'word':
      return `the word at ${hex(found.address)} is ${hex(found.upper)} on the upper machine and ${hex(found.lower)} on the lower one`;
    case 'auxiliary':
      return `the auxiliary state of ${found.layer} is not clean at ${hex(found.address)}`;
    case 'fixed-point':
      return `the state is halted, yet a step changes the word at ${hex(found.address)} from ${hex(found.before)} to ${hex(found.after)}`;
    case 'error':
      return `the ${found.machine} machine failed: ${found.message}`;
  }
}

/** A word in hexadecimal. */
export function hex(value: number): string {
  return `0x${value.toString(16).padStart(8, '0')}`;
}

function isStack(layers: Layer | Stack): layers is Stack {
  return Array.isArray(layers);
}

function failed(error: unknown, machine: 'upper' | 'lower'): DiagramDifference {
  if (!(error instanceof Error)) throw error;
  const { code } = error as Partial<CodedError>;
  return { kind: 'error', machine, code: code ?? error.name, message: error.message };
}
