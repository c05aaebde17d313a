/**
 * A stack machine over the Goldilocks field with the instruction set of Triton VM.
 *
 * @module
 */
export { assemble, type AssemblyError, type AssemblyFault, type AssemblyResult } from './assembler.ts';
export { CAUSE, causeText, isDigestRegister } from './causes.ts';
export { disassemble, type DisassembledLine, type DisassemblyError, type DisassemblyResult } from './disassembler.ts';
export { StackVMError, type StackVMErrorCode } from './errors.ts';
export {
  INSTRUCTIONS,
  growthOf,
  instructionNamed,
  instructionOf,
  sizeOf,
  type ArgumentKind,
  type InstructionDefinition,
} from './instructions.ts';
export { PROGRAM_BASE } from './layout.ts';
export { createStackVM, type StackVM, type StackVMLoadOptions, type StackVMOptions } from './machine.ts';
export { REGISTER_ADDRESS, REGISTER_COUNT, memoryObjects, type MemoryObjects } from './memory-objects.ts';
export { Program, type ProgramNotes } from './program.ts';
export { referenceStep, type ReferenceState } from './reference/step.ts';
export { readState, type JumpStackEntry, type StackVMState } from './state.ts';
export { hashElements, hashPair, tip5Permutation, type Digest } from './tip5.ts';
export { TIP5, type Tip5Constants } from './tip5-constants.ts';
