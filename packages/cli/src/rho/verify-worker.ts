/*
 * Verifies the store in the folder of the first argument and says what it found as one JSON object.
 */
import { openLmdb } from '@commute/rho-store/lmdb';
import { failed, verifyAll, type RhoVerifyReport } from './verify-store.ts';

async function verified(path: string): Promise<RhoVerifyReport> {
  let store;
  try {
    store = openLmdb({ path, readOnly: true });
  } catch (error) {
    return failed(`a store that LMDB can open, got ${(error as Error).message}`);
  }
  try {
    return verifyAll(store);
  } catch (error) {
    return failed(`pages that LMDB can read, got ${(error as Error).message}`);
  } finally {
    await store.close();
  }
}

process.stdout.write(JSON.stringify(await verified(process.argv[2] ?? '')));
