// Lets one namespace send to another, each on its own store, until it is killed. Says each number once it is durable at the sender.
import { writeSync } from 'node:fs';
import path from 'node:path';
import { openLmdb } from '@commute/rho-store/lmdb';
import { exchange, Namespace } from '../src/index.ts';

const [folder = ''] = process.argv.slice(2);
const open = (name: string): Namespace => new Namespace({ name, store: openLmdb({ path: path.join(folder, name) }) });
const [ann, bob] = [open('ann'), open('bob')];
if (bob.space.history.trie.meta.commits === 1) {
  // Bob answers each number to the sender, on a channel of its own.
  bob.run('new send(`rho:namespace:send`) in { contract @"in"(@n, back) = { @"got"!(n) | send!("ann", *back, n) } }');
}
writeSync(1, 'open\n');
for (;;) {
  const number = ann.space.history.trie.meta.commits;
  // The number of commits grows with answers too, so numbers are told apart and never come again.
  ann.run(
    `new send(\`rho:namespace:send\`), back in { @"sent"!(${String(number)}) | send!("bob", "in", ${String(number)}, *back) | for (@m <- back) { @"answered"!(m) } }`,
  );
  writeSync(1, `${String(number)}\n`);
  if (number % 3 === 0) await exchange([ann, bob], { parcel: 2, maximumMessages: 5 });
}
