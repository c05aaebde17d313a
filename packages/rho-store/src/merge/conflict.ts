import { hashBytes, textFromBytes } from '../bytes.ts';
import { itemOfPlace } from './effects.ts';
import { Matches, type BaseItems, type PlacedMessage, type PlacedReceive } from './items.ts';
import type { Unit } from './units.ts';

/** Why two logs cannot both happen, and where. Channels, messages and receives are the bytes of the store. */
export type Conflict =
  /** Both use up the same message or receive of the base; `item` is its hash. */
  | { readonly kind: 'used-twice'; readonly channel: Uint8Array; readonly item: Uint8Array }
  /** One reads a message of the base that the other uses up; `item` is its hash. */
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
    }
  /** Both leave the same message or receive, as two runs of one deploy do; `item` is its hash. */
  | { readonly kind: 'left-twice'; readonly channel: Uint8Array; readonly item: Uint8Array }
  /** Both hold the same deploy, among different others. */
  | { readonly kind: 'same-deploy'; readonly deploy: Uint8Array };

/** Most conflicts that are listed for one pair. */
export const MAXIMUM_CONFLICTS = 32;

/** Units by what they have to do with, so that only those are compared that meet somewhere. */
class Index<T> {
  readonly #map = new Map<string, Map<number, T[]>>();

  add(key: string, unit: number, value: T): void {
    let units = this.#map.get(key);
    if (units === undefined) this.#map.set(key, (units = new Map<number, T[]>()));
    const list = units.get(unit);
    if (list === undefined) units.set(unit, [value]);
    else list.push(value);
  }

  at(key: string): ReadonlyMap<number, readonly T[]> | undefined {
    return this.#map.get(key);
  }

  entries(): Iterable<[string, ReadonlyMap<number, readonly T[]>]> {
    return this.#map.entries();
  }
}

/** Conflicts between units, by pairs of their positions. */
export class ConflictFinder {
  readonly #units: readonly Unit[];
  readonly #base: BaseItems;
  readonly #matches = new Matches();
  readonly #found = new Map<string, { units: readonly [number, number]; conflicts: Conflict[] }>();

  /** @param units - in an order that does not depend on who asks, since the effort is bounded. */
  constructor(base: BaseItems, units: readonly Unit[]) {
    this.#base = base;
    this.#units = units;
  }

  /** All pairs that conflict. Units of one proposal are not compared. */
  pairs(): { readonly units: readonly [number, number]; readonly conflicts: readonly Conflict[] }[] {
    this.#sameDeploys();
    this.#sameItems();
    this.#meetings();
    this.#joins();
    return [...this.#found.values()].sort(
      (left, right) => left.units[0] - right.units[0] || left.units[1] - right.units[1],
    );
  }

  /** True if the pair is of different proposals and has room for another conflict. */
  #open(one: number, two: number): boolean {
    if (one === two) return false;
    const [left, right] = [this.#units[one]!, this.#units[two]!];
    if (left.proposals.some((proposal) => right.proposals.includes(proposal))) return false;
    const known = this.#found.get(`${String(Math.min(one, two))},${String(Math.max(one, two))}`);
    return known === undefined || known.conflicts.length < MAXIMUM_CONFLICTS;
  }

  #add(one: number, two: number, conflict: Conflict): void {
    const units = one < two ? ([one, two] as const) : ([two, one] as const);
    const key = units.join();
    const known = this.#found.get(key);
    if (known === undefined) this.#found.set(key, { units, conflicts: [conflict] });
    else known.conflicts.push(conflict);
  }

  #sameDeploys(): void {
    const holders = new Map<string, number[]>();
    for (const [position, unit] of this.#units.entries()) {
      for (const { id } of unit.members) {
        const key = textFromBytes(id);
        const before = holders.get(key) ?? [];
        for (const other of before)
          if (this.#open(other, position)) this.#add(other, position, { kind: 'same-deploy', deploy: id });
        holders.set(key, [...before, position]);
      }
    }
  }

  /** Items of the base that one uses up and another uses up or reads, and items that two leave. */
  #sameItems(): void {
    const touched = new Index<'used' | 'read' | 'left'>();
    for (const [position, { effects }] of this.#units.entries()) {
      for (const place of effects.used) touched.add(place, position, 'used');
      for (const place of effects.read) touched.add(place, position, 'read');
      for (const place of effects.leftTexts) touched.add(place, position, 'left');
    }
    for (const [place, units] of touched.entries()) {
      if (units.size < 2) continue;
      const list = [...units];
      for (const [index, [one, mine]] of list.entries()) {
        for (const [two, theirs] of list.slice(index + 1)) {
          if (!this.#open(one, two)) continue;
          const { channel, hash } = itemOfPlace(place);
          const used = mine.includes('used') || theirs.includes('used');
          if (mine.includes('used') && theirs.includes('used'))
            this.#add(one, two, { kind: 'used-twice', channel, item: hash });
          else if (used && (mine.includes('read') || theirs.includes('read')))
            this.#add(one, two, { kind: 'read-and-used', channel, item: hash });
          else if (mine.includes('left') && theirs.includes('left'))
            this.#add(one, two, { kind: 'left-twice', channel, item: hash });
        }
      }
    }
  }

  #messagesByChannel(): Index<PlacedMessage> {
    const messages = new Index<PlacedMessage>();
    for (const [position, { left }] of this.#units.entries())
      for (const message of left.messages) messages.add(message.key, position, message);
    return messages;
  }

  #meetings(): void {
    const messages = this.#messagesByChannel();
    const receives = new Index<PlacedReceive>();
    for (const [position, { left }] of this.#units.entries())
      for (const receive of left.receives)
        for (const key of new Set(receive.keys)) receives.add(key, position, receive);
    for (const [key, senders] of messages.entries()) {
      const receivers = receives.at(key);
      if (receivers === undefined) continue;
      for (const [one, sent] of senders)
        for (const [two, waiting] of receivers) if (this.#open(one, two)) this.#meet(one, sent, two, waiting);
    }
  }

  #meet(one: number, sent: readonly PlacedMessage[], two: number, waiting: readonly PlacedReceive[]): void {
    for (const message of sent) {
      for (const receive of waiting) {
        if (this.#matches.bindsOf(receive, message).length === 0) continue;
        const { channel, bytes } = message;
        this.#add(one, two, { kind: 'could-meet', channel, message: bytes, receive: receive.bytes });
        if (!this.#open(one, two)) return;
      }
    }
  }

  #joins(): void {
    const messages = this.#messagesByChannel();
    const seen = new Set<string>();
    for (const senders of [...messages.entries()].map(([, units]) => units)) {
      const channel = [...senders.values()][0]![0]!.channel;
      for (const { hash, receive } of this.#base.joins(channel)) {
        const name = textFromBytes(hash);
        if (seen.has(name)) continue;
        seen.add(name);
        const wanted = new Map<number, PlacedMessage[]>();
        for (const key of new Set(receive.keys))
          for (const [unit, list] of messages.at(key) ?? []) wanted.set(unit, [...(wanted.get(unit) ?? []), ...list]);
        const place = name + textFromBytes(channel);
        const candidates = [...wanted].filter(([unit]) => !this.#units[unit]!.effects.used.has(place));
        for (const [index, [one, mine]] of candidates.entries())
          for (const [two, theirs] of candidates.slice(index + 1))
            if (this.#open(one, two)) this.#join(one, mine, two, theirs, receive);
      }
    }
  }

  #join(
    one: number,
    mine: readonly PlacedMessage[],
    two: number,
    theirs: readonly PlacedMessage[],
    receive: PlacedReceive,
  ): void {
    const pairs = new Set<string>();
    for (const left of mine) {
      for (const right of theirs) {
        if (!this.#matches.joined(receive, left, right)) continue;
        const pair = textFromBytes(hashBytes(left.bytes)) + textFromBytes(hashBytes(right.bytes));
        if (pairs.has(pair)) continue;
        pairs.add(pair);
        const messages = one < two ? ([left.bytes, right.bytes] as const) : ([right.bytes, left.bytes] as const);
        this.#add(one, two, { kind: 'shared-join', channel: left.channel, messages, receive: receive.bytes });
        if (!this.#open(one, two)) return;
      }
    }
  }
}
