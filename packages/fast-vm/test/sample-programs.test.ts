import { guestCases, programNames } from '@commute-tools/guests';
import { describe, expect, test } from 'vitest';
import { createFastVM } from '../src/index.ts';
import { guest } from './guests.ts';
import { createPair } from './states.ts';

const cases = guestCases();

describe.for(programNames)('%s', (program) => {
  const own = cases.filter((one) => one.program === program);
  const elf = guest(program);

  test('prints what it must in every case', () => {
    const vm = createFastVM();
    expect(own.length).toBeGreaterThan(0);
    for (const one of own) {
      vm.load(elf, { input: one.input });
      vm.run(2 ** 40);
      expect(vm.halt, one.name).toEqual({ kind: 'exit', code: one.exitCode });
      if (Buffer.compare(vm.output(), one.output) !== 0) {
        const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');
        expect(text(vm.output()), one.name).toBe(text(one.output));
      }
    }
  });

  test('takes the same steps as the reference', () => {
    const pair = createPair();
    const one = own.find(({ input }) => input.length > 0) ?? own[0]!;
    pair.vm.load(elf, { input: one.input.subarray(0, 5000) });
    pair.memory.restore(pair.vm.snapshot());
    for (let cut = 1; cut < 10_000; cut *= 2) pair.advance(cut);
  });
});
