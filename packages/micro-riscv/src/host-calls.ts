import { INPUT_REGION, OUTPUT_REGION, type PristineRegion } from '@commute/machine';
import { BRK_LIMIT, HALTED, HOST_CALL, MICRO_FIELD, isAccessible } from './layout.ts';
import type { Hart } from './hart.ts';

const A0 = 10;
const A1 = 11;
const A2 = 12;
const A7 = 17;

const BAD_FILE = -9;
const BAD_ADDRESS = -14;
const INVALID = -22;
const NO_SPACE = -28;
const NOT_IMPLEMENTED = -38;

const OUTPUT_LIMIT = 2 ** OUTPUT_REGION.log2Size;

/**
 * Executes `ecall`. Each call moves at most one word, so that a step stays small.
 *
 * @returns whether the program goes on with the next instruction.
 */
export function hostCall(hart: Hart, upperRegions: readonly PristineRegion[]): boolean {
  const number = hart.register(A7);
  if (number === HOST_CALL.exit || number === HOST_CALL.exitGroup) {
    hart.halt(HALTED.exited, hart.register(A0) & 255);
    return false;
  }
  hart.setRegister(A0, result(hart, number, upperRegions));
  return true;
}

function result(hart: Hart, number: number, upperRegions: readonly PristineRegion[]): number {
  switch (number) {
    case HOST_CALL.read:
      return read(hart);
    case HOST_CALL.write:
      return write(hart);
    case HOST_CALL.brk:
      return setBreak(hart);
    case HOST_CALL.clean:
      return clean(hart, upperRegions);
    default:
      return NOT_IMPLEMENTED;
  }
}

function read(hart: Hart): number {
  if (hart.register(A0) !== 0) return BAD_FILE;
  const buffer = hart.register(A1);
  const position = hart.field(MICRO_FIELD.inputPosition);
  const left = (hart.field(MICRO_FIELD.inputLength) - position) >>> 0;
  const available = Math.min(hart.register(A2), left);
  if (available === 0) return 0;
  const size = available >= 4 && buffer % 4 === 0 && position % 4 === 0 ? 4 : 1;
  if (!isAccessible(buffer, size)) return BAD_ADDRESS;
  hart.store(buffer, size, hart.load((INPUT_REGION.base + position) >>> 0, size));
  hart.setField(MICRO_FIELD.inputPosition, position + size);
  return size;
}

function write(hart: Hart): number {
  const file = hart.register(A0);
  const count = hart.register(A2);
  if (file === 2) return count;
  if (file !== 1) return BAD_FILE;
  if (count === 0) return 0;
  const length = hart.field(MICRO_FIELD.outputLength);
  if (length >= OUTPUT_LIMIT) return NO_SPACE;
  const buffer = hart.register(A1);
  const size = count >= 4 && buffer % 4 === 0 && length % 4 === 0 ? 4 : 1;
  if (!isAccessible(buffer, size)) return BAD_ADDRESS;
  hart.store(OUTPUT_REGION.base + length, size, hart.load(buffer, size));
  hart.setField(MICRO_FIELD.outputLength, length + size);
  return size;
}

function setBreak(hart: Hart): number {
  const address = hart.register(A0);
  const lowest = hart.field(MICRO_FIELD.brkStart);
  if (address < lowest || address > BRK_LIMIT) return hart.field(MICRO_FIELD.brk);
  hart.setField(MICRO_FIELD.brk, address);
  return address;
}

function clean(hart: Hart, upperRegions: readonly PristineRegion[]): number {
  const pristine = upperRegions[hart.register(A0)];
  if (pristine === undefined) return INVALID;
  // Touching the region puts its path into the proof, which a verifier needs to exchange its root.
  hart.access.loadWord(pristine.region.base);
  hart.access.replaceRegion(pristine);
  return 0;
}
