// A node that serves its store, or one that fetches the state of another, until it is killed. Says what it does once that is durable.
import { writeSync } from 'node:fs';
import { openLmdb } from '@commute/rho-store/lmdb';
import { RhoNode } from '../src/index.ts';
import { connect, serve } from '../src/node.ts';
import { GENESIS, networkOf } from './keys.ts';

const [role = '', path = '', port = ''] = process.argv.slice(2);
const network = networkOf(2, { genesis: GENESIS });
const say = (line: string): void => void writeSync(1, `${line}\n`);
/** Gives whoever kills it time to do so. */
const pause = (): void => void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);
const onProgress = ({ fraction }: { readonly fraction: number }): void => {
  say(String(fraction));
  pause();
};
const node = new RhoNode({ store: openLmdb({ path }), network, transfer: { onProgress, wait: 5 } });
if (role === 'serve') say(String((await serve(node)).port));
else {
  node.listen((event) => {
    if (event.kind === 'transferred') say('transferred');
  });
  connect(node, { port: Number(port), retry: 5 });
}
