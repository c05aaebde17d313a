import { describe, expect, test } from 'vitest';
import { FaultyMachine, MemorySnapshotStore, runWithSnapshots, type RunProgress } from '../src/index.ts';
import { countdown } from './support/accumulator.ts';
import { randomFrom, randomProgram } from './support/random.ts';
import { testStack } from './support/stack.ts';

const { stack, initial } = testStack(1);
const create = stack[0]!.upper;
const start = (rounds: number): ReturnType<typeof create> => {
  const machine = create();
  machine.restore(initial(countdown(rounds)));
  return machine;
};

describe('a run with snapshots', () => {
  test('keeps the state after every so many steps, and the last one', async () => {
    const { store, steps, halt } = await runWithSnapshots({ machine: start(10), stepsPerSnapshot: 7 });
    // Ten rounds of eight steps, and the exit.
    expect(steps).toBe(81);
    expect(halt).toEqual({ kind: 'exit', code: 7 });
    expect(store.length).toBe(13);
    for (let t = 0; t < store.length; t++) {
      const machine = start(10);
      machine.advance(store.entry(t).step);
      expect(store.entry(t)).toEqual({ index: t, step: Math.min(7 * t, 81), halted: t === 12 });
      expect((await store.load(t)).root()).toEqual(machine.root());
    }
  });

  test('does exactly 2^b steps with a snapshot at each, the fixed point included', async () => {
    const machine = start(10);
    const result = await runWithSnapshots({ machine, stepsPerSnapshot: 1, segments: 2 ** 7, throughHalt: true });
    expect(result.store.length).toBe(2 ** 7 + 1);
    expect(result.steps).toBe(2 ** 7);
    const end = (await result.store.load(81)).root();
    expect((await result.store.load(80)).root()).not.toEqual(end);
    for (let t = 82; t <= 128; t++) {
      expect((await result.store.load(t)).root()).toEqual(end);
      expect(result.store.entry(t)).toEqual({ index: t, step: t, halted: true });
    }
  });

  test('stops after the segments asked for', async () => {
    const result = await runWithSnapshots({ machine: start(100), stepsPerSnapshot: 5, segments: 3 });
    expect(result.steps).toBe(15);
    expect(result.store.length).toBe(4);
    expect(result.halt).toBeUndefined();
    const none = await runWithSnapshots({ machine: start(1), stepsPerSnapshot: 5, segments: 0 });
    expect(none.store.length).toBe(1);
  });

  test('shares what did not change between snapshots', async () => {
    const { store } = await runWithSnapshots({ machine: start(10), stepsPerSnapshot: 1 });
    for (let t = 1; t < store.length; t++) {
      const changed = (await store.load(t - 1)).differences(await store.load(t));
      // The page of registers, and at most the one of data.
      expect(changed.length).toBeLessThanOrEqual(2);
    }
  });

  test('continues where it was stopped, and comes to the same end', async () => {
    const whole = await runWithSnapshots({ machine: start(50), stepsPerSnapshot: 6 });
    const store = new MemorySnapshotStore();
    for (const segments of [3, 10, 11])
      await runWithSnapshots({ machine: start(50), stepsPerSnapshot: 6, segments, store });
    const rest = await runWithSnapshots({ machine: start(50), stepsPerSnapshot: 6, store });
    expect(rest.steps).toBe(whole.steps);
    expect(rest.stepsOfThisCall).toBe(whole.steps - 66);
    expect(store.length).toBe(whole.store.length);
    expect((await store.load(store.length - 1)).root()).toEqual((await whole.store.load(store.length - 1)).root());
    const again = await runWithSnapshots({ machine: start(50), stepsPerSnapshot: 6, store });
    expect(again.stepsOfThisCall).toBe(0);
    expect(again.halt).toEqual({ kind: 'exit', code: 7 });
  });

  test('tells a machine that wants to know where it continues', async () => {
    const fault = { step: 100, address: 0x9000, bit: 0 };
    const faulty = (): FaultyMachine => new FaultyMachine(start(50), fault);
    const store = new MemorySnapshotStore();
    await runWithSnapshots({ machine: faulty(), stepsPerSnapshot: 6, segments: 5, store });
    await runWithSnapshots({ machine: faulty(), stepsPerSnapshot: 6, store });
    expect((await store.load(16)).word(0x9000)).toBe(0);
    expect((await store.load(17)).word(0x9000)).toBe(1);
  });

  test('refuses to continue another run', async () => {
    const store = new MemorySnapshotStore();
    await runWithSnapshots({ machine: start(50), stepsPerSnapshot: 6, segments: 3, store });
    await expect(runWithSnapshots({ machine: start(49), stepsPerSnapshot: 6, store })).rejects.toThrow(
      /SWAP_RUN_MISMATCH/,
    );
    await expect(runWithSnapshots({ machine: start(50), stepsPerSnapshot: 5, store })).rejects.toThrow(
      /SWAP_RUN_MISMATCH/,
    );
  });

  test('ends early on a signal, with a store to continue from', async () => {
    const machine = create();
    machine.restore(initial(randomProgram(randomFrom(3))));
    const control = new AbortController();
    const store = new MemorySnapshotStore();
    const seen: RunProgress[] = [];
    const run = runWithSnapshots({
      machine,
      stepsPerSnapshot: 1000,
      store,
      signal: control.signal,
      onProgress: (progress) => {
        seen.push(progress);
        if (seen.length === 2) control.abort(new Error('enough'));
      },
    });
    await expect(run).rejects.toThrow('enough');
    expect(store.length).toBeGreaterThan(1);
    expect(seen[1]!.step).toBeGreaterThan(0);
    expect(seen[1]!.stepsPerSecond).toBeGreaterThan(0);
    const more = await runWithSnapshots({
      machine: ((): typeof machine => {
        const other = create();
        other.restore(initial(randomProgram(randomFrom(3))));
        return other;
      })(),
      stepsPerSnapshot: 1000,
      segments: store.length + 1,
      store,
    });
    expect(more.stepsOfThisCall).toBe(2000);
  });

  test('refuses numbers out of range', async () => {
    const machine = start(1);
    await expect(runWithSnapshots({ machine, stepsPerSnapshot: 0 })).rejects.toThrow(/SWAP_RUN_RANGE/);
    await expect(runWithSnapshots({ machine, stepsPerSnapshot: 1, segments: -1 })).rejects.toThrow(/SWAP_RUN_RANGE/);
    await expect(runWithSnapshots({ machine, stepsPerSnapshot: 1, throughHalt: true })).rejects.toThrow(
      /SWAP_RUN_RANGE/,
    );
    expect(() => new MemorySnapshotStore().entry(0)).toThrow(/SWAP_STORE_RANGE/);
  });
});
