import { bytesFromText, compareBytes, equalBytes, textFromBytes } from '../bytes.ts';
import { StoreArgumentError, StoreStaleError } from '../errors.ts';
import {
  MAXIMUM_KEY_BYTES,
  type KeyRange,
  type KeyValueBatch,
  type KeyValuePair,
  type KeyValueStore,
} from './key-value.ts';

/** Throws unless a key has 1 to 511 bytes. */
export function assertKey(key: Uint8Array): void {
  if (key.length < 1 || key.length > MAXIMUM_KEY_BYTES)
    throw new StoreArgumentError('key', `1 to ${String(MAXIMUM_KEY_BYTES)} bytes`, `${String(key.length)} bytes`);
}

/** Longest value that is always copied: it may be a small part of something that would be kept with it. */
const KEPT_BYTES = 4096;

/**
 * Makes a key-value store in memory. It is gone with the process.
 *
 * @example
 * ```ts
 * import { createMemoryKeyValue } from '@commute/rho-store';
 * const store = createMemoryKeyValue();
 * store.commit({ puts: [[new Uint8Array([1]), new Uint8Array([2])]] });
 * if (store.get(new Uint8Array([1]))?.[0] !== 2) throw new Error('not stored');
 * ```
 */
export function createMemoryKeyValue(): KeyValueStore {
  const pairs = new Map<string, Uint8Array>();
  return {
    get: (key: Uint8Array): Uint8Array | undefined => {
      assertKey(key);
      return pairs.get(textFromBytes(key));
    },
    commit: ({ expected = [], puts, deletes = [], owned = false }: KeyValueBatch): void => {
      for (const [key] of [...expected, ...puts]) assertKey(key);
      for (const key of deletes) assertKey(key);
      for (const [key, value] of expected) {
        const found = pairs.get(textFromBytes(key));
        const same = found === undefined || value === undefined ? found === value : equalBytes(found, value);
        if (!same) throw new StoreStaleError('commit');
      }
      for (const key of deletes) pairs.delete(textFromBytes(key));
      for (const [key, value] of puts)
        pairs.set(textFromBytes(key), owned && value.length > KEPT_BYTES ? value : new Uint8Array(value));
    },
    *entries({ from, to }: KeyRange = {}): Generator<KeyValuePair> {
      for (const text of [...pairs.keys()].sort()) {
        const key = bytesFromText(text);
        if (from !== undefined && compareBytes(key, from) < 0) continue;
        if (to !== undefined && compareBytes(key, to) >= 0) return;
        yield [key, pairs.get(text)!];
      }
    },
    close: () => Promise.resolve(),
  };
}
