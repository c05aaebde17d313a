import { DISCARD_REGISTER, HALT_PC } from './keys.ts';
import { NARROW, OPERATION } from './operations.ts';

/**
 * What the processor does in one cycle, as the program table states it.
 *
 * With l and r the values of rs1 and rs2, all modulo 2^32:
 * sum = l + sign·(r + immediate) + offset, and the operation is handed (operation, sum, r + immediate, result).
 */
export interface InstructionRow {
  pc: number;
  /** Of a branch its target, of a jump to a register 0, else what follows. */
  nextPc: number;
  rs1: number;
  rs2: number;
  /** Never 0: results for x0 go to {@link DISCARD_REGISTER}. */
  rd: number;
  /** 1, 0 or -1. */
  sign: number;
  immediate: number;
  offset: number;
  operation: number;
  /** At most one of these four is 1; where none is, `operation` says what the result is. */
  isAddition: number;
  isLess: number;
  isEqual: number;
  isJump: number;
  /** 1: goes to `nextPc` if the result is 1, else to pc + 4; -1: the other way round; 0: goes to `nextPc`. */
  branch: number;
}

/** The names of {@link InstructionRow} in the order of tuples on the bus `program`. */
export const INSTRUCTION_COLUMNS: readonly (keyof InstructionRow)[] = [
  'pc',
  'nextPc',
  'rs1',
  'rs2',
  'rd',
  'sign',
  'immediate',
  'offset',
  'operation',
  'isAddition',
  'isLess',
  'isEqual',
  'isJump',
  'branch',
];

/** The instructions a program may consist of. */
export interface InstructionSet {
  /** Whether there is multiplication and division (the extension M). */
  readonly multiply: boolean;
  /** Instructions of extensions, in the order of their numbers from `OPERATION.extension` on. */
  readonly custom: readonly InstructionPattern[];
}

/** An instruction of an extension, in the format R: rd, rs1 and rs2 where they always are. */
export interface InstructionPattern {
  /** Bits of the encoding that are fixed; none of rd, rs1 and rs2. */
  readonly mask: number;
  /** What they are. */
  readonly match: number;
}

const A0 = 10;
const A7 = 17;

/**
 * The rows of the program table for the instruction at `pc`, any of which may be executed; empty for what would trap.
 *
 * There are two for a load, from memory and from program text, and two for `ecall`, to go on and to exit: whoever proves chooses, and the
 * operation only exists where the choice is right.
 */
export function instructionRows(instruction: number, pc: number, set: InstructionSet): InstructionRow[] {
  const rd = (instruction >>> 7) & 31;
  const rs1 = (instruction >>> 15) & 31;
  const rs2 = (instruction >>> 20) & 31;
  const funct3 = (instruction >>> 12) & 7;
  const funct7 = instruction >>> 25;
  const row = (parts: Partial<InstructionRow>): InstructionRow => {
    const made = emptyRow(pc);
    if (rd !== 0) made.rd = rd;
    return Object.assign(made, parts);
  };
  // Pure instructions without a result do nothing.
  const pure = (parts: Partial<InstructionRow>): InstructionRow[] => [
    rd === 0 ? addConstant(emptyRow(pc), 0) : row(parts),
  ];

  switch (instruction & 0x7f) {
    case 0x37: // lui
      return pure(addConstant(row({}), (instruction & 0xffff_f000) >>> 0));
    case 0x17: // auipc
      return pure(addConstant(row({}), (pc + (instruction & 0xffff_f000)) >>> 0));
    case 0x6f: {
      // jal
      const target = (pc + jumpOffset(instruction)) >>> 0;
      if (target % 4 !== 0) return [];
      return [{ ...addConstant(row({}), (pc + 4) >>> 0), nextPc: target }];
    }
    case 0x67: // jalr
      if (funct3 !== 0) return [];
      return [row({ nextPc: 0, rs1, offset: loadOffset(instruction), immediate: (pc + 4) >>> 0, isJump: 1 })];
    case 0x63: {
      const target = (pc + branchOffset(instruction)) >>> 0;
      return branchRows(
        funct3,
        row({ nextPc: target, rs1, rs2, rd: DISCARD_REGISTER, branch: funct3 % 2 === 0 ? 1 : -1 }),
      );
    }
    case 0x03:
      return loadRows(funct3, row({ rs1, offset: loadOffset(instruction) }));
    case 0x23: {
      if (funct3 > 2) return [];
      const narrow = OPERATION.narrow + NARROW.store + (funct3 === 1 ? NARROW.half : 0);
      const operation = funct3 === 2 ? OPERATION.storeWord : narrow;
      return [row({ rs1, rs2, rd: DISCARD_REGISTER, offset: storeOffset(instruction), operation })];
    }
    case 0x13: {
      const isShift = funct3 === 1 || funct3 === 5;
      const selected = arithmetic(funct3, isShift ? funct7 : 0);
      if (selected === undefined) return [];
      return pure({ ...selected, rs1, immediate: isShift ? rs2 : loadOffset(instruction) });
    }
    case 0x33: {
      const selected = funct7 === 1 && set.multiply ? multiplication(funct3) : arithmetic(funct3, funct7);
      return selected === undefined ? customRows(instruction, row({ rs1, rs2 }), set) : pure({ ...selected, rs1, rs2 });
    }
    case 0x0f: // fence, fence.i
      return funct3 > 1 ? [] : [addConstant(emptyRow(pc), 0)];
    case 0x73:
      if (instruction !== 0x73) return [];
      return [
        row({ rs1: A7, rs2: A0, rd: A0, operation: OPERATION.call }),
        row({ rs1: A7, rs2: A0, rd: DISCARD_REGISTER, nextPc: HALT_PC, operation: OPERATION.exit }),
      ];
    default:
      return customRows(instruction, row({ rs1, rs2 }), set);
  }
}

/** What a machine that has exited executes. */
export function haltedRow(): InstructionRow {
  return { ...addConstant(emptyRow(HALT_PC), 0), nextPc: HALT_PC };
}

function emptyRow(pc: number): InstructionRow {
  return {
    pc,
    nextPc: (pc + 4) >>> 0,
    rs1: 0,
    rs2: 0,
    rd: DISCARD_REGISTER,
    sign: 0,
    immediate: 0,
    offset: 0,
    operation: OPERATION.none,
    isAddition: 0,
    isLess: 0,
    isEqual: 0,
    isJump: 0,
    branch: 0,
  };
}

function addConstant(row: InstructionRow, constant: number): InstructionRow {
  row.isAddition = 1;
  row.offset = constant;
  return row;
}

function branchRows(funct3: number, row: InstructionRow): InstructionRow[] {
  if (funct3 < 2) return [{ ...row, sign: -1, isEqual: 1 }];
  if (funct3 < 4) return [];
  return [funct3 < 6 ? { ...row, operation: OPERATION.lessSigned } : { ...row, sign: -1, isLess: 1 }];
}

function loadRows(funct3: number, row: InstructionRow): InstructionRow[] {
  if (funct3 === 3 || funct3 > 5) return [];
  if (funct3 === 2) {
    return [
      { ...row, operation: OPERATION.loadWord },
      { ...row, operation: OPERATION.loadWordFromText },
    ];
  }
  const operation = OPERATION.narrow + (funct3 % 2 === 1 ? NARROW.half : 0) + (funct3 < 4 ? NARROW.signed : 0);
  return [
    { ...row, operation },
    { ...row, operation: operation + NARROW.text },
  ];
}

function arithmetic(funct3: number, funct7: number): Partial<InstructionRow> | undefined {
  if (funct7 === 0x20) {
    if (funct3 === 0) return { sign: -1, isAddition: 1 };
    return funct3 === 5 ? { operation: OPERATION.shiftRightArithmetic } : undefined;
  }
  if (funct7 !== 0) return undefined;
  switch (funct3) {
    case 0:
      return { sign: 1, isAddition: 1 };
    case 1:
      return { operation: OPERATION.shiftLeft };
    case 2:
      return { operation: OPERATION.lessSigned };
    case 3:
      return { sign: -1, isLess: 1 };
    case 4:
      return { operation: OPERATION.xor };
    case 5:
      return { operation: OPERATION.shiftRight };
    case 6:
      return { operation: OPERATION.or };
    default:
      return { operation: OPERATION.and };
  }
}

function multiplication(funct3: number): Partial<InstructionRow> {
  return { operation: funct3 < 4 ? OPERATION.multiply + funct3 : OPERATION.divideSigned + funct3 - 4 };
}

function customRows(instruction: number, row: InstructionRow, { custom }: InstructionSet): InstructionRow[] {
  const index = custom.findIndex(({ mask, match }) => (instruction & mask) === (match & mask));
  return index < 0 ? [] : [{ ...row, operation: OPERATION.extension + index }];
}

function loadOffset(instruction: number): number {
  return (instruction >> 20) >>> 0;
}

function storeOffset(instruction: number): number {
  return (((instruction >> 25) << 5) | ((instruction >>> 7) & 31)) >>> 0;
}

function branchOffset(instruction: number): number {
  return (
    ((instruction >> 31) << 12) |
    (((instruction >>> 7) & 1) << 11) |
    (((instruction >>> 25) & 63) << 5) |
    (((instruction >>> 8) & 15) << 1)
  );
}

function jumpOffset(instruction: number): number {
  return (
    ((instruction >> 31) << 20) |
    (((instruction >>> 12) & 255) << 12) |
    (((instruction >>> 20) & 1) << 11) |
    (((instruction >>> 21) & 1023) << 1)
  );
}
