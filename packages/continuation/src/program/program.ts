import { INPUT_REGION, OUTPUT_REGION, type ProgramSegment } from '@commute/machine';
import { BRK_LIMIT, CONTROL_PAGE, PROGRAM_BASE } from '@commute/micro-riscv';
import { ContinuationError } from '../errors.ts';
import { type MachineConfiguration } from '../extension.ts';
import { haltedRow, type InstructionRow, instructionRows } from './instruction-rows.ts';
import { REGISTER_COUNT, REGISTER_KEYS } from './keys.ts';

/** A segment of a program that says whether it is code, as `parseElf` of `@commute/elf` gives it. */
export interface CodeSegment extends ProgramSegment {
  readonly executable?: boolean;
}

/** A program as it comes from a file. */
export interface CodeImage {
  readonly entry: number;
  readonly segments: readonly CodeSegment[];
}

/** Options of {@link createProgram}. */
export interface ProgramOptions extends MachineConfiguration {
  /** Whether input and output lie beyond the program's memory, reached by host calls only; true unless told. */
  readonly separateStreams?: boolean;
}

/** Consecutive words of program text. */
export interface TextRange {
  /** First address, a multiple of 4. */
  readonly address: number;
  readonly words: Uint32Array;
}

/** Keys that may be touched: `count` of them from `start` on, `stride` apart. */
export interface KeyRegion {
  readonly start: number;
  readonly stride: number;
  readonly count: number;
}

/** A program in the form that is proved: its text decoded, its memory divided into what may be touched and what not. */
export interface Program {
  readonly entry: number;
  readonly segments: readonly CodeSegment[];
  /** Ascending. */
  readonly text: readonly TextRange[];
  /** What may be executed, in the order of addresses; the last one is what a halted machine executes. */
  readonly rows: readonly InstructionRow[];
  /** For each word of text, in order, the number of its first row in `rows`; -1 where nothing may be executed. */
  readonly rowOfWord: Int32Array;
  readonly regions: readonly KeyRegion[];
  readonly machine: Required<MachineConfiguration>;
  /** Lowest program break. */
  readonly brkStart: number;
}

const MEMORY_END = 2 ** 32;
const PAGE = 4096;

/**
 * Prepares a program for proving. Its executable segments become the program table: they may be executed and read, and a store into
 * them cannot be proved.
 *
 * @throws {@link ContinuationError} `CONTINUATION_PROGRAM` for an entry outside the text or segments that {@link CodeImage} cannot have.
 */
export function createProgram(image: CodeImage, options: ProgramOptions = {}): Program {
  const { multiply = false, misaligned = false, extensions = [], separateStreams = true } = options;
  const reserved = reservedRanges(separateStreams);
  const text = textRanges(image);
  assertApart(text, reserved);
  const set = { multiply, custom: extensions.map(({ instruction }) => instruction) };
  const rows: InstructionRow[] = [];
  const firsts: number[] = [];
  for (const { address, words } of text) {
    words.forEach((word, index) => {
      const found = instructionRows(word, address + 4 * index, set);
      firsts.push(found.length === 0 ? -1 : rows.length);
      rows.push(...found);
    });
  }
  rows.push(haltedRow());
  if (!text.some(({ address, words }) => image.entry >= address && image.entry < address + 4 * words.length)) {
    throw new ContinuationError(
      'CONTINUATION_PROGRAM',
      'entry',
      'an address in an executable segment',
      String(image.entry),
    );
  }
  let end = 0;
  for (const { address, bytes, memorySize = bytes.length } of image.segments) {
    if (address + memorySize <= BRK_LIMIT) end = Math.max(end, address + memorySize);
  }
  return {
    entry: image.entry,
    segments: image.segments,
    text,
    rows,
    rowOfWord: Int32Array.from(firsts),
    regions: keyRegions(text, reserved),
    machine: { multiply, misaligned, extensions },
    brkStart: Math.ceil(end / PAGE) * PAGE,
  };
}

function textRanges({ segments }: CodeImage): TextRange[] {
  const ranges = segments
    .filter(({ executable, bytes }) => executable === true && bytes.length > 0)
    .map(({ address, bytes }): TextRange => {
      if (address % 4 !== 0) {
        throw new ContinuationError(
          'CONTINUATION_PROGRAM',
          'address',
          'executable segments at multiples of 4',
          String(address),
        );
      }
      const words = new Uint32Array(Math.ceil(bytes.length / 4));
      bytes.forEach((byte, index) => {
        words[index >>> 2]! |= byte << (8 * (index & 3));
      });
      return { address, words };
    })
    .sort((a, b) => a.address - b.address);
  ranges.forEach(({ address, words }, index) => {
    const next = ranges[index + 1]?.address ?? MEMORY_END;
    if (address + 4 * words.length <= next) return;
    throw new ContinuationError(
      'CONTINUATION_PROGRAM',
      'segments',
      'ones that share no word',
      `two at ${String(next)}`,
    );
  });
  for (const { address, bytes, executable, memorySize = bytes.length } of segments) {
    if ((executable === true && bytes.length > 0) || memorySize === 0) continue;
    // Ranges are in order and apart: of those that begin before the end of the data only the last can share a word with it.
    const last = ranges[countBelow(ranges, address + memorySize) - 1];
    if (last === undefined || last.address + 4 * last.words.length <= address) continue;
    throw new ContinuationError('CONTINUATION_PROGRAM', 'segments', 'data outside the words of text', String(address));
  }
  return ranges;
}

/** How many of some ranges, in order, begin below an address: by halving, as anybody's file may have many segments. */
function countBelow(ranges: readonly TextRange[], address: number): number {
  let [low, high] = [0, ranges.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (ranges[middle]!.address < address) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Addresses from `start` to before `end`. */
interface AddressRange {
  readonly start: number;
  readonly end: number;
}

/** What programs cannot access: the control page and, where they are separate, input and output. */
function reservedRanges(separateStreams: boolean): readonly AddressRange[] {
  const streams = separateStreams ? [INPUT_REGION, OUTPUT_REGION] : [];
  return [
    { start: CONTROL_PAGE, end: PROGRAM_BASE },
    ...streams.map(({ base, log2Size }) => ({ start: base, end: base + 2 ** log2Size })),
  ];
}

/** Refuses text that the machine itself writes to: with its registers, the input, or what a host call writes. */
function assertApart(text: readonly TextRange[], reserved: readonly AddressRange[]): void {
  for (const { address, words } of text) {
    if (!reserved.some(({ start, end }) => address < end && address + 4 * words.length > start)) continue;
    const expected = 'text outside the control page, input and output';
    throw new ContinuationError('CONTINUATION_PROGRAM', 'segments', expected, String(address));
  }
}

/** All of RAM but text and what is reserved; and the registers. */
function keyRegions(text: readonly TextRange[], reserved: readonly AddressRange[]): KeyRegion[] {
  const holes = [
    ...reserved,
    ...text.map(({ address, words }) => ({ start: address, end: address + 4 * words.length })),
  ].sort((a, b) => a.start - b.start);
  const regions: KeyRegion[] = [];
  let from = 0;
  for (const { start, end } of [...holes, { start: MEMORY_END, end: MEMORY_END }]) {
    if (start > from) regions.push({ start: from, stride: 4, count: (start - from) / 4 });
    from = Math.max(from, end);
  }
  regions.push({ start: REGISTER_KEYS, stride: 1, count: REGISTER_COUNT });
  return regions;
}

/** Tells whether a key may be touched. */
export function isLegalKey({ regions }: Pick<Program, 'regions'>, key: number): boolean {
  return regions.some(
    ({ start, stride, count }) => key >= start && (key - start) % stride === 0 && (key - start) / stride < count,
  );
}

/** The word of program text at a multiple of 4; undefined elsewhere. */
export function textWord({ text }: Pick<Program, 'text'>, address: number): number | undefined {
  for (const { address: start, words } of text) {
    if (address >= start && address < start + 4 * words.length) return words[(address - start) / 4];
  }
  return undefined;
}
