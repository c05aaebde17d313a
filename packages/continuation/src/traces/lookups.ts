/** How often each row of a table that others look up is used. */
export class LookupCounts {
  /** By value of 16 bits. */
  readonly range: Uint32Array = new Uint32Array(2 ** 16);
  /** By value of 16 bits. */
  readonly sign: Uint32Array = new Uint32Array(2 ** 16);
  /** By three numbers of five bits, the first one lowest. */
  readonly triple: Uint32Array = new Uint32Array(2 ** 15);
  /** By two bytes, the left one lower. */
  readonly and: Uint32Array = new Uint32Array(2 ** 16);
  /** By two bytes, the left one lower. */
  readonly bytes: Uint32Array = new Uint32Array(2 ** 16);
  /** By distance, plus 32 to the right. */
  readonly power: Uint32Array = new Uint32Array(64);
  /** By the number of the region. */
  readonly region: Uint32Array;
  /** By the number of the program row. */
  readonly execution: Uint32Array;
  /** By the number of the word of text. */
  readonly text: Uint32Array;

  constructor(sizes: { readonly regions: number; readonly rows: number; readonly words: number }) {
    this.region = new Uint32Array(sizes.regions);
    this.execution = new Uint32Array(sizes.rows);
    this.text = new Uint32Array(sizes.words);
  }

  /** Counts the limbs of a number below 2^32, and returns the lower one. */
  limbs(value: number): number {
    const low = value & 0xffff;
    this.range[low]!++;
    this.range[value >>> 16]!++;
    return low;
  }
}
