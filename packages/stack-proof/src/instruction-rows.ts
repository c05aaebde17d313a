/**
 * What instructions do to the stack and which part of the machine does the rest: one row for each instruction, or for each argument that decides on that.
 *
 * @module
 */
import { growthOf, type InstructionDefinition, INSTRUCTIONS, sizeOf } from '@commute/stack-vm';
import { STACK_REGISTERS } from './layout.ts';

/** By how much stacks grow, each a column. */
export const GROWTHS = [-10, -5, -4, -3, -2, -1, 0, 1, 2, 3, 4, 5, 10] as const;

/** Columns that say which constraints an instruction has to satisfy, each 0 or 1. */
export const FLAGS = [
  'push',
  'addi',
  'add',
  'mul',
  'invert',
  'eq',
  'skiz',
  'call',
  'return',
  'recurse',
  'recurseOrReturn',
  'stop',
  'assert',
  'assertVector',
  'xxAdd',
  'xxMul',
  'xInvert',
  'xbMul',
  'bHornerStep',
  'xHornerStep',
  'pick',
  'place',
  'take',
  'put',
  'readMem',
  'writeMem',
  'readIo',
  'writeIo',
  'u32',
  'hash',
] as const;

/** One of them. */
export type FlagName = (typeof FLAGS)[number];

/** What a row of the table of instructions says. */
export interface InstructionRow {
  /** The opcode, plus 128 times an argument that is a count or the number of a register. */
  readonly code: number;
  /** Words: 1 or 2; 0 for what is not executed. */
  readonly size: number;
  readonly growth: number;
  /** For each register whether it has afterwards what `growth` moves there. */
  readonly kept: readonly boolean[];
  /** The argument that is a count or the number of a register. */
  readonly index: number | undefined;
  readonly flags: readonly FlagName[];
}

/** The code of a machine that has halted. */
export const IDLE_CODE = 127;

/** The flags of instructions, and how many registers from the top they set otherwise than by moving. */
const DEFINITIONS: Readonly<Record<string, readonly [set: number, ...flags: FlagName[]]>> = {
  push: [1, 'push'],
  pop: [0],
  divine: [0],
  pick: [0, 'pick', 'take'],
  place: [0, 'place', 'put'],
  dup: [1, 'take'],
  swap: [0, 'take', 'put'],
  halt: [0, 'stop'],
  nop: [0],
  skiz: [0, 'skiz'],
  call: [0, 'call'],
  return: [0, 'return'],
  recurse: [0, 'recurse'],
  recurse_or_return: [0, 'recurseOrReturn'],
  assert: [0, 'assert'],
  read_mem: [1, 'readMem'],
  write_mem: [1, 'writeMem'],
  hash: [5, 'hash'],
  assert_vector: [0, 'assertVector'],
  sponge_init: [0, 'hash'],
  sponge_absorb: [0, 'hash'],
  sponge_absorb_mem: [5, 'hash'],
  sponge_squeeze: [10, 'hash'],
  add: [1, 'add'],
  addi: [1, 'addi'],
  mul: [1, 'mul'],
  invert: [1, 'invert'],
  eq: [1, 'eq'],
  split: [2, 'u32'],
  lt: [1, 'u32'],
  and: [1, 'u32'],
  xor: [1, 'u32'],
  log_2_floor: [1, 'u32'],
  pow: [1, 'u32'],
  div_mod: [2, 'u32'],
  pop_count: [1, 'u32'],
  xx_add: [3, 'xxAdd'],
  xx_mul: [3, 'xxMul'],
  x_invert: [3, 'xInvert'],
  xb_mul: [3, 'xbMul'],
  read_io: [0, 'readIo'],
  write_io: [0, 'writeIo'],
  merkle_step: [6, 'hash'],
  merkle_step_mem: [6, 'hash'],
  b_horner_step: [0, 'bHornerStep'],
  x_horner_step: [0, 'xHornerStep'],
};

/** Registers that an instruction sets otherwise, besides those at the top. */
const OTHERS: Readonly<Record<string, readonly number[]>> = {
  merkle_step_mem: [7],
  b_horner_step: [5, 7, 8, 9],
  x_horner_step: [5, 7, 8, 9],
};

/** The row of an instruction with an argument. */
function rowOf(instruction: InstructionDefinition, argument: number): InstructionRow {
  const { name, argument: kind } = instruction;
  const [set, ...flags] = DEFINITIONS[name]!;
  const index = kind === 'count' || kind === 'register' ? argument : undefined;
  const growth = growthOf(instruction, BigInt(argument));
  // What is pushed is not moved there.
  const top = set + (kind === 'count' ? Math.max(0, growth) : 0);
  const isKept = (register: number): boolean => {
    if (name === 'pick' || name === 'place') return register > argument;
    if (name === 'swap') return register !== 0 && register !== argument;
    return register >= top && OTHERS[name]?.includes(register) !== true;
  };
  return {
    code: codeOf(instruction, BigInt(argument)),
    size: sizeOf(instruction),
    growth,
    kept: Array.from({ length: STACK_REGISTERS }, (_, register) => isKept(register)),
    index,
    flags,
  };
}

/** The code of an instruction: what the program says of it besides elements and addresses. */
export function codeOf({ opcode, argument: kind }: InstructionDefinition, argument: bigint): number {
  return opcode + (kind === 'count' || kind === 'register' ? 128 * Number(argument) : 0);
}

/** All rows, that of a machine which has halted at the end. */
export const INSTRUCTION_ROWS: readonly InstructionRow[] = /* @__PURE__ */ allRows();

function allRows(): InstructionRow[] {
  const rows = INSTRUCTIONS.flatMap((instruction) => {
    const { argument } = instruction;
    if (argument === 'count') return [1, 2, 3, 4, 5].map((count) => rowOf(instruction, count));
    if (argument === 'register') return Array.from({ length: 16 }, (_, register) => rowOf(instruction, register));
    return [rowOf(instruction, 0)];
  });
  const kept = Array.from({ length: STACK_REGISTERS }, () => true);
  return [...rows, { code: IDLE_CODE, size: 0, growth: 0, kept, index: undefined, flags: ['stop'] }];
}

/** The columns of a row, in the order of the lookup. */
export function instructionColumns(row: InstructionRow): {
  readonly code: bigint;
  readonly size: bigint;
  readonly growth: readonly bigint[];
  readonly kept: readonly bigint[];
  readonly index: readonly bigint[];
} & Readonly<Record<FlagName, bigint>> {
  const bit = (value: boolean): bigint => (value ? 1n : 0n);
  const flags = FLAGS.map((flag) => [flag, bit(row.flags.includes(flag))] as const);
  return {
    code: BigInt(row.code),
    size: BigInt(row.size),
    growth: GROWTHS.map((growth) => bit(growth === row.growth)),
    kept: row.kept.map(bit),
    index: Array.from({ length: 16 }, (_, index) => bit(index === row.index)),
    ...(Object.fromEntries(flags) as Record<FlagName, bigint>),
  };
}
