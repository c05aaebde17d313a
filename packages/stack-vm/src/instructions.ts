/**
 * The instruction set of Triton VM as of June 2026: 46 instructions.
 *
 * Source: https://triton-vm.org/spec/instructions.html; opcodes, arguments and stack effects are those of its tables.
 *
 * @module
 */

/** What follows an opcode in the program. */
export type ArgumentKind =
  /** Nothing. */
  | 'none'
  /** Any element. */
  | 'element'
  /** An address in the program. */
  | 'address'
  /** A number of elements, 1 to 5. */
  | 'count'
  /** The number of a stack register, 0 to 15. */
  | 'register';

/** An instruction as the set defines it. */
export interface InstructionDefinition {
  readonly name: string;
  /** Its word in the program. Odd exactly for instructions of two words. */
  readonly opcode: number;
  readonly argument: ArgumentKind;
  /** By how much the stack grows; with an argument of kind `count`, that many times `perElement` more. */
  readonly growth: number;
  /** By how much the stack grows for each element that the argument counts. */
  readonly perElement: number;
}

function define(
  name: string,
  opcode: number,
  growth: number,
  argument: ArgumentKind = 'none',
  perElement = 0,
): InstructionDefinition {
  return { name, opcode, argument, growth, perElement };
}

/** All instructions, in the order of the specification. */
export const INSTRUCTIONS: readonly InstructionDefinition[] = [
  define('push', 1, 1, 'element'),
  define('pop', 3, 0, 'count', -1),
  define('divine', 9, 0, 'count', 1),
  define('pick', 17, 0, 'register'),
  define('place', 25, 0, 'register'),
  define('dup', 33, 1, 'register'),
  define('swap', 41, 0, 'register'),
  define('halt', 0, 0),
  define('nop', 8, 0),
  define('skiz', 2, -1),
  define('call', 49, 0, 'address'),
  define('return', 16, 0),
  define('recurse', 24, 0),
  define('recurse_or_return', 32, 0),
  define('assert', 10, -1),
  define('read_mem', 57, 0, 'count', 1),
  define('write_mem', 11, 0, 'count', -1),
  define('hash', 18, -5),
  define('assert_vector', 26, -5),
  define('sponge_init', 40, 0),
  define('sponge_absorb', 34, -10),
  define('sponge_absorb_mem', 48, 0),
  define('sponge_squeeze', 56, 10),
  define('add', 42, -1),
  define('addi', 65, 0, 'element'),
  define('mul', 50, -1),
  define('invert', 64, 0),
  define('eq', 58, -1),
  define('split', 4, 1),
  define('lt', 6, -1),
  define('and', 14, -1),
  define('xor', 22, -1),
  define('log_2_floor', 12, 0),
  define('pow', 30, -1),
  define('div_mod', 20, 0),
  define('pop_count', 28, 0),
  define('xx_add', 66, -3),
  define('xx_mul', 74, -3),
  define('x_invert', 72, 0),
  define('xb_mul', 82, -1),
  define('read_io', 73, 0, 'count', 1),
  define('write_io', 19, 0, 'count', -1),
  define('merkle_step', 36, 0),
  define('merkle_step_mem', 44, 0),
  define('b_horner_step', 80, 0),
  define('x_horner_step', 88, 0),
];

/** The opcodes by name. */
export const OPCODE = {
  push: 1,
  pop: 3,
  divine: 9,
  pick: 17,
  place: 25,
  dup: 33,
  swap: 41,
  halt: 0,
  nop: 8,
  skiz: 2,
  call: 49,
  return: 16,
  recurse: 24,
  recurseOrReturn: 32,
  assert: 10,
  readMem: 57,
  writeMem: 11,
  hash: 18,
  assertVector: 26,
  spongeInit: 40,
  spongeAbsorb: 34,
  spongeAbsorbMem: 48,
  spongeSqueeze: 56,
  add: 42,
  addi: 65,
  mul: 50,
  invert: 64,
  eq: 58,
  split: 4,
  lt: 6,
  and: 14,
  xor: 22,
  log2Floor: 12,
  pow: 30,
  divMod: 20,
  popCount: 28,
  xxAdd: 66,
  xxMul: 74,
  xInvert: 72,
  xbMul: 82,
  readIo: 73,
  writeIo: 19,
  merkleStep: 36,
  merkleStepMem: 44,
  bHornerStep: 80,
  xHornerStep: 88,
} as const;

const BY_NAME: ReadonlyMap<string, InstructionDefinition> = new Map(INSTRUCTIONS.map((each) => [each.name, each]));
const BY_OPCODE: ReadonlyMap<number, InstructionDefinition> = new Map(INSTRUCTIONS.map((each) => [each.opcode, each]));

/** The instruction with this name, if there is one. */
export function instructionNamed(name: string): InstructionDefinition | undefined {
  return BY_NAME.get(name);
}

/** The instruction with this opcode, if there is one. */
export function instructionOf(opcode: number): InstructionDefinition | undefined {
  return BY_OPCODE.get(opcode);
}

/** Words of an instruction: 2 with an argument, else 1. */
export function sizeOf(instruction: InstructionDefinition): 1 | 2 {
  return instruction.argument === 'none' ? 1 : 2;
}

/** Why an argument will not do, or undefined if it will. */
export function argumentFault(instruction: InstructionDefinition, argument: bigint): string | undefined {
  if (instruction.argument === 'count' && (argument < 1n || argument > 5n)) return 'a number of elements from 1 to 5';
  if (instruction.argument === 'register' && argument > 15n) return 'the number of a stack register, 0 to 15';
  return undefined;
}

/** By how much an instruction makes the stack grow. */
export function growthOf(instruction: InstructionDefinition, argument: bigint): number {
  return instruction.growth + instruction.perElement * Number(instruction.perElement === 0 ? 0n : argument);
}
