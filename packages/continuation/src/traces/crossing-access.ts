import { inverse } from '@commute/field';
import { type TableTrace } from '@commute/stark';
import { type SegmentRecord } from '../execution/record.ts';
import { NARROW, OPERATION } from '../program/operations.ts';
import { type Program } from '../program/program.ts';
import { crossingAccessTable } from '../tables/crossing-access.ts';
import { WORD } from '../tables/parts.ts';
import { type Delegations } from './delegations.ts';
import { type LookupCounts } from './lookups.ts';
import { textWordNumber } from './memory.ts';
import { TraceWriter } from './writer.ts';

/** The trace of loads and stores that cross from one word to the next. */
export function crossingAccessTrace(
  program: Program,
  record: SegmentRecord,
  { height, cycles, operations, operands, addresses }: Delegations,
  counts: LookupCounts,
): TableTrace {
  const writer = new TraceWriter(crossingAccessTable, height);
  const put = (name: string, row: number, value: number): void => {
    writer.words(name)[2 * row] = value;
  };
  const putBytes = (name: string, row: number, value: number): void => {
    for (let index = 0; index < 4; index++) put(`${name}[${String(index)}]`, row, (value >>> (8 * index)) & 255);
    counts.bytes[value & 0xffff]!++;
    counts.bytes[value >>> 16]!++;
  };
  cycles.forEach((cycle, row) => {
    const operation = operations[row]!;
    const flags = operation < OPERATION.narrow ? 0 : operation - OPERATION.narrow;
    const isHalf = operation >= OPERATION.narrow;
    const isStore = operation === OPERATION.storeWord || (flags & NARROW.store) !== 0;
    const isSigned = (flags & NARROW.signed) !== 0;
    const address = addresses[row]!;
    const offset = address & 3;
    const { low, high, lowIsText, highIsText, lowAfter, highAfter } = record.crossings[row]!;
    const time = 4 * cycle + 1;
    put(`offsets[${String(offset - 1)}]`, row, 1);
    put('half', row, isHalf ? 1 : 0);
    put('signed', row, isSigned ? 1 : 0);
    put('store', row, isStore ? 1 : 0);
    put('address', row, address);
    put('time', row, time);
    putBytes('low', row, low.value);
    putBytes('high', row, high.value);
    const whole = ((low.value >>> (8 * offset)) | (high.value << (32 - 8 * offset))) >>> 0;
    const selected = isHalf ? whole & 0xffff : whole;
    put('selected', row, selected);
    if (isSigned) {
      put('sign', row, selected >>> 15);
      counts.sign[selected]!++;
    }
    if (!isStore) put('loaded', row, record.result[cycle]!);
    put('stored', row, operands[row]!);
    putBytes('newBytes', row, operands[row]!);
    put('lowAfter', row, lowAfter);
    put('highAfter', row, highAfter);
    const key = address - offset;
    writer.column('notLast')[row] = inverse(MODULUS_LESS_WORD + BigInt(key + 4));
    const words = [
      { name: 'low', at: key, access: low, isText: lowIsText },
      { name: 'high', at: key + 4, access: high, isText: highIsText },
    ];
    for (const { name, at, access, isText } of words) {
      if (isText) {
        put(`${name}Text`, row, 1);
        counts.text[textWordNumber(program, at)]!++;
        continue;
      }
      put(`${name}Previous`, row, access.previous);
      put(`${name}Gap`, row, counts.limbs(time + 1 - access.previous));
    }
  });
  return writer.trace();
}

const MODULUS_LESS_WORD = 2n ** 64n - 2n ** 32n + 1n - BigInt(WORD);
