/**
 * The fast machine: RV64IMAC over the shared merkleized memory, as an interpreter, as a translator to WebAssembly, and as the slow
 * reference that both are held to.
 *
 * @module
 */
export * from './layout.ts';
export { createFastVM, type FastVM, type FastVMOptions, type Implementation } from './machine.ts';
export { type Personality } from './load.ts';
export type { Fallback, FallbackReason, TranslationStatistics } from './translate/translator.ts';
export { referenceStep } from './reference/step.ts';
export { disassemble, type DisassembleOptions, type Disassembly } from './disassemble.ts';
