import { guestCases, programNames } from '@commute-tools/guests';
import { blake3 } from '@commute/machine';
import { describe, expect, test } from 'vitest';
import { createFastVM } from '../src/index.ts';
import { guest } from './guests.ts';
import { createMachine } from '../src/machine.ts';
import { createPair, difference } from './states.ts';

const cases = guestCases();

describe.for(programNames)('%s', (program) => {
  const own = cases.filter((one) => one.program === program);
  const elf = guest(program);

  test('prints what it must in every case, and comes to the same state in as many steps when it is translated', () => {
    const vm = createFastVM({ hasher: blake3 });
    const { vm: translating, translator } = createMachine(
      { hasher: blake3, implementation: 'translator' },
      { warmUp: 1000, slice: 500, minimumBudget: 50, turn: 20_000, hotExits: 10 },
    );
    expect(own.length).toBeGreaterThan(0);
    let longest = 0;
    for (const one of own) {
      vm.load(elf, { input: one.input });
      translating.load(elf, { input: one.input });
      const steps = vm.run(2 ** 40);
      longest = Math.max(longest, steps);
      expect(vm.halt, one.name).toEqual({ kind: 'exit', code: one.exitCode });
      if (Buffer.compare(vm.output(), one.output) !== 0) {
        const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');
        expect(text(vm.output()), one.name).toBe(text(one.output));
      }
      expect(translating.run(2 ** 40), one.name).toBe(steps);
      expect(difference(vm.snapshot(), translating.snapshot()), one.name).toEqual([]);
    }
    if (longest > 100_000) expect(translator?.steps).toBeGreaterThan(50_000);
  });

  test('takes the same steps as the reference', () => {
    const pair = createPair();
    const one = own.find(({ input }) => input.length > 0) ?? own[0]!;
    pair.vm.load(elf, { input: one.input.subarray(0, 5000) });
    pair.restore(pair.vm.snapshot());
    for (let cut = 1; cut < 10_000; cut *= 2) pair.advance(cut);
  });
});
