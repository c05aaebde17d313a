import { randomBytes } from 'node:crypto';
import { closeSync, fsyncSync, linkSync, openSync, readFileSync, renameSync, unlinkSync, writeSync } from 'node:fs';
import { hostname } from 'node:os';
import { BaseError, hasCode } from '@commute/errors';

/** A lock that is held until released. */
export interface Lock {
  /**
   * Throws unless the lock is still there.
   *
   * @throws BaseError `SWAP_STORE_LOCKED` if somebody has removed or replaced it.
   */
  readonly assertHeld: () => void;
  readonly release: () => void;
}

interface Holder {
  readonly pid: number;
  readonly host: string;
  /** When the process started, where the system tells: a process number alone may have been given to another. */
  readonly born: string;
  readonly token: string;
}

/**
 * Takes the lock file at `path`, or that of a process that is no longer there.
 *
 * The file is made whole beside the lock and then linked to its name, which succeeds for one process only. A lock whose
 * process has ended is moved away first; if what was moved turns out to be a new one, it is put back.
 *
 * @throws BaseError `SWAP_STORE_LOCKED` if a process that is alive, or one on another host, holds it.
 */
export function acquireLock(path: string): Lock {
  const mine: Holder = {
    pid: process.pid,
    host: hostname(),
    born: bornOf(process.pid),
    token: randomBytes(12).toString('hex'),
  };
  const own = `${path}.${mine.token}`;
  const file = openSync(own, 'wx');
  try {
    writeSync(file, JSON.stringify(mine));
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  try {
    for (let attempt = 0; attempt < 100; attempt++) {
      try {
        linkSync(own, path);
        return {
          assertHeld: () => {
            const holder = read(path);
            if (holder?.token === mine.token) return;
            throw holder === null
              ? new BaseError('SWAP_STORE_LOCKED', `lock: expected the lock of this process at ${path}, got none`, {
                  path,
                })
              : locked(path, holder);
          },
          release: () => {
            if (read(path)?.token === mine.token) unlinkSync(path);
          },
        };
      } catch (error) {
        if (!isSystemError(error, 'EEXIST')) throw error;
      }
      const holder = read(path);
      if (holder === null) continue;
      if (holder.host !== mine.host || isAlive(holder)) throw locked(path, holder);
      moveAway(path, `${own}.stale`, holder);
    }
    throw new BaseError('SWAP_STORE_LOCKED', `lock: expected to get ${path}, got others in between each time`, {
      path,
    });
  } finally {
    unlinkSync(own);
  }
}

function moveAway(path: string, aside: string, holder: Holder): void {
  try {
    renameSync(path, aside);
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return;
    throw error;
  }
  if (read(aside)?.token !== holder.token) {
    try {
      linkSync(aside, path);
    } catch (error) {
      if (!isSystemError(error, 'EEXIST')) throw error;
    }
  }
  unlinkSync(aside);
}

function locked(path: string, holder: Holder): BaseError {
  return new BaseError(
    'SWAP_STORE_LOCKED',
    `store: expected to be the only one that writes it, got a lock of process ${String(holder.pid)} on ${holder.host}`,
    { path, pid: holder.pid, host: holder.host },
  );
}

/** The holder; null if the file is gone. A file that cannot be read as one counts as held by a process that has ended. */
function read(path: string): Holder | null {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (isSystemError(error, 'ENOENT')) return null;
    throw error;
  }
  try {
    const value = JSON.parse(text) as Partial<Holder>;
    const { pid, host, born, token } = value;
    if (typeof pid === 'number' && typeof host === 'string' && typeof born === 'string' && typeof token === 'string') {
      return { pid, host, born, token };
    }
  } catch {
    // Falls through: a lock is written whole before it gets its name, so this is damage, not a lock being made.
  }
  return { pid: -1, host: hostname(), born: '', token: '' };
}

function isAlive(holder: Holder): boolean {
  if (holder.pid <= 0) return false;
  try {
    process.kill(holder.pid, 0);
  } catch (error) {
    return !isSystemError(error, 'ESRCH');
  }
  const born = bornOf(holder.pid);
  return born === '' || holder.born === '' || born === holder.born;
}

/** The start time of a process in the system's own unit, or nothing where /proc does not exist. */
function bornOf(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${String(pid)}/stat`, 'latin1');
    // The name in parentheses may hold anything; field 22 counts from behind it.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
  } catch {
    return '';
  }
}

/** Tells whether `error` is that of a system call with this code. */
export function isSystemError(error: unknown, ...codes: readonly string[]): boolean {
  return codes.some((code) => hasCode(error, code));
}
