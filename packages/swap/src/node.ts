/**
 * What machine swapping needs of Node: snapshots on disk and checks in worker threads.
 *
 * @module
 */
export { DiskSnapshotStore } from './node/disk-store.ts';
export { openSnapshotStore, type OpenOptions } from './node/open.ts';
export { threadPool, type ThreadPool, type ThreadPoolOptions } from './node/worker-pool.ts';
