import { channelKey, findMeeting, MatchBudgetError, type Consume, type Datum } from '@commute/rholang';
import { equalBytes, hashBytes, textFromBytes } from '../bytes.ts';
import type { LogEntry } from '../history/event.ts';
import type { HistoryStore } from '../history/history-store.ts';
import { decodeChannel, decodeItem } from '../space/codec.ts';
import { effectsOf, itemOfPlace, type Effects } from './effects.ts';

/** Why two logs cannot both happen, and where. Channels, messages and receives are the bytes of the store. */
export type Conflict =
  /** Both use up the same message or receive of the base. */
  | { readonly kind: 'used-twice'; readonly channel: Uint8Array; readonly item: Uint8Array }
  /** One reads a message of the base that the other uses up. */
  | { readonly kind: 'read-and-used'; readonly channel: Uint8Array; readonly item: Uint8Array }
  /** A message that one leaves matches a receive that the other leaves. */
  | {
      readonly kind: 'could-meet';
      readonly channel: Uint8Array;
      readonly message: Uint8Array;
      readonly receive: Uint8Array;
    }
  /** Both leave messages that match different binds of one join of the base. */
  | {
      readonly kind: 'shared-join';
      readonly channel: Uint8Array;
      readonly messages: readonly [Uint8Array, Uint8Array];
      readonly receive: Uint8Array;
    };

interface LeftMessage {
  readonly channel: Uint8Array;
  readonly key: string;
  readonly bytes: Uint8Array;
  readonly datum: Datum;
}

interface LeftReceive {
  readonly bytes: Uint8Array;
  readonly consume: Consume;
}

/** A log that is ready to be compared. */
export interface PreparedLog {
  readonly effects: Effects;
  readonly messages: readonly LeftMessage[];
  readonly receives: readonly LeftReceive[];
}

/** Reads what a log leaves behind; `undefined` if an item of it is none of Rholang, or waits where it cannot. */
export function prepareLog(log: readonly LogEntry[]): PreparedLog | undefined {
  const effects = effectsOf(log);
  const messages: LeftMessage[] = [];
  const receives = new Map<string, LeftReceive>();
  for (const { channel, item } of effects.left) {
    const decoded = decodeItem(item);
    const term = decodeChannel(channel);
    if (decoded === undefined || term === undefined) return undefined;
    const key = channelKey(term);
    if (decoded.kind === 'message') messages.push({ channel, key, bytes: item, datum: decoded.datum });
    else if (!decoded.consume.binds.some((bind) => channelKey(bind.channel) === key)) return undefined;
    else receives.set(textFromBytes(item), { bytes: item, consume: decoded.consume });
  }
  return { effects, messages, receives: [...receives.values()] };
}

/** Tells whether a message matches a bind: the guard counts if there is no other bind. A search that takes too long counts as a match. */
function matches(consume: Consume, index: number, datum: Datum): boolean {
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

function matchingBinds({ consume }: LeftReceive, message: LeftMessage): number[] {
  return consume.binds.flatMap((bind, index) =>
    channelKey(bind.channel) === message.key && matches(consume, index, message.datum) ? [index] : [],
  );
}

function* meetings(one: PreparedLog, two: PreparedLog): Generator<Conflict> {
  for (const message of one.messages)
    for (const receive of two.receives)
      if (matchingBinds(receive, message).length > 0)
        yield { kind: 'could-meet', channel: message.channel, message: message.bytes, receive: receive.bytes };
}

function* joins(base: HistoryStore, one: PreparedLog, two: PreparedLog): Generator<Conflict> {
  const seen = new Set<string>();
  for (const message of one.messages) {
    for (const { bytes, hash } of base.items(message.channel)) {
      const item = decodeItem(bytes);
      if (item?.kind !== 'receive' || item.consume.binds.length < 2) continue;
      const place = textFromBytes(hash) + textFromBytes(message.channel);
      if (one.effects.used.has(place) || two.effects.used.has(place)) continue;
      const receive = { bytes, consume: item.consume };
      const mine = matchingBinds(receive, message);
      if (mine.length === 0) continue;
      for (const other of two.messages) {
        const pair =
          textFromBytes(hash) + textFromBytes(hashBytes(message.bytes)) + textFromBytes(hashBytes(other.bytes));
        const theirs = matchingBinds(receive, other);
        if (seen.has(pair) || !theirs.some((index) => mine.some((each) => each !== index))) continue;
        seen.add(pair);
        yield { kind: 'shared-join', channel: message.channel, messages: [message.bytes, other.bytes], receive: bytes };
      }
    }
  }
}

/**
 * Finds why two logs on a common base cannot both happen; nothing if they can, in either order.
 *
 * The rules are those of pairs, so that logs of which no two conflict can all happen: binds of joins are compared one by one, without the guard.
 * Where upstream compares channels only, patterns are matched here, so messages that no receive wants do not stand in the way.
 *
 * @param base - at the version from which both start.
 */
export function conflictsOf(base: HistoryStore, one: PreparedLog, two: PreparedLog): Conflict[] {
  const found: Conflict[] = [];
  for (const key of one.effects.used.keys()) {
    if (two.effects.used.has(key)) {
      const { channel, hash } = itemOfPlace(key);
      let there = 0;
      for (const item of base.items(channel)) if (equalBytes(item.hash, hash)) there += 1;
      if (one.effects.used.get(key)! + two.effects.used.get(key)! > there)
        found.push({ kind: 'used-twice', channel, item: hash });
    }
  }
  for (const [reader, user] of [
    [one, two],
    [two, one],
  ] as const) {
    for (const key of reader.effects.read) {
      if (!user.effects.used.has(key)) continue;
      const { channel, hash } = itemOfPlace(key);
      found.push({ kind: 'read-and-used', channel, item: hash });
    }
    found.push(...meetings(reader, user));
  }
  found.push(...joins(base, one, two));
  return found;
}
