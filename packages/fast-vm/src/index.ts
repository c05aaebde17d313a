/**
 * The fast machine: an RV64IMAC interpreter over the shared merkleized memory, and the slow reference it is held to.
 *
 * @module
 */
export * from './layout.ts';
export { createFastVM, type FastVM, type FastVMOptions } from './machine.ts';
export { type Personality } from './load.ts';
export { referenceStep } from './reference/step.ts';
export { disassemble, type DisassembleOptions, type Disassembly } from './disassemble.ts';
