/** How the fields of an instruction are laid out, and what its operands are. */
export type Format =
  | 'R'
  | 'I'
  | 'load'
  | 'store'
  | 'branch'
  | 'upper'
  | 'jump'
  | 'shift'
  | 'csr'
  | 'csr-immediate'
  | 'load-reserved'
  | 'atomic'
  | 'fence'
  | 'none';

/** The part of the architecture an instruction belongs to. */
export type Extension = 'I' | 'M' | 'A' | 'Zicsr' | 'Zifencei' | 'privileged';

/** One 32-bit instruction. */
export interface Instruction {
  /** Mnemonic, such as `addi`. */
  readonly name: string;
  /** The number by which the interpreter dispatches; the same number is a `case` in `execute.ts` or `system.ts`. */
  readonly code: number;
  readonly format: Format;
  /** Bits that are fixed: an instruction is this one if `(instruction & mask) === match`. Unsigned. */
  readonly match: number;
  readonly mask: number;
  readonly extension: Extension;
  /** Whether it exists with registers of 32 bits, of 64 bits, or both. */
  readonly xlen: 32 | 64 | 'both';
}

/** Dispatch numbers below the first instruction's. */
export const CODE_UNDECODED = 0;
export const CODE_PAGE_END = 1;
export const CODE_ILLEGAL = 2;
export const CODE_FETCH_FAULT = 3;
/** Stands where translated code may be entered; the word beside it tells which. */
export const CODE_ENTRY = 68;
/** The first dispatch number that the hot loop leaves to `system.ts`. */
export const FIRST_SYSTEM_CODE = 70;

type Row = readonly [
  name: string,
  code: number,
  format: Format,
  match: number,
  mask: number,
  extension: Extension,
  xlen?: 32 | 64,
];

const ROWS: readonly Row[] = [
  ['lui', 4, 'upper', 0x37, 0x7f, 'I'],
  ['auipc', 5, 'upper', 0x17, 0x7f, 'I'],
  ['jal', 6, 'jump', 0x6f, 0x7f, 'I'],
  ['jalr', 7, 'I', 0x67, 0x707f, 'I'],
  ['beq', 8, 'branch', 0x63, 0x707f, 'I'],
  ['bne', 9, 'branch', 0x1063, 0x707f, 'I'],
  ['blt', 10, 'branch', 0x4063, 0x707f, 'I'],
  ['bge', 11, 'branch', 0x5063, 0x707f, 'I'],
  ['bltu', 12, 'branch', 0x6063, 0x707f, 'I'],
  ['bgeu', 13, 'branch', 0x7063, 0x707f, 'I'],
  ['lb', 14, 'load', 0x03, 0x707f, 'I'],
  ['lh', 15, 'load', 0x1003, 0x707f, 'I'],
  ['lw', 16, 'load', 0x2003, 0x707f, 'I'],
  ['ld', 17, 'load', 0x3003, 0x707f, 'I', 64],
  ['lbu', 18, 'load', 0x4003, 0x707f, 'I'],
  ['lhu', 19, 'load', 0x5003, 0x707f, 'I'],
  ['lwu', 20, 'load', 0x6003, 0x707f, 'I', 64],
  ['sb', 21, 'store', 0x23, 0x707f, 'I'],
  ['sh', 22, 'store', 0x1023, 0x707f, 'I'],
  ['sw', 23, 'store', 0x2023, 0x707f, 'I'],
  ['sd', 24, 'store', 0x3023, 0x707f, 'I', 64],
  ['addi', 25, 'I', 0x13, 0x707f, 'I'],
  ['slti', 26, 'I', 0x2013, 0x707f, 'I'],
  ['sltiu', 27, 'I', 0x3013, 0x707f, 'I'],
  ['xori', 28, 'I', 0x4013, 0x707f, 'I'],
  ['ori', 29, 'I', 0x6013, 0x707f, 'I'],
  ['andi', 30, 'I', 0x7013, 0x707f, 'I'],
  ['slli', 31, 'shift', 0x1013, 0xfc00_707f, 'I', 64],
  ['srli', 32, 'shift', 0x5013, 0xfc00_707f, 'I', 64],
  ['srai', 33, 'shift', 0x4000_5013, 0xfc00_707f, 'I', 64],
  ['slli', 31, 'shift', 0x1013, 0xfe00_707f, 'I', 32],
  ['srli', 32, 'shift', 0x5013, 0xfe00_707f, 'I', 32],
  ['srai', 33, 'shift', 0x4000_5013, 0xfe00_707f, 'I', 32],
  ['add', 34, 'R', 0x33, 0xfe00_707f, 'I'],
  ['sub', 35, 'R', 0x4000_0033, 0xfe00_707f, 'I'],
  ['sll', 36, 'R', 0x1033, 0xfe00_707f, 'I'],
  ['slt', 37, 'R', 0x2033, 0xfe00_707f, 'I'],
  ['sltu', 38, 'R', 0x3033, 0xfe00_707f, 'I'],
  ['xor', 39, 'R', 0x4033, 0xfe00_707f, 'I'],
  ['srl', 40, 'R', 0x5033, 0xfe00_707f, 'I'],
  ['sra', 41, 'R', 0x4000_5033, 0xfe00_707f, 'I'],
  ['or', 42, 'R', 0x6033, 0xfe00_707f, 'I'],
  ['and', 43, 'R', 0x7033, 0xfe00_707f, 'I'],
  ['addiw', 44, 'I', 0x1b, 0x707f, 'I', 64],
  ['slliw', 45, 'shift', 0x101b, 0xfe00_707f, 'I', 64],
  ['srliw', 46, 'shift', 0x501b, 0xfe00_707f, 'I', 64],
  ['sraiw', 47, 'shift', 0x4000_501b, 0xfe00_707f, 'I', 64],
  ['addw', 48, 'R', 0x3b, 0xfe00_707f, 'I', 64],
  ['subw', 49, 'R', 0x4000_003b, 0xfe00_707f, 'I', 64],
  ['sllw', 50, 'R', 0x103b, 0xfe00_707f, 'I', 64],
  ['srlw', 51, 'R', 0x503b, 0xfe00_707f, 'I', 64],
  ['sraw', 52, 'R', 0x4000_503b, 0xfe00_707f, 'I', 64],
  ['fence', 53, 'fence', 0x0f, 0x707f, 'I'],
  ['fence.i', 54, 'none', 0x100f, 0x707f, 'Zifencei'],
  ['mul', 55, 'R', 0x0200_0033, 0xfe00_707f, 'M'],
  ['mulh', 56, 'R', 0x0200_1033, 0xfe00_707f, 'M'],
  ['mulhsu', 57, 'R', 0x0200_2033, 0xfe00_707f, 'M'],
  ['mulhu', 58, 'R', 0x0200_3033, 0xfe00_707f, 'M'],
  ['div', 59, 'R', 0x0200_4033, 0xfe00_707f, 'M'],
  ['divu', 60, 'R', 0x0200_5033, 0xfe00_707f, 'M'],
  ['rem', 61, 'R', 0x0200_6033, 0xfe00_707f, 'M'],
  ['remu', 62, 'R', 0x0200_7033, 0xfe00_707f, 'M'],
  ['mulw', 63, 'R', 0x0200_003b, 0xfe00_707f, 'M', 64],
  ['divw', 64, 'R', 0x0200_403b, 0xfe00_707f, 'M', 64],
  ['divuw', 65, 'R', 0x0200_503b, 0xfe00_707f, 'M', 64],
  ['remw', 66, 'R', 0x0200_603b, 0xfe00_707f, 'M', 64],
  ['remuw', 67, 'R', 0x0200_703b, 0xfe00_707f, 'M', 64],
  ['ecall', 70, 'none', 0x73, 0xffff_ffff, 'I'],
  ['ebreak', 71, 'none', 0x0010_0073, 0xffff_ffff, 'I'],
  ['mret', 72, 'none', 0x3020_0073, 0xffff_ffff, 'privileged'],
  ['wfi', 73, 'none', 0x1050_0073, 0xffff_ffff, 'privileged'],
  ['csrrw', 74, 'csr', 0x1073, 0x707f, 'Zicsr'],
  ['csrrs', 75, 'csr', 0x2073, 0x707f, 'Zicsr'],
  ['csrrc', 76, 'csr', 0x3073, 0x707f, 'Zicsr'],
  ['csrrwi', 77, 'csr-immediate', 0x5073, 0x707f, 'Zicsr'],
  ['csrrsi', 78, 'csr-immediate', 0x6073, 0x707f, 'Zicsr'],
  ['csrrci', 79, 'csr-immediate', 0x7073, 0x707f, 'Zicsr'],
  ['lr.w', 80, 'load-reserved', 0x1000_202f, 0xf9f0_707f, 'A'],
  ['sc.w', 81, 'atomic', 0x1800_202f, 0xf800_707f, 'A'],
  ['amoswap.w', 82, 'atomic', 0x0800_202f, 0xf800_707f, 'A'],
  ['amoadd.w', 83, 'atomic', 0x202f, 0xf800_707f, 'A'],
  ['amoxor.w', 84, 'atomic', 0x2000_202f, 0xf800_707f, 'A'],
  ['amoand.w', 85, 'atomic', 0x6000_202f, 0xf800_707f, 'A'],
  ['amoor.w', 86, 'atomic', 0x4000_202f, 0xf800_707f, 'A'],
  ['amomin.w', 87, 'atomic', 0x8000_202f, 0xf800_707f, 'A'],
  ['amomax.w', 88, 'atomic', 0xa000_202f, 0xf800_707f, 'A'],
  ['amominu.w', 89, 'atomic', 0xc000_202f, 0xf800_707f, 'A'],
  ['amomaxu.w', 90, 'atomic', 0xe000_202f, 0xf800_707f, 'A'],
  ['lr.d', 91, 'load-reserved', 0x1000_302f, 0xf9f0_707f, 'A', 64],
  ['sc.d', 92, 'atomic', 0x1800_302f, 0xf800_707f, 'A', 64],
  ['amoswap.d', 93, 'atomic', 0x0800_302f, 0xf800_707f, 'A', 64],
  ['amoadd.d', 94, 'atomic', 0x302f, 0xf800_707f, 'A', 64],
  ['amoxor.d', 95, 'atomic', 0x2000_302f, 0xf800_707f, 'A', 64],
  ['amoand.d', 96, 'atomic', 0x6000_302f, 0xf800_707f, 'A', 64],
  ['amoor.d', 97, 'atomic', 0x4000_302f, 0xf800_707f, 'A', 64],
  ['amomin.d', 98, 'atomic', 0x8000_302f, 0xf800_707f, 'A', 64],
  ['amomax.d', 99, 'atomic', 0xa000_302f, 0xf800_707f, 'A', 64],
  ['amominu.d', 100, 'atomic', 0xc000_302f, 0xf800_707f, 'A', 64],
  ['amomaxu.d', 101, 'atomic', 0xe000_302f, 0xf800_707f, 'A', 64],
];

let table: readonly Instruction[] | undefined;

/**
 * Every 32-bit instruction, once: what the decoder, the disassembler and the tests are made from.
 *
 * Source: The RISC-V Instruction Set Manual, volume I, version 20191213, chapter 24 (listings); `mret` and `wfi` from
 * volume II, version 20211203, section 3.3.
 */
export function instructionTable(): readonly Instruction[] {
  table ??= ROWS.map(([name, code, format, match, mask, extension, xlen]) => ({
    name,
    code,
    format,
    match,
    mask,
    extension,
    xlen: xlen ?? 'both',
  }));
  return table;
}

const byOpcode = new Map<number, Instruction[]>();

/**
 * Finds the instruction that a 32-bit encoding stands for.
 *
 * @returns undefined where the encoding is illegal.
 */
export function findInstruction(encoding: number, xlen: 32 | 64): Instruction | undefined {
  if (byOpcode.size === 0) {
    for (const instruction of instructionTable()) {
      const opcode = instruction.match & 0x7f;
      const group = byOpcode.get(opcode);
      if (group === undefined) byOpcode.set(opcode, [instruction]);
      else group.push(instruction);
    }
  }
  for (const instruction of byOpcode.get(encoding & 0x7f) ?? []) {
    if ((encoding & instruction.mask) >>> 0 !== instruction.match) continue;
    if (instruction.xlen === 'both' || instruction.xlen === xlen) return instruction;
  }
  return undefined;
}

/** The immediate operand of an encoding with this format, sign-extended to 32 bits; the number of a CSR; 0 if none. */
export function immediateOf(encoding: number, format: Format): number {
  switch (format) {
    case 'I':
    case 'load':
      return encoding >> 20;
    case 'store':
      return ((encoding >> 25) << 5) | ((encoding >>> 7) & 31);
    case 'branch':
      return (
        ((encoding >> 31) << 12) | ((encoding << 4) & 0x800) | ((encoding >>> 20) & 0x7e0) | ((encoding >>> 7) & 0x1e)
      );
    case 'upper':
      return encoding & ~0xfff;
    case 'jump':
      return ((encoding >> 31) << 20) | (encoding & 0xff000) | ((encoding >>> 9) & 0x800) | ((encoding >>> 20) & 0x7fe);
    case 'shift':
      return (encoding >>> 20) & 63;
    case 'csr':
    case 'csr-immediate':
      return encoding >>> 20;
    default:
      return 0;
  }
}
