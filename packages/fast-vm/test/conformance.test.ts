import { machineConformance } from '@commute/machine/conformance';
import { createFastVM } from '../src/index.ts';
import { assemble, codeBytes } from './assemble.ts';
import { guest } from './guests.ts';
import { stateOf } from './states.ts';

const text = (value: string): Uint8Array => new TextEncoder().encode(value);

const hello = guest('hello');
machineConformance({
  name: 'hello',
  create: () => createFastVM(),
  prepare: (machine) => {
    machine.load(hello);
  },
  steps: 300,
});

const echo = guest('echo');
machineConformance({
  name: 'echo',
  create: () => createFastVM(),
  prepare: (machine) => {
    machine.load(echo, { input: text('what comes in goes out') });
  },
  steps: 100,
});

const sha256 = guest('sha256');
machineConformance({
  name: 'sha256',
  create: () => createFastVM(),
  prepare: (machine) => {
    machine.load(sha256, { input: text('abc') });
  },
  steps: 12_000,
});

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
machineConformance({
  name: 'timer interrupts',
  create: () => createFastVM({ hasher: interrupted.hasher }),
  prepare: (machine) => {
    machine.restore(interrupted);
  },
});
