import { assertInteger } from '@commute/errors';
import type { Snapshot } from '@commute/machine';

/** What is known of a snapshot without loading it. */
export interface SnapshotEntry {
  /** t of S_t: position in the store. */
  readonly index: number;
  /** Steps from S_0 to here. */
  readonly step: number;
  /** Whether the machine had halted here. */
  readonly halted: boolean;
}

/** Keeps the snapshots S_0, S_1, … of one run, in order. */
export interface SnapshotStore {
  /** Number of snapshots appended. */
  readonly length: number;
  /** Number of snapshots acknowledged: those that a crash of the process or the machine does not take away. */
  readonly durableLength: number;
  /**
   * What is known of a snapshot.
   *
   * @throws BaseError `SWAP_STORE_RANGE` for an index outside `[0, length)`.
   */
  readonly entry: (index: number) => SnapshotEntry;
  /**
   * Adds a snapshot. Costs what differs from the one before. Resolves when there is room for another; whether this one
   * is safe is for {@link SnapshotStore.flush} to say.
   *
   * @param step - more than that of the snapshot before.
   */
  readonly append: (snapshot: Snapshot, step: number, halted: boolean) => Promise<void>;
  /** Resolves when everything appended so far is acknowledged. */
  readonly flush: () => Promise<void>;
  /** A snapshot. It shares pages with those loaded before, and loading costs what differs from the nearest of them. */
  readonly load: (index: number) => Promise<Snapshot>;
  /** Flushes and lets go of files. The store cannot be used afterwards. */
  readonly close: () => Promise<void>;
}

/** Throws unless `index` is that of a snapshot in the store. */
export function assertStoreIndex(store: { readonly length: number }, index: number): void {
  assertInteger('SWAP_STORE_RANGE', 'index', index, 0, store.length - 1);
}

/** A store that lives as long as the process. Snapshots share what did not change, so it is as small as a disk's. */
export class MemorySnapshotStore implements SnapshotStore {
  readonly #snapshots: Snapshot[] = [];
  readonly #entries: SnapshotEntry[] = [];

  get length(): number {
    return this.#snapshots.length;
  }

  get durableLength(): number {
    return this.#snapshots.length;
  }

  readonly entry = (index: number): SnapshotEntry => {
    assertStoreIndex(this, index);
    return this.#entries[index]!;
  };

  readonly append = (snapshot: Snapshot, step: number, halted: boolean): Promise<void> => {
    assertInteger('SWAP_STORE_RANGE', 'step', step, (this.#entries.at(-1)?.step ?? -1) + 1, Number.MAX_SAFE_INTEGER);
    this.#entries.push({ index: this.#snapshots.length, step, halted });
    this.#snapshots.push(snapshot);
    return Promise.resolve();
  };

  readonly flush = (): Promise<void> => Promise.resolve();

  readonly load = (index: number): Promise<Snapshot> => {
    assertStoreIndex(this, index);
    return Promise.resolve(this.#snapshots[index]!);
  };

  readonly close = (): Promise<void> => Promise.resolve();
}
