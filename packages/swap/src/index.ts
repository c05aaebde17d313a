/**
 * Machine swapping: runs a fast machine, double-checks it on a provable one, and settles disputes by bisection.
 *
 * @module
 */
export * from './layer.ts';
export * from './dispute/verifier.ts';
export * from './run.ts';
export { MemorySnapshotStore, type SnapshotEntry, type SnapshotStore } from './store.ts';
