import { existsSync, writeFileSync } from 'node:fs';
import {
  keccak256,
  type Hasher,
  type Machine,
  type MachineFactory,
  type ProgramImage,
  type Snapshot,
} from '@commute/machine';
import { FaultyMachine, type Fault, type Layer, type Stack, type StepVerifier } from '../../src/index.ts';
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

/** What {@link createStack} makes. */
export interface StackOptions {
  readonly depth: 1 | 2;
  /** Layer whose machines are to be compared: 0 for the top, 1 below it, both for top against bottom. */
  readonly layer?: 0 | 1;
  /** A fault of the upper machine. */
  readonly upperFault?: Fault;
  /** A fault of the lower machine, in its own steps. */
  readonly lowerFault?: Fault;
  /** A file: the first worker to come to a job of more than 100 steps makes it and ends. */
  readonly dieOnce?: string;
}

/** A stack for worker threads. */
export function createStack(options: StackOptions): Stack {
  const { stack } = testStack(options.depth);
  const layers = options.layer === undefined ? [...stack] : [stack[options.layer]!];
  const first = layers[0]!;
  layers[0] = {
    ...first,
    upper: () => {
      const inner = first.upper();
      const machine = options.upperFault === undefined ? inner : new FaultyMachine(inner, options.upperFault);
      return options.dieOnce === undefined ? machine : mortal(machine, options.dieOnce);
    },
  };
  const last = layers.at(-1)!;
  const { lowerFault } = options;
  if (lowerFault !== undefined) {
    layers[layers.length - 1] = { ...last, lower: () => new FaultyMachine(last.lower(), lowerFault) };
  }
  return layers;
}

/** A machine that takes its thread with it at its hundredth step, unless another has done so before. */
function mortal(machine: Machine, file: string): Machine {
  let steps = 0;
  const { advance } = machine;
  return Object.assign(machine, {
    advance: (count: number) => {
      steps += count;
      if (steps > 100 && !existsSync(file)) {
        writeFileSync(file, '');
        process.exit(3);
      }
      advance(count);
    },
  });
}
