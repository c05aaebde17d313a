import { BaseError } from '@commute/errors';
import { layout32, layout64, readWide, wideText, type ElfLayout } from './fields.ts';
import { completeLimits } from './limits.ts';
import { addressesByName, readSymbolTable } from './symbols.ts';
import type { Elf, ElfFailure, ElfFlags, ElfLimits, ElfReason, ElfResult, ElfSegment, ElfSymbol } from './types.ts';

const TYPE_EXECUTABLE = 2;
const MACHINE_RISCV = 243;
const SEGMENT_LOAD = 1;
const SEGMENT_DYNAMIC = 2;
const SEGMENT_INTERPRETER = 3;
const ADDRESS_SPACE = 2 ** 32;
/** A count of program headers that means "see section header 0"; no program needs it. */
const COUNT_ELSEWHERE = 0xffff;

function refuse(reason: ElfReason, expected: string, got: string): ElfFailure {
  return { ok: false, reason, expected, got };
}

function hexadecimal(value: number): string {
  return `0x${value.toString(16)}`;
}

const typeNames: Readonly<Record<number, string>> = {
  0: 'no type',
  1: 'a relocatable object file',
  2: 'an executable',
  3: 'a shared object or position-independent executable',
  4: 'a core file',
};

/** Checks the file header up to `e_machine`; returns the layout of its class. */
function checkIdentity(bytes: Uint8Array, view: DataView): ElfLayout | ElfFailure {
  const magic = Array.from(bytes.subarray(0, 4), (byte) => byte.toString(16).padStart(2, '0')).join(' ');
  if (bytes.length >= 4 && magic !== '7f 45 4c 46') return refuse('not-elf', 'the bytes 7f 45 4c 46', magic);
  if (bytes.length < 16) return refuse('truncated', 'at least 16 bytes', String(bytes.length));
  const fileClass = bytes[4]!;
  if (fileClass !== 1 && fileClass !== 2) return refuse('wrong-class', '1 (ELF32) or 2 (ELF64)', String(fileClass));
  if (bytes[5] !== 1) return refuse('big-endian', 'data encoding 1 (little-endian)', String(bytes[5]));
  if (bytes[6] !== 1) return refuse('wrong-version', '1', String(bytes[6]));
  const layout = fileClass === 1 ? layout32 : layout64;
  if (bytes.length < layout.headerBytes) {
    return refuse('truncated', `a header of ${String(layout.headerBytes)} bytes`, `${String(bytes.length)} bytes`);
  }
  const machine = view.getUint16(18, true);
  if (machine !== MACHINE_RISCV) return refuse('wrong-machine', '243 (RISC-V)', String(machine));
  const version = view.getUint32(20, true);
  if (version !== 1) return refuse('wrong-version', '1', String(version));
  const type = view.getUint16(16, true);
  if (type !== TYPE_EXECUTABLE) {
    return refuse(
      'not-executable',
      'an executable that is linked statically',
      typeNames[type] ?? `type ${String(type)}`,
    );
  }
  return layout;
}

function readFlags(flags: number): ElfFlags {
  const floatAbi = (['soft', 'single', 'double', 'quad'] as const)[(flags >>> 1) & 3]!;
  return {
    compressed: (flags & 1) !== 0,
    floatAbi,
    embedded: (flags & 8) !== 0,
    totalStoreOrdering: (flags & 16) !== 0,
  };
}

/** Reads one PT_LOAD header; `undefined` if it takes no memory. */
function readSegment(
  bytes: Uint8Array,
  view: DataView,
  header: number,
  layout: ElfLayout,
): ElfSegment | ElfFailure | undefined {
  const text = (field: number): string => wideText(view, header + field, layout);
  const offset = readWide(view, header + layout.segmentOffset, layout);
  const fileSize = readWide(view, header + layout.segmentFileSize, layout);
  const memorySize = readWide(view, header + layout.segmentMemorySize, layout);
  const address = readWide(view, header + layout.segmentAddress, layout);
  if (fileSize > memorySize) {
    const sizes = `${text(layout.segmentFileSize)} of file for ${text(layout.segmentMemorySize)} of memory`;
    return refuse('segment-out-of-range', 'at most as many bytes in the file as in memory', sizes);
  }
  if (memorySize === 0) return undefined;
  if (fileSize > 0 && offset + fileSize > bytes.length) {
    const range = `${text(layout.segmentFileSize)} bytes at ${text(layout.segmentOffset)}`;
    return refuse('segment-out-of-range', `bytes inside the file of ${hexadecimal(bytes.length)}`, range);
  }
  if (address + memorySize > ADDRESS_SPACE) {
    const range = `${text(layout.segmentMemorySize)} bytes at ${text(layout.segmentAddress)}`;
    return refuse('segment-out-of-range', 'memory below 0x100000000', range);
  }
  const flags = view.getUint32(header + layout.segmentFlags, true);
  return {
    address,
    memorySize,
    bytes: fileSize === 0 ? bytes.subarray(0, 0) : bytes.subarray(offset, offset + fileSize),
    readable: (flags & 4) !== 0,
    writable: (flags & 2) !== 0,
    executable: (flags & 1) !== 0,
  };
}

/** Reads all program headers; the segments come back ascending by address. */
function readSegments(
  bytes: Uint8Array,
  view: DataView,
  layout: ElfLayout,
  limits: Required<ElfLimits>,
): readonly ElfSegment[] | ElfFailure {
  const start = readWide(view, layout.programHeaders, layout);
  const entryBytes = view.getUint16(layout.counts + 2, true);
  const count = view.getUint16(layout.counts + 4, true);
  if (count === 0) return refuse('no-load-segment', 'at least one segment to load', 'no program header');
  if (count === COUNT_ELSEWHERE) return refuse('malformed-headers', 'fewer than 65535 program headers', String(count));
  if (entryBytes !== layout.programHeaderBytes) {
    return refuse(
      'malformed-headers',
      `program headers of ${String(layout.programHeaderBytes)} bytes`,
      String(entryBytes),
    );
  }
  if (count > limits.maximumProgramHeaders) {
    return refuse('too-many-headers', `at most ${String(limits.maximumProgramHeaders)} program headers`, String(count));
  }
  if (start + count * entryBytes > bytes.length) {
    const got = `${String(count)} at ${wideText(view, layout.programHeaders, layout)}`;
    return refuse('truncated', `program headers inside the file of ${hexadecimal(bytes.length)} bytes`, got);
  }

  const segments: ElfSegment[] = [];
  for (let index = 0; index < count; index += 1) {
    const header = start + index * entryBytes;
    const type = view.getUint32(header, true);
    if (type === SEGMENT_DYNAMIC || type === SEGMENT_INTERPRETER) {
      const got = type === SEGMENT_DYNAMIC ? 'a dynamic section' : 'a request for a dynamic linker';
      return refuse('not-executable', 'an executable that is linked statically', got);
    }
    if (type !== SEGMENT_LOAD) continue;
    const segment = readSegment(bytes, view, header, layout);
    if (segment === undefined) continue;
    if ('ok' in segment) return segment;
    segments.push(segment);
  }
  if (segments.length === 0) return refuse('no-load-segment', 'at least one segment to load', 'none that takes memory');
  return segments.sort((left, right) => left.address - right.address);
}

/** Checks what concerns the segments together. */
function checkMemory(segments: readonly ElfSegment[], limits: Required<ElfLimits>): ElfFailure | undefined {
  let end = 0;
  let total = 0;
  for (const segment of segments) {
    if (segment.address < end) {
      return refuse(
        'overlapping-segments',
        `no segment below ${hexadecimal(end)}`,
        `one at ${hexadecimal(segment.address)}`,
      );
    }
    end = segment.address + segment.memorySize;
    total += segment.memorySize;
  }
  if (total > limits.maximumMemoryBytes) {
    return refuse('too-large', `at most ${hexadecimal(limits.maximumMemoryBytes)} bytes of memory`, hexadecimal(total));
  }
  return undefined;
}

/**
 * Reads a static, freestanding RISC-V executable of either class (ELF32, ELF64), little-endian.
 *
 * What is checked is what loading depends on: the header, the program headers, and that segments fit the file, the
 * 32-bit address space, the limits and each other. Section headers are optional and never the reason for a refusal.
 * Any bytes may be given: nothing is thrown because of them, time is linear in their number, and nothing is allocated in
 * proportion to sizes that the file merely claims.
 *
 * @param bytes - the whole file; not changed. The segments are views of it, so it must not be changed while they are in use.
 * @returns the program, or the first reason to refuse the file.
 * @throws BaseError `ELF_BYTES_MISMATCH` if `bytes` is not a Uint8Array; RangeMismatchError `ELF_LIMIT_RANGE`.
 * @example
 * ```ts
 * import { parseElf } from '@commute/elf';
 *
 * const result = parseElf(new Uint8Array([0x7f, 0x45, 0x4c, 0x46]));
 * if (result.ok || result.reason !== 'truncated') throw new Error('unreachable');
 * ```
 * @see System V Application Binary Interface, chapters 4 and 5; RISC-V ELF psABI, chapter "ELF Object Files".
 */
export function parseElf(bytes: Uint8Array, limits: ElfLimits = {}): ElfResult {
  if (!(bytes instanceof Uint8Array)) {
    throw new BaseError('ELF_BYTES_MISMATCH', `bytes: expected a Uint8Array, got ${typeof bytes}`, {
      got: typeof bytes,
    });
  }
  const bounds = completeLimits(limits);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const layout = checkIdentity(bytes, view);
  if ('ok' in layout) return layout;
  const segments = readSegments(bytes, view, layout, bounds);
  if ('ok' in segments) return segments;
  const problem = checkMemory(segments, bounds);
  if (problem !== undefined) return problem;

  const flags = readFlags(view.getUint32(layout.flags, true));
  const entry = readWide(view, layout.entry, layout);
  const alignment = flags.compressed ? 2 : 4;
  const home = segments.find((one) => entry >= one.address && entry < one.address + one.memorySize);
  if (home === undefined || entry % alignment !== 0) {
    const expected = `a multiple of ${String(alignment)} inside a segment`;
    return refuse('bad-entry', expected, wideText(view, layout.entry, layout));
  }
  const last = segments.at(-1)!;

  let symbolTable: readonly ElfSymbol[] | undefined;
  let symbols: ReadonlyMap<string, number> | undefined;
  const elf: Elf = {
    class: layout.class,
    entry,
    segments,
    endAddress: last.address + last.memorySize,
    flags,
    get symbolTable(): readonly ElfSymbol[] {
      return (symbolTable ??= readSymbolTable(bytes, layout, bounds));
    },
    get symbols(): ReadonlyMap<string, number> {
      return (symbols ??= addressesByName(this.symbolTable));
    },
  };
  return { ok: true, elf };
}
