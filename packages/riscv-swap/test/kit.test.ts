import { seeded } from '@commute-tools/build/seed';
import { FIELD, STATE_PAGE } from '@commute/fast-vm';
import { Memory, type Snapshot } from '@commute/machine';
import { assertFastForward, findCounterexample } from '@commute/swap/kit';
import { expect, test } from 'vitest';
import { createRiscvLayer } from '../src/index.ts';
import { randomState } from './random-state.ts';
import { Random } from './random.ts';

const cases = Number(process.env['FC_NUM_RUNS'] ?? 300);
const layer = createRiscvLayer();
const memory = new Memory();
/** A state of the machine on top: without the clock of one that interprets a machine above. */
const generate = (random: { readonly word: () => number }): Snapshot => {
  for (;;) {
    const state = randomState(new Random(random.word()), memory);
    if (state.word(STATE_PAGE + FIELD.log2Period) === 0) return state;
  }
};

test('the diagram commutes from random states', () => {
  assertFastForward({ layer, generate, cases, steps: 3, seed: seeded(1) });
});

test('a mistake in one machine is found, and the state shrinks to an instruction and what it needs', () => {
  const mistaken = {
    ...layer,
    upper: () => {
      const machine = layer.upper();
      const { advance } = machine;
      return Object.assign(machine, {
        advance: (count: number) => {
          const before = machine.pc();
          advance(count);
          // Jumps far ahead lose what x10 holds.
          if (machine.pc() - before < 100n) return;
          const bytes = machine
            .snapshot()
            .page(STATE_PAGE / 4096)!
            .slice();
          bytes.fill(0, FIELD.x + 80, FIELD.x + 88);
          machine.restore(machine.snapshot().withPages([{ index: STATE_PAGE / 4096, bytes }]));
        },
      });
    },
  };
  const found = findCounterexample({ layer: mistaken, generate, cases, shrinkLimit: 5000 });
  expect(found).toBeDefined();
  expect(found!.difference).toMatchObject({ kind: 'word', upper: 0 });
  // The instruction, where it is, and what is lost; perhaps what the jump depends on.
  expect(found!.words.length).toBeLessThanOrEqual(6);
});
