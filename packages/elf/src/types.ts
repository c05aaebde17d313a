/** Bounds on what {@link parseElf} accepts. Each is optional; the defaults suit programs of up to 1 GiB. */
export interface ElfLimits {
  /** Most bytes of memory that all segments together may take. Default 2^30; at most 2^32. */
  readonly maximumMemoryBytes?: number;
  /** Most program headers of any kind. Default 256; at most 65534. */
  readonly maximumProgramHeaders?: number;
  /** Most entries of the symbol table that are looked at; the rest is ignored. Default 2^16; at most 2^22. */
  readonly maximumSymbols?: number;
  /** Longest name in bytes that a symbol may have; symbols with a longer one are ignored. Default 512; at most 65536. */
  readonly maximumSymbolNameBytes?: number;
}

/** A range of memory that the program brings along. */
export interface ElfSegment {
  /** Address of the first byte (the virtual address of the program header). */
  readonly address: number;
  /** Bytes of memory, from 1; `address + memorySize` is at most 2^32. */
  readonly memorySize: number;
  /** The first bytes, from the file; the rest of the memory is zero. A view of the file, not a copy. */
  readonly bytes: Uint8Array;
  readonly readable: boolean;
  readonly writable: boolean;
  readonly executable: boolean;
}

/** How floating-point arguments are passed. */
export type ElfFloatAbi = 'soft' | 'single' | 'double' | 'quad';

/** What the header's `e_flags` say. */
export interface ElfFlags {
  /** The code may contain 16-bit instructions (the extension C). */
  readonly compressed: boolean;
  readonly floatAbi: ElfFloatAbi;
  /** Only registers x0 to x15 are used (the base instruction set E). */
  readonly embedded: boolean;
  /** The program expects total store ordering. */
  readonly totalStoreOrdering: boolean;
}

/** What a symbol names. */
export type ElfSymbolKind = 'function' | 'object' | 'other';

/** A defined symbol of the program. */
export interface ElfSymbol {
  /** The name as the file has it; not to be trusted for display. */
  readonly name: string;
  readonly address: number;
  /** Bytes, or 0 if unknown, as for a label in assembly. */
  readonly size: number;
  readonly kind: ElfSymbolKind;
  /** Visible to other object files; `false` for a `static` one. */
  readonly global: boolean;
}

/** A static RISC-V program, ready to be loaded. */
export interface Elf {
  /** Width of the registers that the program is for. */
  readonly class: 32 | 64;
  /** Address of the first instruction; it lies in a segment. Whether that one is marked executable is not
   * checked: linkers leave the mark out, and our machines have no page permissions. */
  readonly entry: number;
  /** What is to be loaded, ascending by address, without overlap. */
  readonly segments: readonly ElfSegment[];
  /** First address after the highest segment, at most 2^32. The heap may begin here. */
  readonly endAddress: number;
  readonly flags: ElfFlags;
  /**
   * The defined symbols, ascending by address. Read from the file on first use, within the limits; empty if the file
   * has no symbol table or its section headers are damaged.
   */
  readonly symbolTable: readonly ElfSymbol[];
  /** Addresses by name; where a name is defined more than once, a global symbol wins, then the lowest address. */
  readonly symbols: ReadonlyMap<string, number>;
}

/**
 * Why a file is refused.
 *
 * - `truncated`: the file ends inside its header or its program headers.
 * - `not-elf`: the first four bytes are not `7F 45 4C 46`.
 * - `wrong-class`: neither ELF32 nor ELF64.
 * - `big-endian`: the data encoding is not little-endian.
 * - `wrong-version`: the version is not 1.
 * - `wrong-machine`: not for RISC-V.
 * - `not-executable`: relocatable, shared, position-independent or dynamically linked.
 * - `malformed-headers`: sizes or counts in the header are impossible.
 * - `too-many-headers`: more program headers than the limit.
 * - `segment-out-of-range`: a segment leaves the file or the 32-bit address space, or has more bytes than memory.
 * - `overlapping-segments`: two segments claim the same address.
 * - `too-large`: the segments take more memory than the limit.
 * - `no-load-segment`: nothing to load.
 * - `bad-entry`: the entry is outside every segment, or misaligned.
 */
export type ElfReason =
  | 'truncated'
  | 'not-elf'
  | 'wrong-class'
  | 'big-endian'
  | 'wrong-version'
  | 'wrong-machine'
  | 'not-executable'
  | 'malformed-headers'
  | 'too-many-headers'
  | 'segment-out-of-range'
  | 'overlapping-segments'
  | 'too-large'
  | 'no-load-segment'
  | 'bad-entry';

/** A refused file. `expected` and `got` are for people; `reason` is for programs. */
export interface ElfFailure {
  readonly ok: false;
  readonly reason: ElfReason;
  readonly expected: string;
  readonly got: string;
}

/** What {@link parseElf} returns. */
export type ElfResult = { readonly ok: true; readonly elf: Elf } | ElfFailure;
