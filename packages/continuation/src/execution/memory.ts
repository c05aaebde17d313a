import { PAGE_BITS, PAGE_COUNT } from '@commute/machine';

const PAGE_WORDS = 1024;

/** Writes the words of a page into zeros, and tells whether all of it may be touched. */
export type PageSource = (page: number, words: Int32Array) => boolean;

/** What {@link TimedMemory.touched} lists, by columns. */
export interface TouchedWords {
  readonly addresses: Uint32Array;
  readonly before: Uint32Array;
  readonly after: Uint32Array;
  readonly times: Uint32Array;
}

/** RAM that knows for each word when it was last accessed in the segment. Pages come from a source when they are first touched. */
export class TimedMemory {
  /** Words of all pages held; replaced when more are. */
  words: Int32Array = new Int32Array(64 * PAGE_WORDS);
  /** For each word the last access in this segment, 0 where there was none. */
  times: Uint32Array = new Uint32Array(64 * PAGE_WORDS);
  /** Index of the first word of each page, 0 where it is not held, -1 - index where not all of it may be touched. */
  readonly pageTable: Int32Array = new Int32Array(PAGE_COUNT);
  #used = PAGE_WORDS;
  #touched: Uint32Array = new Uint32Array(1024);
  #before: Uint32Array = new Uint32Array(1024);
  #count = 0;
  readonly #source: PageSource;

  constructor(source: PageSource) {
    this.#source = source;
  }

  /** Brings a page in. @returns its entry of the page table. */
  bring(page: number): number {
    const index = this.#used;
    if (index + PAGE_WORDS > this.words.length) {
      const words = new Int32Array(2 * this.words.length);
      words.set(this.words);
      this.words = words;
      const times = new Uint32Array(2 * this.times.length);
      times.set(this.times);
      this.times = times;
    }
    const isWhole = this.#source(page, this.words.subarray(index, index + PAGE_WORDS));
    this.#used += PAGE_WORDS;
    this.pageTable[page] = isWhole ? index : -1 - index;
    return this.pageTable[page];
  }

  /** Index of the word at an address in {@link words}; the caller sees to it that it may be touched. */
  locate(address: number): number {
    const entry = this.pageTable[address >>> PAGE_BITS]! || this.bring(address >>> PAGE_BITS);
    return (entry < 0 ? -1 - entry : entry) + ((address >>> 2) & (PAGE_WORDS - 1));
  }

  /** Notes the first access to a word in a segment, before it changes. */
  touch(address: number, value: number): void {
    if (this.#count === this.#touched.length) {
      const longer = (list: Uint32Array): Uint32Array => {
        const copy = new Uint32Array(2 * list.length);
        copy.set(list);
        return copy;
      };
      this.#touched = longer(this.#touched);
      this.#before = longer(this.#before);
    }
    this.#touched[this.#count] = address & ~3;
    this.#before[this.#count] = value;
    this.#count++;
  }

  /** The words touched in this segment, in the order of first accesses; starts the next segment. */
  takeTouched(): TouchedWords {
    const addresses = this.#touched.slice(0, this.#count);
    const after = new Uint32Array(this.#count);
    const times = new Uint32Array(this.#count);
    for (let at = 0; at < this.#count; at++) {
      const index = this.locate(addresses[at]!);
      after[at] = this.words[index]!;
      times[at] = this.times[index]!;
      this.times[index] = 0;
    }
    const before = this.#before.slice(0, this.#count);
    this.#count = 0;
    return { addresses, before, after, times };
  }
}
