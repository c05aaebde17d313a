import { BaseError, assertInteger } from '@commute/errors';
import { keccak256, type Hasher } from './hash.ts';
import type { PristineRegion, WordAccess } from './access.ts';
import type { FrameSpace } from './frame-space.ts';
import { PAGE_BITS, PAGE_BYTES, PAGE_COUNT } from './layout.ts';
import { Frames, Page } from './page.ts';
import { Snapshot } from './snapshot.ts';
import { differingPages, pageAt, withPages, type PageChange } from './tree.ts';

/** Options of a {@link Memory}. */
export interface MemoryOptions {
  /** The hash under roots; keccak256 unless told. */
  readonly hasher?: Hasher;
  /** Most pages that may be resident, 1 to 2^19 - 2 (2 GiB); 2^18 (1 GiB) unless told. */
  readonly maximumPages?: number;
}

/** Is told when bytes of a watched page may have changed. */
export type WatchListener = (address: number, length: number) => void;

/** Most bytes by which frames grow at a time in a space that they share. */
const MAXIMUM_GROWTH = 2 ** 26;
const LINEAR_PAGE_BYTES = 65_536;

/**
 * The memory a machine works on: a 32-bit address space, little-endian, with cheap snapshots and a Merkle root.
 *
 * Pages in use lie in one growing buffer, the frames. An interpreter's hot loop reads
 * `words[(readTable[address >>> 12] + (address & 4092)) >> 2]` where the table's entry is not 0 and calls
 * {@link Memory.pageIn} where it is; it writes through `writeTable` likewise, with {@link Memory.prepareWrite} for 0.
 * Either call may replace the views `bytes`, `halves` and `words`, and after {@link Memory.moveTo} the tables too: read
 * them again afterwards.
 *
 * @example
 * ```ts
 * import { Memory } from '@commute/machine';
 * const memory = new Memory();
 * memory.storeWord(0x1000, 7);
 * const before = memory.snapshot();
 * memory.storeWord(0x1000, 8);
 * memory.restore(before);
 * if (memory.loadWord(0x1000) !== 7) throw new Error('restore failed');
 * ```
 */
export class Memory implements WordAccess {
  readonly hasher: Hasher;
  /** Byte offset of the frame of each page for reading; 0 where the page is not resident. */
  readTable: Int32Array<ArrayBuffer> = new Int32Array(PAGE_COUNT);
  /** Byte offset of the frame of each page that may be written without further ado; 0 elsewhere. */
  writeTable: Int32Array<ArrayBuffer> = new Int32Array(PAGE_COUNT);
  /** The frames as bytes. */
  bytes: Uint8Array<ArrayBuffer> = new Uint8Array(16 * PAGE_BYTES);
  /** The frames as unsigned 16-bit units. */
  halves: Uint16Array = new Uint16Array(this.bytes.buffer);
  /** The frames as signed 32-bit words. */
  words: Int32Array = new Int32Array(this.bytes.buffer);
  /** Whether machines note the address of each store in {@link Memory.journal}. */
  journaling = false;
  /** Addresses of stores since the journal was last emptied; the first {@link Memory.journalLength} entries count. */
  journal: Int32Array = new Int32Array(1024);
  /** Number of entries of the journal. */
  journalLength = 0;

  readonly #maximumPages: number;
  readonly #dirty: number[] = [];
  readonly #isDirty = new Uint8Array(PAGE_COUNT);
  readonly #watchers = new Map<number, WatchListener>();
  /** What snapshots borrow: {@link Memory.bytes}, without all the rest of a memory. */
  #frames = new Frames(this.bytes);
  #zeroFrame = PAGE_BYTES;
  #nextFrame = 2 * PAGE_BYTES;
  #freeFrames: number[] = [];
  /** Frames that pages have, without the one of zeros. */
  #used = 0;
  #space: FrameSpace | undefined;
  /** The last snapshot. Its page of an index that is not marked changed may borrow the frame of that index. */
  #base: Snapshot;

  constructor(options: MemoryOptions = {}) {
    const { hasher = keccak256, maximumPages = 2 ** 18 } = options;
    assertInteger('MACHINE_MEMORY_RANGE', 'maximumPages', maximumPages, 1, 2 ** 19 - 2);
    this.hasher = hasher;
    this.#maximumPages = maximumPages;
    this.#base = Snapshot.empty(hasher);
  }

  /**
   * Makes the page of `address` readable and returns the byte offset of its frame.
   *
   * @throws BaseError `MACHINE_MEMORY_EXHAUSTED` when more pages are needed than allowed.
   */
  pageIn(address: number): number {
    const index = address >>> PAGE_BITS;
    const resident = this.readTable[index]!;
    if (resident !== 0) return resident;
    const page = pageAt(this.#base.tree, index);
    if (page === null) {
      this.readTable[index] = this.#zeroFrame;
      return this.#zeroFrame;
    }
    const frame = this.#allocate(index);
    page.copyTo(this.bytes, frame);
    this.readTable[index] = frame;
    return frame;
  }

  /**
   * Makes the page of `address` writable, marks it changed and returns the byte offset of its frame. The listener of a
   * watched page is told that up to `length` bytes from `address` on change.
   *
   * @throws BaseError `MACHINE_MEMORY_EXHAUSTED` when more pages are needed than allowed.
   */
  prepareWrite(address: number, length = 8): number {
    const index = address >>> PAGE_BITS;
    let frame = this.pageIn(address);
    if (frame === this.#zeroFrame) {
      frame = this.#allocate(index);
      this.bytes.fill(0, frame, frame + PAGE_BYTES);
      this.readTable[index] = frame;
    }
    if (this.#isDirty[index] === 0) {
      pageAt(this.#base.tree, index)?.settle(this.#frames);
      this.#isDirty[index] = 1;
      this.#dirty.push(index);
    }
    const watcher = this.#watchers.get(index);
    if (watcher === undefined) this.writeTable[index] = frame;
    else watcher(address, length);
    return frame;
  }

  /** Notes a store at `address` in the journal. */
  record(address: number): void {
    if (this.journalLength === this.journal.length) {
      const longer = new Int32Array(2 * this.journal.length);
      longer.set(this.journal);
      this.journal = longer;
    }
    this.journal[this.journalLength++] = address;
  }

  /**
   * Tells `listener` of each change to the page of `address` from now on, before it happens for stores and afterwards
   * for {@link Memory.restore}. A page has one listener. Decoded instructions are kept true this way.
   */
  watch(address: number, listener: WatchListener): void {
    const index = address >>> PAGE_BITS;
    this.#watchers.set(index, listener);
    this.writeTable[index] = 0;
  }

  /** Ends {@link Memory.watch} for all pages. */
  unwatchAll(): void {
    this.#watchers.clear();
  }

  /** The word at `address`, a multiple of 4; unsigned. */
  loadWord(address: number): number {
    const frame = this.readTable[address >>> PAGE_BITS]! || this.pageIn(address);
    return this.words[(frame + (address & (PAGE_BYTES - 4))) >> 2]! >>> 0;
  }

  /** Stores the low 32 bits of `value` at `address`, a multiple of 4. */
  storeWord(address: number, value: number): void {
    const frame = this.writeTable[address >>> PAGE_BITS]! || this.prepareWrite(address, 4);
    this.words[(frame + (address & (PAGE_BYTES - 4))) >> 2] = value;
    if (this.journaling) this.record(address);
  }

  /** The byte at `address`. */
  loadByte(address: number): number {
    const frame = this.readTable[address >>> PAGE_BITS]! || this.pageIn(address);
    return this.bytes[frame + (address & (PAGE_BYTES - 1))]!;
  }

  /** Stores the low 8 bits of `value` at `address`. */
  storeByte(address: number, value: number): void {
    const frame = this.writeTable[address >>> PAGE_BITS]! || this.prepareWrite(address, 1);
    this.bytes[frame + (address & (PAGE_BYTES - 1))] = value;
    if (this.journaling) this.record(address);
  }

  /** Copies `length` bytes from `address` on. The range may not pass the end of the address space. */
  read(address: number, length: number): Uint8Array<ArrayBuffer> {
    assertRange(address, length);
    const out = new Uint8Array(length);
    for (let done = 0; done < length;) {
      const at = address + done;
      const offset = at % PAGE_BYTES;
      const count = Math.min(PAGE_BYTES - offset, length - done);
      const frame = this.pageIn(at);
      out.set(this.bytes.subarray(frame + offset, frame + offset + count), done);
      done += count;
    }
    return out;
  }

  /** Stores `source` from `address` on. Is not noted in the journal: meant for loading. */
  write(address: number, source: Uint8Array): void {
    assertRange(address, source.length);
    for (let done = 0; done < source.length;) {
      const at = address + done;
      const offset = at % PAGE_BYTES;
      const count = Math.min(PAGE_BYTES - offset, source.length - done);
      const frame = this.prepareWrite(at, count);
      this.bytes.set(source.subarray(done, done + count), frame + offset);
      done += count;
    }
  }

  /**
   * The present state as an immutable version. Copies nothing: a page is copied when it is written for the first time
   * afterwards, or when its bytes are asked for. A page written but left as it was is not counted as changed.
   */
  snapshot(): Snapshot {
    if (this.#dirty.length === 0) return this.#base;
    const { tree } = this.#base;
    const changes: PageChange[] = [];
    for (const index of Int32Array.from(this.#dirty).sort()) {
      this.#isDirty[index] = 0;
      this.writeTable[index] = 0;
      const frame = this.readTable[index]!;
      const old = pageAt(tree, index);
      if (!this.#same(frame, old)) changes.push({ index, page: Page.borrow(this.#frames, frame, old) });
    }
    this.#dirty.length = 0;
    if (changes.length > 0) this.#base = new Snapshot(this.hasher, withPages(tree, changes));
    return this.#base;
  }

  /** Returns to `snapshot`. Touches only pages that differ from it. Empties the journal. */
  restore(snapshot: Snapshot): void {
    if (snapshot.hasher.name !== this.hasher.name) {
      throw new BaseError(
        'MACHINE_HASH_MISMATCH',
        `snapshot: expected hash ${this.hasher.name}, got ${snapshot.hasher.name}`,
        {
          expected: this.hasher.name,
          got: snapshot.hasher.name,
        },
      );
    }
    const before = this.#base;
    this.#base = snapshot;
    this.journalLength = 0;
    for (const index of this.#dirty) {
      this.#isDirty[index] = 0;
      this.#refresh(index, pageAt(snapshot.tree, index));
    }
    this.#dirty.length = 0;
    differingPages(before.tree, snapshot.tree, (index, old, page) => {
      old?.settle(this.#frames);
      this.#refresh(index, page);
    });
  }

  /** The state root, 32 bytes. Same as `snapshot().root()`. */
  root(): Uint8Array {
    return this.snapshot().root();
  }

  /** Sets a region to its pristine content, which must be given. What that changes is noted in the journal. */
  replaceRegion(pristine: PristineRegion): void {
    const { region, content } = pristine;
    if (content === undefined) {
      throw new BaseError('MACHINE_CONTENT_MISSING', 'content: expected the pristine content, got only its root', {
        region,
      });
    }
    const before = this.snapshot();
    const noted = this.journal.slice(0, this.journalLength);
    this.restore(before.withRegion(region, content));
    if (!this.journaling) return;
    for (const address of noted) this.record(address);
    for (const { index } of before.differences(this.#base)) {
      for (let address = index * PAGE_BYTES; address < (index + 1) * PAGE_BYTES; address += 4) {
        if (this.loadWord(address) !== before.word(address)) this.record(address | 0);
      }
    }
  }

  /**
   * Moves the frames and both tables to a space that other code works on too, for instance translated programs. The
   * state and its snapshots stay what they are; a snapshot taken before keeps the old frames as long as it borrows from
   * them.
   *
   * @param space - its memory is zero, and has room for the tables, the homes and a frame.
   * @throws BaseError `MACHINE_MEMORY_EXHAUSTED`, and nothing is moved, where the linear memory cannot grow as needed.
   */
  moveTo(space: FrameSpace): void {
    const { readTable, writeTable, bytes } = this;
    // Pages that are resident and not zero; frames of zeros are found again when they are needed.
    const moving = new Set(this.#dirty);
    differingPages(null, this.#base.tree, (index) => {
      if (readTable[index] !== 0) moving.add(index);
    });
    const end = space.frames + PAGE_BYTES * (1 + [...moving].filter((index) => space.home(index) === 0).length);
    growTo(space, end, moving.size);

    this.#space = space;
    this.#zeroFrame = space.frames;
    this.#nextFrame = space.frames + PAGE_BYTES;
    this.#freeFrames = [];
    this.#used = moving.size;
    this.#frames = new Frames(bytes);
    this.#lookAt(space);
    for (const index of moving) {
      const frame = readTable[index]!;
      const moved = space.home(index) || this.#nextRoom();
      this.bytes.set(bytes.subarray(frame, frame + PAGE_BYTES), moved);
      this.readTable[index] = moved;
      if (writeTable[index] !== 0) this.writeTable[index] = moved;
    }
    differingPages(null, this.#base.tree, (index, _before, page) => {
      if (this.readTable[index] === 0) this.#settleIn(index, page!);
    });
  }

  #refresh(index: number, page: Page | null): void {
    const frame = this.readTable[index]!;
    this.writeTable[index] = 0;
    if (page === null) {
      if (frame !== 0 && frame !== this.#zeroFrame) this.#free(index, frame);
      this.readTable[index] = 0;
    } else if (frame === this.#zeroFrame || frame === 0) {
      this.readTable[index] = 0;
      this.#settleIn(index, page);
    } else {
      page.copyTo(this.bytes, frame);
    }
    this.#watchers.get(index)?.(index * PAGE_BYTES, PAGE_BYTES);
  }

  #same(frame: number, page: Page | null): boolean {
    const words = this.words;
    const from = frame >> 2;
    if (page === null) {
      for (let i = 0; i < PAGE_BYTES / 4; i++) if (words[from + i] !== 0) return false;
      return true;
    }
    const old = new Int32Array(page.bytes.buffer, page.bytes.byteOffset, PAGE_BYTES / 4);
    for (let i = 0; i < PAGE_BYTES / 4; i++) if (words[from + i] !== old[i]) return false;
    return true;
  }

  /** Copies a page to its home, if it has one, where it is read without asking. */
  #settleIn(index: number, page: Page): void {
    const home = this.#space?.home(index) ?? 0;
    if (home === 0) return;
    this.#used++;
    page.copyTo(this.bytes, home);
    this.readTable[index] = home;
  }

  #free(index: number, frame: number): void {
    this.#used--;
    if (this.#space?.home(index) === frame) this.bytes.fill(0, frame, frame + PAGE_BYTES);
    else this.#freeFrames.push(frame);
  }

  #allocate(index: number): number {
    const maximumPages = this.#maximumPages;
    if (this.#used >= maximumPages) throw exhausted(maximumPages);
    const frame = (this.#space?.home(index) ?? 0) || this.#nextRoom();
    this.#used++;
    return frame;
  }

  #nextRoom(): number {
    const free = this.#freeFrames.pop();
    if (free !== undefined) return free;
    const frame = this.#nextFrame;
    if (frame + PAGE_BYTES > this.bytes.length) this.#grow();
    this.#nextFrame = frame + PAGE_BYTES;
    return frame;
  }

  #grow(): void {
    const space = this.#space;
    if (space === undefined) {
      const larger = new Uint8Array(Math.min(2 * this.bytes.length, (this.#maximumPages + 2) * PAGE_BYTES));
      larger.set(this.bytes);
      this.#setBytes(larger);
      return;
    }
    const inUse = this.#nextFrame - space.frames;
    growTo(space, this.bytes.length + Math.min(Math.max(inUse, LINEAR_PAGE_BYTES), MAXIMUM_GROWTH), this.#used);
    this.#lookAt(space);
  }

  #lookAt({ linear, readTable, writeTable }: FrameSpace): void {
    const buffer = linear.buffer as ArrayBuffer;
    this.readTable = new Int32Array(buffer, readTable, PAGE_COUNT);
    this.writeTable = new Int32Array(buffer, writeTable, PAGE_COUNT);
    this.#setBytes(new Uint8Array(buffer));
  }

  #setBytes(bytes: Uint8Array<ArrayBuffer>): void {
    this.bytes = bytes;
    this.#frames.bytes = bytes;
    this.halves = new Uint16Array(bytes.buffer);
    this.words = new Int32Array(bytes.buffer);
  }
}

/** Makes a space's linear memory at least so long. */
function growTo({ linear }: FrameSpace, bytes: number, pagesInUse: number): void {
  const more = bytes - linear.buffer.byteLength;
  if (more <= 0) return;
  try {
    // Offsets of frames are signed words.
    if (bytes > 2 ** 31) throw new RangeError('frames');
    linear.grow(Math.ceil(more / LINEAR_PAGE_BYTES));
  } catch (error) {
    if (error instanceof RangeError) throw exhausted(pagesInUse);
    throw error;
  }
}

function exhausted(maximumPages: number): BaseError {
  return new BaseError(
    'MACHINE_MEMORY_EXHAUSTED',
    `memory: expected at most ${String(maximumPages)} pages in use, got one more`,
    { maximumPages },
  );
}

function assertRange(address: number, length: number): void {
  assertInteger('MACHINE_ADDRESS_RANGE', 'address', address, 0, 2 ** 32 - 1);
  assertInteger('MACHINE_ADDRESS_RANGE', 'length', length, 0, 2 ** 32 - address);
}
