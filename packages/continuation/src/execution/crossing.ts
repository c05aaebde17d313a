import { type HostCallPort } from './host-call.ts';
import { type TimedValue } from './record.ts';

/** A load or store that crosses from one word to the next. */
export interface CrossingRecord {
  /** The first word, and the second. */
  readonly low: TimedValue;
  readonly high: TimedValue;
  readonly lowAfter: number;
  readonly highAfter: number;
  /** Whether they are program text. */
  readonly lowIsText: boolean;
  readonly highIsText: boolean;
}

/**
 * Loads, or stores if there is a value.
 *
 * @returns the four bytes from the address on, unsigned, and the record; undefined where a word may not be accessed.
 */
export function executeCrossing(
  port: Pick<HostCallPort, 'access' | 'setWord' | 'isLegal' | 'textWord'>,
  address: number,
  size: number,
  value: number | undefined,
  cycle: number,
): { readonly value: number; readonly record: CrossingRecord } | undefined {
  // Behind the last word of memory there are registers.
  if (address + size > 2 ** 32) return undefined;
  const offset = address % 4;
  const [lowAt, highAt] = [address - offset, address - offset + 4];
  const text = [lowAt, highAt].map((at) => (value === undefined ? port.textWord(at) : undefined));
  if ([lowAt, highAt].some((at, index) => text[index] === undefined && !port.isLegal(at))) return undefined;
  const read = (at: number, word: number | undefined): TimedValue =>
    word === undefined ? port.access(at, cycle) : { value: word, previous: 0 };
  const [low, high] = [read(lowAt, text[0]), read(highAt, text[1])];
  let [lowAfter, highAfter] = [low.value, high.value];
  if (value !== undefined) {
    const [down, up] = [8 * offset, 32 - 8 * offset];
    const mask = size === 4 ? 0xffff_ffff : 0xffff;
    lowAfter = ((low.value & ~(mask << down)) | ((value & mask) << down)) >>> 0;
    highAfter = ((high.value & ~(mask >>> up)) | ((value & mask) >>> up)) >>> 0;
    port.setWord(lowAt, lowAfter);
    port.setWord(highAt, highAfter);
  }
  const record = {
    low,
    high,
    lowAfter,
    highAfter,
    lowIsText: text[0] !== undefined,
    highIsText: text[1] !== undefined,
  };
  return { value: ((low.value >>> (8 * offset)) | (high.value << (32 - 8 * offset))) >>> 0, record };
}
