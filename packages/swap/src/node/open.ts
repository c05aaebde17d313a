import { hash } from 'node:crypto';
import { mkdir, open, rename, stat, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { BaseError } from '@commute/errors';
import { PAGE_BYTES, hasherByName, keccak256, type Hasher } from '@commute/machine';
import { DiskSnapshotStore } from './disk-store.ts';
import { damaged, readAt, writeAll, writeFailure } from './files.ts';
import { acquireLock, isSystemError, type Lock } from './lock.ts';
import {
  ADDRESS_BYTES,
  LOG_HEADER_BYTES,
  SLOT_BYTES,
  SLOT_OFFSETS,
  decodeCommit,
  decodeDescription,
  decodeRecord,
  encodeCommit,
  encodeDescription,
  type Commit,
  type KeptRecord,
} from './log-format.ts';
import { PageIndex } from './page-index.ts';

/** How to open a store. */
export interface OpenOptions {
  /** The hash of the machine's states; keccak256 unless told, and that of the store where there is one already. */
  readonly hasher?: Hasher;
  /** Opens without a lock and changes nothing, also while another process writes. False unless told. */
  readonly readOnly?: boolean;
  /**
   * Opens a store whose log is damaged for reading, with the snapshots before the damage. Implies `readOnly`. False
   * unless told.
   */
  readonly salvage?: boolean;
}

const LOG = 'snapshots.log';
const PACK = 'pages.pack';
const LOCK = 'lock';

/**
 * Opens the snapshots in a directory, which is made if need be.
 *
 * Only what was acknowledged counts: an end that was not, left by a process that was killed, is cut. One process at a
 * time may write; the lock of a process that has ended is taken over. A bit that has changed in the log is found here,
 * one in a page when a snapshot with it is loaded.
 *
 * @throws BaseError `SWAP_STORE_LOCKED`, `SWAP_STORE_DAMAGED` (its `context` names the snapshot), `SWAP_STORE_UNSUPPORTED`
 * for a later version or a hash that is not known, `SWAP_STORE_MISMATCH` for another hash than `hasher`,
 * `SWAP_STORE_MISSING` if there is no store to read, `SWAP_STORE_FULL` or `SWAP_STORE_WRITE` if the disk refuses.
 * @example
 * ```ts no-run
 * import { runWithSnapshots } from '@commute/swap';
 * import { openSnapshotStore } from '@commute/swap/node';
 * import { machine } from './mine.ts';
 * const store = await openSnapshotStore('snapshots');
 * await runWithSnapshots({ machine, stepsPerSnapshot: 2 ** 20, store });
 * await store.close();
 * ```
 */
export async function openSnapshotStore(directory: string, options: OpenOptions = {}): Promise<DiskSnapshotStore> {
  const { salvage = false } = options;
  const readOnly = options.readOnly === true || salvage;
  let lock: Lock | undefined;
  const opened: FileHandle[] = [];
  try {
    if (!readOnly) {
      await mkdir(directory, { recursive: true });
      lock = acquireLock(join(directory, LOCK));
      await createIfMissing(directory, options.hasher ?? keccak256);
    }
    const log = await openFile(join(directory, LOG), readOnly ? 'r' : 'r+');
    opened.push(log);
    const pack = await openFile(join(directory, PACK), readOnly ? 'r' : 'r+');
    opened.push(pack);
    const found = await readLog(directory, log, pack, options.hasher, salvage);
    if (readOnly) return new DiskSnapshotStore({ directory, log, pack, lock, ...found });
    const sequence = await putRight(log, pack, found);
    return new DiskSnapshotStore({ directory, log, pack, lock, ...found, sequence });
  } catch (error) {
    for (const file of opened) await file.close();
    lock?.release();
    if (error instanceof BaseError) throw error;
    throw writeFailure(directory, undefined, error);
  }
}

async function openFile(path: string, flags: 'r' | 'r+'): Promise<FileHandle> {
  try {
    return await open(path, flags);
  } catch (error) {
    if (!isSystemError(error, 'ENOENT', 'ENOTDIR')) throw error;
    throw new BaseError('SWAP_STORE_MISSING', `path: expected a snapshot store, got no file ${path}`, { path });
  }
}

/** Makes an empty store, whole or not at all: the log gets its name last. */
async function createIfMissing(directory: string, hasher: Hasher): Promise<void> {
  const path = join(directory, LOG);
  if (await exists(path)) return;
  const packSize = (await stat(join(directory, PACK)).catch(() => undefined))?.size ?? 0;
  if (packSize > 0) throw damaged('log', `a file ${path}, as there are pages`, 'none', { directory });
  if (hasher.name.length > 16) {
    throw new BaseError('SWAP_STORE_UNSUPPORTED', `hasher: expected a name of at most 16 letters, got ${hasher.name}`, {
      name: hasher.name,
    });
  }
  await (await open(join(directory, PACK), 'a')).close();
  const header = new Uint8Array(LOG_HEADER_BYTES);
  header.set(encodeDescription(hasher.name), 0);
  header.set(encodeCommit({ sequence: 0, logLength: LOG_HEADER_BYTES, snapshots: 0, pages: 0 }), SLOT_OFFSETS[0]);
  const file = await open(`${path}.new`, 'w');
  try {
    await writeAll(file, header, 0);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(`${path}.new`, path);
  const folder = await open(directory, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return false;
    throw error;
  }
}

/** Cuts what does not count, and commits what does but was not. Returns the sequence number of the last commit. */
async function putRight(log: FileHandle, pack: FileHandle, found: FoundLog): Promise<number> {
  const packLength = found.pages.length * PAGE_BYTES;
  if ((await log.stat()).size > found.logLength) await log.truncate(found.logLength);
  if ((await pack.stat()).size > packLength) await pack.truncate(packLength);
  if (found.committed) return found.sequence;
  await pack.datasync();
  await log.datasync();
  const sequence = found.sequence + 1;
  const { logLength } = found;
  const slot = encodeCommit({ sequence, logLength, snapshots: found.records.length, pages: found.pages.length });
  await writeAll(log, slot, SLOT_OFFSETS[sequence % 2]!);
  await log.datasync();
  return sequence;
}

interface FoundLog {
  readonly hasher: Hasher;
  readonly records: KeptRecord[];
  readonly pages: PageIndex;
  readonly logLength: number;
  readonly sequence: number;
  /** Whether the last commit covers all records. */
  readonly committed: boolean;
  readonly repaired: readonly string[];
}

async function readLog(
  directory: string,
  log: FileHandle,
  pack: FileHandle,
  wanted: Hasher | undefined,
  salvage: boolean,
): Promise<FoundLog> {
  const bytes = await readAt(log, 0, (await log.stat()).size);
  const hasher = hasherOf(directory, bytes, wanted);
  const repaired: string[] = [];
  const commit = presentCommit(directory, bytes, repaired);
  const records: KeptRecord[] = [];
  const pages = new PageIndex();
  let end = LOG_HEADER_BYTES;
  const next = (): ReturnType<typeof decodeRecord> =>
    decodeRecord(bytes, end, { index: records.length, pages: pages.length, afterStep: records.at(-1)?.step ?? -1 });
  while (end < commit.logLength) {
    const read = next();
    if (read === null || read.end > commit.logLength) {
      if (salvage)
        return { hasher, records, pages, logLength: end, sequence: commit.sequence, committed: true, repaired };
      throw damaged(
        `snapshot ${String(records.length)}`,
        `an undamaged record at byte ${String(end)} of the log in ${directory}`,
        'other bytes',
        { directory, snapshot: records.length, offset: end },
      );
    }
    const { addresses, ...record } = read.record;
    records.push(record);
    pages.add(addresses);
    end = read.end;
  }
  if (records.length !== commit.snapshots || pages.length !== commit.pages) {
    throw damaged(
      'log',
      `${String(commit.snapshots)} snapshots and ${String(commit.pages)} pages`,
      `${String(records.length)} and ${String(pages.length)}`,
      { directory },
    );
  }
  // Whole records beyond the commit are there if its slot was damaged, or if writing stopped just before it. They count
  // if their pages are whole too.
  for (let read = next(); read !== null; read = next()) {
    if (!(await pagesAreWhole(pack, pages.length, read.record.addresses))) break;
    const { addresses, ...record } = read.record;
    records.push(record);
    pages.add(addresses);
    end = read.end;
  }
  if (end < bytes.length) repaired.push(`cut ${String(bytes.length - end)} bytes of a snapshot that was not finished`);
  const committed = end === commit.logLength;
  return { hasher, records, pages, logLength: end, sequence: commit.sequence, committed, repaired };
}

function hasherOf(directory: string, bytes: Uint8Array, wanted: Hasher | undefined): Hasher {
  const description = decodeDescription(bytes);
  if (!description.ok) {
    if (description.reason === 'unsupported-version') {
      throw new BaseError('SWAP_STORE_UNSUPPORTED', `log: expected version 1, got another in ${directory}`, {
        directory,
      });
    }
    throw damaged('log', `the first bytes of a snapshot store in ${directory}`, 'other bytes', { directory });
  }
  const name = description.hashName;
  if (wanted === undefined) return hasherByName(name);
  if (wanted.name !== name) {
    throw new BaseError('SWAP_STORE_MISMATCH', `hasher: expected that of the store, ${name}, got ${wanted.name}`, {
      expected: name,
      got: wanted.name,
    });
  }
  return wanted;
}

function presentCommit(directory: string, bytes: Uint8Array, repaired: string[]): Commit {
  const commits: Commit[] = [];
  for (const offset of SLOT_OFFSETS) {
    const slot = bytes.subarray(offset, offset + SLOT_BYTES);
    const commit = decodeCommit(slot);
    if (commit !== null) commits.push(commit);
    else if (slot.some((byte) => byte !== 0))
      repaired.push(`did without the damaged commit slot at byte ${String(offset)}`);
  }
  const latest = commits.sort((a, b) => b.sequence - a.sequence)[0];
  if (latest === undefined || latest.logLength > bytes.length) {
    throw damaged('log', `a commit of what is in ${directory}`, latest === undefined ? 'none' : 'a shorter file', {
      directory,
    });
  }
  return latest;
}

async function pagesAreWhole(pack: FileHandle, first: number, addresses: Uint8Array): Promise<boolean> {
  const count = addresses.length / ADDRESS_BYTES;
  for (let i = 0; i < count; i++) {
    const page = await readAt(pack, (first + i) * PAGE_BYTES, PAGE_BYTES);
    const address = addresses.subarray(i * ADDRESS_BYTES, (i + 1) * ADDRESS_BYTES);
    if (page.length !== PAGE_BYTES || !hash('sha256', page, 'buffer').every((byte, k) => byte === address[k]))
      return false;
  }
  return true;
}
