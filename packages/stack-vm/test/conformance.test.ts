import { machineConformance } from '@commute/machine/conformance';
import { createStackVM } from '../src/index.ts';
import { programOf } from './run.ts';

/* Counts down with a deep stack, calls, RAM at both ends of the field, the sponge, and output; then halts. */
const busy = programOf(`
  read_io 1 sponge_init call loop
  pop 1 halt
  loop:
    dup 0 dup 0 dup 0 dup 0 dup 0                          // deeper with each turn
    push -3 add dup 5 dup 5 pick 2 write_mem 2 pop 1       // writes below and above zero
    divine 1 write_io 1
    push 1 push 2 push 3 push 4 push 5 push 6 push 7 push 8 push 9 push 10 sponge_absorb
    sponge_squeeze pop 5 pop 5
    addi -1 dup 0 skiz recurse return
`);

machineConformance({
  name: 'stack-vm',
  create: () => createStackVM(),
  prepare: (machine) => {
    (machine as ReturnType<typeof createStackVM>).load(busy.image(), {
      publicInput: [6n],
      secretInput: [11n, 12n, 13n, 14n, 15n, 16n, 17n],
    });
  },
  steps: 240,
});

machineConformance({
  name: 'stack-vm, until a trap',
  create: () => createStackVM(),
  prepare: (machine) => {
    machine.load(programOf('push 1 push 2 push 0 call f f: push 1 push 7 write_mem 1 pop 1 push 0 invert').image());
  },
  steps: 40,
});
