/*
 * Instructions by name, for programs that tests write themselves.
 */
import { type CodeImage } from '../src/index.ts';

function r(opcode: number, funct3: number, funct7: number, rd: number, rs1: number, rs2: number): number {
  return ((funct7 << 25) | (rs2 << 20) | (rs1 << 15) | (funct3 << 12) | (rd << 7) | opcode) >>> 0;
}

function i(opcode: number, funct3: number, rd: number, rs1: number, immediate: number): number {
  return ((immediate << 20) | (rs1 << 15) | (funct3 << 12) | (rd << 7) | opcode) >>> 0;
}

function b(funct3: number, rs1: number, rs2: number, offset: number): number {
  const high = (((offset >> 12) & 1) << 6) | ((offset >> 5) & 63);
  const low = (((offset >> 1) & 15) << 1) | ((offset >> 11) & 1);
  return r(0x63, funct3, high, low, rs1, rs2);
}

function s(funct3: number, rs2: number, rs1: number, offset: number): number {
  return r(0x23, funct3, (offset >> 5) & 127, offset & 31, rs1, rs2);
}

type Three = (rd: number, rs1: number, rs2: number) => number;
type Immediate = (rd: number, rs1: number, immediate: number) => number;

const threes = (names: readonly string[], funct7: number): Record<string, Three> =>
  Object.fromEntries(
    names.map((name, funct3): [string, Three] => [name, (rd, rs1, rs2) => r(0x33, funct3, funct7, rd, rs1, rs2)]),
  );

/** Instructions of the register-register kind. */
export const registerInstructions: Readonly<Record<string, Three>> = {
  ...threes(['add', 'sll', 'slt', 'sltu', 'xor', 'srl', 'or', 'and'], 0),
  sub: (rd, rs1, rs2) => r(0x33, 0, 0x20, rd, rs1, rs2),
  sra: (rd, rs1, rs2) => r(0x33, 5, 0x20, rd, rs1, rs2),
};

/** Instructions of the extension M. */
export const multiplyInstructions: Readonly<Record<string, Three>> = threes(
  ['mul', 'mulh', 'mulhsu', 'mulhu', 'div', 'divu', 'rem', 'remu'],
  1,
);

/** Instructions of the register-immediate kind; shifts take a distance. */
export const immediateInstructions: Readonly<Record<string, Immediate>> = {
  addi: (rd, rs1, immediate) => i(0x13, 0, rd, rs1, immediate),
  slti: (rd, rs1, immediate) => i(0x13, 2, rd, rs1, immediate),
  sltiu: (rd, rs1, immediate) => i(0x13, 3, rd, rs1, immediate),
  xori: (rd, rs1, immediate) => i(0x13, 4, rd, rs1, immediate),
  ori: (rd, rs1, immediate) => i(0x13, 6, rd, rs1, immediate),
  andi: (rd, rs1, immediate) => i(0x13, 7, rd, rs1, immediate),
  slli: (rd, rs1, distance) => i(0x13, 1, rd, rs1, distance & 31),
  srli: (rd, rs1, distance) => i(0x13, 5, rd, rs1, distance & 31),
  srai: (rd, rs1, distance) => i(0x13, 5, rd, rs1, (distance & 31) | 0x400),
};

/** Branches, by the distance in bytes. */
export const branchInstructions: Readonly<Record<string, (rs1: number, rs2: number, offset: number) => number>> = {
  beq: (rs1, rs2, offset) => b(0, rs1, rs2, offset),
  bne: (rs1, rs2, offset) => b(1, rs1, rs2, offset),
  blt: (rs1, rs2, offset) => b(4, rs1, rs2, offset),
  bge: (rs1, rs2, offset) => b(5, rs1, rs2, offset),
  bltu: (rs1, rs2, offset) => b(6, rs1, rs2, offset),
  bgeu: (rs1, rs2, offset) => b(7, rs1, rs2, offset),
};

/** Loads. */
export const loadInstructions: Readonly<Record<string, (rd: number, rs1: number, offset: number) => number>> = {
  lb: (rd, rs1, offset) => i(0x03, 0, rd, rs1, offset),
  lh: (rd, rs1, offset) => i(0x03, 1, rd, rs1, offset),
  lw: (rd, rs1, offset) => i(0x03, 2, rd, rs1, offset),
  lbu: (rd, rs1, offset) => i(0x03, 4, rd, rs1, offset),
  lhu: (rd, rs1, offset) => i(0x03, 5, rd, rs1, offset),
};

/** Stores. */
export const storeInstructions: Readonly<Record<string, (rs2: number, rs1: number, offset: number) => number>> = {
  sb: (rs2, rs1, offset) => s(0, rs2, rs1, offset),
  sh: (rs2, rs1, offset) => s(1, rs2, rs1, offset),
  sw: (rs2, rs1, offset) => s(2, rs2, rs1, offset),
};

export const lui = (rd: number, value: number): number => ((value & ~0xfff) | (rd << 7) | 0x37) >>> 0;
export const auipc = (rd: number, value: number): number => ((value & ~0xfff) | (rd << 7) | 0x17) >>> 0;
export const jalr = (rd: number, rs1: number, offset: number): number => i(0x67, 0, rd, rs1, offset);
export const jal = (rd: number, offset: number): number =>
  ((((offset >> 20) & 1) << 31) |
    (((offset >> 1) & 1023) << 21) |
    (((offset >> 11) & 1) << 20) |
    (((offset >> 12) & 255) << 12) |
    (rd << 7) |
    0x6f) >>>
  0;
export const fence = 0x0ff0_000f;
export const ecall = 0x0000_0073;
export const ebreak = 0x0010_0073;

/** `li` of any word, in two instructions. */
export function li(rd: number, value: number): number[] {
  const low = (value << 20) >> 20;
  return [lui(rd, (value - low) | 0), immediateInstructions['addi']!(rd, rd, low)];
}

/** A host call with its arguments. */
export function call(number: number, ...args: readonly number[]): number[] {
  return [...args.flatMap((value, at) => li(10 + at, value)), ...li(17, number), ecall];
}

/** Address of the text of {@link image}. */
export const TEXT = 0x1_0000;
/** Address of its data. */
export const DATA = 0x2_0000;

/** A program with these instructions, and these bytes of data. */
export function image(words: readonly number[], data: Uint8Array = new Uint8Array(0)): CodeImage {
  const bytes = new Uint8Array(4 * words.length);
  words.forEach((word, at) => {
    new DataView(bytes.buffer).setUint32(4 * at, word, true);
  });
  return {
    entry: TEXT,
    segments: [
      { address: TEXT, bytes, executable: true },
      { address: DATA, bytes: data, memorySize: Math.max(data.length, 4096) },
    ],
  };
}
