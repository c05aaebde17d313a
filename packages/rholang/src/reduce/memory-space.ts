import { hashBinary } from '../term/blake3.ts';
import { bytesFromBinary, hashTermBinary } from '../term/encode.ts';
import type { Term } from '../term/term.ts';
import { findMeeting, type Meeting } from './join.ts';
import { acceptOnce, meetArriving } from './meetings.ts';
import { OrderedList } from './ordered-list.ts';
import {
  channelKey,
  consumeOrder,
  datumOrder,
  receiveOf,
  type Comm,
  type Consume,
  type Datum,
  type TupleSpace,
} from './space.ts';

interface Row {
  readonly key: string;
  readonly channel: Term;
  data: OrderedList<Datum>;
  waiting: OrderedList<Waiting>;
}

interface Waiting {
  readonly consume: Consume;
  readonly rows: readonly Row[];
  readonly installed: boolean;
}

/** What waits on one channel. */
export interface ChannelState {
  readonly channel: Term;
  readonly data: readonly Datum[];
  readonly waiting: readonly Consume[];
}

const NOTHING: readonly Comm[] = [];
const waitingOrder = (waiting: Waiting): string => consumeOrder(waiting.consume);

/** A tuple space in memory. */
export class MemorySpace implements TupleSpace {
  #rows = new Map<string, Row>();

  #row(channel: Term): Row {
    const key = channelKey(channel);
    let row = this.#rows.get(key);
    if (row === undefined) {
      row = { key, channel, data: new OrderedList(datumOrder), waiting: new OrderedList(waitingOrder) };
      this.#rows.set(key, row);
    }
    return row;
  }

  #release(row: Row): void {
    if (row.data.length === 0 && row.waiting.length === 0) this.#rows.delete(row.key);
  }

  #apply(consume: Consume, rows: readonly Row[], meeting: Meeting, arriving: Datum | undefined): Comm {
    const used = meeting.data.map((datum, index) => {
      const row = rows[index]!;
      const removed = !datum.persistent && !consume.binds[index]!.peek;
      if (removed && datum !== arriving) row.data.remove(datum);
      return { channel: row.channel, datum, removed };
    });
    return { consume, used, bindings: meeting.bindings };
  }

  produce(channel: Term, datum: Datum): readonly Comm[] {
    const row = this.#row(channel);
    if (row.waiting.length === 0) {
      row.data.add(datum);
      return NOTHING;
    }
    const waiting = [...row.waiting.inOrder()];
    const fired: Comm[] = [];
    let gone = false;
    for (let index = 0; index < waiting.length && !gone; index += 1) {
      const one = waiting[index]!;
      const { consume, rows } = one;
      const accept = acceptOnce(consume);
      do {
        const meeting = meetArriving(consume, rows, row, datum, accept);
        if (meeting === undefined) break;
        const comm = this.#apply(consume, rows, meeting, datum);
        fired.push(comm);
        gone = comm.used.some((each) => each.datum === datum && each.removed);
        if (!consume.persistent) {
          for (const each of new Set(rows)) each.waiting.remove(one);
        }
        for (const each of rows) if (each !== row) this.#release(each);
      } while (!gone && consume.persistent);
    }
    if (gone) this.#release(row);
    else row.data.add(datum);
    return fired;
  }

  #wait(waiting: Waiting): void {
    for (const row of new Set(waiting.rows)) {
      row.waiting.add(waiting);
    }
  }

  consume(consume: Consume): readonly Comm[] {
    const rows = consume.binds.map((bind) => this.#row(bind.channel));
    const fired: Comm[] = [];
    const accept = acceptOnce(consume);
    while (rows.every((row) => row.data.length > 0)) {
      const candidates = rows.map((row) => row.data.inOrder());
      const meeting = findMeeting(consume, candidates, accept);
      if (meeting === undefined) break;
      fired.push(this.#apply(consume, rows, meeting, undefined));
      if (consume.persistent) continue;
      for (const row of rows) this.#release(row);
      return fired;
    }
    const waiting: Waiting = { consume, rows, installed: false };
    this.#wait(waiting);
    return fired;
  }

  install(consume: Consume): void {
    const rows = consume.binds.map((bind) => this.#row(bind.channel));
    if (rows[0]!.waiting.unordered.some((one) => one.installed && one.consume.seed === consume.seed)) return;
    this.#wait({ consume, rows, installed: true });
  }

  checkpoint(): () => void {
    const saved = [...this.#rows.values()].map((row) => ({
      row,
      data: row.data.unordered.slice(),
      waiting: row.waiting.unordered.slice(),
    }));
    return () => {
      this.#rows = new Map();
      for (const { row, data, waiting } of saved) {
        row.data = new OrderedList(datumOrder, data);
        row.waiting = new OrderedList(waitingOrder, waiting);
        this.#rows.set(row.key, row);
      }
    };
  }

  /** Everything that waits, by channel; installed receives are no part of it. */
  *entries(): Generator<ChannelState> {
    for (const row of this.#rows.values()) {
      const waiting = row.waiting.unordered.filter((one) => !one.installed).map((one) => one.consume);
      if (row.data.length > 0 || waiting.length > 0)
        yield { channel: row.channel, data: row.data.unordered.slice(), waiting };
    }
  }

  /** Number of channels on which something waits, installed receives included. */
  get size(): number {
    return this.#rows.size;
  }

  /**
   * A hash of everything that waits: equal for equal states, however they were reached. Takes time proportional to the state.
   *
   * @returns 32 bytes.
   */
  root(): Uint8Array<ArrayBuffer> {
    const lines: string[] = [];
    const line = (kind: string, ...parts: string[]): void => {
      lines.push(hashBinary(kind + parts.map((part) => hashBinary(part)).join('')));
    };
    for (const { channel, data, waiting } of this.entries()) {
      const place = hashTermBinary(channel);
      for (const datum of data) line('d', place, datumOrder(datum));
      for (const consume of waiting) line('c', place, hashTermBinary(receiveOf(consume)), consume.seed);
    }
    lines.sort();
    return bytesFromBinary(hashBinary(lines.join('')));
  }
}
