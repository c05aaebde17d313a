import type { FileHandle } from 'node:fs/promises';
import { BaseError } from '@commute/errors';
import { isSystemError } from './lock.ts';

/** Writes all of `bytes` at `position`. */
export async function writeAll(file: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    const { bytesWritten } = await file.write(bytes, done, bytes.length - done, position + done);
    done += bytesWritten;
  }
}

/** Reads up to `length` bytes from `position` on; fewer where the file ends. */
export async function readAt(file: FileHandle, position: number, length: number): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(length);
  let done = 0;
  while (done < length) {
    const { bytesRead } = await file.read(bytes, done, length - done, position + done);
    if (bytesRead === 0) break;
    done += bytesRead;
  }
  return done === length ? bytes : bytes.slice(0, done);
}

/** What a failed write is to the user of a store; `durable` snapshots are in it, if that is known. */
export function writeFailure(directory: string, durable: number | undefined, cause: unknown): BaseError {
  if (isCoded(cause)) return cause;
  const text = cause instanceof Error ? cause.message : String(cause);
  const context = { directory, acknowledged: durable };
  const rest = durable === undefined ? '' : `; ${String(durable)} snapshots are acknowledged and can be read`;
  return isSystemError(cause, 'ENOSPC', 'EDQUOT', 'EFBIG')
    ? new BaseError(
        'SWAP_STORE_FULL',
        `disk: expected room for another snapshot in ${directory}, got ${text}${rest}`,
        context,
        { cause },
      )
    : new BaseError('SWAP_STORE_WRITE', `disk: expected to write to ${directory}, got ${text}${rest}`, context, {
        cause,
      });
}

function isCoded(error: unknown): error is BaseError {
  return error instanceof BaseError;
}

/** What is wrong with the bytes of a store. */
export function damaged(
  what: string,
  expected: string,
  got: string,
  context: { readonly directory: string } & Readonly<Record<string, string | number>>,
): BaseError {
  return new BaseError('SWAP_STORE_DAMAGED', `${what}: expected ${expected}, got ${got}`, context);
}
