import { OPERATION } from '../program/operations.ts';
import { type Program } from '../program/program.ts';
import { type InstructionRow } from '../program/instruction-rows.ts';

/*
 * Program rows as the executor holds them: FIELDS words each, in the order of addresses. Behind each range of text there is one entry
 * that no program may reach, and behind all the halted one.
 *
 * The numbers of kinds are repeated in the executor's switch, where only literals compile to a jump table.
 */

/** Words per entry: kind, rs1, rs2, rd, immediate, offset, branch, entry of `nextPc`, row, pc. */
export const FIELDS = 10;

/** Numbers of what an entry does. */
export const KIND = {
  /** Beyond the text. */
  outside: 0,
  /** No instruction that can be executed. */
  illegal: 1,
  addConstant: 2,
  add: 3,
  subtract: 4,
  less: 5,
  equal: 6,
  jump: 7,
  loadByte: 8,
  loadHalf: 9,
  loadByteUnsigned: 10,
  loadHalfUnsigned: 11,
  loadWord: 12,
  storeByte: 13,
  storeHalf: 14,
  storeWord: 15,
  and: 16,
  or: 17,
  xor: 18,
  shiftLeft: 19,
  shiftRight: 20,
  shiftRightArithmetic: 21,
  lessSigned: 22,
  multiply: 23, // to 30
  call: 31,
  custom: 32,
} as const;

const KIND_OF_OPERATION: ReadonlyMap<number, number> = /* @__PURE__ */ new Map([
  [OPERATION.narrow, KIND.loadByteUnsigned],
  [OPERATION.narrow + 1, KIND.loadHalfUnsigned],
  [OPERATION.narrow + 2, KIND.loadByte],
  [OPERATION.narrow + 3, KIND.loadHalf],
  [OPERATION.narrow + 8, KIND.storeByte],
  [OPERATION.narrow + 9, KIND.storeHalf],
  [OPERATION.loadWord, KIND.loadWord],
  [OPERATION.storeWord, KIND.storeWord],
  [OPERATION.and, KIND.and],
  [OPERATION.or, KIND.or],
  [OPERATION.xor, KIND.xor],
  [OPERATION.shiftLeft, KIND.shiftLeft],
  [OPERATION.shiftRight, KIND.shiftRight],
  [OPERATION.shiftRightArithmetic, KIND.shiftRightArithmetic],
  [OPERATION.lessSigned, KIND.lessSigned],
  ...[0, 1, 2, 3].map((index): [number, number] => [OPERATION.multiply + index, KIND.multiply + index]),
  ...[0, 1, 2, 3].map((index): [number, number] => [OPERATION.divideSigned + index, KIND.multiply + 4 + index]),
  [OPERATION.call, KIND.call],
]);

function kindOf(row: InstructionRow): number {
  if (row.isAddition === 1) return row.sign === 0 ? KIND.addConstant : row.sign === 1 ? KIND.add : KIND.subtract;
  if (row.isLess === 1) return KIND.less;
  if (row.isEqual === 1) return KIND.equal;
  if (row.isJump === 1) return KIND.jump;
  return KIND_OF_OPERATION.get(row.operation) ?? KIND.custom;
}

/** A program as the executor runs it. */
export class Code {
  readonly entries: Int32Array;
  /** The entry that a halted machine executes. */
  readonly halted: number;
  readonly #ranges: readonly { readonly start: number; readonly end: number; readonly entry: number }[];

  constructor(program: Program) {
    const { text, rows, rowOfWord } = program;
    const words = text.reduce((sum, range) => sum + range.words.length, 0);
    this.entries = new Int32Array(FIELDS * (words + text.length + 1));
    let entry = 0;
    let word = 0;
    this.#ranges = text.map((range) => {
      const start = entry;
      for (let index = 0; index <= range.words.length; index++, entry++) {
        const at = FIELDS * entry;
        const isBehind = index === range.words.length;
        const row = isBehind ? -1 : rowOfWord[word++]!;
        this.entries[at] = isBehind ? KIND.outside : KIND.illegal;
        this.entries[at + 9] = range.address + 4 * index;
        if (row >= 0) this.#place(at, rows[row]!, row);
      }
      return { start: range.address, end: range.address + 4 * range.words.length, entry: start };
    });
    this.halted = entry;
    this.#place(FIELDS * entry, rows.at(-1)!, rows.length - 1);
    this.entries[FIELDS * entry + 7] = entry;
    for (let each = 0; each < entry; each++) {
      const at = FIELDS * each;
      const kind = this.entries[at]!;
      if (kind === KIND.outside || kind === KIND.illegal) continue;
      const { nextPc, pc } = rows[this.entries[at + 8]!]!;
      this.entries[at + 7] = nextPc === (pc + 4) >>> 0 ? each + 1 : this.locate(nextPc);
    }
  }

  /** The entry of an address; -1 outside of the text. */
  locate(address: number): number {
    for (const { start, end, entry } of this.#ranges) {
      if (address >= start && address < end) return address % 4 === 0 ? entry + (address - start) / 4 : -1;
    }
    return -1;
  }

  #place(at: number, row: InstructionRow, number: number): void {
    this.entries[at] = kindOf(row);
    this.entries[at + 1] = row.rs1;
    this.entries[at + 2] = row.rs2;
    this.entries[at + 3] = row.rd;
    this.entries[at + 4] = row.immediate;
    this.entries[at + 5] = row.offset;
    this.entries[at + 6] = row.branch;
    this.entries[at + 8] = number;
    this.entries[at + 9] = row.pc;
  }
}

/** What a load of a kind gives of a word, `shift` bits above its lowest. */
export function extract(kind: number, word: number, shift: number): number {
  const value = word >>> shift;
  switch (kind) {
    case KIND.loadByte:
      return (value << 24) >> 24;
    case KIND.loadHalf:
      return (value << 16) >> 16;
    case KIND.loadByteUnsigned:
      return value & 255;
    case KIND.loadHalfUnsigned:
      return value & 65535;
    default:
      return word;
  }
}
