/**
 * The index of a store: read from the store, loaded as it was saved, and brought up to date. Run it from the package folder with
 * `node --conditions=@commute/source bench/saved-index.bench.ts [contracts ...]`; 1,000, 10,000 and 100,000 contracts unless told.
 *
 * The yardstick is reading all channels in the same run; answers are compared. Processor time of the thread, which other programs that run do not lengthen much.
 */
import { createRuntime } from '@commute/rholang';
import { createMemoryKeyValue, HistoryStore, RhoSpace } from '@commute/rho-store';
import { StoreIndex } from '@commute/rho-discovery';

const counts = process.argv.length > 2 ? process.argv.slice(2).map(Number) : [1000, 10_000, 100_000];
const KINDS = ['Int', 'String', 'Bool', '[..._]', '{..._}', '(Int, String)', '"get"', '_'];
const PER_BLOCK = 500;

/** Contract number `index`: one of a few thousand kinds, on a channel of its own. */
function sourceOf(index: number): string {
  const [a, b] = [KINDS[index % 8]!, KINDS[(index >> 3) % 8]!];
  const tag = `"op${String((index >> 6) % 50)}"`;
  const reply = index % 3 === 0 ? '(true, 1)' : index % 3 === 1 ? '"text"' : '[1, 2]';
  return `contract @"c${String(index)}"(@${tag}, @{a /\\ ${a}}, @{b /\\ ${b}}, r) = { r!(${reply}) }`;
}

function seconds(run: () => void): number {
  const start = process.threadCpuUsage();
  run();
  const { user, system } = process.threadCpuUsage(start);
  return (user + system) / 1e6;
}

function block(space: RhoSpace, first: number, count: number): void {
  const source = Array.from({ length: count }, (_, index) => sourceOf(first + index)).join(' | ');
  const result = createRuntime({ space }).run(source, { seed: new TextEncoder().encode(String(first)) });
  if (!result.ok) throw new Error(result.message);
  space.commit();
}

console.log(`node ${process.version}, processor time of the thread`);
for (const count of counts) {
  const store = createMemoryKeyValue();
  const space = new RhoSpace(store);
  for (let first = 0; first < count; first += PER_BLOCK) block(space, first, Math.min(PER_BLOCK, count - first));
  const whole = new StoreIndex();
  const reading = seconds(() => whole.update(new HistoryStore(store)));
  const saving = seconds(() => whole.save(space.history));
  let loaded = StoreIndex.load(new HistoryStore(store));
  const loading = seconds(() => {
    loaded = StoreIndex.load(new HistoryStore(store));
  });
  if (loaded.reason !== undefined || loaded.contracts.index.size !== whole.index.size) throw new Error('not loaded');
  block(space, count, 10);
  const following = seconds(() => loaded.contracts.update(space.history));
  let records = 0;
  const savingAgain = seconds(() => {
    records = loaded.contracts.save(space.history);
  });
  if (loaded.contracts.index.size !== count + 10 || records !== 11) throw new Error('not up to date');
  const each = (total: number): string => `${((total / count) * 1e6).toFixed(0)} µs each`;
  console.log(`${String(count).padStart(7)} contracts: read in ${reading.toFixed(2)} s, ${each(reading)}`);
  console.log(
    `${''.padStart(19)} loaded in ${loading.toFixed(2)} s, ${each(loading)}: ${(reading / loading).toFixed(1)} times as fast`,
  );
  console.log(
    `${''.padStart(19)} saved in ${saving.toFixed(2)} s; ten more contracts read in ${(following * 1e3).toFixed(1)} ms and saved in ${(savingAgain * 1e3).toFixed(1)} ms`,
  );
}
