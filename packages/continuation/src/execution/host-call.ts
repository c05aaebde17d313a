import { OUTPUT_REGION } from '@commute/machine';
import { BRK_LIMIT, CONTROL_PAGE, HOST_CALL, PROGRAM_BASE } from '@commute/micro-riscv';
import { BRK_REGISTER, INPUT_POSITION_REGISTER, OUTPUT_LENGTH_REGISTER } from '../program/keys.ts';
import { REFUSAL } from '../tables/host-calls.ts';
import { type HostCallRecord, type TimedValue } from './record.ts';
import { type Complaint } from './refusal.ts';

/** What a host call needs of the machine. */
export interface HostCallPort {
  /** Accesses a register at the tick of operations. */
  readonly register: (index: number, cycle: number) => TimedValue;
  readonly setRegister: (index: number, value: number) => void;
  /** Accesses a word of memory at the tick of operations. */
  readonly access: (address: number, cycle: number) => TimedValue;
  readonly setWord: (address: number, value: number) => void;
  readonly isLegal: (address: number) => boolean;
  /** A word of program text; undefined elsewhere. */
  readonly textWord: (address: number) => number | undefined;
  /** Waits for the first `wanted` bytes of input; false where there are more than there may be. */
  readonly reachInput: (wanted: number) => boolean;
  readonly inputLength: () => number;
  readonly inputByte: (position: number) => number;
  readonly brkStart: () => number;
  /** Sets a byte of output. */
  readonly append: (position: number, byte: number) => void;
}

/** What a host call gives. */
export type HostCallOutcome = { readonly result: number; readonly record: HostCallRecord } | Complaint;

const A1 = 11;
const A2 = 12;
const NOTHING: TimedValue = { value: 0, previous: 0 };

/** Executes a host call other than exit (docs/spec/micro-riscv.md, "Host calls"). */
export function executeHostCall(port: HostCallPort, number: number, first: number, cycle: number): HostCallOutcome {
  const base = { cycle, buffer: NOTHING, count: NOTHING, cell: NOTHING, cellAfter: 0, word: NOTHING };
  const idle = { ...base, wordAfter: 0, isText: false, moved: 0, symbol: 0 };
  switch (number) {
    case HOST_CALL.read:
    case HOST_CALL.write:
      return transfer(port, number === HOST_CALL.read, first, cycle);
    case HOST_CALL.brk: {
      const cell = port.register(BRK_REGISTER, cycle);
      const isSet = first >= port.brkStart() && first <= BRK_LIMIT;
      const cellAfter = isSet ? first : cell.value;
      port.setRegister(BRK_REGISTER, cellAfter);
      return { result: cellAfter, record: { ...idle, cell, cellAfter } };
    }
    case HOST_CALL.clean:
      return { result: REFUSAL.invalid, record: idle };
    default:
      return { result: REFUSAL.unknown, record: idle };
  }
}

function transfer(port: HostCallPort, isRead: boolean, file: number, cycle: number): HostCallOutcome {
  const buffer = port.register(A1, cycle);
  const count = port.register(A2, cycle);
  const register = isRead ? INPUT_POSITION_REGISTER : OUTPUT_LENGTH_REGISTER;
  const cell = port.register(register, cycle);
  const position = cell.value;
  const idle = { word: NOTHING, wordAfter: 0, isText: false, moved: 0, symbol: 0 };
  const still = { cycle, buffer, count, cell, cellAfter: position, ...idle };
  if (!isRead && position >= 2 ** OUTPUT_REGION.log2Size) {
    return { reason: 'output-limit', message: 'the program writes 2^28 bytes of output or more' };
  }
  if (!isRead && file === 2) return { result: count.value, record: still };
  if (file !== (isRead ? 0 : 1)) return { result: REFUSAL.badFile, record: still };
  // No read moves more than four bytes.
  if (isRead && !port.reachInput(position + Math.min(count.value, 4))) {
    return { reason: 'input-limit', message: 'the program is given 2^28 bytes of input or more' };
  }
  const available = isRead ? Math.min(count.value, port.inputLength() - position) : count.value;
  if (available === 0) return { result: 0, record: still };
  const address = buffer.value;
  const moved = available >= 4 && address % 4 === 0 && position % 4 === 0 ? 4 : 1;
  if (address >= CONTROL_PAGE && address < PROGRAM_BASE) return { result: REFUSAL.fault, record: still };
  const aligned = address - (address % 4);
  const text = isRead ? undefined : port.textWord(aligned);
  if (text === undefined && !port.isLegal(aligned)) {
    const message = `a host call moves bytes between a stream and 0x${address.toString(16)}, which is text or a stream itself`;
    return { reason: isRead ? 'store-into-text' : 'stream-access', message };
  }
  const word = text === undefined ? port.access(aligned, cycle) : { value: text, previous: 0 };
  const shift = 8 * (address % 4);
  let wordAfter = word.value;
  let symbol = (word.value >>> shift) & 255;
  if (isRead) {
    symbol = port.inputByte(position);
    const mask = 255 << shift;
    wordAfter = ((word.value & ~mask) | (symbol << shift)) >>> 0;
    if (moved === 4) {
      wordAfter = 0;
      for (let index = 0; index < 4; index++) wordAfter += port.inputByte(position + index) * 256 ** index;
    }
    port.setWord(aligned, wordAfter);
  } else {
    for (let index = 0; index < moved; index++)
      port.append(position + index, (word.value >>> (shift + 8 * index)) & 255);
  }
  const cellAfter = position + moved;
  port.setRegister(register, cellAfter);
  const record = { ...still, cellAfter, word, wordAfter, isText: text !== undefined, moved, symbol };
  return { result: moved, record };
}

/** The record of an exit. */
export function exitRecord(cycle: number): HostCallRecord {
  const idle = { word: NOTHING, wordAfter: 0, isText: false, moved: 0, symbol: 0 };
  return { cycle, buffer: NOTHING, count: NOTHING, cell: NOTHING, cellAfter: 0, ...idle };
}
