import type { Memory } from '@commute/machine';
import { FIELD, RAM_BASE, RAM_BLOCK, RAM_BLOCK_LIMIT, RAM_DIRECTORY_BASE, STATE_PAGE } from './layout.ts';
import { toElement } from './words.ts';

const BLOCK_BITS = 11;
const BLOCK_BYTES = 8 * RAM_BLOCK;

/** Number of the block of an address: below 2^53. */
function blockOf(low: number, high: number): number {
  return high * 2 ** (32 - BLOCK_BITS) + (low >>> BLOCK_BITS);
}

/**
 * RAM with elements as addresses, on a memory of 2^32 bytes: blocks of 2048 elements come into use as they are written, and
 * a directory in memory says which is where.
 */
export class Ram {
  readonly #memory: Memory;
  /** Where a block is, by its number. */
  readonly #places = new Map<number, number>();
  #blocks = 0;
  // The block of the last access.
  #lastBlock = -1;
  #lastBase = 0;

  constructor(memory: Memory) {
    this.#memory = memory;
  }

  /** Reads the directory anew. */
  load(): void {
    const memory = this.#memory;
    this.#places.clear();
    this.#lastBlock = -1;
    this.#blocks = Math.min(memory.loadWord(STATE_PAGE + FIELD.ramBlocks), RAM_BLOCK_LIMIT);
    for (let place = 0; place < this.#blocks; place++) {
      const at = RAM_DIRECTORY_BASE + 8 * place;
      this.#places.set(memory.loadWord(at + 4) * 2 ** 32 + memory.loadWord(at), RAM_BASE + BLOCK_BYTES * place);
    }
  }

  /** Where an element is in memory; -1 for one in a block that is not in use, which is zero. */
  find(low: number, high: number): number {
    const block = blockOf(low, high);
    if (block !== this.#lastBlock) {
      const base = this.#places.get(block);
      if (base === undefined) return -1;
      this.#lastBlock = block;
      this.#lastBase = base;
    }
    return this.#lastBase + 8 * (low & (RAM_BLOCK - 1));
  }

  /** Where an element is in memory, ready to be written; -1 if there is no room for its block. */
  claim(low: number, high: number): number {
    const memory = this.#memory;
    let at = this.find(low, high);
    if (at < 0) {
      if (this.#blocks === RAM_BLOCK_LIMIT) return -1;
      const block = blockOf(low, high);
      const entry = RAM_DIRECTORY_BASE + 8 * this.#blocks;
      const base = RAM_BASE + BLOCK_BYTES * this.#blocks;
      at = base + 8 * (low & (RAM_BLOCK - 1));
      // All pages first: after running out of memory nothing has been stored.
      for (const address of [entry, at, STATE_PAGE]) memory.prepareWrite(address, 8);
      memory.storeWord(entry, block % 2 ** 32);
      memory.storeWord(entry + 4, Math.floor(block / 2 ** 32));
      this.#blocks++;
      memory.storeWord(STATE_PAGE + FIELD.ramBlocks, this.#blocks);
      this.#places.set(block, base);
    } else {
      memory.prepareWrite(at, 8);
    }
    return at;
  }

  /** Calls `visit` for each element that is not zero, block by block in the order of addresses. */
  visit(visit: (address: bigint, element: bigint) => void): void {
    const memory = this.#memory;
    for (const block of [...this.#places.keys()].sort((a, b) => a - b)) {
      const base = this.#places.get(block)!;
      for (let i = 0; i < RAM_BLOCK; i++) {
        const low = memory.loadWord(base + 8 * i);
        const high = memory.loadWord(base + 8 * i + 4);
        if (low !== 0 || high !== 0) visit(BigInt(block) * BigInt(RAM_BLOCK) + BigInt(i), toElement(low, high));
      }
    }
  }
}
