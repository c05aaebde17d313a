import { PAGE_BITS, PAGE_BYTES, type Memory } from '@commute/machine';
import { decodeInto } from './decode.ts';
import { CODE_ENTRY, CODE_FETCH_FAULT, CODE_PAGE_END, CODE_UNDECODED } from './instructions.ts';

/** Decoded instructions of one page. */
export interface CodePage {
  /** Number of the page. */
  readonly index: number;
  /** The instruction at offset i, an even number, is words i and i + 1; see `decode.ts`. Zero where not decoded yet. */
  readonly code: Int32Array;
  /** The same with the entries of translated code in it; decoded apart. */
  marked: Int32Array | undefined;
}

/** Is told that the instructions in `length` bytes from an address on are no longer what they were. */
export type CodeListener = (address: number, length: number) => void;

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
  /** Is told of changes to pages that instructions were decoded from, before the next fetch. */
  onChange: CodeListener | undefined = undefined;

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
      page = { index, code: emptyCode(), marked: undefined };
      this.#pages.set(index, page);
      this.#memory.watch(index * PAGE_BYTES, this.#changed);
    }
    this.#recent[index & (RECENT - 1)] = page;
    return page;
  }

  /** The page at `index`, if instructions were decoded from it. */
  known(index: number): CodePage | undefined {
    return this.#pages.get(index);
  }

  /** Puts the mark of an entry of translated code at an address where an instruction was decoded; its page must be known. */
  mark(address: number, entry: number): void {
    const page = this.page(address >>> PAGE_BITS);
    const marked = (page.marked ??= emptyCode());
    const offset = address & (PAGE_BYTES - 2);
    // The mark takes the place of the decoded instruction, which others go on looking for.
    if (page.code[offset] === CODE_UNDECODED) page.code.set(marked.subarray(offset, offset + 2), offset);
    marked[offset] = CODE_ENTRY;
    marked[offset + 1] = entry;
  }

  /** Takes the mark of an entry away, if it is this one. */
  unmark(address: number, entry: number): void {
    const marked = this.#pages.get(address >>> PAGE_BITS)?.marked;
    const offset = address & (PAGE_BYTES - 2);
    if (marked?.[offset] === CODE_ENTRY && marked[offset + 1] === entry) marked.fill(0, offset, offset + 2);
  }

  /**
   * Decodes the instruction at `offset` of the page at `index` into `code`, which is one of the page's.
   *
   * @param nextAccessible - whether the first halfword of the next page may be fetched.
   */
  decode(code: Int32Array, index: number, offset: number, nextAccessible: boolean): void {
    const memory = this.#memory;
    const address = index * PAGE_BYTES + offset;
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
        code[offset] = CODE_FETCH_FAULT;
        return;
      }
    }
    decodeInto(code, offset, encoding);
  }

  /** Watches the pages of these addresses, and no others, whether or not instructions were decoded from them. */
  pin(addresses: readonly number[]): void {
    this.#pinned = addresses;
    for (const address of addresses) this.#memory.watch(address, this.#changed);
  }

  /** Forgets all instructions. */
  clear(): void {
    this.onChange?.(0, 2 ** 32);
    this.#memory.unwatchAll();
    this.#pages.clear();
    this.#recent.fill(undefined);
    this.pin(this.#pinned);
  }

  readonly #changed = (address: number, length: number): void => {
    const index = address >>> PAGE_BITS;
    const start = (address & (PAGE_BYTES - 2)) - 2;
    const end = Math.min((address & (PAGE_BYTES - 1)) + length, PAGE_BYTES);
    this.#forget(index, Math.max(start, 0), end);
    // If the change begins with the page, the last instruction of the page before may reach into it.
    if (start < 0) this.#forget((index - 1) & 0xf_ffff, PAGE_BYTES - 2, PAGE_BYTES);
  };

  #forget(index: number, from: number, to: number): void {
    const page = this.#pages.get(index);
    if (page === undefined) return;
    page.code.fill(0, from, to);
    page.marked?.fill(0, from, to);
    this.onChange?.(index * PAGE_BYTES + from, to - from);
  }
}

/** Slots of a page of which nothing is decoded. */
function emptyCode(): Int32Array {
  const code = new Int32Array(PAGE_BYTES + 4);
  code[PAGE_BYTES] = CODE_PAGE_END;
  code[PAGE_BYTES + 2] = CODE_PAGE_END;
  return code;
}
