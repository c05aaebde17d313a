// Commits blocks to the store in the folder of the first argument until it is killed, or an error ends it. Says each root once it is durable.
import { writeSync } from 'node:fs';
import { createRuntime } from '@commute/rholang';
import { RhoSpace } from '../src/index.ts';
import { openLmdb } from '../src/lmdb.ts';

const [path = '', size = '3'] = process.argv.slice(2);
// A file that grows past its limit is an error of the write, not the end of the process.
process.on('SIGXFSZ', () => undefined);
const space = new RhoSpace(openLmdb({ path }));
const runtime = createRuntime({ space });
writeSync(1, 'open\n');
for (let block = space.history.trie.meta.commits; ; block += 1) {
  for (let deploy = 0; deploy < Number(size); deploy += 1) {
    const key = `@"${String((block * 7 + deploy) % 50)}"`;
    const seed = new Uint8Array(8);
    new DataView(seed.buffer).setUint32(0, block);
    new DataView(seed.buffer).setUint32(4, deploy);
    runtime.run(
      `${key}!(${String(block)}) | for (@x, @y <- ${key}) { ${key}!(y) } | for (@x <- ${key}) { ${key}!(x, 1) }`,
      { seed },
    );
  }
  try {
    const { root } = space.commit();
    writeSync(1, `${Buffer.from(root).toString('hex')}\n`);
  } catch (error) {
    writeSync(1, `${String((error as { code?: string }).code)}\n`);
    process.exit(3);
  }
}
