import { encodeBranch, encodeI, encodeJump, encodeR, encodeStore, encodeUpper } from '../src/encode.ts';
import { instructionTable, type Instruction } from '../src/instructions.ts';

/** Operands by name; what an instruction does not have is ignored. */
export interface Operands {
  readonly rd?: number;
  readonly rs1?: number;
  readonly rs2?: number;
  readonly immediate?: number;
}

const byName = new Map<string, Instruction>();
for (const instruction of instructionTable()) {
  if (instruction.xlen !== 32) byName.set(instruction.name, instruction);
}

/** The table's entry of this mnemonic for registers of 64 bits. */
export function instructionNamed(name: string): Instruction {
  const instruction = byName.get(name);
  if (instruction === undefined) throw new Error(`no instruction ${name}`);
  return instruction;
}

/** Encodes an instruction from the table. */
export function assemble(name: string, operands: Operands = {}): number {
  const { rd = 0, rs1 = 0, rs2 = 0, immediate = 0 } = operands;
  const { format, match } = instructionNamed(name);
  switch (format) {
    case 'R':
    case 'atomic':
      return encodeR(match, rd, rs1, rs2);
    case 'load-reserved':
      return encodeR(match, rd, rs1, 0);
    case 'I':
    case 'load':
    case 'shift':
    case 'csr':
    case 'csr-immediate':
    case 'fence':
      return encodeI(match, rd, rs1, immediate);
    case 'store':
      return encodeStore(match, rs1, rs2, immediate);
    case 'branch':
      return encodeBranch(match, rs1, rs2, immediate);
    case 'upper':
      return encodeUpper(match, rd, immediate);
    case 'jump':
      return encodeJump(match, rd, immediate);
    case 'none':
      return match;
  }
}

/** Instructions one after another; 16-bit ones are those whose low two bits are not 11. */
export function codeBytes(instructions: readonly number[]): Uint8Array<ArrayBuffer> {
  const bytes: number[] = [];
  for (const instruction of instructions) {
    bytes.push(instruction & 255, (instruction >>> 8) & 255);
    if ((instruction & 3) === 3) bytes.push((instruction >>> 16) & 255, instruction >>> 24);
  }
  return Uint8Array.from(bytes);
}
