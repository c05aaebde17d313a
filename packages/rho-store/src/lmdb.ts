/**
 * The key-value store on LMDB, for Node.
 *
 * @module
 */
import { open, type RootDatabase } from 'lmdb';
import { equalBytes } from './bytes.ts';
import { StoreStaleError, StoreWriteError } from './errors.ts';
import { assertKey } from './key-value/memory.ts';
import type { KeyRange, KeyValueBatch, KeyValuePair, KeyValueStore } from './key-value/key-value.ts';

/** How a store on LMDB is opened. */
export interface LmdbOptions {
  /** Folder of the store; made if absent. */
  readonly path: string;
  /** True to only read. */
  readonly readOnly?: boolean;
}

/**
 * Opens a key-value store in a folder. Several processes may open one folder; commits go one after another.
 *
 * A commit is one transaction and is on the disk (`fdatasync`) when it returns. LMDB never overwrites pages in use, so a process that is
 * killed at any moment leaves the last commit readable.
 *
 * @throws Error of the system if the folder cannot be used.
 * @example
 * ```ts
 * import { mkdtempSync, rmSync } from 'node:fs';
 * import { tmpdir } from 'node:os';
 * import { join } from 'node:path';
 * import { openLmdb } from '@commute/rho-store/lmdb';
 * const path = mkdtempSync(join(tmpdir(), 'store-'));
 * const store = openLmdb({ path });
 * store.commit({ puts: [[new Uint8Array([1]), new Uint8Array([2])]] });
 * if (store.get(new Uint8Array([1]))?.[0] !== 2) throw new Error('not stored');
 * await store.close();
 * rmSync(path, { recursive: true });
 * ```
 */
export function openLmdb({ path, readOnly = false }: LmdbOptions): KeyValueStore {
  const database: RootDatabase<Uint8Array, Uint8Array> = open({
    path,
    readOnly,
    noSubdir: false,
    encoding: 'binary',
    keyEncoding: 'binary',
    // Without it a transaction is acknowledged before it is on the disk.
    overlappingSync: false,
    cache: false,
  });
  let closed: Promise<void> | undefined;
  return {
    get: (key: Uint8Array): Uint8Array | undefined => {
      assertKey(key);
      return database.getBinary(key);
    },
    commit: ({ expected = [], puts, deletes = [] }: KeyValueBatch): void => {
      for (const [key] of [...expected, ...puts]) assertKey(key);
      for (const key of deletes) assertKey(key);
      try {
        database.transactionSync(() => {
          for (const [key, value] of expected) {
            const found = database.getBinary(key);
            const same = found === undefined || value === undefined ? found === value : equalBytes(found, value);
            if (!same) throw new StoreStaleError('commit');
          }
          for (const key of deletes) database.removeSync(key);
          for (const [key, value] of puts) database.putSync(key, value);
        });
      } catch (error) {
        if (error instanceof StoreStaleError) {
          // Reads of one turn of the event loop see one snapshot; the next ones are to see what the other writer did.
          database.resetReadTxn();
          throw error;
        }
        throw new StoreWriteError(error instanceof Error ? error.message : String(error), { cause: error });
      }
    },
    *entries({ from, to }: KeyRange = {}): Generator<KeyValuePair> {
      const range = { ...(from === undefined ? {} : { start: from }), ...(to === undefined ? {} : { end: to }) };
      for (const { key, value } of database.getRange(range)) yield [key, value];
    },
    close: (): Promise<void> => (closed ??= database.close()),
  };
}
