/* A process that runs with snapshots on disk and says how many are acknowledged, until it is killed or done. */
import { writeSync } from 'node:fs';
import { runWithSnapshots } from '../../src/index.ts';
import { openSnapshotStore } from '../../src/node.ts';
import { spread } from './accumulator.ts';
import { testStack } from './stack.ts';

const [directory = '', segments = '0'] = process.argv.slice(2);
const { stack, initial } = testStack(1);
const machine = stack[0]!.upper();
machine.restore(initial(spread()));
const store = await openSnapshotStore(directory);
const say = (): void => {
  writeSync(1, `${String(store.durableLength)}\n`);
};
const timer = setInterval(say, 5);
let flushing = Promise.resolve();
const flusher = setInterval(() => {
  flushing = flushing.then(() => store.flush());
}, 10);
await runWithSnapshots({ machine, stepsPerSnapshot: 25, segments: Number(segments), store });
clearInterval(timer);
clearInterval(flusher);
await store.close();
say();
