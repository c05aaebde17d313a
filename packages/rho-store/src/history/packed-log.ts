import { ByteWriter, HASH_BYTES, textFromBytes } from '../bytes.ts';
import { GrowingBytes, GrowingNumbers } from '../growing.ts';
import { changesOf, EVENT_KIND, LOG_VERSION, writeEvent, type ItemChange, type StoreEvent } from './event.ts';

/** What an event of a {@link PackedLog} does at a channel. */
export type ChangeVisitor = (
  index: number,
  /** SHA-256 of the event. */
  event: Uint8Array,
  /** The same number for the same bytes of a channel, from 0. */
  slot: number,
  changes: readonly ItemChange[],
) => void;

/**
 * A log of events that grows while they happen: the bytes of each, its hash, and what it does at each channel, without an object for any of it, so that millions
 * of events take little more memory than their bytes.
 */
export class PackedLog {
  readonly #body = new GrowingBytes();
  readonly #hashes = new GrowingBytes();
  readonly #changeHashes = new GrowingBytes();
  /**
   * For each event `4 * channels + kind`, then for each channel its slot and number of changes, then for each change 0 if the item goes, else one more than
   * the length of the item, which ends where the event ends.
   */
  readonly #operations = new GrowingNumbers(4);
  /** Where the bytes, the operations and the changes of each event end. */
  readonly #ends = new GrowingNumbers(8);
  readonly #operationEnds = new GrowingNumbers(4);
  readonly #changeEnds = new GrowingNumbers(4);
  readonly #channels: Uint8Array[] = [];
  readonly #slots = new Map<Uint8Array, number>();
  readonly #slotsByText = new Map<string, number>();
  readonly #scratch = new ByteWriter(1024);
  readonly #prefix = new ByteWriter(16);

  /** Number of events. */
  get length(): number {
    return this.#hashes.length / HASH_BYTES;
  }

  /** Channels by their slots. */
  get channels(): readonly Uint8Array[] {
    return this.#channels;
  }

  /** Where the first `count` events end in the bytes. */
  #end(count: number): number {
    return count === 0 ? 0 : this.#ends.at(count - 1);
  }

  /** Events at one channel mostly share its bytes, which are cheaper to find than their text. */
  #slotOf(channel: Uint8Array): number {
    let slot = this.#slots.get(channel);
    if (slot !== undefined) return slot;
    const text = textFromBytes(channel);
    slot = this.#slotsByText.get(text);
    if (slot === undefined) {
      slot = this.#channels.length;
      this.#channels.push(channel);
      this.#slotsByText.set(text, slot);
    }
    this.#slots.set(channel, slot);
    return slot;
  }

  /**
   * Appends an event. The bytes of its channels are kept and must not be changed.
   *
   * @param itemHash - SHA-256 of the item that begins to wait, if it is known.
   */
  append(event: StoreEvent, itemHash?: Uint8Array): void {
    writeEvent(event, this.#scratch.reset());
    const bytes = this.#scratch.view();
    this.#body.append(this.#prefix.reset().varint(bytes.length).view());
    this.#body.append(bytes);
    this.#hashes.appendHashOf(bytes);
    const places = changesOf(event, itemHash);
    this.#operations.append(4 * places.length + EVENT_KIND[event.kind]);
    for (const { channel, changes } of places) {
      this.#operations.append(this.#slotOf(channel));
      this.#operations.append(changes.length);
      for (const { hash, added } of changes) {
        this.#operations.append(added === undefined ? 0 : added.length + 1);
        this.#changeHashes.append(hash);
      }
    }
    this.#ends.append(this.#body.length);
    this.#operationEnds.append(this.#operations.length);
    this.#changeEnds.append(this.#changeHashes.length / HASH_BYTES);
  }

  /** Cuts off all but the first `count` events. */
  truncate(count: number): void {
    this.#body.truncate(this.#end(count));
    this.#operations.truncate(count === 0 ? 0 : this.#operationEnds.at(count - 1));
    this.#changeHashes.truncate(count === 0 ? 0 : this.#changeEnds.at(count - 1) * HASH_BYTES);
    this.#hashes.truncate(count * HASH_BYTES);
    for (const ends of [this.#ends, this.#operationEnds, this.#changeEnds]) ends.truncate(count);
  }

  /** The bytes of an event. */
  bytesAt(index: number): Uint8Array<ArrayBuffer> {
    const [start, end] = [this.#end(index), this.#end(index + 1)];
    // Its length comes first, seven bits per byte.
    let digits = 1;
    while (end - start - digits >= 128 ** digits) digits += 1;
    return this.#body.slice(start + digits, end);
  }

  /** Hash of an event. */
  hashAt(index: number): Uint8Array<ArrayBuffer> {
    return this.#hashes.slice(index * HASH_BYTES, (index + 1) * HASH_BYTES);
  }

  /** Whether an event is a COMM. */
  isComm(index: number): boolean {
    const start = index === 0 ? 0 : this.#operationEnds.at(index - 1);
    return this.#operations.at(start) % 4 === EVENT_KIND.comm;
  }

  #header(from: number): Uint8Array {
    return this.#prefix
      .reset()
      .byte(LOG_VERSION)
      .varint(this.length - from)
      .view();
  }

  /** The bytes of the log of all events from `from` on, as `encodeLog` gives them. */
  toBytes(from = 0): Uint8Array<ArrayBuffer> {
    const header = this.#header(from);
    const [start, end] = [this.#end(from), this.#body.length];
    const bytes = new Uint8Array(header.length + end - start);
    bytes.set(header);
    this.#body.copyTo(bytes, header.length, start, end);
    return bytes;
  }

  /**
   * The bytes of the whole log, which takes no memory beside them any more.
   *
   * @returns bytes that change when events are cut off and appended.
   */
  gather(): Uint8Array<ArrayBuffer> {
    return this.#body.gather(this.#header(0));
  }

  /** Tells whether the log of all events from `from` on has these bytes. */
  equals(log: Uint8Array, from: number): boolean {
    const header = this.#header(from);
    if (header.some((byte, index) => byte !== log[index])) return false;
    return this.#body.equals(this.#end(from), this.#body.length, log.subarray(header.length));
  }

  /** Goes through what the events do, in order. */
  forEachChange(visit: ChangeVisitor): void {
    const operations = this.#operations;
    let at = 0;
    let hash = 0;
    for (let index = 0; index < this.length; index += 1) {
      const event = this.hashAt(index);
      for (let left = Math.floor(operations.at(at++) / 4); left > 0; left -= 1) {
        const slot = operations.at(at++);
        const changes: ItemChange[] = [];
        for (let more = operations.at(at++); more > 0; more -= 1) {
          const length = operations.at(at++) - 1;
          const end = this.#ends.at(index);
          changes.push({
            hash: this.#changeHashes.slice(hash, (hash += HASH_BYTES)),
            added: length < 0 ? undefined : this.#body.slice(end - length, end),
          });
        }
        visit(index, event, slot, changes);
      }
    }
  }
}
