import { BaseError, assertInteger } from '@commute/errors';
import {
  Snapshot,
  assertRegion,
  type Machine,
  type MachineFactory,
  type PristineRegion,
  type Region,
} from '@commute/machine';
import { firstDifference } from './compare.ts';

/** An auxiliary region with its pristine content Q*, which machines need; a verifier would need the root alone. */
export type Auxiliary = Required<PristineRegion>;

/**
 * One arrow of the swapping diagram: one step of `upper` is 2^log2Steps steps of `lower`.
 *
 * The state of `lower` is R = (Q, S): S is the state of `upper`, Q lies in the region `auxiliary`, which is empty in
 * every state of `upper`. Started on (Q*, S), `lower` is at (Q*, upper(S)) after exactly 2^log2Steps steps: it cleans
 * Q itself, with the last of them.
 *
 * Source: "Machine Swapping", https://ethresear.ch/t/machine-swapping/14159, sections "State cleaning" and "Fast
 * forwarding".
 */
export interface Layer {
  /** Name for messages and reports. */
  readonly name: string;
  /** Makes the fast machine A. */
  readonly upper: MachineFactory;
  /** Makes the machine AB, which is slow and easy to verify. */
  readonly lower: MachineFactory;
  /** k: one step above is 2^k steps below; 0 to 52. */
  readonly log2Steps: number;
  /** Where Q lies and what Q* is. */
  readonly auxiliary: Auxiliary;
}

/** Layers from the top: `stack[i].lower` makes the same kind of machine as `stack[i + 1].upper`. */
export type Stack = readonly Layer[];

/**
 * An auxiliary region from the snapshot that holds Q* in it. What lies outside of `region` is ignored.
 *
 * @example
 * ```ts
 * import { Snapshot } from '@commute/machine';
 * import { auxiliaryFrom } from '@commute/swap';
 * const auxiliary = auxiliaryFrom({ base: 0xff00_0000, log2Size: 24 }, Snapshot.empty());
 * if (auxiliary.root.length !== 32) throw new Error('a root has 32 bytes');
 * ```
 */
export function auxiliaryFrom(region: Region, content: Snapshot): Auxiliary {
  const only = Snapshot.empty(content.hasher).withRegion(region, content);
  return { region, root: only.regionRoot(region), content: only };
}

/**
 * Throws unless the layer can be one: its region is aligned, its number of steps is in range, and `root` is the root of
 * `content`.
 *
 * @throws BaseError `SWAP_LAYER_RANGE`, `SWAP_PRISTINE_MISMATCH` or `MACHINE_REGION_RANGE`.
 */
export function assertLayer(layer: Layer): void {
  assertInteger('SWAP_LAYER_RANGE', 'log2Steps', layer.log2Steps, 0, 52);
  const { region, root, content } = layer.auxiliary;
  assertRegion(region);
  const got = content.regionRoot(region);
  if (!got.every((byte, i) => byte === root[i])) {
    throw new BaseError(
      'SWAP_PRISTINE_MISMATCH',
      `auxiliary of ${layer.name}: expected root ${hex(root)} of the content, got ${hex(got)}`,
      { layer: layer.name, expected: hex(root), got: hex(got) },
    );
  }
}

/**
 * Throws unless every layer can be one, and no two auxiliary regions overlap.
 *
 * @throws BaseError `SWAP_STACK_RANGE` for an empty stack or one of more than 2^52 bottom steps for each step of the
 * top, `SWAP_STACK_OVERLAP` for regions that overlap, and as {@link assertLayer}.
 */
export function assertStack(stack: Stack): void {
  assertInteger('SWAP_STACK_RANGE', 'number of layers', stack.length, 1, 16);
  let steps = 0;
  stack.forEach((layer, i) => {
    assertLayer(layer);
    steps += layer.log2Steps;
    for (const other of stack.slice(0, i)) {
      const a = layer.auxiliary.region;
      const b = other.auxiliary.region;
      if (a.base < b.base + 2 ** b.log2Size && b.base < a.base + 2 ** a.log2Size) {
        throw new BaseError(
          'SWAP_STACK_OVERLAP',
          `auxiliary of ${layer.name}: expected a region of its own, got one that overlaps the region of ${other.name}`,
          { layer: layer.name, other: other.name },
        );
      }
    }
  });
  assertInteger('SWAP_STACK_RANGE', 'sum of log2Steps', steps, 0, 52);
}

/**
 * R = (Q*, S): the state below from which `lower` does the step that `upper` does from `upperState`. Costs one path of
 * the state tree.
 *
 * @throws BaseError `SWAP_REGION_OCCUPIED` if `upperState` is not empty where Q goes.
 */
export function attach(layer: Layer, upperState: Snapshot): Snapshot {
  const { region, content } = layer.auxiliary;
  const held = Snapshot.empty(upperState.hasher).withRegion(region, upperState);
  const found = firstDifference(Snapshot.empty(upperState.hasher), held);
  if (found !== undefined) {
    throw new BaseError(
      'SWAP_REGION_OCCUPIED',
      `upperState: expected nothing in the auxiliary region of ${layer.name}, got a byte that is not 0 in the word at ${address(found)}`,
      { layer: layer.name, address: found },
    );
  }
  return upperState.withRegion(region, content);
}

/**
 * S of R = (Q*, S). Costs one path of the state tree and the pages of Q that were touched.
 *
 * @throws BaseError `SWAP_NOT_PRISTINE` if Q is not Q*, as between two steps above.
 */
export function detach(layer: Layer, lowerState: Snapshot): Snapshot {
  const found = auxiliaryDifference(layer, lowerState);
  if (found !== undefined) {
    throw new BaseError(
      'SWAP_NOT_PRISTINE',
      `lowerState: expected the pristine auxiliary state of ${layer.name}, got another word at ${address(found)}`,
      { layer: layer.name, address: found },
    );
  }
  return lowerState.withoutRegion(layer.auxiliary.region);
}

/** Tells whether Q is Q* in a state of the lower machine. Looks only at pages that have been touched; hashes nothing. */
export function isPristine(layer: Layer, lowerState: Snapshot): boolean {
  return auxiliaryDifference(layer, lowerState) === undefined;
}

/** Address of the first word in which Q differs from Q*, or undefined where it does not. */
export function auxiliaryDifference(layer: Layer, lowerState: Snapshot): number | undefined {
  const { region, content } = layer.auxiliary;
  const empty = Snapshot.empty(lowerState.hasher);
  return firstDifference(empty.withRegion(region, content), empty.withRegion(region, lowerState));
}

/**
 * (Q*, S) from (Q, S): cleaning as one operation on a state.
 *
 * Machines of a stack clean themselves; this is for machines that cannot, and for tests.
 */
export function clean(layer: Layer, lowerState: Snapshot): Snapshot {
  return lowerState.withRegion(layer.auxiliary.region, layer.auxiliary.content);
}

/**
 * One step of the upper machine, done by the lower one: attach, 2^k steps, detach.
 *
 * @param lower - a machine made by `layer.lower`; its state is replaced.
 * @throws BaseError as {@link attach} and {@link detach}, and what the machine throws, for instance where 2^k steps are
 * not enough for the step.
 */
export function step(layer: Layer, lower: Machine, upperState: Snapshot): Snapshot {
  lower.restore(attach(layer, upperState));
  lower.advance(2 ** layer.log2Steps);
  return detach(layer, lower.snapshot());
}

/** {@link attach} for each layer, from the top: (P, Q, S) of the bottom machine from S of the top one. */
export function attachAll(stack: Stack, topState: Snapshot): Snapshot {
  return stack.reduce((state, layer) => attach(layer, state), topState);
}

/** {@link detach} for each layer, from the bottom: S of the top machine from (P, Q, S) of the bottom one. */
export function detachAll(stack: Stack, bottomState: Snapshot): Snapshot {
  return stack.reduceRight((state, layer) => detach(layer, state), bottomState);
}

/** Steps of the bottom machine for one of the top machine: 2^(a + b + …). */
export function stepsBelow(stack: Stack): number {
  return 2 ** stack.reduce((sum, layer) => sum + layer.log2Steps, 0);
}

function address(value: number): string {
  return `0x${value.toString(16).padStart(8, '0')}`;
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
