import type { Snapshot } from '@commute/machine';
import { STACK_REGISTERS } from './layout.ts';
import { readState, type JumpStackEntry } from './state.ts';
import { STATE_SIZE } from './tip5-constants.ts';

/**
 * Addresses of the registers as a memory: st0 to st15, sponge0 to sponge15 and ip as in TIP-0008, section "(b) Registers",
 * and behind them what the draft leaves out, without which a segment could begin with stacks of other sizes.
 */
export const REGISTER_ADDRESS = {
  st0: 0,
  sponge0: 16,
  ip: 32,
  /** Elements on the operational stack. */
  opStackPointer: 33,
  /** Pairs on the jump stack. */
  jumpStackPointer: 34,
} as const;

/** Number of registers. */
export const REGISTER_COUNT = 35;

/** A state as the memory objects that a continuation hands over. A key that is absent stands for zero. */
export interface MemoryObjects {
  /** All {@link REGISTER_COUNT} registers by address. Without a sponge its registers are zero. */
  readonly registers: readonly bigint[];
  /** The elements of the stack that are in no register, by their number from the bottom of the stack. */
  readonly opStack: ReadonlyMap<bigint, bigint>;
  /** The calls by their number from the bottom of the jump stack. A key has a pair here. */
  readonly jumpStack: ReadonlyMap<bigint, JumpStackEntry>;
  /** The elements of RAM that are not zero, by address. */
  readonly ram: ReadonlyMap<bigint, bigint>;
  /** Elements of the input that have been read: where the next segment's input starts. */
  readonly inputPosition: number;
  /** Elements that have been written: where the next segment's output starts. */
  readonly outputPosition: number;
}

/**
 * A state as memory objects: the registers as one, operational stack, jump stack and RAM as the others.
 *
 * Source: TIP-0008 "Continuations", section "The State".
 *
 * @example
 * ```ts
 * import { REGISTER_ADDRESS, assemble, createStackVM, memoryObjects } from '@commute/stack-vm';
 * const result = assemble('push 5 push 9 write_mem 1 halt');
 * if (!result.ok) throw new Error('it does assemble');
 * const machine = createStackVM();
 * machine.load(result.program.image());
 * machine.run(10);
 * const { ram, registers } = memoryObjects(machine.snapshot());
 * if (ram.get(9n) !== 5n || registers[REGISTER_ADDRESS.opStackPointer] !== 17n) throw new Error('unexpected state');
 * ```
 */
export function memoryObjects(snapshot: Snapshot): MemoryObjects {
  const state = readState(snapshot);
  const size = state.stack.length;
  const sponge = state.sponge ?? Array.from({ length: STATE_SIZE }, () => 0n);
  return {
    registers: [
      ...state.stack.slice(size - STACK_REGISTERS).reverse(),
      ...sponge,
      state.ip,
      BigInt(size),
      BigInt(state.jumpStack.length),
    ],
    opStack: new Map(state.stack.slice(0, size - STACK_REGISTERS).map((element, i) => [BigInt(i), element])),
    jumpStack: new Map(state.jumpStack.map((entry, i) => [BigInt(i), entry])),
    ram: state.ram,
    inputPosition: state.inputPosition,
    outputPosition: state.output.length,
  };
}
