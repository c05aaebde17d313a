/**
 * Reads static RISC-V ELF files. Hostile bytes give a typed reason, never a throw.
 *
 * @module
 */
export { parseElf } from './parse.ts';
export { symbolAt } from './symbols.ts';
export type {
  Elf,
  ElfFailure,
  ElfFlags,
  ElfFloatAbi,
  ElfLimits,
  ElfReason,
  ElfResult,
  ElfSegment,
  ElfSymbol,
  ElfSymbolKind,
} from './types.ts';
