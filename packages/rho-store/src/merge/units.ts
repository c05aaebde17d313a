import { ByteWriter, compareBytes, hashBytes, textFromBytes } from '../bytes.ts';
import { encodeLog, type LogEntry } from '../history/event.ts';
import { effectsOf, itemOfPlace, placeText, type Effects, type LeftItem } from './effects.ts';
import { Matches, placedItems, type BaseItems, type PlacedItems, type PlacedMessage } from './items.ts';

/** A deploy of a proposal, read. */
export interface ReadDeploy {
  /** Bytes that name the deploy. */
  readonly id: Uint8Array;
  readonly entries: readonly LogEntry[];
}

/** A deploy in a unit. */
export interface Member extends ReadDeploy {
  /** `H(bytes id, log)`. */
  readonly hash: Uint8Array<ArrayBuffer>;
  /** One more than the greatest of those that it needs to come before it, from 0. */
  readonly level: number;
}

/** Deploys of one proposal that stand or fall together, with what they do to the base. */
export interface Unit {
  /** SHA-256 of the hashes of its members, ascending: names the unit, whoever proposed it. */
  readonly hash: Uint8Array<ArrayBuffer>;
  /** Positions of the proposals that hold it. */
  readonly proposals: readonly number[];
  /** In {@link inOrder}. */
  readonly members: readonly Member[];
  readonly effects: Effects;
  readonly left: PlacedItems;
}

/** Puts members in an order in which each comes after those that it needs, and that depends on nothing else but what they are. */
export function inOrder(members: readonly Member[]): Member[] {
  return members.toSorted((left, right) => left.level - right.level || compareBytes(left.hash, right.hash));
}

function hashOf({ id, entries }: ReadDeploy): Uint8Array<ArrayBuffer> {
  return hashBytes(
    new ByteWriter()
      .bytes(id)
      .raw(encodeLog(entries.map((one) => one.bytes)))
      .finish(),
  );
}

/** Which of some numbers belong together. */
class Groups {
  readonly #parents: number[];

  constructor(count: number) {
    this.#parents = Array.from({ length: count }, (_, index) => index);
  }

  of(index: number): number {
    let at = index;
    while (this.#parents[at] !== at) {
      this.#parents[at] = this.#parents[this.#parents[at]!]!;
      at = this.#parents[at]!;
    }
    return at;
  }

  /** The smaller number names the group. */
  join(one: number, two: number): void {
    const [left, right] = [this.of(one), this.of(two)];
    if (left < right) this.#parents[right] = left;
    else this.#parents[left] = right;
  }
}

interface Part {
  readonly effects: Effects;
  readonly left: PlacedItems;
  /** What it used up, as far as it was there at its start. */
  readonly used: PlacedItems;
}

/** Reads what deploys leave and use up, one after another from the base. */
function partsOf(base: BaseItems, deploys: readonly ReadDeploy[]): Part[] | undefined {
  const own = new Map<string, LeftItem>();
  const parts: Part[] = [];
  for (const { entries } of deploys) {
    const effects = effectsOf(entries);
    const used: LeftItem[] = [];
    for (const place of effects.used) {
      const { channel, hash } = itemOfPlace(place);
      const item = own.get(place)?.item ?? base.at(channel).get(textFromBytes(hash));
      // An item that is nowhere shows when the events are applied.
      if (item !== undefined) used.push({ channel, item });
    }
    const [left, gone] = [placedItems(effects.left), placedItems(used)];
    if (left === undefined || gone === undefined) return undefined;
    parts.push({ effects, left, used: gone });
    for (const one of effects.left) own.set(placeText(one.channel, hashBytes(one.item)), one);
  }
  return parts;
}

/**
 * Joins deploys of which a later one needs what an earlier one left, or uses up what an earlier one read.
 *
 * @returns the level of each.
 */
function joinByItems(parts: readonly Part[], groups: Groups): number[] {
  const leavers = new Map<string, number[]>();
  const readers = new Map<string, number[]>();
  const levels: number[] = [];
  const note = (map: Map<string, number[]>, place: string, index: number): void => {
    const list = map.get(place);
    if (list === undefined) map.set(place, [index]);
    else list.push(index);
  };
  for (const [index, { effects }] of parts.entries()) {
    let level = 0;
    const after = (others: readonly number[] = []): void => {
      for (const other of others) {
        groups.join(other, index);
        level = Math.max(level, levels[other]! + 1);
      }
    };
    for (const place of effects.used) {
      after(leavers.get(place));
      after(readers.get(place));
    }
    for (const place of effects.read) after(leavers.get(place));
    for (const place of effects.read) note(readers, place, index);
    for (const place of effects.leftTexts) note(leavers, place, index);
    levels.push(level);
  }
  return levels;
}

/** Joins a deploy that leaves something with earlier ones that used up what it could meet: without them it would not have been left. */
function joinByRest(base: BaseItems, parts: readonly Part[], groups: Groups): void {
  const matches = new Matches();
  const usedReceives = new Map<string, { index: number; receive: PlacedItems['receives'][number] }[]>();
  const usedMessages = new Map<string, { index: number; message: PlacedMessage }[]>();
  const joins = new Map<string, PlacedItems['receives'][number][]>();
  const note = <T>(map: Map<string, T[]>, key: string, value: T): void => {
    const list = map.get(key);
    if (list === undefined) map.set(key, [value]);
    else list.push(value);
  };
  const noteJoin = (receive: PlacedItems['receives'][number]): void => {
    if (receive.keys.length > 1) for (const key of new Set(receive.keys)) note(joins, key, receive);
  };
  const looked = new Set<string>();
  const joinsAt = (message: PlacedMessage): readonly PlacedItems['receives'][number][] => {
    if (!looked.has(message.key)) {
      looked.add(message.key);
      for (const { receive } of base.joins(message.channel)) note(joins, message.key, receive);
    }
    return joins.get(message.key) ?? [];
  };
  for (const [index, { left, used }] of parts.entries()) {
    for (const receive of left.receives) noteJoin(receive);
    for (const message of left.messages) {
      for (const { index: other, receive } of usedReceives.get(message.key) ?? [])
        if (groups.of(other) !== groups.of(index) && matches.bindsOf(receive, message).length > 0)
          groups.join(other, index);
      for (const receive of joinsAt(message))
        for (const key of new Set(receive.keys))
          for (const { index: other, message: gone } of usedMessages.get(key) ?? [])
            if (groups.of(other) !== groups.of(index) && matches.joined(receive, message, gone))
              groups.join(other, index);
    }
    for (const receive of left.receives)
      for (const key of new Set(receive.keys))
        for (const { index: other, message } of usedMessages.get(key) ?? [])
          if (groups.of(other) !== groups.of(index) && matches.bindsOf(receive, message).length > 0)
            groups.join(other, index);
    for (const receive of used.receives)
      for (const key of new Set(receive.keys)) note(usedReceives, key, { index, receive });
    for (const message of used.messages) note(usedMessages, message.key, { index, message });
  }
}

/**
 * Takes a proposal apart into units that do not need each other: any choice of them is a possible course of events from the base that comes to rest.
 *
 * Deploys belong together if the later one uses or reads what the earlier one left, uses up what the earlier one read, or left something that
 * could meet what the earlier one used up.
 *
 * @returns `undefined` if a log holds items that are none of Rholang.
 */
export function unitsOf(base: BaseItems, deploys: readonly ReadDeploy[], proposal: number): Unit[] | undefined {
  const parts = partsOf(base, deploys);
  if (parts === undefined) return undefined;
  const groups = new Groups(deploys.length);
  const levels = joinByItems(parts, groups);
  joinByRest(base, parts, groups);
  const lists = new Map<number, Member[]>();
  for (const [index, deploy] of deploys.entries()) {
    const member = { ...deploy, hash: hashOf(deploy), level: levels[index]! };
    const list = lists.get(groups.of(index));
    if (list === undefined) lists.set(groups.of(index), [member]);
    else list.push(member);
  }
  const units: Unit[] = [];
  for (const list of lists.values()) {
    const members = inOrder(list);
    const effects = effectsOf(members.length === 1 ? members[0]!.entries : members.flatMap((one) => one.entries));
    const left = placedItems(effects.left);
    if (left === undefined) return undefined;
    const hashes = new ByteWriter();
    for (const hash of members.map((one) => one.hash).sort(compareBytes)) hashes.raw(hash);
    units.push({ hash: hashBytes(hashes.finish()), proposals: [proposal], members, effects, left });
  }
  return units;
}
