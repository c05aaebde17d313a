import { BaseError } from '@commute/errors';
import { expandCompressed } from './compressed.ts';
import { findInstruction, immediateOf, type Instruction } from './instructions.ts';
import { csrName, hexadecimal, registerName } from './names.ts';

/** What {@link disassemble} needs to know. */
export interface DisassembleOptions {
  /** Width of the registers: 64 unless told. */
  readonly xlen?: 32 | 64;
  /** Address of the instruction, for the targets of jumps and branches: 0 unless told. Below 2^53. */
  readonly pc?: number;
}

/** An instruction as text. */
export interface Disassembly {
  /** As the GNU disassembler writes it, with one space after the mnemonic and absolute targets in hexadecimal. */
  readonly text: string;
  /** Bytes of the instruction: 2 or 4. */
  readonly length: 2 | 4;
}

/**
 * Writes an instruction in assembly language, with the usual pseudo-instructions.
 *
 * Covers RV64IMAC and RV32IMAC with Zicsr, Zifencei, `mret` and `wfi`. An encoding that is none of these becomes
 * `.2byte` or `.4byte` with its value.
 *
 * @param instruction - the 32 bits at the address, of which a 16-bit instruction is the lower half. Signed or unsigned.
 * @throws BaseError `FAST_VM_DISASSEMBLE_RANGE` unless `instruction` is an integer of 32 bits.
 * @example
 * ```ts
 * import { disassemble } from '@commute/fast-vm';
 * const { text, length } = disassemble(0x1141, { pc: 0x1000 });
 * if (text !== 'addi sp,sp,-16' || length !== 2) throw new Error(text);
 * if (disassemble(0x00b50463, { pc: 0x1000 }).text !== 'beq a0,a1,0x1008') throw new Error('expected a branch');
 * ```
 */
export function disassemble(instruction: number, options: DisassembleOptions = {}): Disassembly {
  const { xlen = 64, pc = 0 } = options;
  if (!Number.isInteger(instruction) || instruction < -(2 ** 31) || instruction >= 2 ** 32) {
    throw new BaseError(
      'FAST_VM_DISASSEMBLE_RANGE',
      `instruction: expected an integer of 32 bits, got ${String(instruction)}`,
      { instruction },
    );
  }
  const isShort = (instruction & 3) !== 3;
  const encoding = isShort ? expandCompressed(instruction & 0xffff, xlen) : instruction >>> 0;
  const found = findInstruction(encoding, xlen);
  if (found === undefined) {
    return isShort
      ? { text: `.2byte ${hexadecimal(instruction & 0xffff)}`, length: 2 }
      : { text: `.4byte ${hexadecimal(encoding)}`, length: 4 };
  }
  const fields = fieldsOf(encoding, found, pc, xlen);
  return { text: pseudo(found.name, fields) ?? plain(found, fields), length: isShort ? 2 : 4 };
}

interface Fields {
  readonly encoding: number;
  readonly rd: string;
  readonly rs1: string;
  readonly rs2: string;
  readonly immediate: number;
  /** Absolute target of a jump or branch. */
  readonly target: string;
}

function fieldsOf(encoding: number, { format }: Instruction, pc: number, xlen: 32 | 64): Fields {
  const immediate = immediateOf(encoding, format);
  const target = BigInt.asUintN(xlen, BigInt(pc) + BigInt(immediate)).toString(16);
  return {
    encoding,
    rd: registerName((encoding >>> 7) & 31),
    rs1: registerName((encoding >>> 15) & 31),
    rs2: registerName((encoding >>> 20) & 31),
    immediate,
    target: `0x${target}`,
  };
}

/** The shorter form that assemblers have for this instruction with these operands. */
function pseudo(name: string, fields: Fields): string | undefined {
  const { rd, rs1, rs2, immediate, target } = fields;
  switch (name) {
    case 'addi':
      if (rd === 'zero' && rs1 === 'zero' && immediate === 0) return 'nop';
      if (rs1 === 'zero') return `li ${rd},${String(immediate)}`;
      return immediate === 0 ? `mv ${rd},${rs1}` : undefined;
    case 'addiw':
      return immediate === 0 ? `sext.w ${rd},${rs1}` : undefined;
    case 'xori':
      return immediate === -1 ? `not ${rd},${rs1}` : undefined;
    case 'andi':
      return immediate === 255 ? `zext.b ${rd},${rs1}` : undefined;
    case 'sltiu':
      return immediate === 1 ? `seqz ${rd},${rs1}` : undefined;
    case 'add':
      return rs1 === 'zero' ? `mv ${rd},${rs2}` : undefined;
    case 'sub':
      return rs1 === 'zero' ? `neg ${rd},${rs2}` : undefined;
    case 'subw':
      return rs1 === 'zero' ? `negw ${rd},${rs2}` : undefined;
    case 'sltu':
      return rs1 === 'zero' ? `snez ${rd},${rs2}` : undefined;
    case 'slt':
      if (rs2 === 'zero') return `sltz ${rd},${rs1}`;
      return rs1 === 'zero' ? `sgtz ${rd},${rs2}` : undefined;
    case 'beq':
    case 'bne':
      return rs2 === 'zero' ? `${name}z ${rs1},${target}` : undefined;
    case 'blt':
      if (rs2 === 'zero') return `bltz ${rs1},${target}`;
      return rs1 === 'zero' ? `bgtz ${rs2},${target}` : undefined;
    case 'bge':
      if (rs2 === 'zero') return `bgez ${rs1},${target}`;
      return rs1 === 'zero' ? `blez ${rs2},${target}` : undefined;
    case 'jal':
      if (rd === 'zero') return `j ${target}`;
      return rd === 'ra' ? `jal ${target}` : undefined;
    case 'jalr':
      return pseudoJump(rd, rs1, immediate);
    default:
      return name.startsWith('csr') ? pseudoCsr(name, fields) : undefined;
  }
}

function pseudoJump(rd: string, rs1: string, immediate: number): string {
  const place = immediate === 0 ? rs1 : `${String(immediate)}(${rs1})`;
  if (rd === 'zero') return place === 'ra' ? 'ret' : `jr ${place}`;
  return rd === 'ra' ? `jalr ${place}` : `jalr ${rd},${place}`;
}

function pseudoCsr(name: string, { rd, rs1, immediate, encoding }: Fields): string | undefined {
  const csr = csrName(immediate);
  if (name === 'csrrs' && rs1 === 'zero') {
    // The three counters, and with 32-bit registers their upper halves.
    if ((immediate & ~0x80) >= 0xc00 && (immediate & ~0x80) <= 0xc02) return `rd${csr} ${rd}`;
    return `csrr ${rd},${csr}`;
  }
  if (rd !== 'zero') return undefined;
  const short = `csr${name.slice(4)}`;
  return name.endsWith('i') ? `${short} ${csr},${String((encoding >>> 15) & 31)}` : `${short} ${csr},${rs1}`;
}

function plain({ name, format }: Instruction, fields: Fields): string {
  const { encoding, rd, rs1, rs2, immediate, target } = fields;
  switch (format) {
    case 'R':
      return `${name} ${rd},${rs1},${rs2}`;
    case 'I':
      return `${name} ${rd},${rs1},${String(immediate)}`;
    case 'shift':
      return `${name} ${rd},${rs1},${hexadecimal(immediate)}`;
    case 'load':
      return `${name} ${rd},${String(immediate)}(${rs1})`;
    case 'store':
      return `${name} ${rs2},${String(immediate)}(${rs1})`;
    case 'branch':
      return `${name} ${rs1},${rs2},${target}`;
    case 'upper':
      return `${name} ${rd},${hexadecimal(immediate >>> 12)}`;
    case 'jump':
      return `${name} ${rd},${target}`;
    case 'csr':
      return `${name} ${rd},${csrName(immediate)},${rs1}`;
    case 'csr-immediate':
      return `${name} ${rd},${csrName(immediate)},${String((encoding >>> 15) & 31)}`;
    case 'load-reserved':
      return `${name}${ordering(encoding)} ${rd},(${rs1})`;
    case 'atomic':
      return `${name}${ordering(encoding)} ${rd},${rs2},(${rs1})`;
    case 'fence':
      return fence(encoding);
    case 'none':
      return name;
  }
}

function ordering(encoding: number): string {
  return ['', '.rl', '.aq', '.aqrl'][(encoding >>> 25) & 3]!;
}

function fence(encoding: number): string {
  const before = (encoding >>> 24) & 15;
  const after = (encoding >>> 20) & 15;
  if (encoding >>> 20 === 0x833) return 'fence.tso';
  if (before === 15 && after === 15) return 'fence';
  return `fence ${accessSet(before)},${accessSet(after)}`;
}

/** The letters of a set of device input, device output, reads and writes. */
function accessSet(bits: number): string {
  const letters = ['i', 'o', 'r', 'w'].filter((_, i) => (bits & (8 >> i)) !== 0);
  return letters.length === 0 ? '0' : letters.join('');
}
