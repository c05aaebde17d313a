import type { Comm, Consume, Datum } from '@commute/rholang';
import { ByteWriter, hashBytes, hashEach } from '../bytes.ts';
import { writeEvent, type EventItem, type EventUse, type LogEntry, type StoreEvent } from '../history/event.ts';
import { encodeInstalled, encodeMessage, encodeReceive } from './codec.ts';
import type { Row } from './row.ts';

/** What happened in memory; made into bytes only when it is asked for. */
export type SpaceEvent = { /** Its bytes, once they were asked for. */ entry?: LogEntry } & (
  | { readonly kind: 'produce'; readonly row: Row; readonly datum: Datum }
  | { readonly kind: 'consume'; readonly rows: readonly Row[]; readonly consume: Consume }
  | {
      readonly kind: 'comm';
      readonly comm: Comm;
      /** Of the binds. */
      readonly rows: readonly Row[];
      readonly receive: 'waiting' | 'arriving' | 'installed';
      /** The message that arrived, if one did. */
      readonly arriving: Datum | undefined;
    }
);

/** Makes what happened in memory into events of bytes, and remembers the hashes of what waits. */
export class Recorder {
  /** Since the last {@link forget}. */
  readonly #hashes = new Map<Datum | Consume, Uint8Array>();

  /** Forgets all hashes. What waited is told anew when it is read again. */
  forget(): void {
    this.#hashes.clear();
  }

  /** Says that an item waits in the store under a hash. */
  remember(item: Datum | Consume, hash: Uint8Array): void {
    this.#hashes.set(item, hash);
  }

  #hashOf(item: Datum | Consume, bytes: Uint8Array | undefined): Uint8Array {
    let hash = this.#hashes.get(item);
    if (hash === undefined)
      this.#hashes.set(
        item,
        (hash = hashBytes(bytes ?? ('binds' in item ? encodeReceive(item) : encodeMessage(item)))),
      );
    return hash;
  }

  #receive(consume: Consume, form: 'waiting' | 'arriving' | 'installed'): EventItem {
    if (form === 'waiting') return { form, hash: this.#hashOf(consume, undefined) };
    if (form === 'installed') return { form, bytes: encodeInstalled(consume) };
    return { form, bytes: encodeReceive(consume) };
  }

  #use(datum: Datum, row: Row, removed: boolean, arriving: boolean): EventUse {
    const message: EventItem = arriving
      ? { form: 'arriving', bytes: encodeMessage(datum) }
      : { form: 'waiting', hash: this.#hashOf(datum, undefined) };
    return { channel: row.bytes, message, removed };
  }

  #event(event: SpaceEvent): StoreEvent {
    if (event.kind === 'produce')
      return { kind: 'produce', channel: event.row.bytes, item: encodeMessage(event.datum) };
    if (event.kind === 'consume') {
      const channels = [...new Set(event.rows)].map((row) => row.bytes);
      return { kind: 'consume', channels, item: encodeReceive(event.consume) };
    }
    const { comm, rows, receive, arriving } = event;
    return {
      kind: 'comm',
      receive: this.#receive(comm.consume, receive),
      removed: receive !== 'installed' && !comm.consume.persistent,
      uses: comm.used.map(({ datum, removed }, index) => this.#use(datum, rows[index]!, removed, datum === arriving)),
    };
  }

  /** The events as they stand in a log; those that were asked for before are not made again. */
  entriesOf(events: readonly SpaceEvent[]): readonly LogEntry[] {
    const fresh = events.filter((event) => event.entry === undefined);
    const stored: StoreEvent[] = [];
    const ends: number[] = [];
    // One buffer for all: its views cost less than arrays of their own.
    const writer = new ByteWriter(256 * fresh.length + 16);
    for (const event of fresh) {
      const one = this.#event(event);
      stored.push(one);
      writeEvent(one, writer);
      ends.push(writer.length);
    }
    const all = writer.view();
    const parts = ends.map((end, index) => all.subarray(index === 0 ? 0 : ends[index - 1]!, end));
    const hashes = hashEach(parts);
    for (const [index, event] of fresh.entries()) {
      const one = stored[index]!;
      const item = event.kind === 'produce' ? event.datum : event.kind === 'consume' ? event.consume : undefined;
      const itemHash = item && one.kind !== 'comm' ? this.#hashOf(item, one.item) : undefined;
      event.entry = { event: one, bytes: parts[index]!, hash: hashes[index]!, itemHash };
    }
    return events.map((event) => event.entry!);
  }
}
