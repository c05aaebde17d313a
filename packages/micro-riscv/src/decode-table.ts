import { PAGE_BITS, PAGE_BYTES, PAGE_COUNT, type Memory } from '@commute/machine';
import { ENTRY_WORDS, OPERATION, decodeInto, type Decoded } from './decode.ts';
import { CONTROL_PAGE } from './layout.ts';

const ENTRIES_PER_PAGE = PAGE_BYTES / 4;
/** A page's instructions, and one entry behind them that leads to the next page. */
const BLOCK_WORDS = (ENTRIES_PER_PAGE + 1) * ENTRY_WORDS;
/** 16 MiB of entries: programs of 4 MiB are decoded once. */
const MAXIMUM_BLOCKS = 1024;

/**
 * Decoded instructions of the pages that have been executed. Kept true by watching those pages; when more of
 * them have been executed than it holds, it forgets all and starts again.
 *
 * The entry of an instruction has the index `blockOf[pc >>> 12] + (pc & 4095)`: four words for four bytes.
 */
export class DecodeTable {
  /** All entries. Replaced when the table grows. */
  words: Int32Array = new Int32Array(ENTRY_WORDS + 8 * BLOCK_WORDS);
  /** Index of the first entry of each page; 0 where there is none. */
  readonly blockOf: Int32Array = new Int32Array(PAGE_COUNT);

  readonly #memory: Memory;
  readonly #multiply: boolean;
  readonly #pages: number[] = [];
  readonly #decoded: Decoded = { packed: 0, operand: 0, relative: false };

  constructor(memory: Memory, multiply: boolean) {
    this.#memory = memory;
    this.#multiply = multiply;
  }

  /** Index of the entry of the instruction at `pc`, a multiple of 4. May forget all other entries. */
  locate(pc: number): number {
    const block = this.blockOf[pc >>> PAGE_BITS]!;
    if (block !== 0) return block + (pc & (PAGE_BYTES - 1));
    if (this.#pages.length >= MAXIMUM_BLOCKS) this.#forget();
    return this.#add(pc >>> PAGE_BITS) + (pc & (PAGE_BYTES - 1));
  }

  /** Decodes the instruction of an entry. Returns the index that the entry has afterwards. */
  decode(index: number): number {
    const pc = this.words[index + 2]!;
    // First, because it may fail.
    const instruction = this.#memory.loadWord(pc) | 0;
    let at = index;
    // A jump may add the page it leads to; what it adds must not make it forget the jump's own page.
    if (this.#pages.length + 1 >= MAXIMUM_BLOCKS) {
      this.#forget();
      at = this.locate(pc);
    }
    const decoded = this.#decoded;
    decodeInto(decoded, instruction, pc, this.#multiply);
    const operand = decoded.relative ? this.locate((pc + decoded.operand) | 0) : decoded.operand;
    this.words[at + 1] = operand;
    this.words[at] = decoded.packed;
    return at;
  }

  readonly #invalidate = (address: number, length: number): void => {
    const block = this.blockOf[address >>> PAGE_BITS]!;
    const offset = address & (PAGE_BYTES - 4);
    const end = Math.min((address & (PAGE_BYTES - 1)) + length, PAGE_BYTES);
    for (let at = offset; at < end; at += 4) this.words[block + at] = OPERATION.undecoded;
  };

  #add(page: number): number {
    const block = ENTRY_WORDS + this.#pages.length * BLOCK_WORDS;
    if (block + BLOCK_WORDS > this.words.length) {
      const longer = new Int32Array(2 * this.words.length);
      longer.set(this.words);
      this.words = longer;
    }
    this.#pages.push(page);
    this.blockOf[page] = block;
    const address = page * PAGE_BYTES;
    const isControl = address === CONTROL_PAGE;
    for (let entry = 0; entry <= ENTRIES_PER_PAGE; entry++) {
      const at = block + entry * ENTRY_WORDS;
      this.words[at] = isControl ? OPERATION.reference : OPERATION.undecoded;
      this.words[at + 2] = address + 4 * entry;
    }
    if (!isControl) this.#memory.watch(address, this.#invalidate);
    this.words[block + ENTRIES_PER_PAGE * ENTRY_WORDS] = OPERATION.pageEnd;
    return block;
  }

  #forget(): void {
    this.#memory.unwatchAll();
    for (const page of this.#pages) this.blockOf[page] = 0;
    this.#pages.length = 0;
  }
}
