/**
 * Telling and fetching a version, on LMDB. Run it from the package folder with `node --conditions=@commute/source bench/transfer.bench.ts [keys]`; `keys` of the store, 20000 unless
 * told, each with one message, and one key with as many entries. Times are of the processor, of one thread; the yardstick is a copy of all records of the store, unchecked.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import path from 'node:path';
import { createRuntime } from '@commute/rholang';
import { RhoSpace, StateReceiver, StateTeller, verifyStore } from '@commute/rho-store';
import { openLmdb } from '@commute/rho-store/lmdb';

const keys = Number(process.argv[2] ?? 20_000);
const PART = 2 ** 18;
const folder = mkdtempSync(path.join(tmpdir(), 'rho-transfer-bench-'));
const open = (name: string): ReturnType<typeof openLmdb> => openLmdb({ path: path.join(folder, name) });

const processor = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};

const source = open('source');
const from = new RhoSpace(source);
let made = 0;
/** A commit that makes keys, and entries of the history of one. */
function commit(count: number): void {
  const runtime = createRuntime({ space: from });
  for (let left = count; left > 0; left -= 1) {
    made += 1;
    const seed = new Uint8Array(8);
    new DataView(seed.buffer).setUint32(0, made);
    runtime.run(`@("key", ${String(made)})!(${String(made)}) | @"often"!(1)`, { seed });
    if (made % 2 === 0)
      runtime.run('for (@x <- @"often" & @y <- @"often") { Nil }', { seed: seed.map((byte) => byte ^ 255) });
  }
  from.commit();
}
for (let left = keys; left > 0; left -= 1000) commit(Math.min(left, 1000));

function fetch(name: string): { to: RhoSpace; bytes: number; parts: number } {
  const store = open(name);
  const to = new RhoSpace(store);
  const receiver = new StateReceiver(to.history);
  const teller = new StateTeller(from.history);
  const number = from.history.trie.head;
  let [bytes, parts, telling, longest] = [0, 0, 0, 0];
  const started = processor();
  receiver.begin(from.root());
  for (let place = receiver.next(); place !== undefined; place = receiver.next()) {
    const before = processor();
    const part = teller.part({ commit: number, place, limit: PART })!;
    const took = processor() - before;
    telling += took;
    longest = Math.max(longest, took);
    const taken = receiver.take(part);
    if (!taken.ok) throw new Error(taken.reason);
    bytes += part.length;
    parts += 1;
  }
  const { logHash, note } = from.history.commitAt(number);
  receiver.finish({ number, logHash, note, log: from.history.log(number)! });
  const total = processor() - started;
  to.goTo(number);
  if (to.root().join() !== from.root().join()) throw new Error('not the same');
  const told = `${String(parts)} parts, ${(bytes / 2 ** 20).toFixed(1)} MiB`;
  console.log(
    `${name}: ${told}; told in ${(telling / 1000).toFixed(2)} s, the longest part in ${longest.toFixed(0)} ms; fetched in ${((total - telling) / 1000).toFixed(2)} s`,
  );
  return { to, bytes, parts };
}

console.log(`node ${process.version}, ${cpus()[0]?.model ?? 'unknown'}; ${String(keys)} keys`);
const copied = processor();
open('copy').commit({ puts: [...source.entries()] });
console.log(`copy of all records: ${((processor() - copied) / 1000).toFixed(2)} s`);
global.gc?.();
const before = process.memoryUsage().heapUsed;
const { to } = fetch('all of it');
global.gc?.();
console.log(`memory afterwards: ${((process.memoryUsage().heapUsed - before) / 2 ** 20).toFixed(0)} MiB`);
if (!verifyStore(to.history).ok) throw new Error('damaged');
rmSync(folder, { recursive: true, force: true });
