import { readGuest } from '@commute-tools/guests';
import { machineConformance } from '@commute/machine/conformance';
import { proveStep } from '@commute/micro-riscv';
import {
  attachAll,
  checkRun,
  detachAll,
  firstDifference,
  inProcessPool,
  runWithSnapshots,
  step,
  stepsBelow,
} from '@commute/swap';
import { expect, test } from 'vitest';
import { TapeMachine, tapeProgram } from '../examples/tape-machine.ts';
import { createTapeStack } from '../examples/tape-stack.ts';

/** Loops in loops, nothing printed. */
const SOURCE = '++++[>++++++++<-]>[>+>+<<-]<++++++[>>>>++++++++<<<<-]';
const HELLO =
  '++++++++[>++++[>++>+++>+++>+<<<<-]>+>+>->>+[<]<-]>>.>---.+++++++..+++.>>.<-.<.+++.------.--------.>>+.>++.';

const stack = createTapeStack(readGuest('tape', 'fast'));
const [top, bottom] = stack;

function loaded(source: string): TapeMachine {
  const machine = new TapeMachine();
  machine.load(tapeProgram(source));
  return machine;
}

machineConformance({
  name: 'the tape machine',
  create: () => new TapeMachine(),
  prepare: (machine) => {
    machine.load(tapeProgram(HELLO));
  },
});

test('the tape machine runs a program to its end', () => {
  const machine = loaded(HELLO);
  machine.run(10_000);
  expect(machine.halt).toEqual({ kind: 'exit', code: 0 });
  expect(new TextDecoder().decode(machine.output())).toBe('Hello World!\n');
});

test('each step of the tape machine is 2^b instructions of the fast machine', () => {
  const machine = loaded(SOURCE);
  const lower = top.lower();
  for (let index = 0; index < 300; index++) {
    const before = machine.snapshot();
    machine.advance(1);
    expect(firstDifference(machine.snapshot(), step(top, lower, before)), `step ${String(index)}`).toBeUndefined();
  }
});

test('a run of the tape machine is checked on the micro machine, 2^(a + b) steps for each of its own', async () => {
  const machine = loaded(HELLO);
  const { store, steps } = await runWithSnapshots({ machine, stepsPerSnapshot: 64 });
  expect(machine.halt).toBeDefined();
  const report = await checkRun({ store, pool: inProcessPool(stack) });
  expect(report.firstDifference).toBeUndefined();
  expect(report.steps).toBe(steps);
});

test('the two lower machines agree after every instruction of a step', () => {
  const machine = loaded(SOURCE);
  machine.advance(20);
  const fast = bottom.upper();
  fast.restore(attachAll([top], machine.snapshot()));
  const micro = bottom.lower();
  micro.restore(attachAll(stack, machine.snapshot()));
  for (let index = 0; index < 2 ** top.log2Steps; index++) {
    fast.advance(1);
    micro.advance(2 ** bottom.log2Steps);
    expect(
      firstDifference(fast.snapshot(), detachAll([bottom], micro.snapshot())),
      `instruction ${String(index)}`,
    ).toBeUndefined();
  }
  machine.advance(1);
  expect(firstDifference(machine.snapshot(), detachAll(stack, micro.snapshot()))).toBeUndefined();
});

test('2^c steps at the top are 2^(a + b + c) steps at the bottom', () => {
  const machine = loaded(HELLO);
  const micro = bottom.lower();
  micro.restore(attachAll(stack, machine.snapshot()));
  const c = 5;
  micro.advance(2 ** c * stepsBelow(stack));
  machine.advance(2 ** c);
  expect(firstDifference(machine.snapshot(), detachAll(stack, micro.snapshot()))).toBeUndefined();
});

test('a verifier that knows only roots verifies the micro-step that cleans the state of the layer above', () => {
  const machine = loaded(SOURCE);
  const micro = bottom.lower();
  micro.restore(attachAll(stack, machine.snapshot()));
  // The last instruction of the first step: its host call `clean` is somewhere in the midst.
  micro.advance((2 ** top.log2Steps - 1) * 2 ** bottom.log2Steps);
  let cleaned = false;
  for (let index = 0; index < 100 && micro.halt === undefined; index++) {
    const before = micro.root();
    const proof = proveStep(micro);
    const isClean = micro.register(17) === 4096;
    micro.advance(1);
    const verdict = bottom.verify(before, proof);
    expect(verdict).toEqual({ ok: true, rootAfter: micro.root() });
    expect(proof.length).toBeLessThan(4096);
    cleaned ||= isClean;
  }
  expect(cleaned).toBe(true);
});
