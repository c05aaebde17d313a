import type { Comm, Consume, Datum } from '@commute/rholang';
import { ByteWriter, hashBytes } from '../bytes.ts';
import { encodeEvent, type EventItem, type LogEntry, type StoreEvent } from '../history/event.ts';
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
  readonly #hashes = new WeakMap<Datum | Consume, Uint8Array>();
  readonly #writer = new ByteWriter(1024);

  /** Says that an item waits in the store under a hash. */
  remember(item: Datum | Consume, hash: Uint8Array): void {
    this.#hashes.set(item, hash);
  }

  #waiting(item: Datum | Consume, encode: () => Uint8Array): EventItem {
    let hash = this.#hashes.get(item);
    if (hash === undefined) this.#hashes.set(item, (hash = hashBytes(encode())));
    return { form: 'waiting', hash };
  }

  #receive(consume: Consume, form: 'waiting' | 'arriving' | 'installed'): EventItem {
    if (form === 'waiting') return this.#waiting(consume, () => encodeReceive(consume));
    if (form === 'installed') return { form, bytes: encodeInstalled(consume) };
    return { form, bytes: encodeReceive(consume) };
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
      uses: comm.used.map(({ datum, removed }, index) => ({
        channel: rows[index]!.bytes,
        message:
          datum === arriving
            ? { form: 'arriving', bytes: encodeMessage(datum) }
            : this.#waiting(datum, () => encodeMessage(datum)),
        removed,
      })),
    };
  }

  /** The event as it stands in a log. */
  entryOf(event: SpaceEvent): LogEntry {
    const stored = this.#event(event);
    const bytes = encodeEvent(stored, this.#writer);
    return { event: stored, bytes, hash: hashBytes(bytes) };
  }
}
