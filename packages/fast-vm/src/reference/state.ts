import type { WordAccess } from '@commute/machine';
import {
  DEVICE_BASE,
  DEVICE_BYTES,
  FIELD,
  HIGH_RAM_BASE,
  HIGH_RAM_END,
  LOW_RAM_END,
  PERSONALITY_USER,
  STATE_PAGE,
  type FieldName,
} from '../layout.ts';

/** A trap: its cause and value. Thrown by instructions, before they have any effect. */
export class Trap {
  readonly cause: number;
  readonly value: bigint;

  constructor(cause: number, value: bigint) {
    this.cause = cause;
    this.value = value;
  }
}

export const modulo64 = (value: bigint): bigint => BigInt.asUintN(64, value);

/** The machine's state by field, register and byte, over an access to its words. Values are unsigned. */
export class ReferenceState {
  readonly access: WordAccess;

  constructor(access: WordAccess) {
    this.access = access;
  }

  /** A field of 32 bits. */
  short(field: FieldName): number {
    return this.access.loadWord(STATE_PAGE + FIELD[field]);
  }

  setShort(field: FieldName, value: number): void {
    this.access.storeWord(STATE_PAGE + FIELD[field], value);
  }

  /** A field of 64 bits. */
  long(field: FieldName): bigint {
    return this.load(STATE_PAGE + FIELD[field], 8);
  }

  setLong(field: FieldName, value: bigint): void {
    this.store(STATE_PAGE + FIELD[field], 8, value);
  }

  register(index: number): bigint {
    return index === 0 ? 0n : this.load(STATE_PAGE + FIELD.x + 8 * index, 8);
  }

  setRegister(index: number, value: bigint): void {
    if (index !== 0) this.store(STATE_PAGE + FIELD.x + 8 * index, 8, value);
  }

  get isUser(): boolean {
    return this.short('personality') === PERSONALITY_USER;
  }

  /** Whether all bytes lie in one of the ranges of RAM. */
  isAccessible(address: bigint, length: number): boolean {
    const end = address + BigInt(length);
    return end <= BigInt(LOW_RAM_END) || (address >= BigInt(HIGH_RAM_BASE) && end <= BigInt(HIGH_RAM_END));
  }

  /** Whether one of the bytes belongs to the timer device. */
  isDevice(address: bigint, length: number): boolean {
    if (this.isUser) return false;
    return address + BigInt(length) > BigInt(DEVICE_BASE) && address < BigInt(DEVICE_BASE + DEVICE_BYTES);
  }

  /** 1 to 8 bytes, little-endian, at any address of the 32-bit space. */
  load(address: number, length: number): bigint {
    const first = address - (address % 4);
    let value = 0n;
    for (let word = first; word < address + length; word += 4) {
      value |= BigInt(this.access.loadWord(word)) << BigInt(8 * (word - first));
    }
    return BigInt.asUintN(8 * length, value >> BigInt(8 * (address - first)));
  }

  /** Stores the low 1 to 8 bytes of `value`; reads the words of which it changes only a part. */
  store(address: number, length: number, value: bigint): void {
    const first = address - (address % 4);
    for (let word = first; word < address + length; word += 4) {
      const from = Math.max(word, address);
      const to = Math.min(word + 4, address + length);
      let result = to - from === 4 ? 0 : this.access.loadWord(word);
      for (let byte = from; byte < to; byte++) {
        const place = 2 ** (8 * (byte - word));
        const old = Math.floor(result / place) % 256;
        const next = Number((value >> BigInt(8 * (byte - address))) & 0xffn);
        result += (next - old) * place;
      }
      this.access.storeWord(word, result);
    }
  }
}
