import { CAUSE } from '../layout.ts';
import { loadFrom, storeTo } from './memory.ts';
import type { Operation } from './operation.ts';
import { modulo64, type ReferenceState } from './state.ts';

const int = (width: number, value: bigint): bigint => BigInt.asIntN(width, value);
const word = (value: bigint): bigint => modulo64(int(32, value));
const unsignedWord = (value: bigint): bigint => BigInt.asUintN(32, value);

/** Division rounds towards zero, as bigint's does; by zero it gives all ones. */
const divide = (a: bigint, b: bigint): bigint => (b === 0n ? -1n : a / b);
const remainder = (a: bigint, b: bigint): bigint => (b === 0n ? a : a % b);

/** Results of instructions that compute rd from two values. Immediates come as the second. All modulo 2^64. */
const COMPUTE: Readonly<Record<string, (a: bigint, b: bigint) => bigint>> = {
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  sll: (a, b) => a << (b & 63n),
  srl: (a, b) => a >> (b & 63n),
  sra: (a, b) => int(64, a) >> (b & 63n),
  slt: (a, b) => (int(64, a) < int(64, b) ? 1n : 0n),
  sltu: (a, b) => (a < b ? 1n : 0n),
  xor: (a, b) => a ^ b,
  or: (a, b) => a | b,
  and: (a, b) => a & b,
  addw: (a, b) => word(a + b),
  subw: (a, b) => word(a - b),
  sllw: (a, b) => word(a << (b & 31n)),
  srlw: (a, b) => word(unsignedWord(a) >> (b & 31n)),
  sraw: (a, b) => word(int(32, a) >> (b & 31n)),
  mul: (a, b) => a * b,
  mulh: (a, b) => (int(64, a) * int(64, b)) >> 64n,
  mulhsu: (a, b) => (int(64, a) * b) >> 64n,
  mulhu: (a, b) => (a * b) >> 64n,
  div: (a, b) => divide(int(64, a), int(64, b)),
  divu: (a, b) => divide(a, b),
  rem: (a, b) => remainder(int(64, a), int(64, b)),
  remu: (a, b) => remainder(a, b),
  mulw: (a, b) => word(a * b),
  divw: (a, b) => word(divide(int(32, a), int(32, b))),
  divuw: (a, b) => word(divide(unsignedWord(a), unsignedWord(b))),
  remw: (a, b) => word(remainder(int(32, a), int(32, b))),
  remuw: (a, b) => word(remainder(unsignedWord(a), unsignedWord(b))),
};

const WITH_IMMEDIATE: Readonly<Record<string, string>> = {
  addi: 'add',
  slti: 'slt',
  sltiu: 'sltu',
  xori: 'xor',
  ori: 'or',
  andi: 'and',
  slli: 'sll',
  srli: 'srl',
  srai: 'sra',
  addiw: 'addw',
  slliw: 'sllw',
  srliw: 'srlw',
  sraiw: 'sraw',
};

const CONDITION: Readonly<Record<string, (a: bigint, b: bigint) => boolean>> = {
  beq: (a, b) => a === b,
  bne: (a, b) => a !== b,
  blt: (a, b) => int(64, a) < int(64, b),
  bge: (a, b) => int(64, a) >= int(64, b),
  bltu: (a, b) => a < b,
  bgeu: (a, b) => a >= b,
};

const LOAD: Readonly<Record<string, readonly [length: number, signed: boolean]>> = {
  lb: [1, true],
  lh: [2, true],
  lw: [4, true],
  ld: [8, true],
  lbu: [1, false],
  lhu: [2, false],
  lwu: [4, false],
};

const STORE: Readonly<Record<string, number>> = { sb: 1, sh: 2, sw: 4, sd: 8 };

/** Where execution goes on, and what was stored. */
export interface Outcome {
  readonly pc: bigint;
  /** First address and length of what the instruction stored to RAM. */
  readonly stored?: readonly [address: bigint, length: number];
}

/**
 * Executes an instruction of RV64I (without SYSTEM) or M.
 *
 * @returns undefined if the operation is none of these.
 * @throws Trap
 */
export function executeBase(
  state: ReferenceState,
  operation: Operation,
  pc: bigint,
  next: bigint,
  time: bigint,
): Outcome | undefined {
  const { name, rd, rs1, rs2 } = operation;
  const immediate = modulo64(operation.immediate);

  const compute = COMPUTE[WITH_IMMEDIATE[name] ?? name];
  if (compute !== undefined) {
    const second = name in WITH_IMMEDIATE ? immediate : state.register(rs2);
    state.setRegister(rd, modulo64(compute(state.register(rs1), second)));
    return { pc: next };
  }
  const condition = CONDITION[name];
  if (condition !== undefined) {
    return { pc: condition(state.register(rs1), state.register(rs2)) ? modulo64(pc + immediate) : next };
  }
  const load = LOAD[name];
  if (load !== undefined) {
    const [length, signed] = load;
    const value = loadFrom(state, modulo64(state.register(rs1) + immediate), length, CAUSE.loadAccess, time);
    state.setRegister(rd, modulo64(signed ? int(8 * length, value) : value));
    return { pc: next };
  }
  const length = STORE[name];
  if (length !== undefined) {
    const address = modulo64(state.register(rs1) + immediate);
    storeTo(state, address, length, state.register(rs2));
    return { pc: next, stored: [address, length] };
  }
  switch (name) {
    case 'lui':
      state.setRegister(rd, immediate);
      return { pc: next };
    case 'auipc':
      state.setRegister(rd, modulo64(pc + immediate));
      return { pc: next };
    case 'jal':
      state.setRegister(rd, next);
      return { pc: modulo64(pc + immediate) };
    case 'jalr': {
      const target = modulo64(state.register(rs1) + immediate) & ~1n;
      state.setRegister(rd, next);
      return { pc: target };
    }
    case 'fence':
    case 'fence.i':
      return { pc: next };
    default:
      return undefined;
  }
}
