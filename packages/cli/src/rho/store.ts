import { existsSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { hasCode } from '@commute/errors';
import { createMemoryKeyValue, type RhoSpace, type KeyValueStore, type StoredBlock, chainOf } from '@commute/rho-store';
import { openLmdb } from '@commute/rho-store/lmdb';
import type { Arguments, OptionHelp } from '../arguments.ts';
import { RejectedError, UsageError } from '../failure.ts';
import { makeFolder } from '../program.ts';

/** The option that says where the store is. */
export const STORE_OPTION: Readonly<Record<string, OptionHelp>> = {
  store: { value: 'DIR', help: 'folder of the store' },
};

/** What a command does with a store; `fresh` for one that must not be there yet. */
export type StoreUse = 'create' | 'fresh' | 'write' | 'read';

const FILE = 'data.mdb';

/** Tells whether a folder holds a store. */
export function holdsStore(path: string): boolean {
  return existsSync(join(path, FILE));
}

/** What the lock file of LMDB takes, and some more. */
const LOCK_BYTES = 2 ** 14;

/**
 * Throws unless there is room for the lock file. LMDB maps it without writing it, so that a disk without any room would end the process by a
 * signal instead of an error.
 */
function assertRoomForLock(path: string): void {
  if (existsSync(join(path, 'lock.mdb'))) return;
  const probe = join(path, `room.${process.pid.toString()}`);
  try {
    writeFileSync(probe, new Uint8Array(LOCK_BYTES));
  } finally {
    rmSync(probe, { force: true });
  }
}

/** Refuses a folder that holds no store. */
export function assertStore(path: string): void {
  if (!holdsStore(path))
    throw new UsageError('store', `store: expected the folder of a store, got ${path}, which holds none`);
}

function open(path: string, use: StoreUse): KeyValueStore {
  if (use === 'fresh' && holdsStore(path))
    throw new UsageError('into', `into: expected a folder without a store, got ${path}, which holds one`);
  if (use === 'read' || use === 'write') assertStore(path);
  if (existsSync(path) && !statSync(path).isDirectory())
    throw new UsageError('store', `store: expected a folder, got ${path}, which is a file`);
  // A file that grows past its limit is then an error of the write, not the end of the process.
  if (use !== 'read' && process.listenerCount('SIGXFSZ') === 0) process.on('SIGXFSZ', () => undefined);
  try {
    if (use === 'create' || use === 'fresh') makeFolder(path);
    if (use !== 'read') assertRoomForLock(path);
    return openLmdb({ path, readOnly: use === 'read' });
  } catch (error) {
    const { code, message } = error as { readonly code?: unknown; readonly message: string };
    // Errors of LMDB itself have negative numbers, those of the system below it positive ones.
    const why =
      typeof code === 'string' && /^E[A-Z]+$/.test(code)
        ? code
        : typeof code === 'number' && code > 0
          ? message
          : undefined;
    if (why !== undefined)
      throw new UsageError('store', `store: expected a folder that can be used, got ${path} (${why})`);
    throw new RejectedError(path, `expected a store, got ${message}`);
  }
}

/** Opens the store in a folder, and closes it in the end. */
export async function withPath<T>(
  path: string,
  use: StoreUse,
  act: (store: KeyValueStore) => T | Promise<T>,
): Promise<T> {
  const store = open(path, use);
  try {
    return await act(store);
  } catch (error) {
    throw explained(error, path);
  } finally {
    await store.close();
  }
}

/** Opens the store that the command line names, and closes it in the end. Without a name, a fresh one in memory. */
export async function withStore<T>(
  args: Arguments,
  use: StoreUse,
  act: (store: KeyValueStore) => T | Promise<T>,
): Promise<T> {
  const path = args.text('store');
  return path === undefined ? act(createMemoryKeyValue()) : withPath(path, use, act);
}

/** Like {@link withStore}, for commands that cannot do without. */
export async function withNamedStore<T>(
  args: Arguments,
  use: StoreUse,
  act: (store: KeyValueStore) => T | Promise<T>,
): Promise<T> {
  if (args.text('store') === undefined)
    throw new UsageError('store', '--store: expected the folder of a store, got nothing');
  return withStore(args, use, act);
}

/** Adds the folder to errors of the store that say: the bytes are not what they should be. */
function explained(error: unknown, path: string): unknown {
  if (!(error instanceof Error) || !hasCode(error, 'RHO_STORE_BYTES_MALFORMED')) return error;
  return new RejectedError(path, `${error.message}; \`commute rho verify --store ${path}\` lists the damage`);
}

/** The block that is the newest version; refuses a store whose newest commit is no block. */
export function newestBlock(space: RhoSpace): StoredBlock | undefined {
  for (const block of chainOf(space)) return block;
  if (space.history.trie.head > 0)
    throw new RejectedError('store', 'expected a block as its newest commit, got one that another program made');
  return undefined;
}
