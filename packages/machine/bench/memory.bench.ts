/**
 * Snapshot and root costs per changed page, beside a plain copy of the same bytes and the hash alone.
 *
 * Run: node --conditions=@commute/source bench/memory.bench.ts
 */
import { Memory, keccak256, sha256, type Hasher } from '@commute/machine';

const median = (values: number[]): number => values.sort((a, b) => a - b)[values.length >> 1]!;

function measure(rounds: number, act: () => void): number {
  const times: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const start = performance.now();
    act();
    times.push((performance.now() - start) * 1000);
  }
  return median(times);
}

console.log(`node ${process.version}, ${process.arch}; microseconds, medians`);

for (const changed of [0, 1, 16, 256, 2048]) {
  const memory = new Memory();
  for (let page = 0; page < 8192; page++) memory.storeWord(page * 4096, page + 1);
  memory.snapshot();
  let round = 1;
  const touch = (): void => {
    round++;
    for (let i = 0; i < changed; i++) memory.storeWord(i * 4096 * 4 + 8, round);
  };
  const times: number[] = [];
  const writes: number[] = [];
  const copies: number[] = [];
  const source = new Uint8Array(4096 * Math.max(1, changed));
  for (let i = 0; i < 60; i++) {
    const writeStart = performance.now();
    touch();
    const start = performance.now();
    writes.push((start - writeStart) * 1000);
    memory.snapshot();
    times.push((performance.now() - start) * 1000);
    const copyStart = performance.now();
    source.slice();
    copies.push((performance.now() - copyStart) * 1000);
  }
  const time = median(times);
  const perPage = (all: number): string => (changed === 0 ? 0 : all / changed).toFixed(2);
  const relative = (all: number): string => (all / Math.max(median(copies), 0.01)).toFixed(1);
  console.log(
    `snapshot, ${String(changed)} of 8192 pages changed: ${time.toFixed(1)} in all, ${perPage(time)} per page, ` +
      `${relative(time)} times a copy of the same bytes; the first write to each of them ${perPage(median(writes))} per page, ` +
      `${relative(median(writes))} times`,
  );
}

for (const hasher of [keccak256, sha256]) {
  /** The same hash, one pair at a time by the reference. */
  const plain: Hasher = { name: hasher.name, digest: hasher.digest };
  const pair = new Uint8Array(64).fill(7);
  const one =
    measure(50, () => {
      for (let i = 0; i < 100; i++) hasher.digest(pair);
    }) / 100;
  const pages = 4096;
  /** Microseconds for roots after one changed word, after one changed page, and of all of 16 MiB. */
  const roots = (by: Hasher): [word: number, page: number, all: number] => {
    const memory = new Memory({ hasher: by });
    for (let page = 0; page < pages; page++) memory.write(page * 4096, new Uint8Array(4096).fill(page + 1));
    const start = performance.now();
    memory.root();
    const all = (performance.now() - start) * 1000;
    let round = 1;
    const word = measure(50, () => {
      memory.storeWord(0x2000, ++round);
      memory.root();
    });
    const page = measure(50, () => {
      memory.write(0x2000, new Uint8Array(4096).fill(++round));
      memory.root();
    });
    return [word, page, all];
  };
  const slow = roots(plain);
  const quick = roots(hasher);
  const titles = ['after one word', 'after one page', 'of 16 MiB'];
  console.log(
    `${hasher.name}: one hash by the reference ${one.toFixed(2)}; root ${titles
      .map((title, i) => `${title} ${quick[i]!.toFixed(1)} (the reference ${(slow[i]! / quick[i]!).toFixed(1)} times)`)
      .join(', ')}`,
  );
}
