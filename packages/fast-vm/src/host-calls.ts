import {
  BRK_LIMIT,
  ERROR_BASE,
  ERROR_BYTES,
  FIELD,
  HALTED_EXIT,
  HOST_CALL,
  HOST_CALL_BYTES,
  HOST_ERROR,
  INPUT_BASE,
  OUTPUT_BASE,
  STREAM_BYTES,
} from './layout.ts';
import { HALTED, HALT_CODE, isRam, type Hart } from './hart.ts';

const A0 = 20;
const A1 = 22;
const A2 = 24;
const A7 = 34;
const INPUT_LENGTH = FIELD.inputLength / 4;
const INPUT_POSITION = FIELD.inputPosition / 4;
const OUTPUT_LENGTH = FIELD.outputLength / 4;
const ERROR_LENGTH = FIELD.errorLength / 4;
const BRK_START = FIELD.brkStart / 4;
const BRK = FIELD.brk / 4;

/**
 * Does what `ecall` asks for in the user personality and puts the result into a0.
 *
 * @returns whether pc advances; false after exit.
 */
export function hostCall(hart: Hart): boolean {
  const { x } = hart;
  const number = x[A7 + 1] === 0 ? x[A7]! : -1;
  switch (number) {
    case HOST_CALL.read:
      setResult(x, readInput(hart));
      return true;
    case HOST_CALL.write:
      setResult(x, writeOutput(hart));
      return true;
    case HOST_CALL.exit:
    case HOST_CALL.exitGroup:
      x[HALTED] = HALTED_EXIT;
      x[HALT_CODE] = x[A0]! & 255;
      return false;
    case HOST_CALL.brk: {
      const address = x[A0]! >>> 0;
      if (x[A0 + 1] === 0 && address >= x[BRK_START]! >>> 0 && address <= BRK_LIMIT) x[BRK] = address;
      setResult(x, x[BRK]! >>> 0);
      return true;
    }
    default:
      setResult(x, HOST_ERROR.noSuchCall);
      return true;
  }
}

function setResult(x: Int32Array, value: number): void {
  x[A0] = value;
  x[A0 + 1] = value < 0 ? -1 : 0;
}

/** The third argument, at most as many bytes as one call handles. */
function requested(x: Int32Array): number {
  return x[A2 + 1] === 0 ? Math.min(x[A2]! >>> 0, HOST_CALL_BYTES) : HOST_CALL_BYTES;
}

function readInput(hart: Hart): number {
  const { memory, x } = hart;
  // A file descriptor has 32 bits; the upper half of a0 is not looked at.
  if (x[A0] !== 0) return HOST_ERROR.badFile;
  const position = x[INPUT_POSITION]! >>> 0;
  const count = Math.min(requested(x), (x[INPUT_LENGTH]! >>> 0) - position);
  if (count <= 0) return 0;
  const buffer = x[A1]! >>> 0;
  if (!isRam(buffer, x[A1 + 1]!, count)) return HOST_ERROR.badAddress;
  copyIn(hart, buffer, memory.read(INPUT_BASE + position, count));
  x[INPUT_POSITION] = position + count;
  return count;
}

function writeOutput(hart: Hart): number {
  const { memory, x } = hart;
  const file = x[A0];
  if (file !== 1 && file !== 2) return HOST_ERROR.badFile;
  const count = requested(x);
  if (count === 0) return 0;
  const buffer = x[A1]! >>> 0;
  if (!isRam(buffer, x[A1 + 1]!, count)) return HOST_ERROR.badAddress;
  const lengthAt = file === 1 ? OUTPUT_LENGTH : ERROR_LENGTH;
  const length = x[lengthAt]! >>> 0;
  const kept = Math.min(count, (file === 1 ? STREAM_BYTES : ERROR_BYTES) - length);
  if (kept <= 0) return HOST_ERROR.noSpace;
  copyIn(hart, (file === 1 ? OUTPUT_BASE : ERROR_BASE) + length, memory.read(buffer, kept));
  x[lengthAt] = length + kept;
  return kept;
}

/** Stores bytes anywhere and notes the words in the journal. */
export function copyIn(hart: Hart, address: number, bytes: Uint8Array): void {
  const { memory } = hart;
  // Makes both pages ready before the first byte changes.
  memory.prepareWrite(address + bytes.length - 1, 1);
  memory.write(address, bytes);
  if (!memory.journaling) return;
  const end = address + bytes.length;
  for (let word = address - (address % 4); word < end; word += 4) memory.record(word);
}
