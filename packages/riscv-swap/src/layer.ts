import { createFastVM, type FastVM, type FastVMOptions, type Implementation } from '@commute/fast-vm';
import { keccak256, type Hasher, type MachineFactory, type PristineRegion } from '@commute/machine';
import {
  createMicroRiscv,
  verifyStep,
  type MicroRiscv,
  type MicroRiscvOptions,
  type VerifierParameters,
} from '@commute/micro-riscv';
import type { Auxiliary, Layer, StepVerifier } from '@commute/swap';
import { DEFAULT_LOG2_MICRO_STEPS, interpreterPristine } from './interpreter.ts';

/** Options of {@link createRiscvLayer}. */
export interface RiscvLayerOptions {
  /** The hash under roots; keccak256 unless told. */
  readonly hasher?: Hasher;
  /** a: micro-steps for each step of the fast machine, as a power of two; 14 to 24, 16 unless told. */
  readonly log2MicroSteps?: number;
  /** Most pages that each machine may have in use; see `Memory` of `@commute/machine`. */
  readonly maximumPages?: number;
  /** How the fast machine executes steps; as in `createFastVM` of `@commute/fast-vm`, and `interpreter` unless told. */
  readonly implementation?: Implementation;
  /** The auxiliary state of the layer above, where the fast machine interprets a machine itself. */
  readonly above?: Auxiliary;
}

/** The arrow from the fast machine to the micro machine. */
export interface RiscvLayer extends Layer {
  /** Makes the fast machine, A. */
  readonly upper: MachineFactory<FastVM>;
  /** Makes the micro machine, AB. */
  readonly lower: MachineFactory<MicroRiscv>;
  /** What `verifyStep` of `@commute/micro-riscv` has to know to verify a micro-step: roots, no content. */
  readonly verifier: VerifierParameters;
  /** Verifies one micro-step, for disputes; `verifyStep` with {@link RiscvLayer.verifier}. */
  readonly verify: StepVerifier;
}

/**
 * Joins the fast machine and the micro machine: one instruction of the first is 2^a instructions of the second, which
 * runs an interpreter of the first, compiled from C, and cleans its own state with the last of them.
 *
 * The interpreter and the fast machine are independent implementations of one specification (docs/spec/fast-vm.md), so
 * that a check with this layer finds mistakes of either.
 *
 * @throws BaseError `RISCV_SWAP_RANGE` for `log2MicroSteps` out of range.
 * @example
 * ```ts
 * import { createRiscvLayer } from '@commute/riscv-swap';
 * import { firstDifference, step } from '@commute/swap';
 * const layer = createRiscvLayer();
 * const fast = layer.upper();
 * // li a0, 42; li a7, 93; ecall
 * const bytes = new Uint8Array(new Uint32Array([0x02a00513, 0x05d00893, 0x00000073]).buffer);
 * fast.load({ entry: 0x1000, segments: [{ address: 0x1000, bytes }] });
 * const before = fast.snapshot();
 * fast.advance(1);
 * const after = step(layer, layer.lower(), before);
 * if (firstDifference(after, fast.snapshot()) !== undefined) throw new Error('the diagram does not commute');
 * ```
 */
export function createRiscvLayer(options: RiscvLayerOptions = {}): RiscvLayer {
  const {
    hasher = keccak256,
    log2MicroSteps = DEFAULT_LOG2_MICRO_STEPS,
    maximumPages,
    implementation,
    above,
  } = options;
  const auxiliary = interpreterPristine({ hasher, log2MicroSteps });
  const limits = maximumPages === undefined ? {} : { maximumPages };
  const upperOptions: FastVMOptions = {
    hasher,
    ...limits,
    ...(implementation === undefined ? {} : { implementation }),
    ...(above === undefined ? {} : { pristine: above }),
  };
  const upperRegions = above === undefined ? [] : [above];
  const lowerOptions: MicroRiscvOptions = { hasher, ...limits, pristine: auxiliary, upperRegions };
  const verifier = { hasher, pristine: withoutContent(auxiliary), upperRegions: upperRegions.map(withoutContent) };
  return {
    name: 'fast-vm on micro-riscv',
    upper: () => createFastVM(upperOptions),
    lower: () => createMicroRiscv(lowerOptions),
    log2Steps: log2MicroSteps,
    auxiliary,
    verifier,
    verify: (rootBefore, proof) => verifyStep(verifier, rootBefore, proof),
  };
}

function withoutContent({ region, root }: PristineRegion): PristineRegion {
  return { region, root };
}
