import {
  MissingLeafError,
  openProof,
  proveAccesses,
  type Access,
  type Hasher,
  type PristineRegion,
  type ProofFailure,
  type ProofReason,
  type Snapshot,
  type WordAccess,
} from '@commute/machine';
import { step, type StepParameters } from './step.ts';

/** What a verifier has to know. Regions need no content, only roots. */
export interface VerifierParameters extends StepParameters {
  /** The hash under the roots. */
  readonly hasher: Hasher;
}

/** Why a step was not verified. `overrun`: the proof is right, and shows that no state follows. */
export type StepReason = ProofReason | 'overrun';

/** What {@link verifyStep} returns. */
export type StepVerdict = { readonly ok: true; readonly rootAfter: Uint8Array } | ProofFailure<StepReason>;

/**
 * Verifies one step from a proof: executes it on the leaves that the proof opens and computes the root after.
 *
 * Needs no machine and no content of the pristine regions. Never throws, whatever the bytes; does at most 64 leaves of
 * 27 levels of hashing, twice.
 *
 * @param rootBefore - the state root that both sides agree on, 32 bytes.
 * @param proof - bytes from {@link proveStep}, or from anybody.
 * @example
 * ```ts
 * import { createMicroRiscv, proveStep, verifyStep } from '@commute/micro-riscv';
 * const machine = createMicroRiscv();
 * machine.load({ entry: 0x1000, segments: [{ address: 0x1000, bytes: new Uint8Array([0x13, 0, 0, 0]) }] }); // nop
 * const before = machine.root();
 * const proof = proveStep(machine);
 * machine.advance(1);
 * const verdict = verifyStep(machine.parameters, before, proof);
 * if (!verdict.ok || verdict.rootAfter.join() !== machine.root().join()) throw new Error('not verified');
 * ```
 */
export function verifyStep(parameters: VerifierParameters, rootBefore: Uint8Array, proof: Uint8Array): StepVerdict {
  const opened = openProof(parameters.hasher, rootBefore, proof);
  if (!opened.ok) return opened;
  const { memory } = opened;
  let outcome: 'done' | 'overrun';
  try {
    outcome = step(memory, parameters);
  } catch (error) {
    if (error instanceof MissingLeafError) return { ok: false, reason: 'missing-leaf' };
    throw error;
  }
  if (!memory.allUsed()) return { ok: false, reason: 'unused-leaf' };
  if (outcome === 'overrun') return { ok: false, reason: 'overrun' };
  const rootAfter = memory.root();
  return rootAfter === null ? { ok: false, reason: 'not-canonical' } : { ok: true, rootAfter };
}

/** A machine whose next step can be proved. */
export interface ProvableMachine {
  readonly parameters: VerifierParameters;
  readonly snapshot: () => Snapshot;
}

/**
 * Proves the next step of a machine, which stays where it is. The proof of an overrun shows that no state follows.
 *
 * @returns bytes for {@link verifyStep}, fewer than 4096 of them.
 */
export function proveStep(machine: ProvableMachine): Uint8Array<ArrayBuffer> {
  const before = machine.snapshot();
  const attempt = new AttemptAccess(before);
  step(attempt, machine.parameters);
  return proveAccesses(before, attempt.log);
}

/** Lets a step happen without changing anything. */
class AttemptAccess implements WordAccess {
  readonly log: Access[] = [];
  readonly #state: Snapshot;
  readonly #stored = new Map<number, number>();

  constructor(state: Snapshot) {
    this.#state = state;
  }

  loadWord(address: number): number {
    const value = this.#stored.get(address) ?? this.#state.word(address);
    this.log.push({ kind: 'read', address, value });
    return value;
  }

  storeWord(address: number, value: number): void {
    const before = this.#stored.get(address) ?? this.#state.word(address);
    this.#stored.set(address, value);
    this.log.push({ kind: 'write', address, before, value });
  }

  replaceRegion(pristine: PristineRegion): void {
    this.log.push({ kind: 'replace', region: pristine.region, root: pristine.root });
  }
}
