import { seeded } from '@commute-tools/build/seed';
import { describe, expect, test } from 'vitest';
import { FaultyMachine, MemorySnapshotStore, flipBit, runVersions, type Fault, type Version } from '../src/index.ts';
import { DATA, countdown } from './support/accumulator.ts';
import { randomFrom, randomProgram } from './support/random.ts';
import { testStack } from './support/stack.ts';
import type { ProgramImage } from '@commute/machine';

const { stack, initial } = testStack(1);
const version = (name: string, program: ProgramImage, fault?: Fault): Version => {
  const honest = stack[0]!.upper();
  const machine = fault === undefined ? honest : new FaultyMachine(honest, fault);
  machine.restore(initial(program));
  return { name, machine };
};
const runs = Number(process.env['FC_NUM_RUNS'] ?? 100);

describe('several versions of a machine', () => {
  test('that agree give the snapshots of each', async () => {
    const program = countdown(30);
    const versions = ['a', 'b', 'c'].map((name) => version(name, program));
    const result = await runVersions({ versions, stepsPerSnapshot: 7 });
    expect(result).toMatchObject({
      agreed: true,
      disagreement: undefined,
      steps: 241,
      halt: { kind: 'exit', code: 7 },
    });
    expect(result.store.length).toBe(36);
    const machine = version('d', program).machine;
    machine.advance(70);
    expect((await result.store.load(10)).root()).toEqual(machine.root());
    const part = await runVersions({
      versions: [version('a', program), version('b', program)],
      stepsPerSnapshot: 7,
      segments: 3,
    });
    expect(part).toMatchObject({ agreed: true, steps: 21, halt: undefined });
  });

  test('that do not are bisected to the step, and the minority is named', async () => {
    const program = countdown(300);
    const fault: Fault = { step: 1234, address: DATA + 4, bit: 0 };
    const versions = [version('a', program, fault), version('b', program), version('c', program)];
    const { agreed, disagreement, steps, store } = await runVersions({ versions, stepsPerSnapshot: 500 });
    expect(agreed).toBe(false);
    expect(steps).toBe(1234);
    expect(disagreement).toMatchObject({ step: 1234, address: DATA + 4, majority: ['b', 'c'], minority: ['a'] });
    expect(disagreement!.groups.map(({ names }) => names)).toEqual([['b', 'c'], ['a']]);
    expect(disagreement!.groups[0]!.value! ^ disagreement!.groups[1]!.value!).toBe(1);
    expect(store.length).toBe(3);
  });

  test('of which two differ have no majority', async () => {
    const program = countdown(30);
    const versions = [version('a', program, { step: 5, address: 0x9000, bit: 0 }), version('b', program)];
    const { disagreement } = await runVersions({ versions, stepsPerSnapshot: 100 });
    expect(disagreement).toMatchObject({ step: 5, address: 0x9000, majority: undefined, minority: undefined });
  });

  test('finds each of random faults at exactly its step', async () => {
    const random = randomFrom(seeded(21));
    for (let i = 0; i < runs; i++) {
      const program = randomProgram(random);
      const fault: Fault = { step: random() % 1000, address: 0x8000 + (random() % 9999), bit: random() % 8 };
      const faulty = random() % 4;
      const versions = [0, 1, 2, 3].map((n) => version(String(n), program, n === faulty ? fault : undefined));
      const stepsPerSnapshot = 1 + (random() % 400);
      const { disagreement } = await runVersions({ versions, stepsPerSnapshot });
      expect(disagreement, `case ${String(i)}`).toMatchObject({
        step: fault.step,
        address: fault.address & ~3,
        minority: [String(faulty)],
      });
    }
  });

  test('names one that fails where others go on, and fails if all do', async () => {
    const program = countdown(30);
    const failing = (name: string): Version => {
      const { machine } = version(name, program);
      const advance = (go: (count: number) => void, count: number): void => {
        // Its program counter is at the second instruction of a later round.
        go(count);
        if (machine.memory.loadWord(DATA) === 20) throw new RangeError('cannot');
      };
      const { run, advance: skip } = machine;
      return {
        name,
        machine: Object.assign(machine, {
          run: (limit: number) => {
            let executed = 0;
            while (executed < limit && machine.halt === undefined) {
              advance((count) => (executed += run(count)), 1);
            }
            return executed;
          },
          advance: (count: number) => {
            for (let i = 0; i < count; i++) advance(skip, 1);
          },
        }),
      };
    };
    const result = await runVersions({
      versions: [version('a', program), failing('b'), version('c', program)],
      stepsPerSnapshot: 50,
    });
    expect(result.disagreement).toMatchObject({ minority: ['b'], address: undefined });
    expect(result.disagreement!.groups[1]).toMatchObject({ names: ['b'], state: undefined, error: 'cannot' });
    // Ten rounds of eight steps; the seventh of a round stores.
    expect(result.disagreement!.step).toBe(9 * 8 + 6);
    await expect(runVersions({ versions: [failing('a'), failing('b')], stepsPerSnapshot: 50 })).rejects.toThrow(
      'cannot',
    );
  });

  test('must be two or more, start equal and have an empty store', async () => {
    const program = countdown(3);
    const a = version('a', program);
    await expect(runVersions({ versions: [a], stepsPerSnapshot: 1 })).rejects.toThrow(/SWAP_VERSIONS_RANGE/);
    await expect(runVersions({ versions: [a, a], stepsPerSnapshot: 1 })).rejects.toThrow(/number of names/);
    const b = version('b', program);
    await expect(runVersions({ versions: [a, b], stepsPerSnapshot: 0 })).rejects.toThrow(/stepsPerSnapshot/);
    b.machine.restore(flipBit(b.machine.snapshot(), { address: 0x7004, bit: 1 }));
    await expect(runVersions({ versions: [a, b], stepsPerSnapshot: 1 })).rejects.toThrow(
      /of b at 0x7004.*SWAP_VERSIONS_MISMATCH/,
    );
    const store = new MemorySnapshotStore();
    await store.append(a.machine.snapshot(), 0, false);
    await expect(runVersions({ versions: [a, version('c', program)], stepsPerSnapshot: 1, store })).rejects.toThrow(
      /store/,
    );
  });

  test('end early on a signal', async () => {
    const program = randomProgram(randomFrom(4));
    const control = new AbortController();
    const run = runVersions({
      versions: [version('a', program), version('b', program)],
      stepsPerSnapshot: 1000,
      signal: control.signal,
      onProgress: () => {
        control.abort(new Error('enough'));
      },
    });
    await expect(run).rejects.toThrow('enough');
  });
});
