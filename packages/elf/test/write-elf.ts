/** A symbol to write. */
export interface SymbolToWrite {
  readonly name: string;
  readonly address: number;
  readonly size?: number;
  /** 0 none, 1 object, 2 function, 3 section, 4 file. */
  readonly type?: number;
  readonly global?: boolean;
  /** Index of its section; 0 is "undefined". */
  readonly section?: number;
}

/** A program header to write. */
export interface SegmentToWrite {
  readonly address: number | bigint;
  readonly bytes?: Uint8Array;
  readonly memorySize?: number | bigint;
  /** 4 readable, 2 writable, 1 executable. */
  readonly flags?: number;
  /** 1 is PT_LOAD. */
  readonly type?: number;
  /** Overrides for damaged files. */
  readonly offset?: number | bigint;
  readonly fileSize?: number | bigint;
}

/** An executable to write. */
export interface ElfToWrite {
  readonly class: 32 | 64;
  readonly entry: number | bigint;
  readonly segments: readonly SegmentToWrite[];
  readonly symbols?: readonly SymbolToWrite[];
  readonly flags?: number;
  readonly type?: number;
  readonly machine?: number;
}

/**
 * Writes an ELF file: header, program headers, the segments' bytes, then (with symbols) a symbol table, its names and
 * the section headers.
 */
export function writeElf(elf: ElfToWrite): Uint8Array<ArrayBuffer> {
  const wide = elf.class === 64;
  const headerBytes = wide ? 64 : 52;
  const programHeaderBytes = wide ? 56 : 32;
  const sectionHeaderBytes = wide ? 64 : 40;
  const symbolBytes = wide ? 24 : 16;
  const symbols = elf.symbols ?? [];
  const names = new TextEncoder().encode(['', ...symbols.map((one) => one.name), ''].join('\0'));

  const dataStart = headerBytes + programHeaderBytes * elf.segments.length;
  const symbolsStart = elf.segments.reduce((sum, one) => sum + (one.bytes?.length ?? 0), dataStart);
  const namesStart = symbolsStart + (symbols.length + 1) * symbolBytes;
  const sectionsStart = namesStart + names.length;
  const withSymbols = elf.symbols !== undefined;
  const bytes = new Uint8Array(withSymbols ? sectionsStart + 3 * sectionHeaderBytes : symbolsStart);
  const view = new DataView(bytes.buffer);

  let at = 0;
  const half = (value: number): void => {
    view.setUint16(at, value, true);
    at += 2;
  };
  const word = (value: number): void => {
    view.setUint32(at, value, true);
    at += 4;
  };
  const address = (value: number | bigint): void => {
    if (wide) view.setBigUint64(at, BigInt(value), true);
    else view.setUint32(at, Number(value), true);
    at += wide ? 8 : 4;
  };

  bytes.set([0x7f, 0x45, 0x4c, 0x46, wide ? 2 : 1, 1, 1]);
  at = 16;
  half(elf.type ?? 2);
  half(elf.machine ?? 243);
  word(1);
  address(elf.entry);
  address(headerBytes);
  address(withSymbols ? sectionsStart : 0);
  word(elf.flags ?? 0);
  half(headerBytes);
  half(programHeaderBytes);
  half(elf.segments.length);
  half(withSymbols ? sectionHeaderBytes : 0);
  half(withSymbols ? 3 : 0);
  half(0);

  let data = dataStart;
  for (const segment of elf.segments) {
    const content = segment.bytes ?? new Uint8Array(0);
    bytes.set(content, data);
    word(segment.type ?? 1);
    if (wide) word(segment.flags ?? 5);
    address(segment.offset ?? data);
    address(segment.address);
    address(segment.address);
    address(segment.fileSize ?? content.length);
    address(segment.memorySize ?? content.length);
    if (!wide) word(segment.flags ?? 5);
    address(1);
    data += content.length;
  }
  if (!withSymbols) return bytes;

  at = symbolsStart + symbolBytes;
  let name = 1;
  for (const symbol of symbols) {
    const info = (symbol.global === false ? 0 : 16) | (symbol.type ?? 2);
    word(name);
    if (wide) {
      half(info);
      half(symbol.section ?? 1);
    }
    address(symbol.address);
    address(symbol.size ?? 0);
    if (!wide) {
      half(info);
      half(symbol.section ?? 1);
    }
    name += new TextEncoder().encode(symbol.name).length + 1;
  }
  bytes.set(names, namesStart);
  const section = (index: number, type: number, offset: number, size: number, link: number, entry: number): void => {
    at = sectionsStart + index * sectionHeaderBytes + 4;
    word(type);
    address(0);
    address(0);
    address(offset);
    address(size);
    word(link);
    word(0);
    address(1);
    address(entry);
  };
  section(1, 2, symbolsStart, namesStart - symbolsStart, 2, symbolBytes);
  section(2, 3, namesStart, names.length, 0, 0);
  return bytes;
}
