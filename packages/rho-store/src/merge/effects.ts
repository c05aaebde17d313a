import { bytesFromText, textFromBytes } from '../bytes.ts';
import { changesOf, type LogEntry } from '../history/event.ts';

/** An item at a channel. */
export interface PlacedItem {
  /** Canonical bytes of the channel. */
  readonly channel: Uint8Array;
  /** SHA-256 of the bytes of the item. */
  readonly hash: Uint8Array;
}

/** An item that a log leaves, with its bytes. */
export interface LeftItem {
  readonly channel: Uint8Array;
  readonly item: Uint8Array;
}

/** What a log does to the state that it starts from. Texts name an item at a channel: {@link placeText}. */
export interface Effects {
  /** Items that were there and are used up. */
  readonly used: ReadonlySet<string>;
  /** Items that were there, were read, and stay as far as the log goes. */
  readonly read: ReadonlySet<string>;
  /** Items that were not there and wait in the end, as often as they wait. */
  readonly left: readonly LeftItem[];
  /** The same by their texts. */
  readonly leftTexts: ReadonlySet<string>;
}

const HASH_TEXT = 32;

/** One text for an item at a channel. */
export function placeText(channel: Uint8Array, hash: Uint8Array): string {
  return textFromBytes(hash) + textFromBytes(channel);
}

/** The item that a text of {@link Effects} stands for. */
export function itemOfPlace(text: string): PlacedItem {
  return { hash: bytesFromText(text.slice(0, HASH_TEXT)), channel: bytesFromText(text.slice(HASH_TEXT)) };
}

/** Sums up a log. Of an item that was there and came again, the one that came counts first. */
export function effectsOf(log: readonly LogEntry[]): Effects {
  const used = new Set<string>();
  const read = new Set<string>();
  const own = new Map<string, { channel: Uint8Array; item: Uint8Array; count: number }>();
  const note = (channel: Uint8Array, hash: Uint8Array): void => {
    const key = placeText(channel, hash);
    if ((own.get(key)?.count ?? 0) === 0) read.add(key);
  };
  for (const { event } of log) {
    if (event.kind === 'comm') {
      const { receive, uses, removed } = event;
      for (const { channel, message, removed: gone } of uses) {
        if (message.form === 'waiting' && !gone) note(channel, message.hash);
        if (receive.form === 'waiting' && !removed) note(channel, receive.hash);
      }
    }
    for (const { channel, changes } of changesOf(event)) {
      for (const { hash, added } of changes) {
        const key = placeText(channel, hash);
        const mine = own.get(key);
        if (added !== undefined) {
          if (mine === undefined) own.set(key, { channel, item: added, count: 1 });
          else mine.count += 1;
        } else if (mine !== undefined && mine.count > 0) mine.count -= 1;
        else used.add(key);
      }
    }
  }
  const left: LeftItem[] = [];
  const leftTexts = new Set<string>();
  for (const [text, { channel, item, count }] of own) {
    for (let copy = 0; copy < count; copy += 1) left.push({ channel, item });
    if (count > 0) leftTexts.add(text);
  }
  return { used, read, left, leftTexts };
}
