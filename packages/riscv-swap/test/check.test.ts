import { seeded } from '@commute-tools/build/seed';
import { readGuest } from '@commute-tools/guests';
import { FIELD, STATE_PAGE } from '@commute/fast-vm';
import {
  attach,
  checkRun,
  FaultyMachine,
  inProcessPool,
  runWithSnapshots,
  type Fault,
  type Layer,
} from '@commute/swap';
import { threadPool } from '@commute/swap/node';
import { expect, test } from 'vitest';
import { TapeMachine, tapeProgram } from '../examples/tape-machine.ts';
import { createTapeStack } from '../examples/tape-stack.ts';
import { createRiscvLayer, stackModule } from '../src/index.ts';
import { loadGuest } from './programs.ts';
import { Random } from './random.ts';

const cases = Number(process.env['FC_NUM_RUNS'] ?? 200);
const layer = createRiscvLayer();
const SOURCE = '++++[>++++++++<-]>[>+>+<<-]<++++++[>>>>++++++++<<<<-]';

/** Bytes that a fault can be in: unused memory, registers, input and output. */
const PLACES = [0x9000_0000, STATE_PAGE + FIELD.x + 8, STATE_PAGE + FIELD.mscratch, 0xc000_0100, 0xd000_0100];

/** Runs a machine with a fault, and checks the run with the same machine above. */
async function found(
  under: Layer,
  start: (upper: FaultyMachine) => void,
  fault: Fault,
  stepsPerSnapshot: number,
  below: boolean,
): Promise<unknown> {
  const lowerFault = { ...fault, step: (fault.step + 1) * 2 ** under.log2Steps - 1 };
  const faulty: Layer = {
    ...under,
    upper: () => (below ? under.upper() : new FaultyMachine(under.upper(), fault)),
    lower: () => (below ? new FaultyMachine(under.lower(), lowerFault) : under.lower()),
  };
  const machine = new FaultyMachine(under.upper(), below ? { ...fault, step: Number.MAX_SAFE_INTEGER - 1 } : fault);
  start(machine);
  const segments = Math.ceil((fault.step + 2) / stepsPerSnapshot);
  const { store } = await runWithSnapshots({ machine, stepsPerSnapshot, segments, throughHalt: true });
  const report = await checkRun({ store, pool: inProcessPool([faulty]) });
  return report.firstDifference;
}

test('a fault of either machine at a random step is found at exactly that step', async () => {
  for (let index = 0; index < cases; index++) {
    const random = new Random(seeded(index));
    const fault: Fault = {
      step: random.below(3000),
      address: PLACES[random.below(PLACES.length)]! + random.below(8),
      bit: random.below(8),
    };
    const start = (machine: FaultyMachine): void => {
      loadGuest(machine, 'sort', 'pear\napple\nfig\n');
    };
    const difference = await found(layer, start, fault, 1 + random.below(2000), random.once(2));
    expect(difference, `case ${String(index)}`).toMatchObject({
      kind: 'word',
      step: fault.step,
      address: (fault.address & ~3) >>> 0,
    });
  }
});

test('so is a fault on either layer of a stack of three machines', async () => {
  const stack = createTapeStack(readGuest('tape', 'fast'));
  const initial = new TapeMachine();
  initial.load(tapeProgram(SOURCE));
  for (let index = 0; index < cases / 4; index++) {
    const random = new Random(seeded(index));
    const upper = random.once(2);
    const fault: Fault = { step: random.below(400), address: 0x8000_0000 + random.below(4096), bit: random.below(8) };
    const under = upper ? stack[0] : stack[1];
    const state = upper ? initial.snapshot() : attach(stack[0], initial.snapshot());
    const difference = await found(
      under,
      (machine) => {
        machine.restore(state);
      },
      fault,
      1 + random.below(300),
      random.once(2),
    );
    expect(difference, `case ${String(index)}`).toMatchObject({
      kind: 'word',
      step: fault.step,
      address: (fault.address & ~3) >>> 0,
    });
  }
});

test('worker threads check a program and count the micro-steps they executed', async () => {
  const machine = layer.upper();
  loadGuest(machine, 'sha256', 'hello');
  const { store, steps } = await runWithSnapshots({ machine, stepsPerSnapshot: 2000 });
  const report = await checkRun({ store, pool: threadPool({ ...stackModule(), size: 2 }), stepsPerJob: 4000 });
  expect(report).toMatchObject({ agreed: true, steps, workers: 2, redone: [] });
  expect(report.executedSteps).toBeGreaterThan(50 * steps);
  expect(report.executedSteps).toBeLessThan(2000 * steps);
});
