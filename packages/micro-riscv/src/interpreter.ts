import type { Memory } from '@commute/machine';
import { DecodeTable } from './decode-table.ts';
import { isAccessible } from './layout.ts';
import { multiplyHighSigned, multiplyHighSignedUnsigned, multiplyHighUnsigned } from './multiply.ts';
import type { UndoLog } from './undo-log.ts';

/** Why {@link Interpreter.execute} came back. */
export const STOP = {
  /** The number of steps was reached. */
  limit: 0,
  /** The program has exited. */
  exited: 1,
  /** The next instruction is for the reference step. */
  reference: 2,
  /** The next instruction is a host call other than `exit`. */
  hostCall: 3,
} as const;

const CONTROL = 0xff000;
const Q = 0xff;

/**
 * Executes instructions from a table of decoded ones, with registers in an array. Knows no traps and no host call but
 * `exit`: it stops in front of all that is rare, which the code of the reference step then does.
 */
export class Interpreter {
  /** x0 to x31; the last element takes what is written to x0. */
  readonly registers: Int32Array = new Int32Array(33);
  /** Address of the next instruction, signed. */
  pc = 0;
  /** Steps that the last call of {@link Interpreter.execute} completed, also when it threw. */
  executed = 0;

  readonly #memory: Memory;
  readonly #table: DecodeTable;
  readonly #undo: UndoLog;

  constructor(memory: Memory, undo: UndoLog, multiply: boolean) {
    this.#memory = memory;
    this.#table = new DecodeTable(memory, multiply);
    this.#undo = undo;
  }

  /**
   * Executes at most `limit` instructions, 0 to 2^31 - 1, from a running state whose pc is a multiple of 4. The clock
   * is the caller's business.
   *
   * @returns a value of {@link STOP}. An `exit` counts as executed, what it stops in front of does not.
   */
  execute(limit: number): number {
    const memory = this.#memory;
    const decodeTable = this.#table;
    const undo = this.#undo;
    const x = this.registers;
    const blockOf = decodeTable.blockOf;
    const readTable = memory.readTable;
    const writeTable = memory.writeTable;
    const journaling = memory.journaling;
    const undoEntries = undo.entries;
    const undoCapacity = undo.capacity;
    let undoLength = undo.length;
    let { bytes, halves, words } = memory;
    let remaining = limit | 0;
    let at = decodeTable.locate(this.pc);
    let table = decodeTable.words;
    let stop: number = STOP.limit;
    let address = 0;
    let page = 0;
    let frame = 0;
    let value = 0;
    let entry = 0;
    try {
      loop: while (remaining !== 0) {
        entry = table[at]!;
        switch (entry & 63) {
          case 0: // undecoded
            at = decodeTable.decode(at);
            table = decodeTable.words;
            // Decoding reads memory, which may have replaced the views.
            ({ bytes, halves, words } = memory);
            continue;
          case 1: // pageEnd
            at = decodeTable.locate(table[at + 2]!);
            table = decodeTable.words;
            continue;
          case 2: // reference
            stop = STOP.reference;
            break loop;
          case 3: // hostCall
            if (x[17] === 93 || x[17] === 94) {
              remaining--;
              stop = STOP.exited;
            } else {
              stop = STOP.hostCall;
            }
            break loop;
          case 4: // lui, auipc
            x[(entry >> 8) & 255] = table[at + 1]!;
            break;
          case 5: // jal
            x[(entry >> 8) & 255] = (table[at + 2]! + 4) | 0;
            at = table[at + 1]!;
            remaining--;
            continue;
          case 6: // jal x0
            at = table[at + 1]!;
            remaining--;
            continue;
          case 7: // jalr
            address = (x[(entry >> 16) & 255]! + table[at + 1]!) & ~1;
            if ((address & 2) !== 0) {
              stop = STOP.reference;
              break loop;
            }
            x[(entry >> 8) & 255] = (table[at + 2]! + 4) | 0;
            frame = blockOf[address >>> 12]!;
            if (frame !== 0) {
              at = frame + (address & 4095);
            } else {
              at = decodeTable.locate(address);
              table = decodeTable.words;
            }
            remaining--;
            continue;
          case 8: // beq
            if (x[(entry >> 16) & 255] === x[entry >>> 24]) {
              at = table[at + 1]!;
              remaining--;
              continue;
            }
            break;
          case 9: // bne
            if (x[(entry >> 16) & 255] !== x[entry >>> 24]) {
              at = table[at + 1]!;
              remaining--;
              continue;
            }
            break;
          case 10: // blt
            if (x[(entry >> 16) & 255]! < x[entry >>> 24]!) {
              at = table[at + 1]!;
              remaining--;
              continue;
            }
            break;
          case 11: // bge
            if (x[(entry >> 16) & 255]! >= x[entry >>> 24]!) {
              at = table[at + 1]!;
              remaining--;
              continue;
            }
            break;
          case 12: // bltu
            if (x[(entry >> 16) & 255]! >>> 0 < x[entry >>> 24]! >>> 0) {
              at = table[at + 1]!;
              remaining--;
              continue;
            }
            break;
          case 13: // bgeu
            if (x[(entry >> 16) & 255]! >>> 0 >= x[entry >>> 24]! >>> 0) {
              at = table[at + 1]!;
              remaining--;
              continue;
            }
            break;
          case 14: // lb
            address = (x[(entry >> 16) & 255]! + table[at + 1]!) | 0;
            page = address >>> 12;
            frame = readTable[page]!;
            if (frame === 0 || page === CONTROL) {
              if (page === CONTROL) {
                stop = STOP.reference;
                break loop;
              }
              frame = memory.pageIn(address);
              ({ bytes, halves, words } = memory);
            }
            x[(entry >> 8) & 255] = (bytes[frame + (address & 4095)]! << 24) >> 24;
            break;
          case 15: // lh
            address = (x[(entry >> 16) & 255]! + table[at + 1]!) | 0;
            page = address >>> 12;
            frame = readTable[page]!;
            if (frame === 0 || (address & 1) !== 0 || page === CONTROL) {
              if (!isAccessible(address >>> 0, 2)) {
                stop = STOP.reference;
                break loop;
              }
              value = loadAny(memory, address, 2);
              ({ bytes, halves, words } = memory);
            } else {
              value = halves[(frame + (address & 4094)) >> 1]!;
            }
            x[(entry >> 8) & 255] = (value << 16) >> 16;
            break;
          case 16: // lw
            address = (x[(entry >> 16) & 255]! + table[at + 1]!) | 0;
            page = address >>> 12;
            frame = readTable[page]!;
            if (frame === 0 || (address & 3) !== 0 || page === CONTROL) {
              if (!isAccessible(address >>> 0, 4)) {
                stop = STOP.reference;
                break loop;
              }
              value = loadAny(memory, address, 4);
              ({ bytes, halves, words } = memory);
            } else {
              value = words[(frame + (address & 4092)) >> 2]!;
            }
            x[(entry >> 8) & 255] = value;
            break;
          case 17: // lbu
            address = (x[(entry >> 16) & 255]! + table[at + 1]!) | 0;
            page = address >>> 12;
            frame = readTable[page]!;
            if (frame === 0 || page === CONTROL) {
              if (page === CONTROL) {
                stop = STOP.reference;
                break loop;
              }
              frame = memory.pageIn(address);
              ({ bytes, halves, words } = memory);
            }
            x[(entry >> 8) & 255] = bytes[frame + (address & 4095)]!;
            break;
          case 18: // lhu
            address = (x[(entry >> 16) & 255]! + table[at + 1]!) | 0;
            page = address >>> 12;
            frame = readTable[page]!;
            if (frame === 0 || (address & 1) !== 0 || page === CONTROL) {
              if (!isAccessible(address >>> 0, 2)) {
                stop = STOP.reference;
                break loop;
              }
              value = loadAny(memory, address, 2);
              ({ bytes, halves, words } = memory);
            } else {
              value = halves[(frame + (address & 4094)) >> 1]!;
            }
            x[(entry >> 8) & 255] = value;
            break;
          case 19: // sb
            address = (x[(entry >> 16) & 255]! + table[at + 1]!) | 0;
            page = address >>> 12;
            frame = writeTable[page]!;
            if (frame === 0 || page === CONTROL) {
              if (!isAccessible(address >>> 0, 1)) {
                stop = STOP.reference;
                break loop;
              }
              frame = memory.prepareWrite(address, 1);
              ({ bytes, halves, words } = memory);
            }
            if (address >>> 24 === Q && undoLength < undoCapacity) {
              undoEntries[undoLength] = address & ~3;
              undoEntries[undoLength + 1] = words[(frame + (address & 4092)) >> 2]!;
              undoLength += 2;
            }
            if (journaling) memory.record(address);
            bytes[frame + (address & 4095)] = x[entry >>> 24]!;
            break;
          case 20: // sh
            address = (x[(entry >> 16) & 255]! + table[at + 1]!) | 0;
            page = address >>> 12;
            frame = writeTable[page]!;
            if (frame === 0 || (address & 1) !== 0 || page === CONTROL) {
              if (!isAccessible(address >>> 0, 2)) {
                stop = STOP.reference;
                break loop;
              }
              if ((address & 1) !== 0) {
                undo.length = undoLength;
                storeMisaligned(memory, undo, address, 2, x[entry >>> 24]!);
                undoLength = undo.length;
                ({ bytes, halves, words } = memory);
                break;
              }
              frame = memory.prepareWrite(address, 2);
              ({ bytes, halves, words } = memory);
            }
            if (address >>> 24 === Q && undoLength < undoCapacity) {
              undoEntries[undoLength] = address & ~3;
              undoEntries[undoLength + 1] = words[(frame + (address & 4092)) >> 2]!;
              undoLength += 2;
            }
            if (journaling) memory.record(address);
            halves[(frame + (address & 4094)) >> 1] = x[entry >>> 24]!;
            break;
          case 21: // sw
            address = (x[(entry >> 16) & 255]! + table[at + 1]!) | 0;
            page = address >>> 12;
            frame = writeTable[page]!;
            if (frame === 0 || (address & 3) !== 0 || page === CONTROL) {
              if (!isAccessible(address >>> 0, 4)) {
                stop = STOP.reference;
                break loop;
              }
              if ((address & 3) !== 0) {
                undo.length = undoLength;
                storeMisaligned(memory, undo, address, 4, x[entry >>> 24]!);
                undoLength = undo.length;
                ({ bytes, halves, words } = memory);
                break;
              }
              frame = memory.prepareWrite(address, 4);
              ({ bytes, halves, words } = memory);
            }
            if (address >>> 24 === Q && undoLength < undoCapacity) {
              undoEntries[undoLength] = address & ~3;
              undoEntries[undoLength + 1] = words[(frame + (address & 4092)) >> 2]!;
              undoLength += 2;
            }
            if (journaling) memory.record(address);
            words[(frame + (address & 4092)) >> 2] = x[entry >>> 24]!;
            break;
          case 22: // addi
            x[(entry >> 8) & 255] = x[(entry >> 16) & 255]! + table[at + 1]!;
            break;
          case 23: // slti
            x[(entry >> 8) & 255] = x[(entry >> 16) & 255]! < table[at + 1]! ? 1 : 0;
            break;
          case 24: // sltiu
            x[(entry >> 8) & 255] = x[(entry >> 16) & 255]! >>> 0 < table[at + 1]! >>> 0 ? 1 : 0;
            break;
          case 25: // xori
            x[(entry >> 8) & 255] = x[(entry >> 16) & 255]! ^ table[at + 1]!;
            break;
          case 26: // ori
            x[(entry >> 8) & 255] = x[(entry >> 16) & 255]! | table[at + 1]!;
            break;
          case 27: // andi
            x[(entry >> 8) & 255] = x[(entry >> 16) & 255]! & table[at + 1]!;
            break;
          case 28: // slli
            x[(entry >> 8) & 255] = x[(entry >> 16) & 255]! << table[at + 1]!;
            break;
          case 29: // srli
            x[(entry >> 8) & 255] = x[(entry >> 16) & 255]! >>> table[at + 1]!;
            break;
          case 30: // srai
            x[(entry >> 8) & 255] = x[(entry >> 16) & 255]! >> table[at + 1]!;
            break;
          case 31: // add
            x[(entry >> 8) & 255] = x[(entry >> 16) & 255]! + x[entry >>> 24]!;
            break;
          case 32: // sub
            x[(entry >> 8) & 255] = x[(entry >> 16) & 255]! - x[entry >>> 24]!;
            break;
          case 33: // sll
            x[(entry >> 8) & 255] = x[(entry >> 16) & 255]! << x[entry >>> 24]!;
            break;
          case 34: // slt
            x[(entry >> 8) & 255] = x[(entry >> 16) & 255]! < x[entry >>> 24]! ? 1 : 0;
            break;
          case 35: // sltu
            x[(entry >> 8) & 255] = x[(entry >> 16) & 255]! >>> 0 < x[entry >>> 24]! >>> 0 ? 1 : 0;
            break;
          case 36: // xor
            x[(entry >> 8) & 255] = x[(entry >> 16) & 255]! ^ x[entry >>> 24]!;
            break;
          case 37: // srl
            x[(entry >> 8) & 255] = x[(entry >> 16) & 255]! >>> x[entry >>> 24]!;
            break;
          case 38: // sra
            x[(entry >> 8) & 255] = x[(entry >> 16) & 255]! >> x[entry >>> 24]!;
            break;
          case 39: // or
            x[(entry >> 8) & 255] = x[(entry >> 16) & 255]! | x[entry >>> 24]!;
            break;
          case 40: // and
            x[(entry >> 8) & 255] = x[(entry >> 16) & 255]! & x[entry >>> 24]!;
            break;
          case 41: // fence
            break;
          case 42: // mul
            x[(entry >> 8) & 255] = Math.imul(x[(entry >> 16) & 255]!, x[entry >>> 24]!);
            break;
          case 43: // mulh
            x[(entry >> 8) & 255] = multiplyHighSigned(x[(entry >> 16) & 255]!, x[entry >>> 24]!);
            break;
          case 44: // mulhsu
            x[(entry >> 8) & 255] = multiplyHighSignedUnsigned(x[(entry >> 16) & 255]!, x[entry >>> 24]!);
            break;
          case 45: // mulhu
            x[(entry >> 8) & 255] = multiplyHighUnsigned(x[(entry >> 16) & 255]!, x[entry >>> 24]!);
            break;
          case 46: // div
            value = x[entry >>> 24]!;
            x[(entry >> 8) & 255] = value === 0 ? -1 : x[(entry >> 16) & 255]! / value;
            break;
          case 47: // divu
            value = x[entry >>> 24]!;
            x[(entry >> 8) & 255] = value === 0 ? -1 : (x[(entry >> 16) & 255]! >>> 0) / (value >>> 0);
            break;
          case 48: // rem
            value = x[entry >>> 24]!;
            x[(entry >> 8) & 255] = value === 0 ? x[(entry >> 16) & 255]! : x[(entry >> 16) & 255]! % value;
            break;
          default: // remu
            value = x[entry >>> 24]!;
            x[(entry >> 8) & 255] =
              value === 0 ? x[(entry >> 16) & 255]! : (x[(entry >> 16) & 255]! >>> 0) % (value >>> 0);
        }
        at += 4;
        remaining--;
      }
    } finally {
      this.pc = table[at + 2]!;
      this.executed = limit - remaining;
      undo.length = undoLength;
    }
    return stop;
  }
}

/** Loads 2 or 4 accessible bytes of any alignment, as a signed word or an unsigned half. */
function loadAny(memory: Memory, address: number, size: number): number {
  let value = 0;
  for (let i = 0; i < size; i++) value |= memory.loadByte((address + i) | 0) << (8 * i);
  return value;
}

/** Stores 2 or 4 accessible bytes across a word boundary or inside a word. */
function storeMisaligned(memory: Memory, undo: UndoLog, address: number, size: number, value: number): void {
  const last = (address + size - 1) | 0;
  // Both pages first: after a failure nothing has been stored.
  memory.prepareWrite(address, size);
  memory.prepareWrite(last & ~3, 4);
  undo.note(memory, address & ~3);
  if ((last & ~3) !== (address & ~3)) undo.note(memory, last & ~3);
  for (let i = 0; i < size; i++) memory.storeByte((address + i) | 0, value >> (8 * i));
}
