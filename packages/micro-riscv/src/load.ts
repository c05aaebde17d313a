import { BaseError } from '@commute/errors';
import { INPUT_REGION, PAGE_BYTES, type LoadOptions, type Memory, type ProgramImage } from '@commute/machine';
import { BRK_LIMIT, CONTROL_PAGE, INITIAL_STACK_POINTER, MICRO_FIELD, PROGRAM_BASE } from './layout.ts';

/** Loads a program to run on its own into an all-zero memory (docs/spec/micro-riscv.md, "Loading"). */
export function loadProgram(memory: Memory, program: ProgramImage, options: LoadOptions): void {
  const input = options.input ?? new Uint8Array(0);
  copySegments(memory, program);
  if (input.length > 0) memory.write(INPUT_REGION.base, input);
  let end = 0;
  for (const { address, bytes, memorySize = bytes.length } of program.segments) {
    if (address + memorySize <= BRK_LIMIT) end = Math.max(end, address + memorySize);
  }
  const lowest = Math.ceil(end / PAGE_BYTES) * PAGE_BYTES;
  memory.storeWord(CONTROL_PAGE + MICRO_FIELD.registers + 8, INITIAL_STACK_POINTER);
  memory.storeWord(CONTROL_PAGE + MICRO_FIELD.pc, program.entry);
  memory.storeWord(CONTROL_PAGE + MICRO_FIELD.inputLength, input.length);
  memory.storeWord(CONTROL_PAGE + MICRO_FIELD.brkStart, lowest);
  memory.storeWord(CONTROL_PAGE + MICRO_FIELD.brk, lowest);
}

/** Throws unless {@link loadProgram} can load this. */
export function assertLoadable(program: ProgramImage, options: LoadOptions): void {
  const limit = 2 ** INPUT_REGION.log2Size;
  const length = options.input?.length ?? 0;
  if (length > limit) {
    throw new BaseError('MICRO_RISCV_INPUT_RANGE', `input: expected at most 2^28 bytes, got ${String(length)}`, {
      length,
    });
  }
  assertEntry(program);
  for (const { address, bytes, memorySize = bytes.length } of program.segments) {
    const end = address + memorySize;
    const inRange = Number.isInteger(address) && Number.isInteger(memorySize) && address >= 0 && end <= 2 ** 32;
    const isClear = end <= CONTROL_PAGE || address >= PROGRAM_BASE;
    if (inRange && isClear && bytes.length <= memorySize) continue;
    throw new BaseError(
      'MICRO_RISCV_PROGRAM',
      `segments: expected bytes within 32 bits and outside the control page, got ${String(bytes.length)} bytes in ${String(memorySize)} from ${String(address)} on`,
      { address, memorySize, byteLength: bytes.length },
    );
  }
}

/** Throws unless a program can begin at its entry. */
export function assertEntry(program: ProgramImage): void {
  const { entry } = program;
  if (Number.isInteger(entry) && entry >= 0 && entry < 2 ** 32 && entry % 4 === 0) return;
  throw new BaseError('MICRO_RISCV_PROGRAM', `entry: expected a multiple of 4 below 2^32, got ${String(entry)}`, {
    entry,
  });
}

/** Copies the bytes of all segments; what exceeds them is zero already. */
export function copySegments(memory: Memory, program: ProgramImage): void {
  for (const { address, bytes } of program.segments) memory.write(address, bytes);
}
