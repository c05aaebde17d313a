import { keccak256, type Hasher, type MachineFactory, type Snapshot, type ProgramImage } from '@commute/machine';
import type { Layer, Stack, StepVerifier } from '../../src/index.ts';
import { accumulator } from './accumulator.ts';
import { bitSerial, Q_LOG2_STEPS } from './bit-serial.ts';
import { oneAccess } from './one-access.ts';
import { StepMachine, stepVerifier, type StepDefinition } from './step-machine.ts';

export const P_BASE = 0xf100_0000;
export const P_LOG2_STEPS = 5;

/** The machines of the tests from the top, the layers between them, and the verifier of the bottom machine's steps. */
export interface TestStack {
  readonly stack: Stack;
  readonly definitions: readonly StepDefinition[];
  readonly verifyStep: StepVerifier;
  readonly hasher: Hasher;
  /** The initial state of the top machine. */
  readonly initial: (program: ProgramImage) => Snapshot;
}

/** A stack of `depth` layers, 1 or 2. */
export function testStack(depth: 1 | 2, hasher: Hasher = keccak256): TestStack {
  const middle = bitSerial(hasher);
  const bottom = oneAccess(middle, P_BASE, P_LOG2_STEPS, hasher);
  const make = (definition: StepDefinition): MachineFactory => {
    return () => new StepMachine(definition, hasher);
  };
  const layers: Layer[] = [
    {
      name: 'accumulator over bit serial',
      upper: make(accumulator),
      lower: make(middle),
      log2Steps: Q_LOG2_STEPS,
      auxiliary: middle.auxiliary,
    },
    {
      name: 'bit serial over one access',
      upper: make(middle),
      lower: make(bottom),
      log2Steps: P_LOG2_STEPS,
      auxiliary: bottom.auxiliary,
    },
  ];
  const definitions: StepDefinition[] = [accumulator, middle, bottom];
  return {
    stack: layers.slice(0, depth),
    definitions: definitions.slice(0, depth + 1),
    verifyStep: stepVerifier(definitions[depth]!, hasher),
    hasher,
    initial: (program) => {
      const machine = new StepMachine(accumulator, hasher);
      machine.load(program);
      return machine.snapshot();
    },
  };
}
