import { seeded } from '@commute-tools/build/seed';
import { keccak256 } from '@commute/machine';
import { createMicroRiscv, verifyStep } from '@commute/micro-riscv';
import { describe, expect, test } from 'vitest';
import { createLyingParty, createParty, runWithSnapshots, settleDispute } from '../src/index.ts';
import { randomFrom } from './support/random.ts';

const runs = Number(process.env['FC_NUM_RUNS'] ?? 60);

describe('a dispute about a run of the micro machine on its own', async () => {
  const machine = createMicroRiscv({ hasher: keccak256 });
  // li x2, 1000; addi x1, x1, 1; bne x1, x2, -4; li a7, 93; ecall
  const words = Uint32Array.of(0x3e80_0113, 0x0010_8093, 0xfe20_9ee3, 0x05d0_0893, 0x0000_0073);
  machine.load({ entry: 0x1000, segments: [{ address: 0x1000, bytes: new Uint8Array(words.buffer) }] });
  const initialRoot = machine.root();
  const { store, steps, halt } = await runWithSnapshots({ machine, stepsPerSnapshot: 300 });
  const { parameters } = machine;
  const run = { stack: [], machine: () => createMicroRiscv(), store };
  const rules = {
    hasher: parameters.hasher,
    layers: [],
    initialRoot,
    steps,
    verifyStep: (root: Uint8Array, proof: Uint8Array) => verifyStep(parameters, root, proof),
  };

  test('is won by the honest party, at the step of the lie, wherever it begins', async () => {
    expect(steps).toBe(2003);
    expect(halt).toEqual({ kind: 'exit', code: 0 });
    const random = randomFrom(seeded(31));
    const honest = createParty({ name: 'honest', ...run });
    for (let i = 0; i < runs; i++) {
      const at = random() % steps;
      // In memory, in the program itself, in a register, in the clock.
      const address = [0x2000 + (random() % 99), 0x1000 + (random() % 20), 0xff00_0014, 0xff00_0080][random() % 4]!;
      const liar = createLyingParty({ name: 'liar', ...run }, { at: [at], address, bit: random() % 8 });
      const result = await settleDispute([honest, liar], rules);
      expect(result, `step ${String(at)}, ${address.toString(16)}`).toMatchObject({
        winner: 0,
        step: at,
        microStep: at,
        losses: [{ name: 'liar', reason: 'wrong-step' }],
      });
    }
  });

  test('ends with a halted state that only its clock changes, so the number of steps is agreed', async () => {
    const shorter = createParty({ name: 'shorter', ...run });
    const result = await settleDispute([createParty({ name: 'honest', ...run }), shorter], {
      ...rules,
      steps: steps - 1,
    });
    expect(result.losses.map(({ reason }) => reason)).toEqual(['wrong-length', 'wrong-length']);
  });
});
