import { BaseError, assertInteger } from '@commute/errors';
import { assertRegion, type Hasher, type Region } from '@commute/machine';
import { assertStack, type Stack } from '../layer.ts';
import type { StepVerdict, StepVerifier } from './verifier.ts';

/** All a referee knows of a layer: no machine, no state, one root. */
export interface LayerRules {
  readonly name: string;
  readonly log2Steps: number;
  readonly region: Region;
  /** Root of the region when pristine: of Q*. */
  readonly pristineRoot: Uint8Array;
}

/** What a referee knows of a layer, from the layer. */
export function layerRules(stack: Stack): LayerRules[] {
  if (stack.length > 0) assertStack(stack);
  return stack.map(({ name, log2Steps, auxiliary }) => ({
    name,
    log2Steps,
    region: auxiliary.region,
    pristineRoot: auxiliary.root,
  }));
}

/** Another way to settle the last step above the lowest machine: one proof of all the steps below that it takes. */
export interface Settlement {
  readonly name: string;
  /**
   * Checks a proof that `steps` steps of the lowest machine lead from `rootBefore` to `rootAfter`. Must not throw on any
   * bytes.
   */
  readonly verify: (rootBefore: Uint8Array, proof: Uint8Array, steps: number) => StepVerdict | Promise<StepVerdict>;
}

/** Runs an action later. Returns how to call it off. */
export type Clock = (milliseconds: number, action: () => void) => () => void;

/** The clock on the wall. */
export const wallClock: Clock = (milliseconds, action) => {
  const timer = setTimeout(action, milliseconds);
  return () => {
    clearTimeout(timer);
  };
};

/** What a referee goes by. */
export interface RefereeOptions {
  readonly hasher: Hasher;
  /** The layers from the top; none if the lowest machine is the only one. */
  readonly layers: readonly LayerRules[];
  /** Verifies one step of the lowest machine. */
  readonly verifyStep: StepVerifier;
  /** Root of the state that the run starts from, which is not in dispute. */
  readonly initialRoot: Uint8Array;
  /**
   * The number of steps every claim must have. Without it a claim ends at the fixed point of a halt and says where; needed
   * for a top machine with a clock in its state, which has no fixed point.
   */
  readonly steps?: number;
  /** How to settle the last step above the lowest machine; by going on with `bisect` unless told. */
  readonly settle?: 'bisect' | Settlement;
  /** Time for each answer; a minute unless told. Who needs longer loses. */
  readonly answerMilliseconds?: number;
  /** Measures that time; the clock on the wall unless told. */
  readonly clock?: Clock;
  /** Is told of each round of questions. */
  readonly onRound?: (round: DisputeRound) => void;
  /** Ends the dispute without a verdict. */
  readonly signal?: AbortSignal;
}

/** A round: the same question to both parties. */
export interface DisputeRound {
  readonly round: number;
  /** Names of the parties. */
  readonly parties: readonly [string, string];
  /** Steps of each layer that have been found so far. */
  readonly path: readonly number[];
  /** The range of steps that is left at the present depth. */
  readonly low: number;
  readonly high: number;
}

/** Why a party lost. */
export type LossReason =
  /** It did not answer in time. */
  | 'timeout'
  /** It sent something that is not an answer to the question. */
  | 'malformed'
  /** It said it could not answer. */
  | 'refused'
  /** Its run starts from another state. */
  | 'wrong-initial-root'
  /** Its claim has not the number of steps that was agreed. */
  | 'wrong-length'
  /** Its claim contradicts itself: no steps, but another state. */
  | 'inconsistent'
  /** It claims more steps than it needs: by its own account the final state is reached earlier. */
  | 'length-not-minimal'
  /** Its state holds something where the auxiliary state of the layer below goes, or its opening is wrong. */
  | 'bad-opening'
  /** The verified step leads to another root than it claims. */
  | 'wrong-step'
  /** Neither party gave a proof that verifies. */
  | 'no-proof';

/** One who lost, and why. */
export interface Loss {
  /** 0 or 1: position among the parties. */
  readonly party: 0 | 1;
  readonly name: string;
  readonly reason: LossReason;
  /** More about it: what was malformed, why a proof was refused. */
  readonly detail: string;
}

/** How a dispute ended. */
export interface DisputeResult {
  /** Whether there was nothing to settle: the claims are the same. */
  readonly agreed: boolean;
  /** 0 or 1; undefined if the parties agree or both lost. */
  readonly winner: 0 | 1 | undefined;
  readonly losses: readonly Loss[];
  /** The step of the top machine that the dispute was narrowed down to; undefined if it ended before. */
  readonly step: number | undefined;
  /** The step of the lowest machine within the step above it; undefined if it did not come to that. */
  readonly microStep: number | undefined;
  /** The step of each machine of the stack, as far as found, from the top. */
  readonly path: readonly number[];
  /** Root both agree on before the step in dispute. */
  readonly agreedRoot: Uint8Array | undefined;
  /** The root that the verified step leads to. */
  readonly verifiedRoot: Uint8Array | undefined;
  /** Rounds of questions. */
  readonly rounds: number;
  /** Bytes of all questions and answers, in their binary form. */
  readonly bytes: number;
}

/** Throws unless the options make sense. */
export function assertRefereeOptions(options: RefereeOptions): void {
  const { layers, initialRoot, steps, answerMilliseconds = 1, settle = 'bisect' } = options;
  assertInteger('SWAP_DISPUTE_RANGE', 'number of layers', layers.length, 0, 16);
  for (const layer of layers) {
    assertRegion(layer.region);
    assertInteger('SWAP_DISPUTE_RANGE', `log2Steps of ${layer.name}`, layer.log2Steps, 0, 52);
    assertInteger(
      'SWAP_DISPUTE_RANGE',
      `bytes of the pristine root of ${layer.name}`,
      layer.pristineRoot.length,
      32,
      32,
    );
  }
  assertInteger('SWAP_DISPUTE_RANGE', 'bytes of initialRoot', initialRoot.length, 32, 32);
  if (steps !== undefined) assertInteger('SWAP_DISPUTE_RANGE', 'steps', steps, 0, Number.MAX_SAFE_INTEGER);
  assertInteger('SWAP_DISPUTE_RANGE', 'answerMilliseconds', answerMilliseconds, 1, 2 ** 31 - 1);
  if (settle !== 'bisect' && layers.length === 0) {
    throw new BaseError('SWAP_DISPUTE_RANGE', 'settle: expected bisect, as there is no layer, got a settlement', {});
  }
}
