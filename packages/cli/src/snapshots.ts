import { hasCode } from '@commute/errors';
import type { Hasher } from '@commute/machine';
import { openSnapshotStore, type DiskSnapshotStore } from '@commute/swap/node';
import { RejectedError, UsageError } from './failure.ts';

/** Errors of a store that say: the files are not what they should be. */
const DAMAGED = ['SWAP_STORE_DAMAGED', 'SWAP_STORE_UNSUPPORTED'];
/** Errors of a store that say: this is not the store for this run. */
const MISUSED = ['SWAP_STORE_LOCKED', 'SWAP_STORE_MISMATCH', 'SWAP_STORE_MISSING', 'SWAP_RUN_MISMATCH'];

/** Opens the snapshots in a directory; `readOnly` leaves everything as it is and works beside a run. */
export async function openStore(
  directory: string,
  hasher: Hasher | undefined,
  readOnly = false,
): Promise<DiskSnapshotStore> {
  return explainStoreErrors(directory, () =>
    openSnapshotStore(directory, { ...(hasher === undefined ? {} : { hasher }), readOnly }),
  );
}

/** Turns the store's errors into refusals that name the directory; passes everything else on. */
export async function explainStoreErrors<T>(directory: string, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    if (DAMAGED.some((code) => hasCode(error, code))) throw new RejectedError(directory, (error as Error).message);
    if (MISUSED.some((code) => hasCode(error, code))) {
      throw new UsageError('snapshots', `snapshots in ${directory}: ${(error as Error).message}`);
    }
    throw error;
  }
}
