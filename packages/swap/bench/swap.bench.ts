/**
 * What swapping itself costs, on machines so small that they hardly count: a snapshot per changed page in memory and on
 * disk beside a plain copy and a plain write; a checked step beside the same steps without a check; a dispute.
 *
 * Run: node --conditions=@commute/source bench/swap.bench.ts
 */
import { hash } from 'node:crypto';
import { closeSync, fdatasyncSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Memory } from '@commute/machine';
import {
  checkRun,
  createLyingParty,
  createParty,
  firstDifference,
  inProcessPool,
  runWithSnapshots,
  settleDispute,
} from '../src/index.ts';
import { openSnapshotStore } from '../src/node.ts';
import { countdown, spread } from '../test/support/accumulator.ts';
import { sceneOf } from '../test/support/dispute.ts';
import { testStack } from '../test/support/stack.ts';

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1] ?? NaN;
const microseconds = (value: number): string => `${value.toFixed(1)} us`;

console.log(`node ${process.version}, ${process.arch}; medians of one run`);

const folder = mkdtempSync(path.join(tmpdir(), 'swap-bench-'));
try {
  await snapshots();
  await checks();
  await disputes();
} finally {
  rmSync(folder, { recursive: true });
}

async function snapshots(): Promise<void> {
  console.log('\nsnapshot, by changed pages (bar: 100 us and 2 us for each page)');
  const file = openSync(path.join(folder, 'yardstick'), 'w');
  for (const changed of [1, 16, 256, 2048]) {
    const memory = new Memory();
    for (let page = 0; page < 8192; page++) memory.storeWord(page * 4096, page + 1);
    const store = await openSnapshotStore(path.join(folder, `store-${String(changed)}`));
    await store.append(memory.snapshot(), 0, false);
    await store.flush();
    const inMemory: number[] = [];
    const appended: number[] = [];
    const flushed: number[] = [];
    const copied: number[] = [];
    const hashed: number[] = [];
    const written: number[] = [];
    const time = (into: number[], act: () => unknown): void => {
      const start = performance.now();
      act();
      into.push((performance.now() - start) * 1000);
    };
    for (let round = 1; round <= 25; round++) {
      for (let i = 0; i < changed; i++) memory.storeWord(i * 4096 * 3 + 8, (round << 16) + i);
      let snapshot = memory.snapshot();
      for (let i = 0; i < changed; i++) memory.storeWord(i * 4096 * 3 + 8, (round << 16) + i + 0x8000);
      time(inMemory, () => (snapshot = memory.snapshot()));
      let done: Promise<void> | undefined;
      time(appended, () => (done = store.append(snapshot, round, false)));
      await done;
      const start = performance.now();
      await store.flush();
      flushed.push((performance.now() - start) * 1000);
      const page = new Uint8Array(4096).fill(round);
      time(copied, () => {
        for (let i = 0; i < changed; i++) page.slice();
      });
      time(hashed, () => {
        for (let i = 0; i < changed; i++) hash('sha256', page, 'buffer');
      });
      const all = new Uint8Array(4096 * changed).fill(round);
      time(written, () => {
        writeSync(file, all);
        fdatasyncSync(file);
      });
    }
    const restored = await store.load(store.length - 1);
    if (firstDifference(restored, memory.snapshot()) !== undefined) throw new Error('the store lost something');
    await store.close();
    const bar = 100 + 2 * changed;
    console.log(
      `  ${String(changed).padStart(4)} pages: in memory ${microseconds(median(inMemory))} ` +
        `(${(median(inMemory) / median(copied)).toFixed(1)} times a plain copy; bar ${String(bar)} us${median(inMemory) <= bar ? '' : ' EXCEEDED'}), ` +
        `handing to the disk ${microseconds(median(appended))} (${(median(appended) / median(hashed)).toFixed(1)} times SHA-256 of the pages), ` +
        `until it is safe ${microseconds(median(flushed))} (${(median(flushed) / median(written)).toFixed(1)} times a plain write and flush)`,
    );
  }
  closeSync(file);
}

async function checks(): Promise<void> {
  const { stack, initial } = testStack(1);
  const start = initial(spread());
  const machine = stack[0]!.upper();
  machine.restore(start);
  const steps = 2 ** 16;
  const { store } = await runWithSnapshots({ machine, stepsPerSnapshot: steps, segments: 1 });
  const upper = stack[0]!.upper();
  const lower = stack[0]!.lower();
  upper.restore(start);
  lower.restore(start.withRegion(stack[0]!.auxiliary.region, stack[0]!.auxiliary.content));
  const before = performance.now();
  for (let i = 0; i < steps; i++) {
    upper.advance(1);
    lower.advance(64);
  }
  const bare = (performance.now() - before) / 1000;
  const report = await checkRun({ store, pool: inProcessPool(stack) });
  if (!report.agreed) throw new Error('the machines differ');
  const every = await runWithSnapshots({ machine: fresh(), stepsPerSnapshot: 1, segments: 4096 });
  const fine = await checkRun({ store: every.store, pool: inProcessPool(stack) });
  if (!fine.agreed) throw new Error('the machines differ');
  console.log('\ncheck, on one core');
  console.log(
    `  ${Math.round(report.stepsPerSecond).toLocaleString('en')} steps/s; ${(report.seconds / bare).toFixed(2)} times ` +
      `the time of both machines alone`,
  );
  console.log(
    `  ${Math.round(fine.stepsPerSecond).toLocaleString('en')} steps/s with a snapshot claimed after each step`,
  );

  function fresh(): typeof machine {
    const made = stack[0]!.upper();
    made.restore(start);
    return made;
  }
}

async function disputes(): Promise<void> {
  console.log('\ndispute');
  for (const depth of [1, 2] as const) {
    const scene = await sceneOf(countdown(4000), depth, 1024);
    const lie = { at: [20_000, 40, 7].slice(0, depth + 1) as [number, ...number[]], address: 0x9000, bit: 0 };
    const began = performance.now();
    const result = await settleDispute(
      [createParty({ ...scene.options, name: 'honest' }), createLyingParty({ ...scene.options, name: 'liar' }, lie)],
      scene.rules,
    );
    if (result.winner !== 0 || result.path.join() !== lie.at.join()) throw new Error('the wrong one lost');
    console.log(
      `  ${String(scene.steps)} steps over ${String(depth)} layer${depth === 1 ? '' : 's'}: ${String(result.rounds)} rounds, ` +
        `${String(result.bytes)} bytes, ${(performance.now() - began).toFixed(0)} ms for both parties and the referee`,
    );
  }
}
