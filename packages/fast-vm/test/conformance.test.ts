import { machineConformance } from '@commute/machine/conformance';
import { createFastVM } from '../src/index.ts';
import { guest } from './guests.ts';

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
