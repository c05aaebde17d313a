/** A pair of bytes. */
export type KeyValuePair = readonly [key: Uint8Array, value: Uint8Array];

/** What one commit changes, and what it relies on. */
export interface KeyValueBatch {
  /** Pairs that must be as told, `undefined` for absent; else nothing is written. */
  readonly expected?: readonly (readonly [key: Uint8Array, value: Uint8Array | undefined])[];
  /** Pairs to write, over those that are there. */
  readonly puts: readonly KeyValuePair[];
  /** Keys to remove; absent ones are no mistake. Removal goes before writing. */
  readonly deletes?: readonly Uint8Array[];
  /** True if the values are never changed afterwards, so that a store in memory may keep long ones as they are. */
  readonly owned?: boolean;
}

/** Keys from `from` on, before `to`. */
export interface KeyRange {
  readonly from?: Uint8Array;
  readonly to?: Uint8Array;
}

/** Longest key, in bytes. */
export const MAXIMUM_KEY_BYTES = 511;

/**
 * What a store writes to: an ordered map of bytes with atomic, durable commits.
 *
 * Bytes that come out must not be changed by the caller, and stay as they are. Bytes that go in may be changed afterwards, unless the batch is `owned`.
 */
export interface KeyValueStore {
  /** The value at a key of 1 to 511 bytes. */
  readonly get: (key: Uint8Array) => Uint8Array | undefined;
  /**
   * Writes all or nothing, in one transaction. What was written survives the end of the process once this returns, if the medium does.
   *
   * @throws StoreStaleError if something expected is otherwise; nothing is written.
   * @throws StoreWriteError if there is no room; nothing is written.
   */
  readonly commit: (batch: KeyValueBatch) => void;
  /** Pairs of a range, ascending by bytes. No commit may happen while they are read. */
  readonly entries: (range?: KeyRange) => Iterable<KeyValuePair>;
  /** Ends the use of the store. Idempotent. */
  readonly close: () => Promise<void>;
}
