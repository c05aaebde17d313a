import { type TableTrace } from '@commute/stark';
import { type SegmentRecord } from '../execution/record.ts';
import { INSTRUCTION_COLUMNS, type InstructionRow } from '../program/instruction-rows.ts';
import { processorTable } from '../tables/processor.ts';
import { invertAll } from './invert-all.ts';
import { type LookupCounts } from './lookups.ts';
import { TraceWriter } from './writer.ts';

const WORD = 2 ** 32;

/** The trace of the processor, given the preprocessed columns of the program table. */
export function processorTrace(
  record: SegmentRecord,
  program: readonly BigUint64Array[],
  counts: LookupCounts,
): TableTrace {
  const { claim, rows, left, right, before, result } = record;
  const cycles = rows.length;
  const writer = new TraceWriter(processorTable, cycles);
  INSTRUCTION_COLUMNS.forEach((name, index) => {
    copyRows(writer.words(name), new Uint32Array(program[index]!.buffer), rows);
  });
  for (let cycle = 0; cycle < cycles; cycle++) counts.execution[rows[cycle]!]!++;
  copyWords(writer.words('left'), left);
  copyWords(writer.words('right'), right);
  copyWords(writer.words('before'), before);
  copyWords(writer.words('result'), result);
  copyWords(writer.words('leftTime'), record.leftTimes);
  copyWords(writer.words('rightTime'), record.rightTimes);
  copyWords(writer.words('beforeTime'), record.beforeTimes);
  writeTimes(writer, record, counts);
  writeSums(writer, record, program, counts);
  return writer.trace([], [BigInt(claim.pcStart), BigInt(claim.pcEnd)]);
}

function copyRows(to: Uint32Array, from: Uint32Array, rows: Uint32Array): void {
  for (let cycle = 0; cycle < rows.length; cycle++) {
    const row = rows[cycle]!;
    to[2 * cycle] = from[2 * row]!;
    to[2 * cycle + 1] = from[2 * row + 1]!;
  }
}

function copyWords(to: Uint32Array, from: Uint32Array): void {
  for (let cycle = 0; cycle < from.length; cycle++) to[2 * cycle] = from[cycle]!;
}

function writeTimes(writer: TraceWriter, record: SegmentRecord, counts: LookupCounts): void {
  const { leftTimes, rightTimes, beforeTimes, rows } = record;
  const { range, triple } = counts;
  const time = writer.words('time');
  const [leftGap, rightGap, beforeGap] = ['leftGap', 'rightGap', 'beforeGap'].map((name) => writer.words(name)) as [
    Uint32Array,
    Uint32Array,
    Uint32Array,
  ];
  for (let cycle = 0; cycle < rows.length; cycle++) {
    const at = 2 * cycle;
    const tick = 4 * cycle + 1;
    time[at] = tick;
    // Ticks since the access before, less one.
    const a = tick - leftTimes[cycle]! - 1;
    const b = tick - rightTimes[cycle]!;
    const c = tick + 2 - beforeTimes[cycle]!;
    leftGap[at] = a & 0xffff;
    rightGap[at] = b & 0xffff;
    beforeGap[at] = c & 0xffff;
    range[a & 0xffff]!++;
    range[b & 0xffff]!++;
    range[c & 0xffff]!++;
    triple[(a >>> 16) | ((b >>> 16) << 5) | ((c >>> 16) << 10)]!++;
  }
}

function writeSums(
  writer: TraceWriter,
  { rows, left, right }: SegmentRecord,
  program: readonly BigUint64Array[],
  { range }: LookupCounts,
): void {
  const wordsOf = (name: keyof InstructionRow): Uint32Array =>
    new Uint32Array(program[INSTRUCTION_COLUMNS.indexOf(name)]!.buffer);
  const sign = wordsOf('sign');
  const immediate = wordsOf('immediate');
  const offset = wordsOf('offset');
  const isEqual = wordsOf('isEqual');
  const isJump = wordsOf('isJump');
  const sumLow = writer.words('sumLow');
  const sumHigh = writer.words('sumHigh');
  const carry = writer.words('carry');
  const hint = writer.words('hint');
  const unequal: { readonly cycle: number; readonly sum: number }[] = [];
  for (let cycle = 0; cycle < rows.length; cycle++) {
    const at = 2 * cycle;
    const field = 2 * rows[cycle]!;
    const operand = right[cycle]! + immediate[field]!;
    // -1 has all upper bits set.
    const product = sign[field + 1] !== 0 ? -operand : sign[field] === 1 ? operand : 0;
    let sum = left[cycle]! + product + offset[field]!;
    if (sum < 0) {
      sum += WORD;
      carry[at + 1] = 0xffffffff;
    } else if (sum >= WORD) {
      sum -= WORD;
      carry[at] = 1;
    }
    const [low, high] = [sum & 0xffff, sum >>> 16];
    sumLow[at] = low;
    sumHigh[at] = high;
    range[low]!++;
    range[high]!++;
    if (isJump[field] === 1) hint[at] = sum & 1;
    else if (isEqual[field] === 1 && sum !== 0) unequal.push({ cycle, sum });
  }
  const inverses = invertAll(unequal.map(({ sum }) => BigInt(sum)));
  const hints = writer.column('hint');
  unequal.forEach(({ cycle }, index) => {
    hints[cycle] = inverses[index]!;
  });
}
