import {
  assemble,
  createStackVM,
  readState,
  type Program,
  type ReferenceState,
  type StackVM,
  type StackVMLoadOptions,
  type StackVMOptions,
  type StackVMState,
} from '../src/index.ts';

/** The program of a source that has no faults. */
export function programOf(source: string): Program {
  const result = assemble(source);
  if (!result.ok) throw new Error(JSON.stringify(result.errors));
  return result.program;
}

/** A machine with a program loaded. */
export function machineWith(
  source: string | Program,
  inputs: StackVMLoadOptions = {},
  options: StackVMOptions = {},
): StackVM {
  const machine = createStackVM(options);
  machine.load((typeof source === 'string' ? programOf(source) : source).image(), inputs);
  return machine;
}

/** The output of a program that halts. */
export function outputOf(source: string, inputs: StackVMLoadOptions = {}): bigint[] {
  const machine = machineWith(source, inputs);
  machine.run(1_000_000);
  if (machine.halt?.kind !== 'exit') throw new Error(`it did not halt: ${JSON.stringify(machine.halt)}`);
  return machine.outputElements();
}

/** A state of the machine as the reference takes it. */
export function referenceOf(state: StackVMState): ReferenceState {
  return {
    program: state.program,
    programIntegrity: state.programIntegrity,
    stack: [...state.stack],
    jumpStack: state.jumpStack.map(({ origin, destination }) => [origin, destination]),
    ram: new Map(state.ram),
    sponge: state.sponge,
    ip: state.ip,
    stopped: state.halted === 0 ? 0 : state.halted === 1 ? -1 : state.cause,
    input: state.input,
    inputPosition: state.inputPosition,
    output: [...state.output],
    secret: state.secretInput,
    secretPosition: state.secretPosition,
    digests: state.digests,
    digestPosition: state.digestPosition,
  };
}

/** A reference state with what does not count left out: zeros in RAM. */
export function comparable(state: ReferenceState): unknown {
  return { ...state, ram: [...state.ram].filter(([, value]) => value !== 0n).sort(([a], [b]) => (a < b ? -1 : 1)) };
}

/** The machine's state in the same form. */
export function comparableOf(machine: StackVM): unknown {
  return comparable(referenceOf(readState(machine.snapshot())));
}
