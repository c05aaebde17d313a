/*
 * Instructions as the interpreter holds them: four words each,
 *   operation | rd << 8 | rs1 << 16 | rs2 << 24,  operand,  address of the instruction,  unused.
 * The operand is the immediate, or a constant that the interpreter's table puts in its place: what `lui` and `auipc`
 * store, or the table index a jump leads to.
 *
 * The numbers are repeated in the interpreter's switch, where only literals compile to a jump table.
 */

/** Words per instruction. */
export const ENTRY_WORDS = 4;
/** Where instructions that write x0 store their result. */
export const DISCARD_REGISTER = 32;

/** Numbers of the operations. */
export const OPERATION = {
  /** Not decoded yet. */
  undecoded: 0,
  /** Behind the last instruction of a page. */
  pageEnd: 1,
  /** Left to the reference step: traps, and what is rare. */
  reference: 2,
  hostCall: 3,
  constant: 4,
  jumpAndLink: 5,
  jump: 6,
  jumpRegister: 7,
  branch: 8, // to 13
  load: 14, // to 18
  store: 19, // to 21
  immediate: 22, // to 30
  register: 31, // to 40
  nothing: 41,
  multiply: 42, // to 49
} as const;

/** A decoded instruction; meant to be reused. */
export interface Decoded {
  /** First word of the entry. */
  packed: number;
  /** Immediate, or constant. */
  operand: number;
  /** Whether `operand` is the distance in bytes of a jump. */
  relative: boolean;
}

const BRANCHES: readonly number[] = [0, 1, -1, -1, 2, 3, 4, 5];
const LOADS: readonly number[] = [0, 1, 2, -1, 3, 4, -1, -1];
// add, sll, slt, sltu, xor, srl, or, and; then sub and sra.
const REGISTERS: readonly number[] = [0, 2, 3, 4, 5, 6, 8, 9];
// addi, slli, slti, sltiu, xori, srli, ori, andi; then srai.
const IMMEDIATES: readonly number[] = [0, 6, 1, 2, 3, 7, 4, 5];

/** Decodes `instruction`, which lies at `pc`, into `out`; those of the extension M only where `multiply` says so. */
export function decodeInto(out: Decoded, instruction: number, pc: number, multiply: boolean): void {
  const rd = (instruction >>> 7) & 31;
  const funct3 = (instruction >>> 12) & 7;
  const rs1 = (instruction >>> 15) & 31;
  const rs2 = (instruction >>> 20) & 31;
  const funct7 = instruction >>> 25;
  let operation: number = OPERATION.reference;
  out.operand = instruction >> 20;
  out.relative = false;
  switch (instruction & 0x7f) {
    case 0x37:
      operation = OPERATION.constant;
      out.operand = instruction & ~0xfff;
      break;
    case 0x17:
      operation = OPERATION.constant;
      out.operand = (pc + (instruction & ~0xfff)) | 0;
      break;
    case 0x6f: {
      const high = (instruction >> 31) << 20;
      const offset = high | (instruction & 0xf_f000) | ((instruction >>> 9) & 0x800) | ((instruction >>> 20) & 0x7fe);
      if (offset % 4 !== 0) break;
      operation = rd === 0 ? OPERATION.jump : OPERATION.jumpAndLink;
      out.operand = offset;
      out.relative = true;
      break;
    }
    case 0x67:
      if (funct3 === 0) operation = OPERATION.jumpRegister;
      break;
    case 0x63: {
      const kind = BRANCHES[funct3]!;
      const high = (instruction >> 31) << 12;
      const offset =
        high | ((instruction << 4) & 0x800) | ((instruction >>> 20) & 0x7e0) | ((instruction >>> 7) & 0x1e);
      if (kind < 0 || offset % 4 !== 0) break;
      operation = OPERATION.branch + kind;
      out.operand = offset;
      out.relative = true;
      break;
    }
    case 0x03:
      if (LOADS[funct3]! >= 0) operation = OPERATION.load + LOADS[funct3]!;
      break;
    case 0x23:
      if (funct3 <= 2) operation = OPERATION.store + funct3;
      out.operand = ((instruction >> 25) << 5) | rd;
      break;
    case 0x13:
      if (funct3 === 1 || funct3 === 5) {
        out.operand = rs2;
        if (funct7 === 0) operation = OPERATION.immediate + IMMEDIATES[funct3]!;
        else if (funct7 === 0x20 && funct3 === 5) operation = OPERATION.immediate + 8;
      } else {
        operation = OPERATION.immediate + IMMEDIATES[funct3]!;
      }
      break;
    case 0x33:
      if (funct7 === 0) operation = OPERATION.register + REGISTERS[funct3]!;
      else if (funct7 === 0x20 && funct3 === 0) operation = OPERATION.register + 1;
      else if (funct7 === 0x20 && funct3 === 5) operation = OPERATION.register + 7;
      else if (funct7 === 1 && multiply) operation = OPERATION.multiply + funct3;
      break;
    case 0x0f:
      if (funct3 <= 1) operation = OPERATION.nothing;
      break;
    case 0x73:
      if (instruction === 0x73) operation = OPERATION.hostCall;
      break;
    default:
  }
  out.packed = operation | ((rd === 0 ? DISCARD_REGISTER : rd) << 8) | (rs1 << 16) | (rs2 << 24);
}
