import type { Halt, ProgramImage, WordAccess } from '@commute/machine';
import type { StepDefinition } from './step-machine.ts';

/*
 * The machine A of these tests: one accumulator, one instruction per step.
 *
 *   0x00 pc | 0x04 accumulator | 0x08 halted: 0 running, 1 exited, 2 trapped | 0x0c code
 *   0x1000 program: words `operation | argument << 8` | 0x4000 data words
 */

export const PC = 0x00;
export const ACCUMULATOR = 0x04;
export const HALTED = 0x08;
export const HALT_CODE = 0x0c;
export const PROGRAM = 0x1000;
export const DATA = 0x4000;

/** Operations; every other number traps. */
export const OPERATIONS = {
  exit: 0,
  addImmediate: 1,
  add: 2,
  store: 3,
  jumpUnlessZero: 4,
  jump: 5,
  loadImmediate: 6,
  load: 7,
} as const;

export type Operation = keyof typeof OPERATIONS;

/** Address of the data word that an argument names. */
export const dataAddress = (argument: number): number => DATA + 4 * (argument & 0xffff);

/** Address of the instruction at `pc`. */
export const programAddress = (pc: number): number => PROGRAM + 4 * (pc & 1023);

function step(access: WordAccess): void {
  if (access.loadWord(HALTED) !== 0) return;
  const pc = access.loadWord(PC);
  const instruction = access.loadWord(programAddress(pc));
  const argument = instruction >>> 8;
  let next = (pc + 1) & 1023;
  switch (instruction & 255) {
    case OPERATIONS.exit:
      access.storeWord(HALTED, 1);
      access.storeWord(HALT_CODE, argument & 255);
      return;
    case OPERATIONS.addImmediate:
      access.storeWord(ACCUMULATOR, access.loadWord(ACCUMULATOR) + argument);
      break;
    case OPERATIONS.add:
      access.storeWord(ACCUMULATOR, access.loadWord(ACCUMULATOR) + access.loadWord(dataAddress(argument)));
      break;
    case OPERATIONS.store:
      access.storeWord(dataAddress(argument), access.loadWord(ACCUMULATOR));
      break;
    case OPERATIONS.jumpUnlessZero:
      if (access.loadWord(ACCUMULATOR) !== 0) next = argument & 1023;
      break;
    case OPERATIONS.jump:
      next = argument & 1023;
      break;
    case OPERATIONS.loadImmediate:
      access.storeWord(ACCUMULATOR, argument);
      break;
    case OPERATIONS.load:
      access.storeWord(ACCUMULATOR, access.loadWord(dataAddress(argument)));
      break;
    default:
      access.storeWord(HALTED, 2);
      access.storeWord(HALT_CODE, instruction & 255);
      return;
  }
  access.storeWord(PC, next);
}

export function haltOf(access: WordAccess): Halt | undefined {
  const halted = access.loadWord(HALTED);
  if (halted === 0) return undefined;
  const code = access.loadWord(HALT_CODE);
  return halted === 1
    ? { kind: 'exit', code }
    : { kind: 'trap', cause: 'unknown operation', address: access.loadWord(PC), value: code };
}

export const accumulator: StepDefinition = { name: 'accumulator', clockInState: false, step, halt: haltOf };

/** A program from instructions and data words. */
export function assemble(
  instructions: readonly (readonly [Operation | number, number])[],
  data: readonly number[] = [],
): ProgramImage {
  const words = (values: readonly number[]): Uint8Array => {
    const bytes = new Uint8Array(4 * values.length);
    const view = new DataView(bytes.buffer);
    values.forEach((value, i) => {
      view.setUint32(4 * i, value, true);
    });
    return bytes;
  };
  const code = instructions.map(
    ([operation, argument]) =>
      ((typeof operation === 'number' ? operation : OPERATIONS[operation]) | (argument << 8)) >>> 0,
  );
  return {
    entry: 0,
    segments: [
      { address: PROGRAM, bytes: words(code) },
      { address: DATA, bytes: words(data) },
    ],
  };
}

/** Adds 3 to each of `count` rounds, storing as it goes; 5 steps a round, then exits with code 7. */
export function countdown(count: number): ProgramImage {
  return assemble(
    [
      ['load', 1],
      ['addImmediate', 3],
      ['store', 1],
      ['load', 0],
      ['addImmediate', 0xffffff],
      ['add', 2],
      ['store', 0],
      ['jumpUnlessZero', 0],
      ['exit', 7],
    ],
    // 0xffffff + 0xff000000 is minus one.
    [count, 0, 0xff000000],
  );
}

/** Adds to one word on each of 64 pages, round after round, and never ends. */
export function spread(): ProgramImage {
  const instructions = Array.from({ length: 64 }, (_, i): (readonly [Operation, number])[] => [
    ['load', 1024 * i],
    ['addImmediate', i + 1],
    ['store', 1024 * i],
  ]);
  return assemble([...instructions.flat(), ['jump', 0]]);
}
