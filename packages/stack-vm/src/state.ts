import type { Snapshot } from '@commute/machine';
import {
  DIGEST_BASE,
  FIELD,
  INPUT_BASE,
  JUMP_STACK_BASE,
  OP_STACK_BASE,
  OUTPUT_BASE,
  PROGRAM_BASE,
  RAM_BASE,
  RAM_BLOCK,
  RAM_DIRECTORY_BASE,
  SECRET_BASE,
  STACK_REGISTERS,
  STATE_PAGE,
  type FieldName,
} from './layout.ts';
import { DIGEST_LENGTH, STATE_SIZE } from './tip5-constants.ts';

/** A call on the jump stack. */
export interface JumpStackEntry {
  /** Where `return` goes on. */
  readonly origin: bigint;
  /** Where `recurse` goes on. */
  readonly destination: bigint;
}

/** A state of the machine, taken apart. */
export interface StackVMState {
  readonly program: readonly bigint[];
  readonly programIntegrity: boolean;
  /** The whole stack from its bottom, 16 elements and more. */
  readonly stack: readonly bigint[];
  /** The jump stack from its bottom. */
  readonly jumpStack: readonly JumpStackEntry[];
  /** The elements of RAM that are not zero, by address, in ascending order. */
  readonly ram: ReadonlyMap<bigint, bigint>;
  /** All 16 elements; undefined before `sponge_init`. */
  readonly sponge: readonly bigint[] | undefined;
  readonly ip: bigint;
  /** 0 running, 1 halted, 2 trapped. */
  readonly halted: number;
  /** Cause of the trap, or 0. */
  readonly cause: number;
  readonly input: readonly bigint[];
  /** Elements of the input that have been read. */
  readonly inputPosition: number;
  readonly output: readonly bigint[];
  readonly secretInput: readonly bigint[];
  readonly secretPosition: number;
  readonly digests: readonly (readonly bigint[])[];
  readonly digestPosition: number;
}

/**
 * Takes a state of the machine apart. Costs what the state holds.
 *
 * @example
 * ```ts
 * import { assemble, createStackVM, readState } from '@commute/stack-vm';
 * const result = assemble('push 7 halt');
 * if (!result.ok) throw new Error('it does assemble');
 * const machine = createStackVM();
 * machine.load(result.program.image());
 * machine.run(10);
 * if (readState(machine.snapshot()).stack.at(-1) !== 7n) throw new Error('7 is on top');
 * ```
 */
export function readState(snapshot: Snapshot): StackVMState {
  const field = (name: FieldName): number => snapshot.word(STATE_PAGE + FIELD[name]);
  const element = (address: number): bigint =>
    (BigInt(snapshot.word(address + 4)) << 32n) | BigInt(snapshot.word(address));
  const elements = (address: number, count: number): bigint[] =>
    Array.from({ length: count }, (_, i) => element(address + 8 * i));

  const registers = elements(STATE_PAGE + FIELD.stack, STACK_REGISTERS);
  const depth = field('stackSize') - STACK_REGISTERS;
  const digestWords = elements(DIGEST_BASE, DIGEST_LENGTH * field('digestCount'));
  return {
    program: elements(PROGRAM_BASE, field('programLength')),
    programIntegrity: field('programIntegrity') !== 0,
    stack: [...elements(OP_STACK_BASE, depth), ...registers.reverse()],
    jumpStack: Array.from({ length: field('jumpStackSize') }, (_, i) => ({
      origin: element(JUMP_STACK_BASE + 16 * i),
      destination: element(JUMP_STACK_BASE + 16 * i + 8),
    })),
    ram: ramOf(field('ramBlocks'), element),
    sponge: field('spongeReady') === 0 ? undefined : elements(STATE_PAGE + FIELD.sponge, STATE_SIZE),
    ip: element(STATE_PAGE + FIELD.ip),
    halted: field('halted'),
    cause: field('cause'),
    input: elements(INPUT_BASE, field('inputLength')),
    inputPosition: field('inputPosition'),
    output: elements(OUTPUT_BASE, field('outputLength')),
    secretInput: elements(SECRET_BASE, field('secretLength')),
    secretPosition: field('secretPosition'),
    digests: Array.from({ length: field('digestCount') }, (_, i) =>
      digestWords.slice(DIGEST_LENGTH * i, DIGEST_LENGTH * (i + 1)),
    ),
    digestPosition: field('digestPosition'),
  };
}

function ramOf(blocks: number, element: (address: number) => bigint): Map<bigint, bigint> {
  const found: [bigint, bigint][] = [];
  for (let place = 0; place < blocks; place++) {
    const first = element(RAM_DIRECTORY_BASE + 8 * place) * BigInt(RAM_BLOCK);
    const base = RAM_BASE + 8 * RAM_BLOCK * place;
    for (let i = 0; i < RAM_BLOCK; i++) {
      const value = element(base + 8 * i);
      if (value !== 0n) found.push([first + BigInt(i), value]);
    }
  }
  return new Map(found.sort(([a], [b]) => (a < b ? -1 : 1)));
}
