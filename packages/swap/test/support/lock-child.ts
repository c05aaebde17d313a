/* A process that tries to open a store, says how that went, and keeps what it has until its input ends. */
import { writeSync } from 'node:fs';
import { openSnapshotStore } from '../../src/node.ts';

const store = await openSnapshotStore(process.argv[2] ?? '').catch((error: unknown) => {
  writeSync(1, `${String((error as { code?: string }).code)}\n`);
  return undefined;
});
if (store !== undefined) writeSync(1, 'opened\n');
process.stdin.resume();
process.stdin.on('end', () => void store?.close());
