import { seeded } from '@commute-tools/build/seed';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { blake3 } from '@commute/machine';
import { afterAll, describe, expect, test } from 'vitest';
import {
  FaultyMachine,
  MemorySnapshotStore,
  assertAgreed,
  attach,
  checkRun,
  flipBit,
  inProcessPool,
  runWithSnapshots,
  type CheckProgress,
  type Fault,
  type Layer,
  type SnapshotStore,
  type WorkerPool,
} from '../src/index.ts';
import { threadPool } from '../src/node.ts';
import { DATA, countdown, spread } from './support/accumulator.ts';
import { Q_BASE, bitSerial } from './support/bit-serial.ts';
import { oneAccess } from './support/one-access.ts';
import { randomFrom, randomProgram } from './support/random.ts';
import { StepMachine } from './support/step-machine.ts';
import { P_BASE, createStack, testStack, type StackOptions } from './support/stack.ts';

const folder = mkdtempSync(join(tmpdir(), 'swap-check-'));
afterAll(() => {
  rmSync(folder, { recursive: true });
});
const runs = Number(process.env['FC_NUM_RUNS'] ?? 200);
const module = new URL('./support/stack.ts', import.meta.url);
const { stack, initial } = testStack(1);
const two = testStack(2);

const claim = async (rounds: number, stepsPerSnapshot: number, fault?: Fault): Promise<SnapshotStore> => {
  const machine = createStack({ depth: 1, ...(fault === undefined ? {} : { upperFault: fault }) })[0]!.upper();
  machine.restore(initial(countdown(rounds)));
  return (await runWithSnapshots({ machine, stepsPerSnapshot })).store;
};
const pools = (options: StackOptions): [string, WorkerPool][] => [
  ['in this thread', inProcessPool(createStack(options))],
  ['taking turns in this thread', inProcessPool(createStack(options), 3)],
  ['in threads', threadPool({ module, options, size: 2 })],
];

describe('a check of an honest run', () => {
  for (const stepsPerSnapshot of [1, 7, 50, 10_000]) {
    test(`agrees, with a snapshot every ${String(stepsPerSnapshot)} steps`, async () => {
      const store = await claim(60, stepsPerSnapshot);
      for (const [name, pool] of pools({ depth: 1 })) {
        const report = await checkRun({ store, pool, stepsPerJob: 100 });
        expect(report, name).toMatchObject({ agreed: true, firstDifference: undefined, steps: 481, redone: [] });
        expect(report.stepsPerSecond).toBeGreaterThan(0);
        assertAgreed(report);
      }
    });
  }

  test('goes through the fixed point after the halt', async () => {
    const machine = stack[0]!.upper();
    machine.restore(initial(countdown(3)));
    const { store } = await runWithSnapshots({ machine, stepsPerSnapshot: 2 ** 20, segments: 4, throughHalt: true });
    const report = await checkRun({ store, pool: inProcessPool(stack) });
    expect(report).toMatchObject({ agreed: true, steps: 2 ** 22 });
  });

  test('checks a part of it', async () => {
    const store = await claim(60, 10);
    const report = await checkRun({ store, pool: inProcessPool(stack), from: 5, to: 9 });
    expect(report).toMatchObject({ agreed: true, steps: 40 });
    await expect(checkRun({ store, pool: inProcessPool(stack), to: 99 })).rejects.toThrow(/SWAP_CHECK_RANGE/);
  });

  test('works layer by layer and from top to bottom, with any hash', async () => {
    const store = await claim(4, 10);
    const topToBottom = await checkRun({ store, pool: inProcessPool(two.stack) });
    expect(topToBottom).toMatchObject({ agreed: true, steps: 33 });
    const middle = two.stack[1]!.upper();
    middle.restore(attach(two.stack[0]!, initial(countdown(4))));
    const below = await runWithSnapshots({ machine: middle, stepsPerSnapshot: 100, segments: 21, throughHalt: true });
    expect(await checkRun({ store: below.store, pool: inProcessPool([two.stack[1]!]) })).toMatchObject({
      agreed: true,
      steps: 2100,
    });
    const other = testStack(1, blake3);
    const machine = other.stack[0]!.upper();
    machine.restore(other.initial(countdown(4)));
    const result = await runWithSnapshots({ machine, stepsPerSnapshot: 5 });
    expect((await checkRun({ store: result.store, pool: inProcessPool(other.stack) })).agreed).toBe(true);
  });

  test('tells how far it is, and ends on a signal', async () => {
    const machine = stack[0]!.upper();
    machine.restore(initial(randomProgram(randomFrom(5))));
    const { store } = await runWithSnapshots({ machine, stepsPerSnapshot: 2 ** 14, segments: 64 });
    for (const [name, pool] of pools({ depth: 1 })) {
      const seen: CheckProgress[] = [];
      const control = new AbortController();
      const check = checkRun({
        store,
        pool,
        signal: control.signal,
        onProgress: (progress) => {
          seen.push(progress);
          if (seen.length === 2) control.abort(new Error('enough'));
        },
      });
      await expect(check, name).rejects.toThrow('enough');
      expect(seen[1]!.totalSteps).toBe(2 ** 20);
      expect(seen[1]!.steps).toBeGreaterThan(0);
      expect(seen[1]!.steps).toBeLessThan(2 ** 20);
    }
  });
});

describe('a check of a run with a fault', () => {
  test('names the first step, the address and both words', async () => {
    const fault: Fault = { step: 203, address: DATA + 5, bit: 2 };
    const store = await claim(60, 50, fault);
    for (const [name, pool] of pools({ depth: 1, upperFault: fault })) {
      const report = await checkRun({ store, pool, stepsPerJob: 50 });
      expect(report, name).toMatchObject({
        agreed: false,
        firstDifference: { kind: 'word', step: 203, address: DATA + 4 },
      });
      const { firstDifference } = report;
      if (firstDifference?.kind !== 'word') throw new Error('unreachable');
      expect(firstDifference.upper ^ firstDifference.lower).toBe(0x400);
      expect(() => {
        assertAgreed(report);
      }).toThrow(/after step 203.*SWAP_CHECK_MISMATCH/);
    }
  });

  test('finds each of random faults at exactly its step, above and below, on any layer', async () => {
    const random = randomFrom(seeded(77));
    for (let i = 0; i < runs; i++) {
      const program = randomProgram(random);
      const layer = (random() % 2) as 0 | 1;
      const below = random() % 2 === 1;
      const step = random() % 300;
      const address = [DATA + (random() % 4096), random() % 4096, 0x8000_0000 + (random() % 65536)][random() % 3]!;
      const fault: Fault = { step, address, bit: random() % 8 };
      const perStep = 2 ** two.stack[layer]!.log2Steps;
      // A fault of the lower machine in the last of its steps for one step above, so that nothing can undo it.
      const options: StackOptions = below
        ? { depth: 2, layer, lowerFault: { ...fault, step: (step + 1) * perStep - 1 } }
        : { depth: 2, layer, upperFault: fault };
      const checked = createStack(options);
      const machine = checked[0]!.upper();
      const start = initial(program);
      machine.restore(layer === 0 ? start : attach(two.stack[0]!, start));
      const { store } = await runWithSnapshots({
        machine,
        stepsPerSnapshot: 2 + (random() % 100),
        segments: 1 + Math.floor(step / 2),
        throughHalt: true,
      });
      const pool = inProcessPool(checked, 1 + (random() % 3));
      const report = await checkRun({ store, pool, stepsPerPart: 1 + (random() % 60) });
      expect(report.firstDifference, `case ${String(i)}`).toMatchObject({
        kind: 'word',
        step,
        address: (address & ~3) >>> 0,
      });
    }
  });

  test('reports a snapshot that the machine under test does not come to', async () => {
    const honest = await claim(60, 50);
    const store = new MemorySnapshotStore();
    for (let t = 0; t < honest.length; t++) {
      const snapshot = await honest.load(t);
      const claimed = t === 4 ? flipBit(snapshot, { address: 0x9000, bit: 0 }) : snapshot;
      await store.append(claimed, honest.entry(t).step, honest.entry(t).halted);
    }
    for (const [name, pool] of pools({ depth: 1 })) {
      const report = await checkRun({ store, pool, stepsPerJob: 120 });
      expect(report.firstDifference, name).toEqual({
        kind: 'claim',
        step: 150,
        firstStep: 150,
        endStep: 200,
        address: 0x9000,
        upper: 0,
        claimed: 1,
      });
    }
  });

  test('reports a step that the lower machine cannot do in time', async () => {
    const machine = oneAccess(bitSerial(), P_BASE, 3);
    const tight: Layer = {
      name: 'tight',
      upper: two.stack[1]!.upper,
      lower: () => new StepMachine(machine),
      log2Steps: 3,
      auxiliary: machine.auxiliary,
    };
    const upper = tight.upper();
    upper.restore(attach(two.stack[0]!, initial(countdown(4))));
    const { store } = await runWithSnapshots({ machine: upper, stepsPerSnapshot: 10, segments: 3 });
    const report = await checkRun({ store, pool: inProcessPool([tight]) });
    // The first step that reads and writes more than seven words is one that adds a bit.
    expect(report.firstDifference).toMatchObject({ kind: 'error', machine: 'lower', code: 'TEST_OVERRUN' });
    expect(report.firstDifference?.step).toBeLessThan(30);
  });

  test('reports a snapshot that holds something where the auxiliary state goes', async () => {
    const store = new MemorySnapshotStore();
    await store.append(flipBit(initial(countdown(2)), { address: Q_BASE, bit: 0 }), 0, false);
    await store.append(initial(countdown(2)), 1, false);
    const report = await checkRun({ store, pool: inProcessPool(stack) });
    expect(report).toMatchObject({
      steps: 0,
      firstDifference: { kind: 'error', step: 0, code: 'SWAP_REGION_OCCUPIED' },
    });
  });

  test('reports an error of a machine with its step', async () => {
    const store = await claim(5, 10);
    const broken = stack.map((layer) => ({
      ...layer,
      lower: () => {
        const machine = layer.lower();
        let steps = 0;
        const advance = (count: number): void => {
          if (++steps > 13) throw new RangeError('steps: expected fewer');
          machine.advance(count);
        };
        return Object.assign(Object.create(machine) as typeof machine, { advance });
      },
    }));
    const report = await checkRun({ store, pool: inProcessPool(broken) });
    expect(report.firstDifference).toEqual({
      kind: 'error',
      step: 13,
      machine: 'lower',
      code: 'RangeError',
      message: 'steps: expected fewer',
    });
  });
});

describe('a transition that is divided among workers', () => {
  test('is checked as a whole, wherever the parts begin', async () => {
    const store = await claim(60, 10_000);
    for (const [name, pool] of pools({ depth: 1 })) {
      for (const stepsPerPart of name === 'in threads' ? [37] : [1, 5, 37, 480]) {
        const report = await checkRun({ store, pool, stepsPerPart });
        expect(report, name).toMatchObject({ agreed: true, firstDifference: undefined, steps: 481 });
      }
    }
  });

  test('shows its first difference, in whatever part it is', async () => {
    for (const step of [0, 1, 100, 101, 299, 479, 480]) {
      const fault: Fault = { step, address: DATA + 5, bit: 2 };
      const store = await claim(60, 10_000, fault);
      const all = pools({ depth: 1, upperFault: fault });
      for (const [name, pool] of step === 299 ? all : all.slice(0, 2)) {
        const { firstDifference } = await checkRun({ store, pool, stepsPerPart: 20 });
        expect(firstDifference, name).toMatchObject({ kind: 'word', step, address: DATA + 4 });
      }
    }
  });

  test('and ends in a snapshot that is wrong is wrong from its start on, as without parts', async () => {
    const honest = await claim(60, 200);
    const store = new MemorySnapshotStore();
    for (let t = 0; t < honest.length; t++) {
      const snapshot = await honest.load(t);
      const claimed = t === 2 ? flipBit(snapshot, { address: 0x9000, bit: 0 }) : snapshot;
      await store.append(claimed, honest.entry(t).step, honest.entry(t).halted);
    }
    for (const [name, pool] of pools({ depth: 1 })) {
      const { firstDifference } = await checkRun({ store, pool, stepsPerPart: 30 });
      expect(firstDifference, name).toMatchObject({ kind: 'claim', firstStep: 200, endStep: 400, address: 0x9000 });
    }
  });

  test('is not taken on trust from an upper machine that runs to another state than it steps to', async () => {
    const store = await claim(60, 10_000);
    const hasty = stack.map((layer) => ({
      ...layer,
      upper: () => {
        const machine = layer.upper();
        const { advance } = machine;
        return Object.assign(machine, {
          advance: (count: number) => {
            advance(count);
            if (count > 1) machine.restore(flipBit(machine.snapshot(), { address: 0x9000, bit: 0 }));
          },
        });
      },
    }));
    const report = await checkRun({ store, pool: inProcessPool(hasty, 2), stepsPerPart: 50 });
    expect(report.firstDifference).toMatchObject({ kind: 'claim', firstStep: 0, address: 0x9000 });
  });

  test('cannot hide that the upper machine fails on the way to a part', async () => {
    const store = await claim(60, 10_000);
    const broken = stack.map((layer) => ({
      ...layer,
      upper: () => {
        const machine = layer.upper();
        const { advance } = machine;
        return Object.assign(machine, {
          advance: (count: number) => {
            // The state tells how far it is, so that this happens in the same step however the machine comes there.
            for (let i = 0; i < count; i++) {
              if (machine.memory.loadWord(DATA) === 20) throw new RangeError('data: expected no 20');
              advance(1);
            }
          },
        });
      },
    }));
    const [single, divided] = await Promise.all(
      [1, 3].map((size) => checkRun({ store, pool: inProcessPool(broken, size), stepsPerPart: 25 })),
    );
    expect(single!.firstDifference).toMatchObject({ kind: 'error', machine: 'upper', code: 'RangeError' });
    expect(divided!.firstDifference).toEqual(single!.firstDifference);
  });
});

describe('worker threads', () => {
  test('that end in the middle of a job are replaced, and the report says so', async () => {
    const store = await claim(120, 200);
    const dieOnce = join(folder, 'died');
    const report = await checkRun({
      store,
      pool: threadPool({ module, options: { depth: 1, dieOnce } satisfies StackOptions, size: 2 }),
      stepsPerJob: 200,
    });
    expect(existsSync(dieOnce)).toBe(true);
    expect(report).toMatchObject({ agreed: true, steps: 961 });
    expect(report.redone).toHaveLength(1);
    expect(report.redone[0]).toMatchObject({
      steps: 200,
      reason: expect.stringContaining('exited with code 3') as string,
    });
  });

  test('that are killed from outside are replaced', async () => {
    const machine = stack[0]!.upper();
    machine.restore(initial(spread()));
    const { store } = await runWithSnapshots({ machine, stepsPerSnapshot: 2 ** 13, segments: 12 });
    const pool = threadPool({ module, options: { depth: 1 } satisfies StackOptions, size: 2 });
    let killed = 0;
    const report = await checkRun({
      store,
      pool,
      stepsPerJob: 1,
      onProgress: ({ steps }) => {
        if (steps > 0 && killed === 0) {
          killed++;
          void pool.threads[0]?.terminate();
        }
      },
    });
    expect(report).toMatchObject({ agreed: true, steps: 12 * 2 ** 13 });
    expect(report.redone.length).toBe(killed);
    expect(killed).toBe(1);
    expect(pool.threads).toHaveLength(0);
  });

  test('whose module is wrong are reported, not tried again', async () => {
    const store = await claim(5, 10);
    const check = (url: URL, exportName?: string): Promise<unknown> =>
      checkRun({
        store,
        pool: threadPool({ module: url, size: 1, ...(exportName === undefined ? {} : { exportName }) }),
      });
    await expect(check(new URL('./support/nowhere.ts', import.meta.url))).rejects.toThrow(/SWAP_WORKER_FAILED/);
    await expect(check(module, 'nothing')).rejects.toThrow(/export a function nothing.*SWAP_WORKER_FAILED/s);
    expect(() => threadPool({ module, size: 0 })).toThrow(/SWAP_POOL_RANGE/);
  });
});

test('a faulty machine is honest until its step, and goes on from its mistake', () => {
  const honest = stack[0]!.upper();
  const faulty = new FaultyMachine(stack[0]!.upper(), { step: 10, address: DATA + 4, bit: 3 });
  for (const machine of [honest, faulty]) machine.restore(initial(countdown(9)));
  expect(faulty.run(10)).toBe(10);
  honest.run(10);
  expect(faulty.root()).toEqual(honest.root());
  honest.advance(1);
  faulty.advance(1);
  expect(faulty.snapshot().word(DATA + 4) ^ honest.snapshot().word(DATA + 4)).toBe(8);
  expect(faulty.name).toBe('accumulator with a fault');
  const whole = new FaultyMachine(stack[0]!.upper(), { step: 10, address: DATA + 4, bit: 3 });
  whole.restore(initial(countdown(9)));
  whole.run(11);
  expect(whole.root()).toEqual(faulty.root());
  expect(whole.run(1000)).toBe(faulty.run(1000));
  expect(whole.root()).toEqual(faulty.root());
});
