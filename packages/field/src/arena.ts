import { createMemory, type LinearMemory } from '@commute/wasm';
import { FieldError } from './errors.ts';
import { HEAP_START } from './kernels/layout.ts';
import { type Allocation } from './matrix.ts';

const PAGE = 65536;
const ALIGNMENT = 64;

/** Allocates from one linear memory: first fit from a sorted list of free ranges, growing where nothing fits. */
export class Arena {
  readonly memory: LinearMemory;
  readonly #maximumPages: number;
  /** Free ranges by address, never adjacent. */
  readonly #free: { start: number; end: number }[];
  #end: number;
  /** Nothing beyond has been allocated yet. */
  #fresh = HEAP_START;
  readonly #onFresh: ((start: number, end: number) => void) | undefined;

  /**
   * @param maximumPages - most pages of 64 KiB that the memory may grow to.
   * @param onFresh - told of memory that is allocated for the first time, before it is given away.
   * @throws {@link FieldError} `FIELD_OUT_OF_MEMORY` where the host cannot even start it.
   */
  constructor(maximumPages: number, shared: boolean, onFresh?: (start: number, end: number) => void) {
    const initial = Math.min(32, maximumPages);
    this.#maximumPages = maximumPages;
    this.#onFresh = onFresh;
    try {
      this.memory = createMemory({ initial, maximum: maximumPages, shared });
    } catch (error) {
      throw new FieldError('FIELD_OUT_OF_MEMORY', 'memory', `${String(initial)} pages`, String(error));
    }
    this.#end = initial * PAGE;
    this.#free = [{ start: HEAP_START, end: this.#end }];
  }

  /** The current buffer of the memory. */
  get buffer(): ArrayBuffer | SharedArrayBuffer {
    return this.memory.buffer;
  }

  /** Bytes of the memory, used or not. */
  get byteLength(): number {
    return this.#end;
  }

  /**
   * Reserves bytes at an address that is a multiple of 64; their contents are arbitrary.
   *
   * @throws {@link FieldError} `FIELD_OUT_OF_MEMORY`
   */
  allocate(bytes: number): Allocation {
    const size = Math.max(ALIGNMENT, Math.ceil(bytes / ALIGNMENT) * ALIGNMENT);
    let index = this.#free.findIndex((range) => range.end - range.start >= size);
    if (index < 0) {
      this.#grow(size);
      index = this.#free.length - 1;
    }
    const range = this.#free[index]!;
    const address = range.start;
    range.start += size;
    if (range.start === range.end) this.#free.splice(index, 1);
    if (address + size > this.#fresh) {
      const start = Math.max(address, this.#fresh);
      this.#fresh = address + size;
      this.#onFresh?.(start, this.#fresh);
    }
    return {
      storage: this,
      address,
      released: false,
      free: () => {
        this.#release(address, address + size);
      },
    };
  }

  #grow(size: number): void {
    const last = this.#free.at(-1);
    const tail = last?.end === this.#end ? last.end - last.start : 0;
    const needed = Math.ceil((size - tail) / PAGE);
    const available = this.#maximumPages - this.#end / PAGE;
    const refuse = (): never => {
      throw new FieldError(
        'FIELD_OUT_OF_MEMORY',
        'memory',
        `at most ${String(available)} further pages of 64 KiB`,
        String(needed),
      );
    };
    if (needed > available) refuse();
    // Growing is slow in some hosts, so take a quarter more than asked, unless the host has no more.
    const generous = Math.min(available, Math.max(needed, Math.ceil(this.#end / PAGE / 4)));
    let pages = generous;
    try {
      this.memory.grow(pages);
    } catch {
      pages = needed;
      try {
        this.memory.grow(pages);
      } catch {
        refuse();
      }
    }
    this.#release(this.#end, this.#end + pages * PAGE);
    this.#end += pages * PAGE;
  }

  /** Puts a range back, joined with its neighbours. */
  #release(start: number, end: number): void {
    let low = 0;
    let high = this.#free.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#free[middle]!.start < start) low = middle + 1;
      else high = middle;
    }
    const before = this.#free[low - 1];
    const after = this.#free[low];
    const joinsBefore = before?.end === start;
    const joinsAfter = after?.start === end;
    if (joinsBefore && joinsAfter) {
      before.end = after.end;
      this.#free.splice(low, 1);
    } else if (joinsBefore) before.end = end;
    else if (joinsAfter) after.start = start;
    else this.#free.splice(low, 0, { start, end });
  }
}
