import { PAGE_BITS, PAGE_BYTES } from '@commute/machine';
import { CAUSE } from './layout.ts';
import { EVENT_DEVICE, isRam, overlapsDevice, type Hart } from './hart.ts';

/** Dispatch numbers of `lb`, `lbu`, `sb` and `sd`: from each of the first three they count up by size. */
export const FIRST_LOAD = 14;
const FIRST_UNSIGNED_LOAD = 18;
const FIRST_STORE = 21;
export const LAST_STORE = 24;

/** Tells whether an access touches the timer device, which exists in the machine personality only. */
export function touchesDevice(hart: Hart, low: number, high: number, length: number): boolean {
  return !hart.user && overlapsDevice(low, high, length);
}

/**
 * Executes a load or store of any alignment, on any page of RAM, except for pc and the counters.
 *
 * @returns false, and the event is set, if the instruction traps or needs the device or the host.
 */
export function accessMemory(hart: Hart, word: number, immediate: number): boolean {
  const { x } = hart;
  const s = (word >>> 16) & 62;
  const low = (x[s]! + immediate) | 0;
  const high = (x[s + 1]! + (immediate >> 31) + (low >>> 0 < immediate >>> 0 ? 1 : 0)) | 0;
  const code = word & 255;
  const isStore = code >= FIRST_STORE;
  const unsigned = !isStore && code >= FIRST_UNSIGNED_LOAD;
  const length = 1 << (code - (isStore ? FIRST_STORE : unsigned ? FIRST_UNSIGNED_LOAD : FIRST_LOAD));
  const isDevice = touchesDevice(hart, low, high, length);
  if (!isDevice && !isRam(low, high, length)) {
    hart.trapEvent(isStore ? CAUSE.storeAccess : CAUSE.loadAccess, low, high);
    return false;
  }
  if (isDevice || (isStore && touchesHost(hart, low, length))) {
    hart.event = EVENT_DEVICE;
    hart.eventWord = word;
    hart.eventImmediate = immediate;
    hart.eventValueLow = low;
    hart.eventValueHigh = high;
    return false;
  }
  if (isStore) {
    const t = (word >>> 22) & 62;
    storeBytes(hart, low, length, x[t]!, x[t + 1]!);
  } else {
    loadBytes(hart, low, length, unsigned, (word >>> 8) & 255);
  }
  return true;
}

/** Tells whether a store touches the eight bytes from `tohost` on. */
export function touchesHost(hart: Hart, low: number, length: number): boolean {
  const tohost = hart.tohost();
  const from = low >>> 0;
  return tohost !== 0 && from < tohost + 8 && from + length > tohost;
}

/** Loads 1, 2, 4 or 8 bytes of RAM into the register at `d`, extended to 64 bits. */
export function loadBytes(hart: Hart, address: number, length: number, unsigned: boolean, d: number): void {
  const { memory, x } = hart;
  let low = 0;
  let high = 0;
  if ((address & (length - 1)) === 0) {
    const frame = memory.readTable[address >>> PAGE_BITS]! || memory.pageIn(address);
    const at = frame + (address & (PAGE_BYTES - 1));
    if (length === 1) low = memory.bytes[at]!;
    else if (length === 2) low = memory.halves[at >> 1]!;
    else low = memory.words[at >> 2]!;
    if (length === 8) high = memory.words[(at >> 2) + 1]!;
  } else {
    // Makes both pages ready before anything changes.
    memory.pageIn(address + length - 1);
    for (let i = 0; i < length; i++) {
      const byte = memory.loadByte(address + i);
      if (i < 4) low |= byte << (8 * i);
      else high |= byte << (8 * (i - 4));
    }
  }
  if (length < 8) {
    if (!unsigned) {
      const shift = 32 - 8 * length;
      low = (low << shift) >> shift;
      high = low >> 31;
    }
  }
  x[d] = low;
  x[d + 1] = high;
}

/** Stores the low 1, 2, 4 or 8 bytes of a value to RAM and notes the words in the journal. */
export function storeBytes(hart: Hart, address: number, length: number, low: number, high: number): void {
  const { memory } = hart;
  const offset = address & (PAGE_BYTES - 1);
  const inFirst = Math.min(length, PAGE_BYTES - offset);
  // Both pages are made ready before anything changes, so that running out of memory leaves the state alone.
  if (inFirst < length) memory.prepareWrite(address + inFirst, length - inFirst);
  let at = (memory.writeTable[address >>> PAGE_BITS]! || memory.prepareWrite(address, inFirst)) + offset;
  const { bytes } = memory;
  for (let i = 0; i < length; i++) {
    if (i === inFirst) at = memory.readTable[(address + i) >>> PAGE_BITS]! - i;
    bytes[at + i] = i < 4 ? low >>> (8 * i) : high >>> (8 * (i - 4));
  }
  if (!memory.journaling) return;
  const last = (address + length - 1) & -4;
  for (let word = address & -4; ; word += 4) {
    memory.record(word);
    if ((word | 0) === last) break;
  }
}
