import type { Memory } from '@commute/machine';

const MAXIMUM_ENTRIES = 2 ** 14;

/**
 * What cleaning has to put back: the words of Q that differ, or have differed, from the pristine state, with the value
 * each had before. Undoing the entries from the last to the first gives the pristine state.
 *
 * A full log is incomplete; cleaning then exchanges the whole region instead.
 */
export class UndoLog {
  /** Address, signed, and old value in turn. */
  readonly entries: Int32Array = new Int32Array(2 * MAXIMUM_ENTRIES);
  /** Elements of {@link UndoLog.entries} that may be used. */
  readonly capacity: number = 2 * MAXIMUM_ENTRIES;
  /** Elements in use. */
  length = 0;

  /** Whether the log tells all. */
  get complete(): boolean {
    return this.length < this.capacity;
  }

  /** Forgets all: the state is pristine now. */
  clear(): void {
    this.length = 0;
  }

  /** Gives up on telling all. */
  overflow(): void {
    this.length = this.capacity;
  }

  /** Adds a word with its old value. */
  push(address: number, old: number): void {
    if (this.length === this.capacity) return;
    this.entries[this.length] = address;
    this.entries[this.length + 1] = old;
    this.length += 2;
  }

  /** Adds the word at `address`, a multiple of 4, with its present value, if it lies in Q. */
  note(memory: Memory, address: number): void {
    if (address >>> 24 === 0xff) this.push(address, memory.loadWord(address));
  }

  /** Puts all words back. Only for a complete log. */
  undo(memory: Memory): void {
    const entries = this.entries;
    for (let at = this.length - 2; at >= 0; at -= 2) memory.storeWord(entries[at]!, entries[at + 1]!);
    this.length = 0;
  }
}
