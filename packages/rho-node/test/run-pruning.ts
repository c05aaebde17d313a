// Closes round after round in a network of one, and forgets, until it is killed. Says each round once it is durable.
import { writeSync } from 'node:fs';
import { openLmdb } from '@commute/rho-store/lmdb';
import { RhoNode } from '../src/index.ts';
import { keyOf, networkOf } from './keys.ts';

const [path = ''] = process.argv.slice(2);
const node = new RhoNode({ store: openLmdb({ path }), network: networkOf(1), secretKey: keyOf(0), keepRounds: 2 });
node.listen((event) => {
  if (event.kind === 'closed') writeSync(1, `${String(event.round)}\n`);
});
for (;;) {
  node.deploy(`@"round"!(${String(node.round)})`);
  node.propose();
}
