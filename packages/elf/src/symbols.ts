import { readWide, type ElfLayout } from './fields.ts';
import type { Elf, ElfLimits, ElfSymbol, ElfSymbolKind } from './types.ts';

const SECTION_SYMBOL_TABLE = 2;
const SECTION_STRINGS = 3;
const SYMBOL_TYPE_OBJECT = 1;
const SYMBOL_TYPE_FUNCTION = 2;
const SECTION_UNDEFINED = 0;

interface FileRange {
  readonly offset: number;
  readonly size: number;
}

interface SymbolSections {
  readonly symbols: FileRange;
  readonly names: FileRange;
}

/** The symbol table and its names, or `undefined` if there is none or anything about the section headers is unsound. */
function findSections(view: DataView, layout: ElfLayout): SymbolSections | undefined {
  const start = readWide(view, layout.sectionHeaders, layout);
  const entryBytes = view.getUint16(layout.counts + 6, true);
  const count = view.getUint16(layout.counts + 8, true);
  if (start === 0 || entryBytes !== layout.sectionHeaderBytes) return undefined;
  if (start + count * entryBytes > view.byteLength) return undefined;

  const rangeOf = (header: number): FileRange | undefined => {
    const offset = readWide(view, header + layout.sectionOffset, layout);
    const size = readWide(view, header + layout.sectionSize, layout);
    return offset + size <= view.byteLength ? { offset, size } : undefined;
  };
  for (let index = 0; index < count; index += 1) {
    const header = start + index * entryBytes;
    if (view.getUint32(header + 4, true) !== SECTION_SYMBOL_TABLE) continue;
    const link = view.getUint32(header + layout.sectionLink, true);
    const namesHeader = start + link * entryBytes;
    if (link >= count || view.getUint32(namesHeader + 4, true) !== SECTION_STRINGS) return undefined;
    if (readWide(view, header + layout.sectionEntrySize, layout) !== layout.symbolBytes) return undefined;
    const symbols = rangeOf(header);
    const names = rangeOf(namesHeader);
    return symbols !== undefined && names !== undefined ? { symbols, names } : undefined;
  }
  return undefined;
}

function kindOf(type: number): ElfSymbolKind | undefined {
  if (type === SYMBOL_TYPE_FUNCTION) return 'function';
  if (type === SYMBOL_TYPE_OBJECT) return 'object';
  return type === 0 ? 'other' : undefined; // sections, source files and thread-local offsets are not addresses
}

/** Marks of code and data (`$x`, `$d`: RISC-V ELF psABI, "Mapping Symbol") and labels of the compiler are not names. */
function isLabel(name: string): boolean {
  return name.startsWith('$x') || name.startsWith('$d') || name.startsWith('.L');
}

/** Later is the better name for the same address. */
function rank(symbol: ElfSymbol): number {
  return (symbol.kind === 'other' ? 0 : 4) + (symbol.global ? 2 : 0) + (symbol.size > 0 ? 1 : 0);
}

/**
 * Reads the defined symbols, ascending by address; of those with one address, the best name comes last.
 *
 * At most `maximumSymbols` entries and `maximumSymbolNameBytes` per name are looked at, whatever the file claims.
 */
export function readSymbolTable(bytes: Uint8Array, layout: ElfLayout, limits: Required<ElfLimits>): ElfSymbol[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const sections = findSections(view, layout);
  if (sections === undefined) return [];
  const { symbols, names } = sections;
  const decoder = new TextDecoder();
  const namesEnd = names.offset + names.size;
  const count = Math.min(Math.floor(symbols.size / layout.symbolBytes), limits.maximumSymbols);
  const found: ElfSymbol[] = [];
  for (let index = 0; index < count; index += 1) {
    const at = symbols.offset + index * layout.symbolBytes;
    const info = view.getUint8(at + layout.symbolInfo);
    const kind = kindOf(info & 15);
    const address = readWide(view, at + layout.symbolValue, layout);
    const size = readWide(view, at + layout.symbolSize, layout);
    if (kind === undefined || address + size > 2 ** 32) continue;
    if (view.getUint16(at + layout.symbolSection, true) === SECTION_UNDEFINED) continue;
    const nameStart = names.offset + view.getUint32(at, true);
    const nameLimit = Math.min(namesEnd, nameStart + limits.maximumSymbolNameBytes + 1);
    let nameEnd = nameStart;
    while (nameEnd < nameLimit && bytes[nameEnd] !== 0) nameEnd += 1;
    if (nameEnd >= nameLimit || nameEnd === nameStart) continue;
    const name = decoder.decode(bytes.subarray(nameStart, nameEnd));
    if (!isLabel(name)) found.push({ name, address, size, kind, global: info >> 4 !== 0 });
  }
  return found.sort((left, right) => left.address - right.address || rank(left) - rank(right));
}

/** Addresses by name: the first global symbol, else the first local one. */
export function addressesByName(table: readonly ElfSymbol[]): Map<string, number> {
  const addresses = new Map<string, number>();
  for (const global of [true, false]) {
    for (const symbol of table) {
      if (symbol.global === global && !addresses.has(symbol.name)) addresses.set(symbol.name, symbol.address);
    }
  }
  return addresses;
}

/** How many symbols before the address are asked whether they reach as far. */
const LOOK_BACK = 32;

/**
 * Finds the symbol that an address belongs to, for messages and profiles.
 *
 * That is the nearest symbol at or before the address whose size covers it; failing that, the nearest symbol if it has
 * no size, as labels in assembly do.
 *
 * @param address - any number.
 * @returns the symbol and the distance from its address in bytes, or `undefined` if none covers the address.
 * @example
 * ```ts
 * import { symbolAt, type Elf } from '@commute/elf';
 *
 * function place(elf: Elf, address: number): string {
 *   const found = symbolAt(elf, address);
 *   return found === undefined ? `0x${address.toString(16)}` : `${found.symbol.name}+${String(found.offset)}`;
 * }
 * ```
 */
export function symbolAt(
  elf: Elf,
  address: number,
): { readonly symbol: ElfSymbol; readonly offset: number } | undefined {
  const segment = elf.segments.find((one) => address >= one.address && address < one.address + one.memorySize);
  if (segment === undefined) return undefined;
  const table = elf.symbolTable;
  let low = 0;
  let high = table.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (table[middle]!.address <= address) low = middle + 1;
    else high = middle;
  }
  for (let index = low - 1; index >= 0 && index >= low - LOOK_BACK; index -= 1) {
    const symbol = table[index]!;
    const offset = address - symbol.address;
    if (offset < symbol.size) return { symbol, offset };
  }
  const nearest = table[low - 1];
  if (nearest?.size !== 0 || nearest.address < segment.address) return undefined;
  return { symbol: nearest, offset: address - nearest.address };
}
