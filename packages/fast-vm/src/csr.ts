import { FIELD, MISA, MSTATUS_INITIAL } from './layout.ts';
import { TIME, fieldOf, setField, type Hart } from './hart.ts';

const CYCLE_OFFSET = FIELD.cycleOffset / 4;
const INSTRET_OFFSET = FIELD.instretOffset / 4;

/** Pending interrupts: bit 3 from the software register, bit 7 while the time has reached the compare register. */
export function pendingInterrupts(x: Int32Array): number {
  return ((x[FIELD.msip / 4]! & 1) << 3) | (isTimerDue(x) ? 0x80 : 0);
}

function isTimerDue(x: Int32Array): boolean {
  const timeHigh = x[TIME + 1]! >>> 0;
  const compareHigh = x[FIELD.mtimecmp / 4 + 1]! >>> 0;
  if (timeHigh !== compareHigh) return timeHigh > compareHigh;
  return x[TIME]! >>> 0 >= x[FIELD.mtimecmp / 4]! >>> 0;
}

/**
 * Reads a CSR.
 *
 * @returns the value, unsigned; undefined if the CSR does not exist in this personality.
 */
export function readCsr(hart: Hart, number: number): bigint | undefined {
  const { x } = hart;
  const time = fieldOf(x, TIME);
  if (hart.user) return number >= 0xc00 && number <= 0xc02 ? time : undefined;
  switch (number) {
    case 0x300:
      return fieldOf(x, FIELD.mstatus / 4);
    case 0x301:
      return MISA;
    case 0x304:
      return fieldOf(x, FIELD.mie / 4);
    case 0x305:
      return fieldOf(x, FIELD.mtvec / 4);
    case 0x320:
      return fieldOf(x, FIELD.mcountinhibit / 4);
    case 0x340:
      return fieldOf(x, FIELD.mscratch / 4);
    case 0x341:
      return fieldOf(x, FIELD.mepc / 4);
    case 0x342:
      return fieldOf(x, FIELD.mcause / 4);
    case 0x343:
      return fieldOf(x, FIELD.mtval / 4);
    case 0x344:
      return BigInt(pendingInterrupts(x));
    case 0xb00:
    case 0xc00:
      return BigInt.asUintN(64, time + fieldOf(x, CYCLE_OFFSET));
    case 0xc01:
      return time;
    case 0xb02:
    case 0xc02:
      return BigInt.asUintN(64, time + fieldOf(x, INSTRET_OFFSET));
    default:
      return isZeroCsr(number) ? 0n : undefined;
  }
}

/** CSRs that exist and read as zero: event selectors and counters that count nothing, no debug triggers, and the identity of the hart. */
function isZeroCsr(number: number): boolean {
  return (
    (number >= 0x323 && number <= 0x33f) ||
    (number >= 0x7a0 && number <= 0x7a3) ||
    (number >= 0xb03 && number <= 0xb1f) ||
    (number >= 0xc03 && number <= 0xc1f) ||
    (number >= 0xf11 && number <= 0xf15)
  );
}

/** Writes a CSR that exists and is not read-only; bits that cannot be written are left as they are. */
export function writeCsr(hart: Hart, number: number, value: bigint): void {
  const { x } = hart;
  switch (number) {
    case 0x300:
      setField(x, FIELD.mstatus / 4, (value & 0x88n) | BigInt(MSTATUS_INITIAL));
      return;
    case 0x304:
      setField(x, FIELD.mie / 4, value & 0x888n);
      return;
    case 0x305:
      setField(x, FIELD.mtvec / 4, value & ~2n);
      return;
    case 0x320:
      setField(x, FIELD.mcountinhibit / 4, value & 5n);
      return;
    case 0x340:
      setField(x, FIELD.mscratch / 4, value);
      return;
    case 0x341:
      setField(x, FIELD.mepc / 4, value & ~1n);
      return;
    case 0x342:
      setField(x, FIELD.mcause / 4, value);
      return;
    case 0x343:
      setField(x, FIELD.mtval / 4, value);
      return;
    // A counter reads as the time plus an offset, and the next step is to read what was written.
    case 0xb00:
      setField(x, CYCLE_OFFSET, value - fieldOf(x, TIME) - 1n);
      hart.wroteCycle = true;
      return;
    case 0xb02:
      setField(x, INSTRET_OFFSET, value - fieldOf(x, TIME) - 1n);
      hart.wroteInstret = true;
      return;
    default: // misa, mip and the CSRs that are zero ignore writes
  }
}

/** Whether a CSR's number says that it is read-only. */
export function isReadOnlyCsr(number: number): boolean {
  return number >>> 10 === 3;
}
