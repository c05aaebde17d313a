import { seeded } from '@commute-tools/build/seed';
import { machineConformance } from '@commute/machine/conformance';
import { Snapshot, blake3 } from '@commute/machine';
import { describe, expect, test } from 'vitest';
import {
  assertLayer,
  assertStack,
  attach,
  attachAll,
  auxiliaryDifference,
  auxiliaryFrom,
  clean,
  detach,
  detachAll,
  firstDifference,
  isPristine,
  Replay,
  runWithSnapshots,
  step,
  stepsBelow,
} from '../src/index.ts';
import { countdown } from './support/accumulator.ts';
import { Q_BASE } from './support/bit-serial.ts';
import { randomFrom, randomState } from './support/random.ts';
import { StepMachine } from './support/step-machine.ts';
import { testStack } from './support/stack.ts';

const two = testStack(2);
const layer = two.stack[0]!;

two.definitions.forEach((definition, depth) => {
  machineConformance({
    name: definition.name,
    create: () => new StepMachine(definition, two.hasher),
    prepare: (machine) => {
      machine.restore(attachAll(two.stack.slice(0, depth), two.initial(countdown(5))));
    },
    // A log names the root of a region that was cleaned, not its content: stop before the first cleaning.
    steps: [70, 60, 31][depth]!,
  });
});

describe('a layer', () => {
  test('attaches and detaches without changing the essential state', () => {
    const state = two.initial(countdown(3));
    const below = attach(layer, state);
    expect(isPristine(layer, below)).toBe(true);
    expect(detach(layer, below).root()).toEqual(state.root());
    expect(below.root()).not.toEqual(state.root());
  });

  test('does with the lower machine what the upper one does', () => {
    const upper = layer.upper();
    const lower = layer.lower();
    upper.restore(two.initial(countdown(4)));
    for (let t = 0; t < 45; t++) {
      const before = upper.snapshot();
      upper.advance(1);
      expect(step(layer, lower, before).root()).toEqual(upper.root());
    }
    expect(upper.halt).toEqual({ kind: 'exit', code: 7 });
  });

  test('refuses a state that holds something where Q goes', () => {
    const bytes = new Uint8Array(4096);
    bytes[9] = 1;
    const state = Snapshot.empty().withPages([{ index: Q_BASE / 4096, bytes }]);
    expect(() => attach(layer, state)).toThrow(/SWAP_REGION_OCCUPIED/);
    expect(() => attach(layer, state)).toThrow(/0xf0000008/);
    const zero = Snapshot.empty().withPages([{ index: Q_BASE / 4096, bytes: new Uint8Array(4096) }]);
    expect(attach(layer, zero).root()).toEqual(attach(layer, Snapshot.empty()).root());
  });

  test('refuses to detach between two steps above, and cleans', () => {
    const lower = layer.lower();
    const before = attach(layer, two.initial(countdown(3)));
    lower.restore(before);
    lower.advance(3);
    const between = lower.snapshot();
    expect(isPristine(layer, between)).toBe(false);
    expect(auxiliaryDifference(layer, between)).toBe(Q_BASE);
    expect(() => detach(layer, between)).toThrow(/SWAP_NOT_PRISTINE/);
    expect(isPristine(layer, clean(layer, between))).toBe(true);
    expect(clean(layer, between).root()).toEqual(before.root());
  });

  test('is refused with a wrong root, region or number of steps', () => {
    expect(() => {
      assertLayer({ ...layer, log2Steps: 53 });
    }).toThrow(/SWAP_LAYER_RANGE/);
    expect(() => {
      assertLayer({ ...layer, auxiliary: { ...layer.auxiliary, root: new Uint8Array(32) } });
    }).toThrow(/SWAP_PRISTINE_MISMATCH/);
    expect(() => {
      assertLayer({ ...layer, auxiliary: { ...layer.auxiliary, region: { base: 4096, log2Size: 13 } } });
    }).toThrow(/MACHINE_REGION_RANGE/);
  });
});

describe('a stack', () => {
  test('does one step of the top with 2^(a + b) steps of the bottom, on any state', () => {
    expect(stepsBelow(two.stack)).toBe(2048);
    const random = randomFrom(seeded(11));
    const top = two.stack[0]!.upper();
    const bottom = two.stack[1]!.lower();
    for (let i = 0; i < 20; i++) {
      const state = randomState(random);
      top.restore(state);
      top.advance(1);
      bottom.restore(attachAll(two.stack, state));
      bottom.advance(stepsBelow(two.stack));
      expect(firstDifference(detachAll(two.stack, bottom.snapshot()), top.snapshot())).toBeUndefined();
    }
  });

  test('has a root at any mix of steps: t of the top, then m of the middle, then j of the bottom machine', async () => {
    const machine = two.stack[0]!.upper();
    const bottom = two.stack[1]!.lower();
    const initial = two.initial(countdown(6));
    machine.restore(initial);
    const { store } = await runWithSnapshots({ machine, stepsPerSnapshot: 20 });
    const replay = new Replay({ stack: two.stack, store });
    const random = randomFrom(seeded(2));
    for (let i = 0; i < 30; i++) {
      const [t, m, j] = [random() % 49, random() % 64, random() % 33];
      bottom.restore(attachAll(two.stack, initial));
      bottom.advance(t * 2048 + m * 32 + j);
      expect((await replay.state({ path: [t, m], index: j })).root()).toEqual(bottom.root());
    }
    await expect(replay.state({ path: [1, 2, 3], index: 0 })).rejects.toThrow(/SWAP_PARTY_RANGE/);
    await expect(replay.state({ path: [1], index: 65 })).rejects.toThrow(/SWAP_PARTY_RANGE/);
  });

  test('has the root of the middle machine at each multiple of 2^a', () => {
    const [first, second] = two.stack;
    const state = attach(first!, two.initial(countdown(2)));
    const middle = first!.lower();
    const bottom = second!.lower();
    middle.restore(state);
    bottom.restore(attach(second!, state));
    for (let i = 0; i < 3 * 64; i++) {
      middle.advance(1);
      bottom.advance(32);
      expect(detach(second!, bottom.snapshot()).root()).toEqual(middle.root());
    }
  });

  test('is refused when empty, when regions overlap or when it takes too many steps', () => {
    assertStack(two.stack);
    expect(() => {
      assertStack([]);
    }).toThrow(/SWAP_STACK_RANGE/);
    expect(() => {
      assertStack([layer, layer]);
    }).toThrow(/SWAP_STACK_OVERLAP/);
    expect(() => {
      assertStack([layer, { ...two.stack[1]!, log2Steps: 52 }]);
    }).toThrow(/SWAP_STACK_RANGE/);
  });

  test('works with any hash', () => {
    const { stack, initial } = testStack(2, blake3);
    const state = initial(countdown(2));
    expect(detachAll(stack, attachAll(stack, state)).root()).toEqual(state.root());
    const content = Snapshot.empty(blake3).withPages([{ index: 1, bytes: new Uint8Array(4096).fill(3) }]);
    const auxiliary = auxiliaryFrom({ base: 4096, log2Size: 12 }, content);
    expect(auxiliary.root).toEqual(content.regionRoot({ base: 4096, log2Size: 12 }));
  });
});
