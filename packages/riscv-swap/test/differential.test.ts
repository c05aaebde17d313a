import { GUEST_BASE, createRiscvLayer, guestPristine } from '@commute/riscv-swap';
import { Memory } from '@commute/machine';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { LockStep } from './lock-step.ts';
import { randomState } from './random-state.ts';
import { Random } from './random.ts';

// What cleaning leads to: li a7, 93; ecall, eight steps at a time.
const bytes = new Uint8Array(new Uint32Array([0x05d00893, 0x00000073]).buffer);
const program = { entry: GUEST_BASE, segments: [{ address: GUEST_BASE, bytes }] };
const layer = createRiscvLayer({ above: guestPristine(program, { log2Steps: 3 }) });
const machines = new LockStep(layer);
const memory = new Memory();

/** Runs a random state of this seed for a while and returns the first difference between the two machines. */
function differenceOf(seed: number): string | undefined {
  const random = new Random(seed);
  machines.start(randomState(random, memory));
  for (let step = 0; step < 32; step++) {
    // Several at once now and then, as the fast machine has shorter ways for many steps.
    const count = random.once(4) ? 1 + random.below(8) : 1;
    const difference = machines.step(count);
    if (difference !== undefined) return `seed ${String(seed)}, step ${String(step)}: ${difference}`;
  }
  const difference = machines.compare();
  return difference === undefined ? undefined : `seed ${String(seed)}, at the end: ${difference}`;
}

test('both machines do the same on random states and instruction streams', () => {
  fc.assert(
    fc.property(fc.noShrink(fc.integer({ min: 0, max: 0xffff_ffff })), (seed) => {
      expect(differenceOf(seed)).toBeUndefined();
    }),
    { numRuns: Number(process.env['FC_NUM_RUNS'] ?? 1500) },
  );
  // Far below the smallest period, 2^14.
  expect(machines.longest).toBeLessThan(2 ** 12);
});
