import { readFileSync } from 'node:fs';
import { parseElf, type Elf } from '@commute/elf';
import { Memory, Snapshot, sha256, type Hasher, type PristineRegion } from '@commute/machine';
import { CONTROL_PAGE, MICRO_FIELD, MICRO_REGION, PROGRAM_BASE, microPristine } from '../src/index.ts';

/** SHA-256 is the quickest of the built-in hashes here. */
export const hasher: Hasher = sha256;

export const hex = (bytes: Uint8Array): string =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');

/** A sample program for the micro machine. */
export function sample(name: string): Elf {
  const parsed = parseElf(readFileSync(new URL(`../../../tools/guests/dist/${name}.micro.elf`, import.meta.url)));
  if (!parsed.ok) throw new Error(`${name}: expected a program, got ${parsed.reason}`);
  return parsed.elf;
}

/** Instruction words as bytes. */
export function assemble(words: readonly number[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(4 * words.length);
  const view = new DataView(bytes.buffer);
  words.forEach((word, i) => view.setUint32(4 * i, word >>> 0, true));
  return bytes;
}

const i = (opcode: number, funct3: number, rd: number, rs1: number, immediate: number): number =>
  ((immediate << 20) | (rs1 << 15) | (funct3 << 12) | (rd << 7) | opcode) >>> 0;

/** The few instructions that tests are written with. */
export const asm = {
  immediate: (funct3: number, rd: number, rs1: number, value: number): number => i(0x13, funct3, rd, rs1, value),
  register: (funct3: number, funct7: number, rd: number, rs1: number, rs2: number): number =>
    i(0x33, funct3, rd, rs1, (funct7 << 5) | rs2),
  addi: (rd: number, rs1: number, immediate: number): number => i(0x13, 0, rd, rs1, immediate),
  add: (rd: number, rs1: number, rs2: number): number => i(0x33, 0, rd, rs1, rs2),
  lui: (rd: number, address: number): number => ((address & ~0xfff) | (rd << 7) | 0x37) >>> 0,
  jalr: (rd: number, rs1: number, immediate: number): number => i(0x67, 0, rd, rs1, immediate),
  jal: (rd: number, offset: number): number =>
    ((((offset >> 20) & 1) << 31) |
      (((offset >> 1) & 1023) << 21) |
      (((offset >> 11) & 1) << 20) |
      (((offset >> 12) & 255) << 12) |
      (rd << 7) |
      0x6f) >>>
    0,
  branch: (funct3: number, rs1: number, rs2: number, offset: number): number =>
    ((((offset >> 12) & 1) << 31) |
      (((offset >> 5) & 63) << 25) |
      (rs2 << 20) |
      (rs1 << 15) |
      (funct3 << 12) |
      (((offset >> 1) & 15) << 8) |
      (((offset >> 11) & 1) << 7) |
      0x63) >>>
    0,
  load: (funct3: number, rd: number, rs1: number, offset: number): number => i(0x03, funct3, rd, rs1, offset),
  store: (funct3: number, rs2: number, rs1: number, offset: number): number =>
    (i(0x23, funct3, offset & 31, rs1, 0) | (rs2 << 20) | (((offset >> 5) & 127) << 25)) >>> 0,
  ecall: 0x0000_0073,
  ebreak: 0x0010_0073,
} as const;

/** `li` of any word, in two instructions. */
export function li(rd: number, value: number): number[] {
  const low = (value << 20) >> 20;
  return [asm.lui(rd, (value - low) | 0), asm.addi(rd, rd, low)];
}

/** A host call with its arguments. */
export function call(number: number, ...args: readonly number[]): number[] {
  return [...args.flatMap((value, at) => li(10 + at, value)), ...li(17, number), asm.ecall];
}

/** A pristine state whose program is these instructions, from the beginning of Q on. */
export function pristineOf(words: readonly number[], log2Period: number): Required<PristineRegion> {
  const program = { entry: PROGRAM_BASE, segments: [{ address: PROGRAM_BASE, bytes: assemble(words) }] };
  return microPristine(program, { log2Period, hasher });
}

/** The state that consists of a pristine Q alone. */
export function attached(pristine: Required<PristineRegion>, below: Snapshot = Snapshot.empty(hasher)): Snapshot {
  return below.withRegion(MICRO_REGION, pristine.content);
}

/** What {@link stateOf} puts into a state besides zeros. */
export interface StateParts {
  readonly registers?: readonly number[];
  readonly fields?: Partial<Record<keyof typeof MICRO_FIELD, number>>;
  readonly words?: Iterable<readonly [address: number, value: number]>;
  readonly bytes?: Iterable<readonly [address: number, bytes: Uint8Array]>;
}

const scratch = new Memory({ hasher });
const empty = Snapshot.empty(hasher);

/** A state from its parts; x0 is not set. */
export function stateOf({ registers = [], fields = {}, words = [], bytes = [] }: StateParts): Snapshot {
  const memory = scratch;
  memory.restore(empty);
  for (const [address, content] of bytes) memory.write(address, content);
  for (const [address, value] of words) memory.storeWord(address, value);
  registers.forEach((value, index) => {
    if (index > 0) memory.storeWord(CONTROL_PAGE + 4 * index, value);
  });
  for (const [name, value] of Object.entries(fields)) {
    memory.storeWord(CONTROL_PAGE + MICRO_FIELD[name as keyof typeof MICRO_FIELD], value);
  }
  return memory.snapshot();
}

/** The words in which two states differ, for messages that help. */
export function differingWords(a: Snapshot, b: Snapshot): string[] {
  const found: string[] = [];
  for (const { index } of a.differences(b)) {
    for (let offset = 0; offset < 4096; offset += 4) {
      const address = index * 4096 + offset;
      const [left, right] = [a.word(address), b.word(address)];
      if (left !== right) found.push(`${address.toString(16)}: ${left.toString(16)} ${right.toString(16)}`);
    }
  }
  return found;
}

export const runs = (usual: number): number => Number(process.env['FC_NUM_RUNS'] ?? usual);
