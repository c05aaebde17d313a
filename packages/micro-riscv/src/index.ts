/**
 * The micro machine: RV32I in one Merkle tree, cleaned at each multiple of 2^a steps, every step provable.
 *
 * @module
 */
export {
  BRK_LIMIT,
  CONTROL_PAGE,
  HALTED,
  HOST_CALL,
  INITIAL_STACK_POINTER,
  MICRO_FIELD,
  MICRO_REGION,
  PROGRAM_BASE,
  TRAP_CAUSE,
} from './layout.ts';
export { createMicroRiscv, type MicroRiscv, type MicroRiscvOptions } from './machine.ts';
export { microPristine, type MicroPristineOptions } from './pristine.ts';
export { type CustomInstruction, type CustomMemory, step, type StepParameters } from './step.ts';
export {
  proveStep,
  verifyStep,
  type ProvableMachine,
  type StepReason,
  type StepVerdict,
  type VerifierParameters,
} from './verify.ts';
