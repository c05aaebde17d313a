import type { WordAccess } from '@commute/machine';
import { CONTROL_PAGE, HALTED, MICRO_FIELD } from './layout.ts';

/** The machine as the reference step sees it: words behind a {@link WordAccess}, nothing kept in between. */
export class Hart {
  readonly access: WordAccess;

  constructor(access: WordAccess) {
    this.access = access;
  }

  /** A word of the control page, unsigned. */
  field(offset: number): number {
    return this.access.loadWord(CONTROL_PAGE + offset);
  }

  setField(offset: number, value: number): void {
    this.access.storeWord(CONTROL_PAGE + offset, value >>> 0);
  }

  /** Register x`index`, unsigned. x0 is 0 and is not looked up. */
  register(index: number): number {
    return index === 0 ? 0 : this.field(MICRO_FIELD.registers + 4 * index);
  }

  setRegister(index: number, value: number): void {
    if (index !== 0) this.setField(MICRO_FIELD.registers + 4 * index, value);
  }

  halt(halted: number, code: number): void {
    this.setField(MICRO_FIELD.halted, halted);
    this.setField(MICRO_FIELD.haltCode, code);
  }

  trap(cause: number, value: number): void {
    this.halt(HALTED.trapped, cause);
    this.setField(MICRO_FIELD.haltValue, value);
  }

  /** `size` bytes, 1, 2 or 4, of memory at any alignment, as an unsigned number. */
  load(address: number, size: number): number {
    const aligned = address - (address % 4);
    const shift = 8 * (address % 4);
    let value = this.access.loadWord(aligned) >>> shift;
    if (shift + 8 * size > 32) value |= this.access.loadWord(aligned + 4) << (32 - shift);
    return (size === 4 ? value : value & (2 ** (8 * size) - 1)) >>> 0;
  }

  /** Stores the low `size` bytes, 1, 2 or 4, of `value` at any alignment. */
  store(address: number, size: number, value: number): void {
    const aligned = address - (address % 4);
    const shift = 8 * (address % 4);
    if (size === 4 && shift === 0) {
      this.access.storeWord(aligned, value >>> 0);
      return;
    }
    const mask = size === 4 ? -1 : 2 ** (8 * size) - 1;
    const low = this.access.loadWord(aligned);
    this.access.storeWord(aligned, ((low & ~(mask << shift)) | ((value & mask) << shift)) >>> 0);
    if (shift + 8 * size <= 32) return;
    const high = this.access.loadWord(aligned + 4);
    const down = 32 - shift;
    this.access.storeWord(aligned + 4, ((high & ~(mask >>> down)) | ((value & mask) >>> down)) >>> 0);
  }
}
