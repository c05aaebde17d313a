import { inverse, multiply, MODULUS } from '@commute/field';
import { BRK_LIMIT, CONTROL_PAGE, HOST_CALL, PROGRAM_BASE } from '@commute/micro-riscv';
import { type TableTrace } from '@commute/stark';
import { type HostCallRecord, type SegmentRecord } from '../execution/record.ts';
import { OPERATION } from '../program/operations.ts';
import { type Program } from '../program/program.ts';
import { hostCallTable } from '../tables/host-calls.ts';
import { type Delegations } from './delegations.ts';
import { type LookupCounts } from './lookups.ts';
import { textWordNumber } from './memory.ts';
import { TraceWriter } from './writer.ts';

/** What the machine was started with, beyond the program. */
export interface HostCallSetting {
  readonly inputLength: number;
}

/** The trace of host calls. */
export function hostCallTrace(
  program: Program,
  record: SegmentRecord,
  { height, cycles, operations }: Delegations,
  { inputLength }: HostCallSetting,
  counts: LookupCounts,
): TableTrace {
  const writer = new TraceWriter(hostCallTable, height);
  // Slow, but host calls are few.
  const put = (name: string, row: number, value: number | bigint): void => {
    const element = BigInt(value);
    writer.column(name)[row] = element < 0n ? element + MODULUS : element;
  };
  cycles.forEach((cycle, row) => {
    const call = record.hostCalls[row]!;
    const number = record.left[cycle]!;
    const first = record.right[cycle]!;
    const isExit = operations[row] === OPERATION.exit;
    const kind = isExit ? 'exit' : kindOf(program, number, first, call, inputLength);
    const isTransfer = number === HOST_CALL.read || number === HOST_CALL.write;
    put(kind, row, 1);
    put('number', row, number);
    put('first', row, first);
    if (!isExit) put('result', row, record.result[cycle]!);
    const time = 4 * cycle + 1;
    put('time', row, time);
    const gap = (name: string, previous: number): void => {
      put(name, row, counts.limbs(time + 1 - previous));
    };
    if (isTransfer) {
      put('buffer', row, call.buffer.value);
      put('bufferTime', row, call.buffer.previous);
      gap('bufferGap', call.buffer.previous);
      put('count', row, call.count.value);
      put('countTime', row, call.count.previous);
      gap('countGap', call.count.previous);
      const position = call.cell.value;
      if (position % 4 > 0) put(`remainders[${String((position % 4) - 1)}]`, row, 1);
      put('quotientLow', row, counts.limbs(position >>> 2));
      counts.range[64 * (position >>> 18)]!++;
    }
    if (isTransfer || number === HOST_CALL.brk) {
      put('cell', row, call.cell.value);
      put('cellAfter', row, call.cellAfter);
      put('cellTime', row, call.cell.previous);
      gap('cellGap', call.cell.previous);
    }
    if (call.moved > 0) writeMoved(program, put, gap, row, call, number === HOST_CALL.read, counts);
    if (isExit) {
      put('bytes[0]', row, first & 255);
      counts.bytes[first & 255]!++;
    }
    writeReasons(put, row, kind, call);
    const left = inputLength - call.cell.value;
    if (kind === 'unknown') {
      const product = (values: readonly number[]): bigint =>
        values.reduce((total, value) => multiply(total, element(number - value)), 1n);
      put('unknownLow', row, product([HOST_CALL.read, HOST_CALL.write, HOST_CALL.exit]));
      put('unknownHigh', row, product([HOST_CALL.exitGroup, HOST_CALL.brk, HOST_CALL.clean]));
    }
    const nonZero = mustNotBeZero(kind, number, first, call.count.value, left);
    if (nonZero !== undefined) put('inverse', row, inverse(nonZero));
    differencesOf(program, kind, first, call, left).forEach((difference, index) => {
      put(`differences[${String(index)}]`, row, difference);
      put(`differencesLow[${String(index)}]`, row, counts.limbs(difference));
    });
  });
  return writer.trace([], [BigInt(inputLength), BigInt(program.brkStart)]);
}

type Kind =
  | 'exit'
  | 'unknown'
  | 'clean'
  | 'brkSet'
  | 'brkLow'
  | 'brkHigh'
  | `read${'BadFile' | 'End' | 'Word' | 'Byte' | 'Fault'}`
  | `write${'Message' | 'BadFile' | 'Empty' | 'Word' | 'Byte' | 'Fault'}`;

function kindOf(program: Program, number: number, first: number, call: HostCallRecord, inputLength: number): Kind {
  const isFault = call.buffer.value >= CONTROL_PAGE && call.buffer.value < PROGRAM_BASE;
  switch (number) {
    case HOST_CALL.read:
      if (first !== 0) return 'readBadFile';
      if (call.count.value === 0 || call.cell.value === inputLength) return 'readEnd';
      return isFault ? 'readFault' : call.moved === 4 ? 'readWord' : 'readByte';
    case HOST_CALL.write:
      if (first === 2) return 'writeMessage';
      if (first !== 1) return 'writeBadFile';
      if (call.count.value === 0) return 'writeEmpty';
      return isFault ? 'writeFault' : call.moved === 4 ? 'writeWord' : 'writeByte';
    case HOST_CALL.brk:
      return first < program.brkStart ? 'brkLow' : first > BRK_LIMIT ? 'brkHigh' : 'brkSet';
    case HOST_CALL.clean:
      return 'clean';
    default:
      return 'unknown';
  }
}

function writeMoved(
  program: Program,
  put: (name: string, row: number, value: number) => void,
  gap: (name: string, previous: number) => void,
  row: number,
  call: HostCallRecord,
  isRead: boolean,
  counts: LookupCounts,
): void {
  const offset = call.buffer.value % 4;
  if (offset > 0) put(`offsets[${String(offset - 1)}]`, row, 1);
  put('before', row, call.word.value);
  put('after', row, isRead ? call.wordAfter : call.word.value);
  put('symbol', row, call.symbol);
  const content = isRead && call.moved === 4 ? call.wordAfter : call.word.value;
  for (let index = 0; index < 4; index++) put(`bytes[${String(index)}]`, row, (content >>> (8 * index)) & 255);
  counts.bytes[content & 0xffff]!++;
  counts.bytes[content >>> 16]!++;
  if (call.isText) {
    put('text', row, 1);
    counts.text[textWordNumber(program, call.buffer.value - offset)]!++;
  } else {
    put('wordTime', row, call.word.previous);
    gap('wordGap', call.word.previous);
  }
}

/** Why only one byte is moved, where neither buffer nor position say so. */
function writeReasons(
  put: (name: string, row: number, value: number) => void,
  row: number,
  kind: Kind,
  call: HostCallRecord,
): void {
  if (kind !== 'readByte' && kind !== 'writeByte') return;
  if (call.buffer.value % 4 > 0 || call.cell.value % 4 > 0) return;
  put(call.count.value < 4 ? 'smallCount' : 'smallLeft', row, 1);
}

function mustNotBeZero(kind: Kind, number: number, first: number, count: number, left: number): bigint | undefined {
  switch (kind) {
    case 'unknown':
      return [
        HOST_CALL.read,
        HOST_CALL.write,
        HOST_CALL.exit,
        HOST_CALL.exitGroup,
        HOST_CALL.brk,
        HOST_CALL.clean,
      ].reduce((total, value) => multiply(total, element(number - value)), 1n);
    case 'readBadFile':
      return element(first);
    case 'writeBadFile':
      return multiply(element(first - 1), element(first - 2));
    case 'readByte':
    case 'readFault':
      return multiply(element(count), element(left));
    case 'writeByte':
    case 'writeFault':
      return element(count);
    default:
      return undefined;
  }
}

function differencesOf(
  program: Program,
  kind: Kind,
  first: number,
  { buffer, count }: HostCallRecord,
  left: number,
): readonly [number, number] {
  const beyond = buffer.value - CONTROL_PAGE;
  switch (kind) {
    case 'readWord':
      return [count.value - 4, left - 4];
    case 'writeWord':
      return [count.value - 4, 0];
    case 'brkSet':
      return [first - program.brkStart, BRK_LIMIT - first];
    case 'brkLow':
      return [program.brkStart - 1 - first, 0];
    case 'brkHigh':
      return [first - BRK_LIMIT - 1, 0];
    case 'readFault':
    case 'writeFault':
      return [beyond, PROGRAM_BASE - 1 - buffer.value];
    case 'exit':
      return [first >>> 8, 0];
    default:
      return [0, 0];
  }
}

function element(value: number): bigint {
  return value < 0 ? BigInt(value) + MODULUS : BigInt(value);
}
