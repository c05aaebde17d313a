import { channelKey, findMeeting, MemorySpace, type Consume, type Datum } from '@commute/rholang';
import { hashBytes, hexFromBytes } from '../src/bytes.ts';
import {
  decodeChannel,
  decodeItem,
  encodeChannel,
  type EventItem,
  type HistoryStore,
  type LogEntry,
} from '../src/index.ts';

/**
 * What waits, kept as plainly as possible, and the rule of the calculus: a COMM needs a receive and messages that are there and match. Holds
 * logs of events to it one by one, in any order that they are given.
 */
export class Course {
  /** By channel, then by hash, in hexadecimal. */
  readonly #items = new Map<string, Map<string, { bytes: Uint8Array; count: number }>>();

  constructor(base: HistoryStore) {
    for (const channel of base.channels())
      for (const { bytes } of base.items(channel)) this.#change(channel, bytes, hashBytes(bytes), 1);
  }

  /** Takes an event, or throws because it could not happen. */
  take({ event }: LogEntry): void {
    if (event.kind === 'produce') {
      this.#change(event.channel, event.item, hashBytes(event.item), 1);
      return;
    }
    if (event.kind === 'consume') {
      for (const channel of event.channels) this.#change(channel, event.item, hashBytes(event.item), 1);
      return;
    }
    const { receive, removed, uses } = event;
    const data = uses.map(({ channel, message }) => this.#datum(channel, message));
    if (receive.form !== 'installed') {
      const consume = this.#consume(uses[0]!.channel, receive);
      const fits =
        consume.binds.length === uses.length &&
        removed === !consume.persistent &&
        consume.binds.every((bind, index) => {
          const same = channelKey(bind.channel) === channelKey(decodeChannel(uses[index]!.channel)!);
          return same && uses[index]!.removed === (!data[index]!.persistent && !bind.peek);
        }) &&
        findMeeting(
          consume,
          data.map((datum) => [datum]),
          () => true,
        ) !== undefined;
      if (!fits) throw new Error('a COMM that does not match');
      if (receive.form === 'waiting' && removed)
        for (const channel of new Map(consume.binds.map((bind) => [channelKey(bind.channel), bind.channel])).values())
          this.#change(encodeChannel(channel), undefined, receive.hash, -1);
    }
    for (const use of uses)
      if (use.removed && use.message.form === 'waiting') this.#change(use.channel, undefined, use.message.hash, -1);
  }

  #change(channel: Uint8Array, bytes: Uint8Array | undefined, hash: Uint8Array, by: 1 | -1): void {
    const key = hexFromBytes(channel);
    let row = this.#items.get(key);
    if (row === undefined) this.#items.set(key, (row = new Map<string, { bytes: Uint8Array; count: number }>()));
    const name = hexFromBytes(hash);
    const item = row.get(name) ?? { bytes, count: 0 };
    if (item.bytes === undefined) throw new Error('an item that does not wait');
    const count = item.count + by;
    if (count === 0) row.delete(name);
    else row.set(name, { bytes: item.bytes, count });
  }

  #bytes(channel: Uint8Array, item: EventItem): Uint8Array {
    if (item.form !== 'waiting') return item.bytes;
    const found = this.#items.get(hexFromBytes(channel))?.get(hexFromBytes(item.hash));
    if (found === undefined) throw new Error('an item that does not wait');
    return found.bytes;
  }

  #datum(channel: Uint8Array, item: EventItem): Datum {
    const decoded = decodeItem(this.#bytes(channel, item));
    if (decoded?.kind !== 'message') throw new Error('no message');
    return decoded.datum;
  }

  #consume(channel: Uint8Array, item: EventItem): Consume {
    const decoded = decodeItem(this.#bytes(channel, item));
    if (decoded?.kind !== 'receive') throw new Error('no receive');
    return decoded.consume;
  }

  /** One text for everything that waits. */
  text(): string {
    const lines: string[] = [];
    for (const [channel, row] of this.#items)
      for (const [hash, { count }] of row) lines.push(`${channel} ${hash} ${String(count)}`);
    return lines.sort().join('\n');
  }

  /** How many COMM could happen with what waits, but for those that use nothing up. */
  couldFire(): number {
    const memory = new MemorySpace();
    const receives = new Map<string, Consume>();
    for (const [channel, row] of this.#items) {
      const term = decodeChannel(Uint8Array.from(Buffer.from(channel, 'hex')))!;
      for (const { bytes, count } of row.values()) {
        const decoded = decodeItem(bytes)!;
        if (decoded.kind === 'receive') receives.set(decoded.consume.seed, decoded.consume);
        else for (let copy = 0; copy < count; copy += 1) memory.produce(term, decoded.datum);
      }
    }
    let fired = 0;
    for (const consume of receives.values())
      for (const comm of memory.consume(consume))
        if (!consume.persistent || comm.used.some((used) => used.removed)) fired += 1;
    return fired;
  }
}
