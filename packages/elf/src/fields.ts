/*
 * Where the fields of the two classes lie. Source: System V Application Binary Interface, chapters 4 and 5
 * (ELF header, sections, symbol table, program header), and the ELF-64 object file format.
 */

/** Offsets and sizes of one class, in bytes. Fields named here have the width of an address; others are fixed. */
export interface ElfLayout {
  readonly class: 32 | 64;
  readonly headerBytes: number;
  readonly programHeaderBytes: number;
  readonly sectionHeaderBytes: number;
  readonly symbolBytes: number;
  /** In the file header. */
  readonly entry: number;
  readonly programHeaders: number;
  readonly sectionHeaders: number;
  readonly flags: number;
  /** First of the 16-bit fields e_ehsize, e_phentsize, e_phnum, e_shentsize, e_shnum, e_shstrndx. */
  readonly counts: number;
  /** In a program header; the type is at 0. */
  readonly segmentFlags: number;
  readonly segmentOffset: number;
  readonly segmentAddress: number;
  readonly segmentFileSize: number;
  readonly segmentMemorySize: number;
  /** In a section header; the type is at 4. */
  readonly sectionOffset: number;
  readonly sectionSize: number;
  readonly sectionLink: number;
  readonly sectionEntrySize: number;
  /** In a symbol; the name is at 0. */
  readonly symbolValue: number;
  readonly symbolSize: number;
  readonly symbolInfo: number;
  readonly symbolSection: number;
}

export const layout32: ElfLayout = {
  class: 32,
  headerBytes: 52,
  programHeaderBytes: 32,
  sectionHeaderBytes: 40,
  symbolBytes: 16,
  entry: 24,
  programHeaders: 28,
  sectionHeaders: 32,
  flags: 36,
  counts: 40,
  segmentFlags: 24,
  segmentOffset: 4,
  segmentAddress: 8,
  segmentFileSize: 16,
  segmentMemorySize: 20,
  sectionOffset: 16,
  sectionSize: 20,
  sectionLink: 24,
  sectionEntrySize: 36,
  symbolValue: 4,
  symbolSize: 8,
  symbolInfo: 12,
  symbolSection: 14,
};

export const layout64: ElfLayout = {
  class: 64,
  headerBytes: 64,
  programHeaderBytes: 56,
  sectionHeaderBytes: 64,
  symbolBytes: 24,
  entry: 24,
  programHeaders: 32,
  sectionHeaders: 40,
  flags: 48,
  counts: 52,
  segmentFlags: 4,
  segmentOffset: 8,
  segmentAddress: 16,
  segmentFileSize: 32,
  segmentMemorySize: 40,
  sectionOffset: 24,
  sectionSize: 32,
  sectionLink: 40,
  sectionEntrySize: 56,
  symbolValue: 8,
  symbolSize: 16,
  symbolInfo: 4,
  symbolSection: 6,
};

/**
 * Reads a field of the width of an address.
 *
 * @returns the value; above 2^53 it is rounded, which is beyond every bound that it is compared with.
 */
export function readWide(view: DataView, offset: number, layout: ElfLayout): number {
  const low = view.getUint32(offset, true);
  return layout.class === 32 ? low : view.getUint32(offset + 4, true) * 2 ** 32 + low;
}

/** The same field in hexadecimal, exact. */
export function wideText(view: DataView, offset: number, layout: ElfLayout): string {
  const value = layout.class === 32 ? view.getUint32(offset, true) : view.getBigUint64(offset, true);
  return `0x${value.toString(16)}`;
}
