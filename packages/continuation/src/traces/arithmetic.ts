import { type TableTrace } from '@commute/stark';
import { type SegmentRecord } from '../execution/record.ts';
import { OPERATION } from '../program/operations.ts';
import { bitwiseTable } from '../tables/bitwise.ts';
import { comparisonTable } from '../tables/comparison.ts';
import { shiftTable } from '../tables/shift.ts';
import { type Delegations } from './delegations.ts';
import { type LookupCounts } from './lookups.ts';
import { TraceWriter } from './writer.ts';

const WORD = 2 ** 32;

/** The trace of AND, OR and XOR. */
export function bitwiseTrace(
  record: SegmentRecord,
  { height, cycles, operations, operands }: Delegations,
  counts: LookupCounts,
): TableTrace {
  const writer = new TraceWriter(bitwiseTable, height);
  const flags = new Map<number, Uint32Array>([
    [OPERATION.and, writer.words('and')],
    [OPERATION.or, writer.words('or')],
    [OPERATION.xor, writer.words('xor')],
  ]);
  const time = writer.words('time');
  const result = writer.words('result');
  const bytesOf = (name: string): Uint32Array[] =>
    [0, 1, 2, 3].map((index) => writer.words(`${name}[${String(index)}]`));
  const [left, right, both] = [bytesOf('left'), bytesOf('right'), bytesOf('both')] as [
    Uint32Array[],
    Uint32Array[],
    Uint32Array[],
  ];
  cycles.forEach((cycle, row) => {
    flags.get(operations[row]!)![2 * row] = 1;
    time[2 * row] = 4 * cycle + 1;
    result[2 * row] = record.result[cycle]!;
    const [a, b] = [record.left[cycle]!, operands[row]!];
    for (let index = 0; index < 4; index++) {
      const x = (a >>> (8 * index)) & 255;
      const y = (b >>> (8 * index)) & 255;
      left[index]![2 * row] = x;
      right[index]![2 * row] = y;
      both[index]![2 * row] = x & y;
      counts.and[x | (y << 8)]!++;
    }
  });
  return writer.trace();
}

/** The trace of shifts. */
export function shiftTrace(
  record: SegmentRecord,
  { height, cycles, operations, operands }: Delegations,
  counts: LookupCounts,
): TableTrace {
  const writer = new TraceWriter(shiftTable, height);
  const flags = new Map<number, Uint32Array>([
    [OPERATION.shiftLeft, writer.words('left')],
    [OPERATION.shiftRight, writer.words('right')],
    [OPERATION.shiftRightArithmetic, writer.words('arithmetic')],
  ]);
  const names = ['time', 'valueLow', 'valueHigh', 'sign', 'distance', 'restLow', 'restHigh', 'factor', 'takesHigh'];
  const [time, valueLow, valueHigh, sign, distance, restLow, restHigh, factor, takesHigh] = names.map((name) =>
    writer.words(name),
  ) as Tuple<9>;
  const [low0, low1, high0, high1, result] = ['low0', 'low1', 'high0', 'high1', 'result'].map((name) =>
    writer.words(name),
  ) as Tuple<5>;
  const { range } = counts;
  cycles.forEach((cycle, row) => {
    const at = 2 * row;
    const operation = operations[row]!;
    const [value, amount] = [record.left[cycle]!, operands[row]!];
    const k = amount & 31;
    const toRight = operation !== OPERATION.shiftLeft;
    const power = toRight && k > 0 ? 32 - k : k;
    flags.get(operation)![at] = 1;
    time[at] = 4 * cycle + 1;
    valueLow[at] = value & 0xffff;
    valueHigh[at] = value >>> 16;
    sign[at] = value >>> 31;
    distance[at] = k;
    restLow[at] = (amount >>> 5) & 0xffff;
    restHigh[at] = amount >>> 21;
    factor[at] = 2 ** power;
    takesHigh[at] = toRight && k > 0 ? 1 : 0;
    const low = (value << power) >>> 0;
    // value·2^power / 2^32; a shift by 32 would be none.
    const high = power === 0 ? 0 : value >>> (32 - power);
    low0[at] = low & 0xffff;
    low1[at] = low >>> 16;
    high0[at] = high & 0x7fff;
    high1[at] = high >>> 15;
    result[at] = record.result[cycle]!;
    for (const limb of [value & 0xffff, (amount >>> 5) & 0xffff, amount >>> 21]) range[limb]!++;
    for (const limb of [low & 0xffff, low >>> 16, high & 0x7fff, high >>> 15]) range[limb]!++;
    counts.sign[value >>> 16]!++;
    counts.power[k + (toRight ? 32 : 0)]!++;
  });
  return writer.trace();
}

/** The trace of comparisons of signed numbers. */
export function comparisonTrace(
  record: SegmentRecord,
  { height, cycles, operands }: Delegations,
  counts: LookupCounts,
): TableTrace {
  const writer = new TraceWriter(comparisonTable, height);
  const names = ['active', 'time', 'leftLow', 'leftHigh', 'leftSign', 'rightLow', 'rightHigh', 'rightSign'];
  const [active, time, leftLow, leftHigh, leftSign, rightLow, rightHigh, rightSign] = names.map((name) =>
    writer.words(name),
  ) as Tuple<8>;
  const [differenceLow, differenceHigh, less] = ['differenceLow', 'differenceHigh', 'less'].map((name) =>
    writer.words(name),
  ) as Tuple<3>;
  const { range } = counts;
  cycles.forEach((cycle, row) => {
    const at = 2 * row;
    const [a, b] = [record.left[cycle]!, operands[row]!];
    active[at] = 1;
    time[at] = 4 * cycle + 1;
    leftLow[at] = a & 0xffff;
    leftHigh[at] = a >>> 16;
    leftSign[at] = a >>> 31;
    rightLow[at] = b & 0xffff;
    rightHigh[at] = b >>> 16;
    rightSign[at] = b >>> 31;
    less[at] = record.result[cycle]!;
    const difference = ((a | 0) - (b | 0) + record.result[cycle]! * WORD) >>> 0;
    differenceLow[at] = difference & 0xffff;
    differenceHigh[at] = difference >>> 16;
    for (const limb of [a & 0xffff, b & 0xffff, difference & 0xffff, difference >>> 16]) range[limb]!++;
    counts.sign[a >>> 16]!++;
    counts.sign[b >>> 16]!++;
  });
  return writer.trace();
}

/** Several columns. */
type Tuple<N extends number, T extends readonly Uint32Array[] = []> = T['length'] extends N
  ? T
  : Tuple<N, [...T, Uint32Array]>;
