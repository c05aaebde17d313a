import { machineConformance } from '@commute/machine/conformance';
import type { Hasher, Machine } from '@commute/machine';
import { createFastVM } from '../src/index.ts';
import { createMachine } from '../src/machine.ts';
import { assemble, codeBytes } from './assemble.ts';
import { guest } from './guests.ts';
import { EAGER, stateOf } from './states.ts';

const text = (value: string): Uint8Array => new TextEncoder().encode(value);

const machines: readonly (readonly [name: string, create: (hasher?: Hasher) => Machine])[] = [
  ['interpreted', (hasher) => createFastVM(hasher === undefined ? {} : { hasher })],
  [
    'translated',
    (hasher) => createMachine({ implementation: 'translator', ...(hasher === undefined ? {} : { hasher }) }, EAGER).vm,
  ],
  [
    'by the reference',
    (hasher) => createFastVM({ implementation: 'reference', ...(hasher === undefined ? {} : { hasher }) }),
  ],
];

const hello = guest('hello');
const echo = guest('echo');
const sha256 = guest('sha256');

// Counts in x7; every tenth step the timer interrupts, and the handler, which changes the loop, sets it anew.
const loop = [assemble('addi', { rd: 7, rs1: 7, immediate: 1 }), assemble('jal', { immediate: -4 })];
const handler = [
  assemble('csrrs', { rd: 28, immediate: 0xc01 }),
  assemble('addi', { rd: 28, rs1: 28, immediate: 10 }),
  assemble('sd', { rs1: 5, rs2: 28 }),
  assemble('sb', { rs1: 6, rs2: 28, immediate: 3 }),
  assemble('lr.w', { rd: 29, rs1: 6 }),
  assemble('csrrw', { rd: 30, rs1: 29, immediate: 0x340 }),
  assemble('mret'),
];
const interrupted = stateOf({
  fields: { pc: 0x1000, mstatus: 0x1808, mie: 0x80, mtvec: 0x2000, mtimecmp: 10, mcountinhibit: 1 },
  registers: { 5: 0x0200_4000, 6: 0x1000 },
  memory: [
    [0x1000, codeBytes(loop)],
    [0x2000, codeBytes(handler)],
  ],
});
for (const [kind, create] of machines) {
  machineConformance({
    name: `hello, ${kind}`,
    create,
    prepare: (machine) => {
      machine.load(hello);
    },
    steps: 300,
  });
  machineConformance({
    name: `echo, ${kind}`,
    create,
    prepare: (machine) => {
      machine.load(echo, { input: text('what comes in goes out') });
    },
    steps: 100,
  });
  machineConformance({
    name: `sha256, ${kind}`,
    create,
    prepare: (machine) => {
      machine.load(sha256, { input: text('abc') });
    },
    steps: kind === 'by the reference' ? 1_000 : 12_000,
  });
  machineConformance({
    name: `timer interrupts, ${kind}`,
    create: () => create(interrupted.hasher),
    prepare: (machine) => {
      machine.restore(interrupted);
    },
  });
}
