import { PAGE_BITS, type Memory, type PristineRegion } from '@commute/machine';
import { CodeCache, type CodePage } from './code-cache.ts';
import { SINK } from './decode.ts';
import {
  CAUSE,
  DEVICE_BASE,
  DEVICE_BYTES,
  FIELD,
  HIGH_RAM_BASE,
  HIGH_RAM_END,
  LOW_RAM_END,
  PERSONALITY_USER,
  STATE_BYTES,
  STATE_PAGE,
} from './layout.ts';

/** Words of the state page that have a meaning. */
export const STATE_WORDS: number = STATE_BYTES / 4;

/** Indices of the fields among the state's words; of 64-bit fields, the low word's. */
export const PC: number = FIELD.pc / 4;
export const TIME: number = FIELD.time / 4;
export const HALTED: number = FIELD.halted / 4;
export const HALT_CODE: number = FIELD.haltCode / 4;
export const HALT_VALUE: number = FIELD.haltValue / 4;

/** Why the hot loop stopped before its budget was used up. */
export const EVENT_NONE = 0;
/** The instruction at pc traps. */
export const EVENT_TRAP = 1;
/** The instruction at pc is one that the hot loop leaves to others. */
export const EVENT_INSTRUCTION = 2;
/** The instruction at pc loads from or stores to the timer device, or stores to `tohost`. */
export const EVENT_DEVICE = 3;
/** Translated code may be entered at pc. */
export const EVENT_ENTRY = 4;

const GRANULE_BITS = 20;

/**
 * What all parts of the interpreter work on: the state page's words in one array, and the memory.
 *
 * Between {@link Hart.load} and {@link Hart.store} the words here are the state and those in memory are stale.
 */
export class Hart {
  readonly memory: Memory;
  readonly cache: CodeCache;
  readonly pristine: PristineRegion | undefined;
  /** Executes instructions instead of the interpreter, if there is one. */
  translator: { readonly execute: (budget: number) => void } | undefined = undefined;
  /** The words of the state page: x[i] is words 2i (low) and 2i + 1 (high). Words {@link SINK} on take writes to x0. */
  readonly x: Int32Array = new Int32Array(SINK + 2);
  /** 1 for each MiB in which every address may be loaded from and stored to without looking further. */
  readonly granules: Uint8Array = new Uint8Array(2 ** (32 - GRANULE_BITS));
  user = true;

  /** One of the `EVENT_` numbers, with what belongs to it. */
  event: number = EVENT_NONE;
  /** Steps that the hot loop executed, without that of the event. */
  executed = 0;
  eventWord = 0;
  eventImmediate = 0;
  eventCause = 0;
  eventValueLow = 0;
  eventValueHigh = 0;

  /** What the present step did, for the counters. */
  wroteCycle = false;
  wroteInstret = false;
  trapped = false;

  constructor(memory: Memory, pristine: PristineRegion | undefined) {
    this.memory = memory;
    this.pristine = pristine;
    this.cache = new CodeCache(memory);
    this.load();
  }

  /** Takes the state over from memory. */
  load(): void {
    const { memory, x } = this;
    const frame = memory.pageIn(STATE_PAGE);
    x.set(memory.words.subarray(frame >> 2, (frame >> 2) + STATE_WORDS));
    x[0] = 0;
    x[1] = 0;
    const user = x[FIELD.personality / 4] === PERSONALITY_USER;
    if (user !== this.user || this.granules[0] === 0) {
      this.user = user;
      this.cache.clear();
      const granules = this.granules;
      granules.fill(1, 0, LOW_RAM_END >>> GRANULE_BITS);
      granules.fill(1, HIGH_RAM_BASE >>> GRANULE_BITS, HIGH_RAM_END >>> GRANULE_BITS);
      granules[DEVICE_BASE >>> GRANULE_BITS] = user ? 1 : 0;
    }
    // Stores to watched pages take the slow path, which is where stores to tohost are noticed.
    const tohost = this.tohost();
    this.cache.pin(tohost === 0 ? [] : [tohost, tohost + 7]);
  }

  /** Writes the words that differ to memory; notes them if the memory keeps a journal. */
  store(): void {
    const { memory, x } = this;
    const from = memory.pageIn(STATE_PAGE) >> 2;
    const before = memory.words;
    let i = 2;
    while (i < STATE_WORDS && before[from + i] === x[i]) i++;
    if (i === STATE_WORDS) return;
    const to = memory.prepareWrite(STATE_PAGE, STATE_BYTES) >> 2;
    const { words, journaling } = memory;
    for (; i < STATE_WORDS; i++) {
      const value = x[i]!;
      if (words[to + i] === value) continue;
      words[to + i] = value;
      if (journaling) memory.record(STATE_PAGE + 4 * i);
    }
  }

  /** The address of the eight bytes of RAM where the machine looks for requests to its host; 0 if it does not. */
  tohost(): number {
    const { x } = this;
    const low = x[FIELD.tohost / 4]!;
    const high = x[FIELD.tohost / 4 + 1]!;
    if (this.user || !isRam(low, high, 8) || overlapsDevice(low, high, 8)) return 0;
    return low >>> 0;
  }

  /** Sets pc from a number that may be negative or exceed 32 bits, and is meant modulo 2^64. */
  setPc(value: number): void {
    this.x[PC] = value;
    this.x[PC + 1] = Math.floor(value / 2 ** 32);
  }

  /** Tells whether the halfword at this 32-bit address may be fetched. */
  fetchable(address: number): boolean {
    if (this.granules[address >>> GRANULE_BITS] === 1) return true;
    return address >>> GRANULE_BITS === DEVICE_BASE >>> GRANULE_BITS && (address - DEVICE_BASE) >>> 0 >= DEVICE_BYTES;
  }

  /** The decoded instructions at pc; undefined, and the event is set, if they may not be fetched. */
  codePage(): CodePage | undefined {
    const { x } = this;
    const low = x[PC]!;
    if (x[PC + 1] === 0 && this.fetchable(low)) return this.cache.page(low >>> PAGE_BITS);
    this.trapEvent(CAUSE.fetchAccess, low, x[PC + 1]!);
    return undefined;
  }

  /** Notes that the instruction at pc traps. */
  trapEvent(cause: number, valueLow: number, valueHigh: number): void {
    this.event = EVENT_TRAP;
    this.eventCause = cause;
    this.eventValueLow = valueLow;
    this.eventValueHigh = valueHigh;
  }
}

/** Tells whether all bytes lie in one of the two ranges of RAM; the timer device is not taken out. */
export function isRam(low: number, high: number, length: number): boolean {
  if (high !== 0) return false;
  const from = low >>> 0;
  return from + length <= LOW_RAM_END || (from >= HIGH_RAM_BASE && from + length <= HIGH_RAM_END);
}

/** Tells whether one of the bytes is in the range of the timer device. */
export function overlapsDevice(low: number, high: number, length: number): boolean {
  const from = low >>> 0;
  return high === 0 && from + length > DEVICE_BASE && from < DEVICE_BASE + DEVICE_BYTES;
}

/** Adds a whole number below 2^32 in size to the 64-bit field at words `at` and `at + 1`. */
export function addToField(x: Int32Array, at: number, amount: number): void {
  const sum = (x[at]! >>> 0) + amount;
  x[at] = sum;
  x[at + 1]! += Math.floor(sum / 2 ** 32);
}

/** The 64-bit field at words `at` and `at + 1`, unsigned. */
export function fieldOf(x: Int32Array, at: number): bigint {
  return (BigInt(x[at + 1]! >>> 0) << 32n) | BigInt(x[at]! >>> 0);
}

/** Sets the 64-bit field at words `at` and `at + 1` modulo 2^64. */
export function setField(x: Int32Array, at: number, value: bigint): void {
  x[at] = Number(BigInt.asIntN(32, value));
  x[at + 1] = Number(BigInt.asIntN(32, value >> 32n));
}
