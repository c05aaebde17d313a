import { PAGE_BITS, PAGE_BYTES, type Memory } from '@commute/machine';
import { decodeInto } from './decode.ts';
import { CODE_FETCH_FAULT, CODE_PAGE_END } from './instructions.ts';

/** Decoded instructions of one page. */
export interface CodePage {
  /** Number of the page. */
  readonly index: number;
  /** The instruction at offset i, an even number, is words i and i + 1; see `decode.ts`. Zero where not decoded yet. */
  readonly code: Int32Array;
}

/** Most pages of decoded instructions that are kept: 64 MiB. */
const MAXIMUM_PAGES = 4096;
const RECENT = 256;

/**
 * Decoded instructions by page, kept equal to what decoding the memory afresh would give.
 *
 * The memory tells of every change to a page that instructions were decoded from; the slots that the change touches
 * become undecoded, among them that of an instruction which begins in the halfword before.
 */
export class CodeCache {
  readonly #memory: Memory;
  readonly #pages = new Map<number, CodePage>();
  readonly #recent: (CodePage | undefined)[] = new Array<CodePage | undefined>(RECENT).fill(undefined);
  #pinned: readonly number[] = [];

  constructor(memory: Memory) {
    this.#memory = memory;
  }

  /** The page at `index`; its instructions are decoded as they are reached. */
  page(index: number): CodePage {
    const recent = this.#recent[index & (RECENT - 1)];
    if (recent?.index === index) return recent;
    let page = this.#pages.get(index);
    if (page === undefined) {
      if (this.#pages.size >= MAXIMUM_PAGES) this.clear();
      const code = new Int32Array(PAGE_BYTES + 4);
      code[PAGE_BYTES] = CODE_PAGE_END;
      code[PAGE_BYTES + 2] = CODE_PAGE_END;
      page = { index, code };
      this.#pages.set(index, page);
      this.#memory.watch(index * PAGE_BYTES, this.#changed);
    }
    this.#recent[index & (RECENT - 1)] = page;
    return page;
  }

  /**
   * Decodes the instruction at `offset` of `page`.
   *
   * @param nextAccessible - whether the first halfword of the next page may be fetched.
   */
  decode(page: CodePage, offset: number, nextAccessible: boolean): void {
    const memory = this.#memory;
    const address = page.index * PAGE_BYTES + offset;
    const frame = memory.pageIn(address);
    let encoding = memory.halves[(frame + offset) >> 1]!;
    if ((encoding & 3) === 3) {
      if (offset < PAGE_BYTES - 2) {
        encoding |= memory.halves[(frame + offset + 2) >> 1]! << 16;
      } else if (nextAccessible) {
        const next = memory.pageIn(address + 2);
        encoding |= memory.halves[next >> 1]! << 16;
        memory.watch(address + 2, this.#changed);
      } else {
        page.code[offset] = CODE_FETCH_FAULT;
        return;
      }
    }
    decodeInto(page.code, offset, encoding);
  }

  /** Watches the pages of these addresses, and no others, whether or not instructions were decoded from them. */
  pin(addresses: readonly number[]): void {
    this.#pinned = addresses;
    for (const address of addresses) this.#memory.watch(address, this.#changed);
  }

  /** Forgets all instructions. */
  clear(): void {
    this.#memory.unwatchAll();
    this.#pages.clear();
    this.#recent.fill(undefined);
    this.pin(this.#pinned);
  }

  readonly #changed = (address: number, length: number): void => {
    const from = (address & ~1) - 2;
    const index = address >>> PAGE_BITS;
    const code = this.#pages.get(index)?.code;
    const start = from & (PAGE_BYTES - 1);
    const end = (address & (PAGE_BYTES - 1)) + length;
    if (start !== PAGE_BYTES - 2) {
      code?.fill(0, start, Math.min(end, PAGE_BYTES));
      return;
    }
    // The change begins with the page: the last instruction of the page before may reach into it.
    code?.fill(0, 0, Math.min(end, PAGE_BYTES));
    this.#pages.get((index - 1) & 0xf_ffff)?.code.fill(0, PAGE_BYTES - 2, PAGE_BYTES);
  };
}
