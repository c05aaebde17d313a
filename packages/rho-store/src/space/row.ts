import { consumeOrder, datumOrder, OrderedList, type Consume, type Datum, type Term } from '@commute/rholang';
import { encodeChannel } from './codec.ts';

/** A receive that waits. */
export interface Waiting {
  readonly consume: Consume;
  /** True if it is no part of the state. */
  readonly installed: boolean;
}

const waitingOrder = (one: Waiting): string => consumeOrder(one.consume);

/** What waits on one channel, in memory. */
export class Row {
  readonly channel: Term;
  readonly data: OrderedList<Datum>;
  readonly waiting: OrderedList<Waiting>;
  #bytes: Uint8Array<ArrayBuffer> | undefined;

  constructor(channel: Term) {
    this.channel = channel;
    this.data = new OrderedList(datumOrder);
    this.waiting = new OrderedList(waitingOrder);
  }

  /** Canonical bytes of the channel. */
  get bytes(): Uint8Array<ArrayBuffer> {
    return (this.#bytes ??= encodeChannel(this.channel));
  }
}
