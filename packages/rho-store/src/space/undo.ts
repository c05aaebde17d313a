import type { Consume, Datum } from '@commute/rholang';
import type { Waiting } from './row.ts';

type Item = Datum | Waiting;

/** A list in which items wait. */
interface ItemList {
  add(item: Item): void;
  remove(item: Item): boolean;
}

/** A message or a receive with the lists in which it waits. */
interface Placed {
  readonly item: Item;
  readonly lists: readonly ItemList[];
}

/** What came and went between two marks. An item that came and went since one mark is in neither. */
class Frame {
  readonly added = new Map<Item, Placed>();
  readonly removed: Placed[] = [];
}

/**
 * Changes what waits, and remembers how to go back to marks: what waits at a mark, against what waits now. Takes memory for what changed between marks, not for
 * everything that happened.
 */
export class Undo {
  readonly #frames: Frame[] = [];
  readonly #onGone: (item: Datum | Consume) => void;
  #open: Frame | undefined;

  /** @param onGone - is told each message and each receive that waits no more. */
  constructor(onGone: (item: Datum | Consume) => void) {
    this.#onGone = onGone;
  }

  #put({ item, lists }: Placed): void {
    for (const list of lists) list.add(item);
  }

  #take({ item, lists }: Placed): void {
    for (const list of lists) list.remove(item);
    this.#onGone('consume' in item ? item.consume : item);
  }

  #frame(): Frame {
    if (this.#open === undefined) this.#frames.push((this.#open = new Frame()));
    return this.#open;
  }

  /** Marks the present state: a number for {@link back}. */
  mark(): number {
    this.#open = undefined;
    return this.#frames.length;
  }

  /** Puts an item into lists. */
  add(placed: Placed): void {
    this.#put(placed);
    this.#frame().added.set(placed.item, placed);
  }

  /** Takes an item out of lists. */
  remove(placed: Placed): void {
    this.#take(placed);
    const frame = this.#frame();
    if (!frame.added.delete(placed.item)) frame.removed.push(placed);
  }

  /** Whether a mark can still be gone back to. */
  reaches(mark: number): boolean {
    return mark <= this.#frames.length;
  }

  /** Goes back to a mark. */
  back(mark: number): void {
    while (this.#frames.length > mark) {
      const { added, removed } = this.#frames.pop()!;
      for (const placed of added.values()) this.#take(placed);
      for (const placed of removed) this.#put(placed);
    }
    this.#open = undefined;
  }
}
