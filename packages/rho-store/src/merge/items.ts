import { channelKey, findMeeting, MatchBudgetError, type Consume, type Datum } from '@commute/rholang';
import { textFromBytes } from '../bytes.ts';
import type { HistoryStore } from '../history/history-store.ts';
import { decodeChannel, decodeItem } from '../space/codec.ts';
import { itemOfPlace, type LeftItem } from './effects.ts';

/** A message at a channel. */
export interface PlacedMessage {
  readonly channel: Uint8Array;
  /** Equal for equal channels. */
  readonly key: string;
  readonly bytes: Uint8Array;
  readonly datum: Datum;
}

/** A receive, once for all its channels. */
export interface PlacedReceive {
  readonly bytes: Uint8Array;
  readonly consume: Consume;
  /** Keys of the channels of its binds. */
  readonly keys: readonly string[];
}

/** Messages and receives. */
export interface PlacedItems {
  readonly messages: readonly PlacedMessage[];
  readonly receives: readonly PlacedReceive[];
}

/** Reads items; `undefined` if one of them is none of Rholang, or waits where it cannot. */
export function placedItems(items: readonly LeftItem[]): PlacedItems | undefined {
  const messages: PlacedMessage[] = [];
  const receives = new Map<string, PlacedReceive>();
  for (const { channel, item } of items) {
    const decoded = decodeItem(item);
    const term = decodeChannel(channel);
    if (decoded === undefined || term === undefined) return undefined;
    const key = channelKey(term);
    if (decoded.kind === 'message') messages.push({ channel, key, bytes: item, datum: decoded.datum });
    else {
      const keys = decoded.consume.binds.map((bind) => channelKey(bind.channel));
      if (!keys.includes(key)) return undefined;
      receives.set(textFromBytes(item), { bytes: item, consume: decoded.consume, keys });
    }
  }
  return { messages, receives: [...receives.values()] };
}

/** The items of a store, read once for each channel. */
export class BaseItems {
  readonly #store: HistoryStore;
  readonly #joins = new Map<string, readonly { readonly hash: Uint8Array; readonly receive: PlacedReceive }[]>();
  readonly #bytes = new Map<string, ReadonlyMap<string, Uint8Array>>();

  constructor(store: HistoryStore) {
    this.#store = store;
  }

  /** Bytes of what waits at a channel, by the text of its hash. */
  at(channel: Uint8Array): ReadonlyMap<string, Uint8Array> {
    const text = textFromBytes(channel);
    let items = this.#bytes.get(text);
    if (items === undefined) {
      items = new Map([...this.#store.items(channel)].map(({ bytes, hash }) => [textFromBytes(hash), bytes] as const));
      this.#bytes.set(text, items);
    }
    return items;
  }

  /** Tells whether the item that a text of effects names waits. */
  holds(place: string): boolean {
    const { channel, hash } = itemOfPlace(place);
    return this.at(channel).has(textFromBytes(hash));
  }

  /** The receives with more than one bind that wait at a channel. */
  joins(channel: Uint8Array): readonly { readonly hash: Uint8Array; readonly receive: PlacedReceive }[] {
    const text = textFromBytes(channel);
    let joins = this.#joins.get(text);
    if (joins === undefined) {
      joins = [...this.#store.items(channel)].flatMap(({ bytes, hash }) => {
        const receive = placedItems([{ channel, item: bytes }])?.receives[0];
        return receive === undefined || receive.keys.length < 2 ? [] : [{ hash, receive }];
      });
      this.#joins.set(text, joins);
    }
    return joins;
  }
}

/** How many times a message may be held against a bind in one comparison; beyond that all count as matches. */
const MAXIMUM_MATCHES = 2_000_000;

/** Holds messages against binds. Deterministic: what it gives depends on the calls before only. */
export class Matches {
  #left = MAXIMUM_MATCHES;

  /** Tells whether a message matches a bind: the guard counts if there is no other bind. A search that takes too long counts as a match. */
  #matches({ consume }: PlacedReceive, index: number, datum: Datum): boolean {
    if (this.#left === 0) return true;
    this.#left -= 1;
    const bind = consume.binds[index]!;
    const alone: Consume = {
      ...consume,
      binds: [bind],
      variables: bind.variables,
      guard: consume.binds.length === 1 ? consume.guard : undefined,
      order: '',
    };
    try {
      return findMeeting(alone, [[datum]], () => true) !== undefined;
    } catch (error) {
      if (error instanceof MatchBudgetError) return true;
      throw error;
    }
  }

  /** The binds of a receive that a message matches. */
  bindsOf(receive: PlacedReceive, message: PlacedMessage): number[] {
    return receive.keys.flatMap((key, index) =>
      key === message.key && this.#matches(receive, index, message.datum) ? [index] : [],
    );
  }

  /** Tells whether two messages match different binds of a receive. */
  joined(receive: PlacedReceive, one: PlacedMessage, two: PlacedMessage): boolean {
    if (!receive.keys.includes(one.key) || !receive.keys.includes(two.key)) return false;
    const mine = this.bindsOf(receive, one);
    if (mine.length === 0) return false;
    return this.bindsOf(receive, two).some((index) => mine.some((each) => each !== index));
  }
}
