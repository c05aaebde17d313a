import { keyValueConformance } from '../src/conformance.ts';
import { createMemoryKeyValue, type KeyValueStore } from '../src/index.ts';
import { openLmdb } from '../src/lmdb.ts';
import { temporaryFolder } from './folder.ts';

const runs = Number(process.env['FC_NUM_RUNS'] ?? 30);
const folders = new Map<KeyValueStore, string>();

function openAt(path: string): KeyValueStore {
  const store = openLmdb({ path });
  folders.set(store, path);
  return store;
}

keyValueConformance({ name: 'memory', create: createMemoryKeyValue, runs });
keyValueConformance({
  name: 'LMDB',
  create: () => openAt(temporaryFolder()),
  reopen: async (store) => {
    await store.close();
    return openAt(folders.get(store)!);
  },
  runs: Math.min(runs, 100),
});
