/**
 * Reductions, commits and sizes of the store, in memory and on LMDB. Run it from the package folder with
 * `node --conditions=@commute/source bench/store.bench.ts [keys]`; `keys` is the largest store of the last table, 100000 unless told. The yardstick is
 * SHA-256 of 136 bytes, about the size of an entry of a history, by `@noble/hashes`.
 */
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import path from 'node:path';
import { createRuntime, normalize, parse, type Term } from '@commute/rholang';
import { createMemoryKeyValue, RhoSpace, verifyStore, VersionedTrie, type KeyValueStore } from '@commute/rho-store';
import { openLmdb } from '@commute/rho-store/lmdb';
import { sha256 } from '@noble/hashes/sha2.js';
import { hashBytes } from '../src/bytes.ts';

const largest = Number(process.argv[2] ?? 100_000);
const folder = mkdtempSync(path.join(tmpdir(), 'rho-store-bench-'));
let folders = 0;

function fresh(kind: 'memory' | 'LMDB'): { keyValue: KeyValueStore; file: string } {
  const place = path.join(folder, String((folders += 1)));
  return kind === 'memory'
    ? { keyValue: createMemoryKeyValue(), file: '' }
    : { keyValue: openLmdb({ path: place }), file: path.join(place, 'data.mdb') };
}

function program(source: string): Term {
  const tree = parse(source);
  const result = tree.ok ? normalize(tree.process, { source }) : undefined;
  if (result?.ok !== true) throw new Error(`not a program: ${source}`);
  return result.term;
}

function seedOf(block: number, deploy: number): Uint8Array {
  const seed = new Uint8Array(8);
  const view = new DataView(seed.buffer);
  view.setUint32(0, block);
  view.setUint32(4, deploy);
  return seed;
}

/** Milliseconds of processor time of all threads so far: what a machine that is shared gives, and what garbage collection beside costs. */
const processor = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};

const rate = (count: number, milliseconds: number): string =>
  `${((count / milliseconds) * 1000).toFixed(0).padStart(8)}/s`;

const sample = new Uint8Array(136);
function timeOf(hash: (bytes: Uint8Array) => unknown): number {
  for (let index = 0; index < 20_000; index += 1) hash(sample);
  const started = processor();
  for (let index = 0; index < 100_000; index += 1) hash(sample);
  return (processor() - started) / 100_000;
}
const hashMilliseconds = timeOf(sha256);
console.log(
  `node ${process.version}, ${cpus()[0]?.model ?? 'unknown'}; SHA-256 of 136 bytes: ${rate(1, hashMilliseconds)} by @noble/hashes, ${rate(1, timeOf(hashBytes))} by the kernel`,
);

const rounds = 50_000;
const workloads: Record<string, { source: string; comms: number }> = {
  'ping-pong': {
    source: `new ping, pong in {
      contract ping(@n) = { if (n > 0) { pong!(n - 1) } } |
      contract pong(@n) = { if (n > 0) { ping!(n - 1) } } |
      ping!(${String(rounds - 1)}) }`,
    comms: rounds,
  },
  duplication: {
    source: `new dup in {
      contract dup(@n) = { if (n > 0) { dup!(n - 1) | dup!(n - 1) } } | dup!(15) }`,
    comms: 2 ** 16 - 1,
  },
};

console.log('\none deploy of many COMM, per second of processor time');
console.log('                                            COMM/s run   COMM/s with commit   per SHA-256');
for (const kind of ['memory', 'LMDB'] as const) {
  for (const [name, { source, comms }] of Object.entries(workloads)) {
    const term = program(source);
    let [run, all] = [Infinity, Infinity];
    for (let round = 0; round < 3; round += 1) {
      const { keyValue } = fresh(kind);
      const space = new RhoSpace(keyValue);
      const runtime = createRuntime({ space });
      const begin = processor();
      const result = runtime.run(term, { seed: Uint8Array.of(round), maximumComms: 10_000_000 });
      run = Math.min(run, processor() - begin);
      if (!result.ok || result.comms !== comms) throw new Error(`${name}: expected ${String(comms)} COMM`);
      space.commit();
      all = Math.min(all, processor() - begin);
      if (round === 0 && !verifyStore(space.history).ok) throw new Error('damaged');
      await keyValue.close();
    }
    const share = ((comms / all) * hashMilliseconds).toFixed(3);
    console.log(
      `${name.padEnd(14)} ${kind.padEnd(24)} ${rate(comms, run)} ${rate(comms, all).padStart(16)} ${share.padStart(16)}`,
    );
  }
}

console.log(
  '\nblocks of 1,000 deploys                      commits/s    deploys/s     COMM/s   bytes/deploy   COMM/s of processor time',
);
const deploys: Record<string, { source: (index: number) => string; comms: number; prepare: string }> = {
  'call a contract': {
    prepare: 'contract @"counter"(@n) = { @"last"!(n) } | contract @"last"(_) = { Nil }',
    source: (index) => `@"counter"!(${String(index)})`,
    comms: 2,
  },
  'ten COMM': {
    prepare: 'contract @"loop"(@n) = { if (n > 1) { @"loop"!(n - 1) } }',
    source: () => '@"loop"!(10)',
    comms: 10,
  },
  'move a value': {
    prepare: Array.from({ length: 1000 }, (_, index) => `@${String(index)}!(0)`).join(' | '),
    source: (index) => `for (@x <- @${String(index)}) { @${String(index)}!(x + 1) }`,
    comms: 1,
  },
};
for (const kind of ['memory', 'LMDB'] as const) {
  for (const [name, { source, comms, prepare }] of Object.entries(deploys)) {
    const { keyValue, file } = fresh(kind);
    const space = new RhoSpace(keyValue);
    const runtime = createRuntime({ space });
    runtime.run(prepare, { seed: seedOf(0, 0) });
    space.commit();
    const terms = Array.from({ length: 1000 }, (_, index) => program(source(index)));
    const blocks = 10;
    const sizeBefore = file === '' ? 0 : statSync(file).size;
    const [begin, beginProcessor] = [performance.now(), processor()];
    for (let block = 1; block <= blocks; block += 1) {
      for (const [index, term] of terms.entries()) {
        const result = runtime.run(term, { seed: seedOf(block, index) });
        if (!result.ok || result.comms !== comms) throw new Error(`${name}: expected ${String(comms)} COMM`);
      }
      space.commit();
    }
    const [time, busy] = [performance.now() - begin, processor() - beginProcessor];
    if (!verifyStore(space.history).ok) throw new Error('damaged');
    const bytes = file === '' ? '' : ((statSync(file).size - sizeBefore) / blocks / 1000).toFixed(0);
    console.log(
      `${name.padEnd(17)} ${kind.padEnd(20)} ${((blocks / time) * 1000).toFixed(1).padStart(12)} ${rate(blocks * 1000, time).padStart(12)} ${rate(blocks * 1000 * comms, time)} ${bytes.padStart(12)} ${rate(blocks * 1000 * comms, busy)}`,
    );
    await keyValue.close();
  }
}

console.log('\nsends and receives that wait, then meet');
for (const kind of ['memory', 'LMDB'] as const) {
  const { keyValue } = fresh(kind);
  const space = new RhoSpace(keyValue);
  const runtime = createRuntime({ space });
  const count = 20_000;
  const names = Array.from({ length: count }, (_, index) => `@${String(index)}`);
  const [sends, receives] = [
    program(names.map((one) => `${one}!(1)`).join(' | ')),
    program(names.map((one) => `for (_ <- ${one}) { Nil }`).join(' | ')),
  ];
  const times: number[] = [];
  for (const [index, term] of [sends, receives].entries()) {
    const begin = performance.now();
    const result = runtime.run(term, { seed: Uint8Array.of(index) });
    if (!result.ok || result.comms !== index * count) throw new Error('not met');
    space.commit();
    times.push(performance.now() - begin);
  }
  console.log(
    `${kind.padEnd(8)} produce ${rate(count, times[0]!)}   consume with its COMM ${rate(count, times[1]!)}   each with its commit`,
  );
  await keyValue.close();
}

console.log('\ntrie on LMDB: a commit of 1,000 changed keys among many; a key read; a proof');
for (let keys = 1000; keys <= largest; keys *= 10) {
  const { keyValue, file } = fresh('LMDB');
  const trie = new VersionedTrie(keyValue);
  const pathOf = (index: number): Uint8Array => hashBytes(new TextEncoder().encode(String(index)));
  const value = new Uint8Array(100);
  for (let start = 0; start < keys; start += 10_000) {
    const some = Array.from({ length: Math.min(10_000, keys - start) }, (_, index) => ({
      path: pathOf(start + index),
      value,
    }));
    trie.update(some);
    trie.commit();
  }
  const blocks = 10;
  const sizeBefore = statSync(file).size;
  let update = 0;
  for (let block = 1; block <= blocks; block += 1) {
    const changes = Array.from({ length: 1000 }, (_, index) => ({
      path: pathOf((block * 7919 * 1000 + index * 104_729) % keys),
      value: new Uint8Array(100).fill(block),
    }));
    const begin = performance.now();
    trie.update(changes);
    trie.commit();
    update += performance.now() - begin;
  }
  const grown = (statSync(file).size - sizeBefore) / blocks / 1000;
  const begin = performance.now();
  for (let index = 0; index < 10_000; index += 1)
    if (trie.get(pathOf((index * 7919) % keys)) === undefined) throw new Error('missing');
  const read = (performance.now() - begin) / 10_000;
  const proof = trie.prove(pathOf(1)).length;
  console.log(
    `${String(keys).padStart(8)} keys: commit ${(update / blocks).toFixed(1).padStart(6)} ms, ${grown.toFixed(0).padStart(6)} bytes per changed key, read ${(read * 1000).toFixed(1)} µs, proof ${String(proof)} bytes`,
  );
  await keyValue.close();
}
rmSync(folder, { recursive: true });
