import type { Comm, Consume, Datum } from '@commute/rholang';
import { hashBytes } from '../bytes.ts';
import type { EventItem, EventUse } from '../history/event.ts';
import { PackedLog } from '../history/packed-log.ts';
import { encodeInstalled, encodeMessage, encodeReceive, itemBytes } from './codec.ts';
import type { Row } from './row.ts';

/** Where the receive of a COMM comes from. */
export type ReceiveForm = EventItem['form'];

/** Writes down what happens in memory, and remembers the hashes of what waits. */
export class Recorder {
  readonly log: PackedLog = new PackedLog();
  readonly #hashes = new Map<Datum | Consume, Uint8Array>();
  /** What arrived with each event. */
  readonly arrivals: (Datum | Consume)[] | undefined;

  /** @param keepArrivals - whether it keeps what arrived with each event. */
  constructor(keepArrivals: boolean) {
    this.arrivals = keepArrivals ? [] : undefined;
  }

  /** Says that an item waits under a hash. */
  remember(item: Datum | Consume, hash: Uint8Array): void {
    this.#hashes.set(item, hash);
  }

  /** Says that an item waits no more. */
  forget(item: Datum | Consume): void {
    this.#hashes.delete(item);
  }

  #hashOf(item: Datum | Consume): Uint8Array {
    let hash = this.#hashes.get(item);
    if (hash === undefined)
      this.#hashes.set(item, (hash = hashBytes('binds' in item ? encodeReceive(item) : encodeMessage(item))));
    return hash;
  }

  #receive(consume: Consume, form: ReceiveForm): EventItem {
    if (form === 'waiting') return { form, hash: this.#hashOf(consume) };
    return { form, bytes: form === 'installed' ? encodeInstalled(consume) : itemBytes(consume) };
  }

  #use(datum: Datum, row: Row, removed: boolean, arriving: boolean): EventUse {
    const message: EventItem = arriving
      ? { form: 'arriving', bytes: itemBytes(datum) }
      : { form: 'waiting', hash: this.#hashOf(datum) };
    return { channel: row.bytes, message, removed };
  }

  /** A message begins to wait. */
  produce(row: Row, datum: Datum): void {
    const item = itemBytes(datum);
    const hash = hashBytes(item);
    this.#hashes.set(datum, hash);
    this.log.append({ kind: 'produce', channel: row.bytes, item }, hash);
    this.arrivals?.push(datum);
  }

  /** A receive begins to wait, on distinct channels. */
  consume(rows: readonly Row[], consume: Consume): void {
    const item = itemBytes(consume);
    const hash = hashBytes(item);
    this.#hashes.set(consume, hash);
    this.log.append({ kind: 'consume', channels: rows.map((row) => row.bytes), item }, hash);
    this.arrivals?.push(consume);
  }

  /**
   * A receive and messages meet.
   *
   * @param rows - of the binds.
   * @param arriving - the message that arrived, if one did.
   */
  comm({ consume, used }: Comm, rows: readonly Row[], form: ReceiveForm, arriving: Datum | undefined): void {
    this.log.append({
      kind: 'comm',
      receive: this.#receive(consume, form),
      removed: form !== 'installed' && !consume.persistent,
      uses: used.map(({ datum, removed }, index) => this.#use(datum, rows[index]!, removed, datum === arriving)),
    });
    this.arrivals?.push(arriving ?? consume);
  }

  /** Takes back all but the first `count` events. */
  truncate(count: number): void {
    this.log.truncate(count);
    if (this.arrivals !== undefined) this.arrivals.length = count;
  }
}
