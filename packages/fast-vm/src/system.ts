import {
  CAUSE,
  DEVICE_MSIP,
  DEVICE_MTIME,
  DEVICE_MTIMECMP,
  FIELD,
  HALTED_EXIT,
  HALTED_TRAP,
  OUTPUT_BASE,
  STREAM_BYTES,
} from './layout.ts';
import { executeAtomic } from './atomics.ts';
import { isReadOnlyCsr, pendingInterrupts, readCsr, writeCsr } from './csr.ts';
import { lengthOf } from './decode.ts';
import {
  EVENT_DEVICE,
  EVENT_NONE,
  EVENT_TRAP,
  HALTED,
  HALT_CODE,
  HALT_VALUE,
  PC,
  TIME,
  addToField,
  fieldOf,
  setField,
  type Hart,
} from './hart.ts';
import { copyIn, hostCall } from './host-calls.ts';
import { loadBytes, storeBytes, touchesDevice, touchesHost } from './memory-access.ts';

const MSTATUS = FIELD.mstatus / 4;
const MIE_BIT = 8;
const MPIE_BIT = 0x80;

/** Executes the step of the event that stopped the hot loop, without the counters. */
export function performEvent(hart: Hart): void {
  const { x } = hart;
  const next = (x[PC]! >>> 0) + lengthOf(hart.eventWord);
  if (hart.event === EVENT_DEVICE) {
    if (performAccess(hart)) hart.setPc(next);
  } else if (hart.event !== EVENT_TRAP) {
    hart.event = EVENT_NONE;
    if (performInstruction(hart, hart.eventWord)) hart.setPc(next);
  }
  if (hart.event === EVENT_TRAP) takeTrap(hart, hart.eventCause, false);
}

/** @returns whether pc advances to the next instruction. */
function performInstruction(hart: Hart, word: number): boolean {
  const { x } = hart;
  const code = word & 255;
  if (code >= 80) {
    const address = executeAtomic(hart, word);
    if (address === undefined) return false;
    if (address >= 0 && touchesHost(hart, address, code < 91 ? 4 : 8)) requestHost(hart);
    return true;
  }
  if (code >= 74) return performCsr(hart, word);
  switch (code) {
    case 70: // ecall
      if (hart.user) return hostCall(hart);
      hart.trapEvent(CAUSE.environmentCall, 0, 0);
      return false;
    case 71: // ebreak
      hart.trapEvent(CAUSE.breakpoint, x[PC]!, 0);
      return false;
    case 72: // mret
      if (hart.user) return illegal(hart);
      x[PC] = x[FIELD.mepc / 4]!;
      x[PC + 1] = x[FIELD.mepc / 4 + 1]!;
      x[MSTATUS] = (x[MSTATUS]! & ~MIE_BIT) | ((x[MSTATUS]! & MPIE_BIT) === 0 ? 0 : MIE_BIT) | MPIE_BIT;
      return false;
    default: // wfi
      return hart.user ? illegal(hart) : true;
  }
}

/** Traps because of the 32-bit instruction at pc, which exists but not here. */
function illegal(hart: Hart): boolean {
  const pc = hart.x[PC]!;
  const { memory } = hart;
  const low = memory.loadByte(pc) | (memory.loadByte(pc + 1) << 8);
  const high = memory.loadByte(pc + 2) | (memory.loadByte(pc + 3) << 8);
  hart.trapEvent(CAUSE.illegalInstruction, low | (high << 16), 0);
  return false;
}

function performCsr(hart: Hart, word: number): boolean {
  const { x } = hart;
  const number = hart.eventImmediate;
  const kind = ((word & 255) - 74) % 3;
  const isImmediate = (word & 255) >= 77;
  const s = (word >>> 16) & 62;
  const d = (word >>> 8) & 255;
  const writes = kind === 0 || s !== 0;
  const old = readCsr(hart, number);
  if (old === undefined || (writes && isReadOnlyCsr(number))) return illegal(hart);
  const operand = isImmediate ? BigInt(s >> 1) : fieldOf(x, s);
  if (writes) writeCsr(hart, number, kind === 0 ? operand : kind === 1 ? old | operand : old & ~operand);
  setField(x, d, old);
  return true;
}

/**
 * Executes a load or store that touches the timer device, or a store that touches `tohost`.
 *
 * @returns whether pc advances; otherwise the instruction traps.
 */
function performAccess(hart: Hart): boolean {
  const { x, eventWord: word, eventValueLow: low, eventValueHigh: high } = hart;
  const code = word & 255;
  const isStore = code >= 21;
  const length = 1 << (isStore ? code - 21 : (code - 14) & 3);
  const t = (word >>> 22) & 62;
  if (!touchesDevice(hart, low, high, length)) {
    storeBytes(hart, low, length, x[t]!, x[t + 1]!);
    requestHost(hart);
    return true;
  }
  if (isStore ? storeDevice(hart, low, length, x[t]!, x[t + 1]!) : loadDevice(hart, code, low, length)) return true;
  hart.trapEvent(isStore ? CAUSE.storeAccess : CAUSE.loadAccess, low, high);
  return false;
}

function storeDevice(hart: Hart, address: number, length: number, low: number, high: number): boolean {
  const { x } = hart;
  const compare = FIELD.mtimecmp / 4;
  if (address === DEVICE_MSIP && length === 4) {
    x[FIELD.msip / 4] = low & 1;
  } else if (address === DEVICE_MTIMECMP && length === 4) {
    x[compare] = low;
  } else if (address === DEVICE_MTIMECMP + 4 && length === 4) {
    x[compare + 1] = low;
  } else if (address === DEVICE_MTIMECMP && length === 8) {
    x[compare] = low;
    x[compare + 1] = high;
  } else {
    return false;
  }
  return true;
}

function loadDevice(hart: Hart, code: number, address: number, length: number): boolean {
  const { x } = hart;
  const d = (hart.eventWord >>> 8) & 255;
  const base = address & -8;
  const from =
    base === DEVICE_MSIP
      ? FIELD.msip / 4
      : base === DEVICE_MTIMECMP
        ? FIELD.mtimecmp / 4
        : base === DEVICE_MTIME
          ? TIME
          : -1;
  if (from < 0 || (address & (length - 1)) !== 0) return false;
  if (length === 8 && base !== DEVICE_MSIP) {
    x[d + 1] = x[from + 1]!;
    x[d] = x[from]!;
    return true;
  }
  if (length !== 4 || address === DEVICE_MSIP + 4) return false;
  const value = x[from + ((address >>> 2) & 1)]!;
  x[d] = value;
  x[d + 1] = code === 20 ? 0 : value >> 31;
  return true;
}

/** Looks at `tohost` after a store to it: an exit, or a byte of output. */
function requestHost(hart: Hart): void {
  const { x } = hart;
  const tohost = hart.tohost();
  loadBytes(hart, tohost, 8, true, SCRATCH);
  const low = x[SCRATCH]!;
  const high = x[SCRATCH + 1]!;
  if ((low & 1) !== 0) {
    x[HALTED] = HALTED_EXIT;
    x[HALT_CODE] = (low >>> 1) | (high << 31);
  } else if (high >>> 16 === 0x0101) {
    const length = x[FIELD.outputLength / 4]! >>> 0;
    if (length < STREAM_BYTES) {
      copyIn(hart, OUTPUT_BASE + length, Uint8Array.of(low & 255));
      x[FIELD.outputLength / 4] = length + 1;
    }
    storeBytes(hart, tohost, 8, 0, 0);
  }
}

/** The register that loses what is written to it. */
const SCRATCH = 128;

/** The interrupt that the next step takes, or 0: external, software, timer in this order of priority. */
export function interruptToTake(hart: Hart): number {
  const { x } = hart;
  if ((x[MSTATUS]! & MIE_BIT) === 0) return 0;
  const ready = pendingInterrupts(x) & x[FIELD.mie / 4]!;
  return (ready & 8) !== 0 ? 3 : (ready & 0x80) !== 0 ? 7 : 0;
}

/** Takes a trap, or an interrupt, instead of an instruction. */
export function takeTrap(hart: Hart, cause: number, isInterrupt: boolean): void {
  const { x } = hart;
  if (hart.user) {
    x[HALTED] = HALTED_TRAP;
    x[HALT_CODE] = cause;
    x[HALT_VALUE] = hart.eventValueLow;
    x[HALT_VALUE + 1] = hart.eventValueHigh;
    return;
  }
  hart.trapped = true;
  const mtval = FIELD.mtval / 4;
  x[FIELD.mepc / 4] = x[PC]!;
  x[FIELD.mepc / 4 + 1] = x[PC + 1]!;
  x[FIELD.mcause / 4] = cause;
  x[FIELD.mcause / 4 + 1] = isInterrupt ? -0x8000_0000 : 0;
  x[mtval] = isInterrupt ? 0 : hart.eventValueLow;
  x[mtval + 1] = isInterrupt ? 0 : hart.eventValueHigh;
  const mie = (x[MSTATUS]! & MIE_BIT) !== 0;
  x[MSTATUS] = (x[MSTATUS]! & ~(MIE_BIT | MPIE_BIT)) | (mie ? MPIE_BIT : 0);
  const vector = x[FIELD.mtvec / 4]!;
  x[PC] = vector & -4;
  x[PC + 1] = x[FIELD.mtvec / 4 + 1]!;
  if (isInterrupt && (vector & 1) !== 0) addToField(x, PC, 4 * cause);
}
