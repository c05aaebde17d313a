import { hash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { BaseError, assertInteger } from '@commute/errors';
import { PAGE_BYTES, PAGE_COUNT, Snapshot, type Hasher, type PageContent } from '@commute/machine';
import { assertStoreIndex, type SnapshotEntry, type SnapshotStore } from '../store.ts';
import { damaged, readAt, writeAll, writeFailure } from './files.ts';
import { SLOT_OFFSETS, ZERO_PAGE, encodeCommit, encodeRecord, type KeptRecord } from './log-format.ts';
import type { Lock } from './lock.ts';
import type { PageIndex } from './page-index.ts';

/** Bytes that may wait to be written before `append` waits too. */
const MAXIMUM_PENDING_BYTES = 64 * 2 ** 20;
/** Bytes that wait before they are written without being asked for. */
const BATCH_BYTES = 8 * 2 ** 20;
/** How long a snapshot waits for others to share one flush of the disk with. */
const BATCH_MILLISECONDS = 200;

/** What opening finds; see `openSnapshotStore`. */
export interface OpenedFiles {
  readonly directory: string;
  readonly hasher: Hasher;
  readonly log: FileHandle;
  readonly pack: FileHandle;
  readonly lock: Lock | undefined;
  readonly records: KeptRecord[];
  readonly pages: PageIndex;
  readonly logLength: number;
  readonly sequence: number;
  readonly repaired: readonly string[];
}

interface Waiter {
  readonly length: number;
  readonly resolve: () => void;
  readonly reject: (error: BaseError) => void;
}

/** Snapshots in a directory: a pack of pages by content, and a log of what each snapshot changed. */
export class DiskSnapshotStore implements SnapshotStore {
  readonly directory: string;
  readonly hasher: Hasher;
  /** What opening had to put right, in words: an unfinished end that was cut, a commit slot that was damaged. */
  readonly repaired: readonly string[];
  readonly #log: FileHandle;
  readonly #pack: FileHandle;
  readonly #lock: Lock | undefined;
  readonly #records: KeptRecord[];
  readonly #pages: PageIndex;

  /** Number of each page's content in the last snapshot appended. */
  readonly #table: Uint32Array;
  #last: Snapshot | undefined;
  /** The snapshot last loaded: loading another costs what differs from it. */
  readonly #cursor: { index: number; snapshot: Snapshot; readonly table: Uint32Array };

  #logLength: number;
  #packLength: number;
  #sequence: number;
  #durable: number;
  #pending: { bytes: Uint8Array; length: number; pages: number }[] = [];
  #pendingBytes = 0;
  /** Pages not in the pack yet, by number. */
  readonly #pendingPages = new Map<number, Uint8Array<ArrayBuffer>>();
  #writing: Promise<void> | undefined;
  #wake: (() => void) | undefined;
  #hurry = false;
  #waiters: Waiter[] = [];
  #failure: BaseError | undefined;
  #closed = false;
  #loads: Promise<unknown> = Promise.resolve();

  /** Use `openSnapshotStore`. */
  constructor(files: OpenedFiles) {
    this.directory = files.directory;
    this.hasher = files.hasher;
    this.repaired = files.repaired;
    this.#log = files.log;
    this.#pack = files.pack;
    this.#lock = files.lock;
    this.#records = files.records;
    this.#pages = files.pages;
    this.#logLength = files.logLength;
    this.#packLength = files.pages.length;
    this.#sequence = files.sequence;
    this.#durable = files.records.length;
    this.#table = new Uint32Array(PAGE_COUNT).fill(ZERO_PAGE);
    for (const record of this.#records) apply(this.#table, record);
    const empty = Snapshot.empty(this.hasher);
    this.#cursor = { index: -1, snapshot: empty, table: new Uint32Array(PAGE_COUNT).fill(ZERO_PAGE) };
    if (this.#records.length === 0) this.#last = empty;
  }

  get length(): number {
    return this.#records.length;
  }

  get durableLength(): number {
    return this.#durable;
  }

  /** Pages in the pack: those that differ from each other. */
  get pageCount(): number {
    return this.#pages.length;
  }

  readonly entry = (index: number): SnapshotEntry => {
    assertStoreIndex(this, index);
    const { step, halted } = this.#records[index]!;
    return { index, step, halted };
  };

  readonly append = async (snapshot: Snapshot, step: number, halted: boolean): Promise<void> => {
    this.#assertWritable();
    if (snapshot.hasher.name !== this.hasher.name) {
      throw new BaseError(
        'SWAP_STORE_MISMATCH',
        `snapshot: expected hash ${this.hasher.name}, got ${snapshot.hasher.name}`,
        { expected: this.hasher.name, got: snapshot.hasher.name },
      );
    }
    assertInteger('SWAP_STORE_RANGE', 'step', step, (this.#records.at(-1)?.step ?? -1) + 1, Number.MAX_SAFE_INTEGER);
    this.#last ??= await this.load(this.#records.length - 1);
    this.#add(this.#last, snapshot, step, halted);
    this.#last = snapshot;
    this.#writing ??= this.#write();
    if (this.#pendingBytes > BATCH_BYTES) this.#wake?.();
    if (this.#pendingBytes > MAXIMUM_PENDING_BYTES) await this.flush();
  };

  readonly flush = (): Promise<void> => {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    if (this.#durable === this.#records.length) return Promise.resolve();
    return new Promise((resolve, reject) => {
      this.#waiters.push({ length: this.#records.length, resolve, reject });
      this.#hurry = true;
      this.#wake?.();
    });
  };

  readonly load = (index: number): Promise<Snapshot> => {
    assertStoreIndex(this, index);
    const result = this.#loads.then(() => this.#load(index));
    this.#loads = result.catch(() => undefined);
    return result;
  };

  readonly close = async (): Promise<void> => {
    if (this.#closed) return;
    try {
      if (this.#failure === undefined) await this.flush();
    } finally {
      this.#closed = true;
      await this.#writing;
      await this.#loads;
      await this.#log.close();
      await this.#pack.close();
      this.#lock?.release();
    }
  };

  #assertWritable(): void {
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#closed) throw new BaseError('SWAP_STORE_CLOSED', 'store: expected an open store, got a closed one', {});
    if (this.#lock === undefined) {
      throw new BaseError('SWAP_STORE_READ_ONLY', 'store: expected one opened for writing, got one for reading', {});
    }
  }

  #add(before: Snapshot, snapshot: Snapshot, step: number, halted: boolean): void {
    const changes: number[] = [];
    const addresses: Uint8Array[] = [];
    const bytesOfNew: Uint8Array<ArrayBuffer>[] = [];
    const first = this.#pages.length;
    for (const { index, bytes } of before.differences(snapshot)) {
      let number = ZERO_PAGE;
      if (bytes !== null && !isZero(bytes)) {
        const address = hash('sha256', bytes, 'buffer');
        const known = this.#pages.find(address);
        if (known === undefined) {
          number = first + addresses.length;
          this.#pages.add(address);
          this.#pendingPages.set(number, bytes);
          addresses.push(address);
          bytesOfNew.push(bytes);
        } else number = known;
      }
      if (number === this.#table[index]) continue;
      this.#table[index] = number;
      changes.push(index, number);
    }
    const record: KeptRecord = { index: this.#records.length, step, halted, changes: Uint32Array.from(changes) };
    this.#records.push(record);
    const bytes = encodeRecord({ ...record, addresses: concatenate(addresses) });
    this.#pending.push({ bytes, length: this.#records.length, pages: this.#pages.length });
    this.#pendingBytes += bytes.length + bytesOfNew.length * PAGE_BYTES;
  }

  /** Writes what is pending, batch after batch, until nothing is. */
  async #write(): Promise<void> {
    try {
      while (this.#pending.length > 0) {
        if (!this.#hurry && this.#pendingBytes <= BATCH_BYTES) await this.#rest();
        this.#hurry = false;
        const batch = this.#pending;
        this.#pending = [];
        this.#pendingBytes = 0;
        await this.#commit(batch);
        const done = this.#waiters.filter((waiter) => waiter.length <= this.#durable);
        this.#waiters = this.#waiters.filter((waiter) => waiter.length > this.#durable);
        if (this.#waiters.length > 0) this.#hurry = true;
        for (const waiter of done) waiter.resolve();
      }
    } catch (cause) {
      this.#failure = writeFailure(this.directory, this.#durable, cause);
      for (const waiter of this.#waiters) waiter.reject(this.#failure);
      this.#waiters = [];
    } finally {
      this.#writing = undefined;
    }
  }

  #rest(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        this.#wake?.();
      }, BATCH_MILLISECONDS);
      this.#wake = () => {
        clearTimeout(timer);
        this.#wake = undefined;
        resolve();
      };
    });
  }

  /** Pages, then records, then both on the disk; only then the commit that makes them part of the store. */
  async #commit(batch: readonly { bytes: Uint8Array; length: number; pages: number }[]): Promise<void> {
    this.#lock?.assertHeld();
    const { length, pages } = batch.at(-1)!;
    const numbers: number[] = [];
    for (let from = this.#packLength; from < pages;) {
      const to = Math.min(pages, from + BATCH_BYTES / PAGE_BYTES);
      const buffer = new Uint8Array((to - from) * PAGE_BYTES);
      for (let number = from; number < to; number++) {
        buffer.set(this.#pendingPages.get(number)!, (number - from) * PAGE_BYTES);
        numbers.push(number);
      }
      await writeAll(this.#pack, buffer, from * PAGE_BYTES);
      from = to;
    }
    const records = concatenate(batch.map(({ bytes }) => bytes));
    await writeAll(this.#log, records, this.#logLength);
    if (numbers.length > 0) await this.#pack.datasync();
    await this.#log.datasync();
    const logLength = this.#logLength + records.length;
    const sequence = this.#sequence + 1;
    const slot = encodeCommit({ sequence, logLength, snapshots: length, pages });
    await writeAll(this.#log, slot, SLOT_OFFSETS[sequence % 2]!);
    await this.#log.datasync();
    this.#sequence = sequence;
    this.#logLength = logLength;
    this.#packLength = pages;
    this.#durable = length;
    for (const number of numbers) this.#pendingPages.delete(number);
  }

  async #load(index: number): Promise<Snapshot> {
    if (index === this.#records.length - 1 && this.#last !== undefined) return this.#last;
    const cursor = this.#cursor;
    if (index === cursor.index) return cursor.snapshot;
    // What the pages are at `index`, of those that any record in between touches.
    const target = new Map<number, number>();
    for (let i = index > cursor.index ? cursor.index + 1 : 0; i <= index; i++) {
      const { changes } = this.#records[i]!;
      for (let c = 0; c < changes.length; c += 2) target.set(changes[c]!, changes[c + 1]!);
    }
    if (index < cursor.index) {
      for (let page = 0; page < PAGE_COUNT; page++) {
        if (cursor.table[page] !== ZERO_PAGE && !target.has(page)) target.set(page, ZERO_PAGE);
      }
    }
    const wanted = [...target].filter(([page, number]) => number !== cursor.table[page]).sort((a, b) => a[1] - b[1]);
    const changes: PageContent[] = [];
    for (let i = 0; i < wanted.length;) {
      const [page, number] = wanted[i]!;
      if (number === ZERO_PAGE || this.#pendingPages.has(number)) {
        changes.push({ index: page, bytes: this.#pendingPages.get(number) ?? null });
        i++;
        continue;
      }
      let count = 1;
      // Pages that follow one another in the pack are read together.
      while (count < 256 && wanted[i + count]?.[1] === number + count) count++;
      const bytes = await readAt(this.#pack, number * PAGE_BYTES, count * PAGE_BYTES);
      for (let k = 0; k < count; k++, i++) {
        const content = bytes.slice(k * PAGE_BYTES, (k + 1) * PAGE_BYTES);
        const at = wanted[i]![0];
        this.#verify(index, at, number + k, content);
        changes.push({ index: at, bytes: content });
      }
    }
    for (const [page, number] of wanted) cursor.table[page] = number;
    cursor.snapshot = cursor.snapshot.withPages(changes);
    cursor.index = index;
    return cursor.snapshot;
  }

  #verify(snapshot: number, page: number, number: number, bytes: Uint8Array): void {
    if (bytes.length === PAGE_BYTES && this.#pages.matches(number, hash('sha256', bytes, 'buffer'))) return;
    const address = `0x${(page * PAGE_BYTES).toString(16).padStart(8, '0')}`;
    throw damaged(
      `snapshot ${String(snapshot)}, page at ${address}`,
      `the content with its address in ${this.directory}`,
      bytes.length === PAGE_BYTES ? 'other bytes' : 'the end of the pack',
      { directory: this.directory, snapshot, page: page * PAGE_BYTES, packOffset: number * PAGE_BYTES },
    );
  }
}

function apply(table: Uint32Array, record: KeptRecord): void {
  const { changes } = record;
  for (let i = 0; i < changes.length; i += 2) table[changes[i]!] = changes[i + 1]!;
}

function concatenate(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

function isZero(bytes: Uint8Array<ArrayBuffer>): boolean {
  const words = new Int32Array(bytes.buffer, bytes.byteOffset, PAGE_BYTES / 4);
  for (const word of words) if (word !== 0) return false;
  return true;
}
