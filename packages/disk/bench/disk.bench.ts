/**
 * What a disk costs: roots, answers, arguments, against the hashes they are made of.
 *
 * `node --conditions=@commute/source bench/disk.bench.ts`
 *
 * @module
 */
import { blake3 } from '@noble/hashes/blake3.js';
import { Disk, DiskHost, proveDisk, REQUEST, verifyDisk } from '@commute/disk';

function time<T>(work: () => T): { readonly value: T; readonly seconds: number } {
  const start = performance.now();
  const value = work();
  return { value, seconds: (performance.now() - start) / 1000 };
}

const pair = new Uint8Array(64);
for (let k = 0; k < 20_000; k++) blake3(pair);
const perHash =
  time(() => {
    for (let k = 0; k < 100_000; k++) blake3(pair);
  }).seconds / 100_000;
console.log(`yardstick: a hash of 64 bytes ${(1e6 * perHash).toFixed(2)} us`);

for (const [blocks, spread] of [
  [1000, 1],
  [1000, 99_991],
  [10_000, 1],
] as const) {
  const before = new Disk();
  for (let k = 0; k < blocks; k += 2) before.write(k * spread, new Uint8Array(512).fill(k % 251 || 1));
  const written = new Uint8Array(blocks * (520 + 8));
  const view = new DataView(written.buffer);
  for (let k = 0; k < blocks; k++) {
    const at = k * 528;
    view.setUint32(at, REQUEST.read, true);
    view.setUint32(at + 4, k * spread, true);
    view.setUint32(at + 8, REQUEST.write, true);
    view.setUint32(at + 12, k * spread, true);
    written.fill((k % 7) + 1, at + 16, at + 528);
  }
  const root = time(() => before.root());
  const host = new DiskHost(before.clone());
  const given = time(() => host.answer(written));
  const after = time(() => host.disk.root());
  const argument = time(() => proveDisk(before, written));
  const claim = { before: root.value, after: after.value, input: new Uint8Array(), output: new Uint8Array() };
  const verdict = time(() => verifyDisk(claim, { written, given: given.value }, argument.value));
  if (!verdict.value.ok) throw new Error(verdict.value.reason);
  const perBlock = (seconds: number): string =>
    `${((1e6 * seconds) / blocks).toFixed(1)} us (${(seconds / blocks / perHash).toFixed(1)} hashes)`;
  console.log(`${String(blocks)} blocks ${String(spread)} apart, each read and written once:`);
  console.log(
    `  per block: answer ${perBlock(given.seconds)}, root ${perBlock(after.seconds)}, argument ${perBlock(argument.seconds)}, verification ${perBlock(verdict.seconds)}`,
  );
  console.log(`  argument ${String(Math.round(argument.value.length / blocks))} bytes per block`);
}
