import { CAUSE, FIELD } from './layout.ts';
import { fieldOf, isRam, type Hart } from './hart.ts';
import { loadBytes, storeBytes, touchesDevice } from './memory-access.ts';

const RESERVATION_VALID = FIELD.reservationValid / 4;
const RESERVATION_ADDRESS = FIELD.reservationAddress / 4;

const FIRST_WORD = 80;
const FIRST_DOUBLE = 91;

/** The operations, counted from `lr` in the instruction table. */
const LOAD_RESERVED = 0;
const STORE_CONDITIONAL = 1;

/** The operation's result on the old value in memory and rs2, both signed 64 bits. */
function combine(operation: number, old: bigint, operand: bigint): bigint {
  const unsigned = (value: bigint): bigint => BigInt.asUintN(64, value);
  switch (operation) {
    case 2:
      return operand;
    case 3:
      return old + operand;
    case 4:
      return old ^ operand;
    case 5:
      return old & operand;
    case 6:
      return old | operand;
    case 7:
      return old < operand ? old : operand;
    case 8:
      return old > operand ? old : operand;
    case 9:
      return unsigned(old) < unsigned(operand) ? old : operand;
    default:
      return unsigned(old) > unsigned(operand) ? old : operand;
  }
}

/**
 * Executes an instruction of the extension A, except for pc and the counters.
 *
 * Words are compared as their sign extensions, which keeps both the signed and the unsigned order.
 *
 * @returns the address if something was stored, -1 if nothing was, undefined (and the event is set) if it traps.
 */
export function executeAtomic(hart: Hart, word: number): number | undefined {
  const { x } = hart;
  const code = word & 255;
  const length = code < FIRST_DOUBLE ? 4 : 8;
  const operation = code - (length === 4 ? FIRST_WORD : FIRST_DOUBLE);
  const d = (word >>> 8) & 255;
  const s = (word >>> 16) & 62;
  const t = (word >>> 22) & 62;
  const low = x[s]!;
  const high = x[s + 1]!;
  const isLoad = operation === LOAD_RESERVED;
  if ((low & (length - 1)) !== 0) {
    hart.trapEvent(isLoad ? CAUSE.loadMisaligned : CAUSE.storeMisaligned, low, high);
    return undefined;
  }
  if (!isRam(low, high, length) || touchesDevice(hart, low, high, length)) {
    hart.trapEvent(isLoad ? CAUSE.loadAccess : CAUSE.storeAccess, low, high);
    return undefined;
  }
  const valueLow = x[t]!;
  const valueHigh = x[t + 1]!;
  if (isLoad) {
    loadBytes(hart, low, length, false, d);
    x[RESERVATION_VALID] = 1;
    x[RESERVATION_ADDRESS] = low;
    x[RESERVATION_ADDRESS + 1] = high;
    return -1;
  }
  if (operation === STORE_CONDITIONAL) {
    const success = x[RESERVATION_VALID] === 1 && x[RESERVATION_ADDRESS] === low && x[RESERVATION_ADDRESS + 1] === high;
    if (success) storeBytes(hart, low, length, valueLow, valueHigh);
    x[RESERVATION_VALID] = 0;
    x[d] = success ? 0 : 1;
    x[d + 1] = 0;
    return success ? low >>> 0 : -1;
  }
  let operand = BigInt.asIntN(64, fieldOf(x, t));
  if (length === 4) operand = BigInt.asIntN(32, operand);
  // The page is made ready for writing before rd changes.
  hart.memory.prepareWrite(low, length);
  loadBytes(hart, low, length, false, d);
  const result = combine(operation, BigInt.asIntN(64, fieldOf(x, d)), operand);
  storeBytes(hart, low, length, Number(BigInt.asIntN(32, result)), Number(BigInt.asIntN(32, result >> 32n)));
  return low >>> 0;
}
