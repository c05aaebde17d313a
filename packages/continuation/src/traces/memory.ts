import { type TableTrace } from '@commute/stark';
import { type SegmentRecord } from '../execution/record.ts';
import { NARROW, OPERATION } from '../program/operations.ts';
import { type Program } from '../program/program.ts';
import { narrowAccessTable } from '../tables/narrow-access.ts';
import { wordAccessTable } from '../tables/word-access.ts';
import { type Delegations } from './delegations.ts';
import { type LookupCounts } from './lookups.ts';
import { TraceWriter } from './writer.ts';

/** The number of the word of text at an address, among all words of text. */
export function textWordNumber({ text }: Program, address: number): number {
  let before = 0;
  for (const { address: start, words } of text) {
    if (address >= start && address < start + 4 * words.length) return before + (address - start) / 4;
    before += words.length;
  }
  return -1;
}

/** The trace of loads and stores of words. */
export function wordAccessTrace(
  program: Program,
  record: SegmentRecord,
  { height, cycles, operations, operands, addresses, accesses }: Delegations,
  counts: LookupCounts,
): TableTrace {
  const writer = new TraceWriter(wordAccessTable, height);
  const [load, text, store, address, before] = ['load', 'text', 'store', 'address', 'before'].map((name) =>
    writer.words(name),
  ) as [Uint32Array, Uint32Array, Uint32Array, Uint32Array, Uint32Array];
  const [loaded, stored, time, previous, gap] = ['loaded', 'stored', 'time', 'previous', 'gap'].map((name) =>
    writer.words(name),
  ) as [Uint32Array, Uint32Array, Uint32Array, Uint32Array, Uint32Array];
  for (let row = 0; row < cycles.length; row++) {
    const at = 2 * row;
    const operation = operations[row]!;
    const word = record.accessWords[accesses[row]!]!;
    time[at] = 4 * cycles[row]! + 1;
    address[at] = addresses[row]!;
    if (operation === OPERATION.loadWordFromText) {
      text[at] = 1;
      loaded[at] = word;
      counts.text[textWordNumber(program, addresses[row]!)]!++;
      continue;
    }
    before[at] = word;
    if (operation === OPERATION.loadWord) {
      load[at] = 1;
      loaded[at] = word;
    } else {
      store[at] = 1;
      stored[at] = operands[row]!;
    }
    const last = record.accessTimes[accesses[row]!]!;
    previous[at] = last;
    gap[at] = counts.limbs(time[at] + 1 - last);
  }
  return writer.trace();
}

/** The trace of loads and stores of bytes and half-words. */
export function narrowAccessTrace(
  program: Program,
  record: SegmentRecord,
  { height, cycles, operations, operands, addresses, accesses }: Delegations,
  counts: LookupCounts,
): TableTrace {
  const writer = new TraceWriter(narrowAccessTable, height);
  const words = (name: string): Uint32Array => writer.words(name);
  const group = (name: string, count: number): Uint32Array[] =>
    Array.from({ length: count }, (_, index) => writer.words(`${name}[${String(index)}]`));
  const [active, half, signed, text, store] = [
    words('active'),
    words('half'),
    words('signed'),
    words('text'),
    words('store'),
  ];
  const [offsets, bytes, newBytes] = [group('offsets', 3), group('bytes', 4), group('newBytes', 2)];
  const [address, selected, top, sign] = [words('address'), words('selected'), words('top'), words('sign')];
  const [loaded, stored, after] = [words('loaded'), words('stored'), words('after')];
  const [time, previous, gap] = [words('time'), words('previous'), words('gap')];
  for (let row = 0; row < cycles.length; row++) {
    const at = 2 * row;
    const flags = operations[row]! - OPERATION.narrow;
    const isHalf = (flags & NARROW.half) !== 0;
    const isStore = (flags & NARROW.store) !== 0;
    const offset = addresses[row]! & 3;
    const word = record.accessWords[accesses[row]!]!;
    active[at] = 1;
    half[at] = isHalf ? 1 : 0;
    signed[at] = (flags & NARROW.signed) === 0 ? 0 : 1;
    text[at] = (flags & NARROW.text) === 0 ? 0 : 1;
    store[at] = isStore ? 1 : 0;
    if (offset > 0) offsets[offset - 1]![at] = 1;
    address[at] = addresses[row]!;
    for (let index = 0; index < 4; index++) bytes[index]![at] = (word >>> (8 * index)) & 255;
    counts.bytes[word & 0xffff]!++;
    counts.bytes[word >>> 16]!++;
    const mask = isHalf ? 0xffff : 0xff;
    const found = (word >>> (8 * offset)) & mask;
    const upper = isHalf ? found : found << 8;
    selected[at] = found;
    top[at] = upper;
    sign[at] = upper >>> 15;
    counts.sign[upper]!++;
    const value = operands[row]!;
    stored[at] = value;
    newBytes[0]![at] = value & 255;
    newBytes[1]![at] = (value >>> 8) & 255;
    counts.bytes[value & 0xffff]!++;
    counts.range[value >>> 16]!++;
    if (!isStore) loaded[at] = record.result[cycles[row]!]!;
    after[at] = isStore ? (word & ~(mask << (8 * offset))) | ((value & mask) << (8 * offset)) : word;
    time[at] = 4 * cycles[row]! + 1;
    if (text[at] === 1) {
      counts.text[textWordNumber(program, addresses[row]! - offset)]!++;
      continue;
    }
    const last = record.accessTimes[accesses[row]!]!;
    previous[at] = last;
    gap[at] = counts.limbs(time[at] + 1 - last);
  }
  return writer.trace();
}
