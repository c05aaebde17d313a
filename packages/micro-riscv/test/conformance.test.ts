import { machineConformance } from '@commute/machine/conformance';
import { createMicroRiscv } from '../src/index.ts';
import { asm, attached, call, hasher, li, pristineOf, sample, stateOf } from './support.ts';

machineConformance({
  name: 'a program on its own',
  create: () => createMicroRiscv({ hasher }),
  prepare: (machine) => {
    machine.load(sample('echo'), { input: new TextEncoder().encode('input, and output') });
  },
  steps: 1000,
});

const pristine = pristineOf(
  [
    ...li(5, 0x2000),
    asm.load(2, 6, 5, 0),
    asm.addi(6, 6, 1),
    asm.store(2, 6, 5, 0),
    asm.store(1, 6, 2, -3),
    asm.store(2, 6, 2, -8),
    ...call(214, 0),
    ...call(93, 0),
  ],
  6,
);

machineConformance({
  name: 'a machine above, cleaned',
  create: () => createMicroRiscv({ hasher, pristine }),
  prepare: (machine) => {
    machine.restore(attached(pristine, stateOf({ words: [[0x2000, 5]] })));
  },
  // Six cleanings, the first one among the steps that are logged.
  steps: 400,
});
