import { BaseError, assertInteger } from '@commute/errors';
import { Snapshot, type Memory, type ProgramImage } from '@commute/machine';
import {
  BRK_LIMIT,
  DEVICE_BASE,
  DEVICE_BYTES,
  FIELD,
  HIGH_RAM_BASE,
  HIGH_RAM_END,
  INPUT_BASE,
  LOW_RAM_END,
  MSTATUS_INITIAL,
  PERSONALITY_MACHINE,
  PERSONALITY_USER,
  STATE_PAGE,
  STREAM_BYTES,
  USER_STACK,
} from './layout.ts';

/** Who serves `ecall`: a trap handler of the program (`machine`), or the host (`user`). */
export type Personality = 'machine' | 'user';

/** Sets `memory` to the initial state of a program. Changes nothing if it throws, except when memory runs out. */
export function loadProgram(
  memory: Memory,
  program: ProgramImage,
  input: Uint8Array,
  chosen: Personality | undefined,
): void {
  assertInteger('FAST_VM_ENTRY_RANGE', 'entry', program.entry, 0, 2 ** 32 - 1);
  if (program.entry % 2 !== 0) {
    throw new BaseError('FAST_VM_ENTRY_RANGE', `entry: expected an even address, got ${hex(program.entry)}`, {
      entry: program.entry,
    });
  }
  if (input.length > STREAM_BYTES) {
    throw new BaseError('FAST_VM_INPUT_LENGTH', `input: expected at most 2^28 bytes, got ${String(input.length)}`, {
      length: input.length,
    });
  }
  const symbol = program.symbols?.get('tohost');
  const user = chosen === undefined ? symbol === undefined : chosen === 'user';
  const tohost = user ? 0 : (symbol ?? 0);
  let end = 0;
  for (const { address, bytes, memorySize = bytes.length } of program.segments) {
    assertSegment(address, bytes.length, memorySize, user);
    if (address < BRK_LIMIT) end = Math.max(end, address + memorySize);
  }

  memory.restore(Snapshot.empty(memory.hasher));
  for (const { address, bytes, memorySize = bytes.length } of program.segments) {
    memory.write(address, bytes.subarray(0, memorySize));
  }
  memory.write(INPUT_BASE, input);
  const set = (offset: number, value: number): void => {
    memory.storeWord(STATE_PAGE + offset, value);
  };
  set(FIELD.pc, program.entry);
  set(FIELD.inputLength, input.length);
  set(FIELD.mstatus, MSTATUS_INITIAL);
  set(FIELD.mtimecmp, -1);
  set(FIELD.mtimecmp + 4, -1);
  const brk = Math.ceil(end / 4096) * 4096;
  set(FIELD.brkStart, brk);
  set(FIELD.brk, brk);
  set(FIELD.personality, user ? PERSONALITY_USER : PERSONALITY_MACHINE);
  set(FIELD.tohost, tohost);
  if (user) set(FIELD.x + 2 * 8, USER_STACK);
}

function assertSegment(address: number, fileSize: number, memorySize: number, user: boolean): void {
  const end = address + memorySize;
  const fits =
    Number.isInteger(address) &&
    address >= 0 &&
    Number.isInteger(memorySize) &&
    memorySize >= fileSize &&
    (end <= LOW_RAM_END || (address >= HIGH_RAM_BASE && end <= HIGH_RAM_END)) &&
    (user || end <= DEVICE_BASE || address >= DEVICE_BASE + DEVICE_BYTES);
  if (!fits) {
    throw new BaseError(
      'FAST_VM_SEGMENT_RANGE',
      `segment: expected a range in RAM that holds its bytes, got ${String(memorySize)} bytes from ${hex(address)} on`,
      { address, fileSize, memorySize },
    );
  }
}

function hex(value: number): string {
  return `0x${value.toString(16)}`;
}
