import { PAGE_BITS, PAGE_BYTES } from '@commute/machine';
import { CAUSE } from './layout.ts';
import { EVENT_ENTRY, EVENT_INSTRUCTION, EVENT_NONE, PC, type Hart } from './hart.ts';
import { CODE_ENTRY, CODE_FETCH_FAULT, CODE_ILLEGAL, CODE_UNDECODED } from './instructions.ts';
import { FIRST_LOAD, LAST_STORE, accessMemory } from './memory-access.ts';
import {
  divideSigned,
  divideUnsigned,
  divideWord,
  divideWordUnsigned,
  multiplyHigh,
  multiplyHighSignedUnsigned,
  multiplyHighUnsigned,
  multiplyHighWords,
  remainderSigned,
  remainderUnsigned,
} from './multiply.ts';
import { shiftLeft, shiftRight, shiftRightSigned } from './shift.ts';

/**
 * Executes up to `budget` instructions and stops before the first that needs more than registers and RAM; `hart.event`
 * then tells which. On return, and when memory runs out, pc is that of the next instruction and `hart.executed` the
 * number of instructions executed; time is not advanced.
 *
 * A 64-bit register is two signed 32-bit halves, low at an even index of `x` and high at the next. In each case, `d`,
 * `s` and `t` are the indices of rd, rs1 and rs2; see `decode.ts`.
 *
 * @param budget - 0 to 2^30.
 * @param marked - whether to stop, with an event, where translated code may be entered.
 */
export function execute(hart: Hart, budget: number, marked = false): void {
  const { memory, x, granules } = hart;
  let { readTable, writeTable } = memory;
  // Without direct stores each one takes the slow path, which notes it in the journal.
  const direct = !memory.journaling;
  let left = budget | 0;
  hart.event = EVENT_NONE;

  nextPage: for (;;) {
    hart.executed = budget - left;
    if (left === 0) return;
    const page = hart.codePage();
    if (page === undefined) return;
    const code = marked ? (page.marked ?? page.code) : page.code;
    const base = page.index << PAGE_BITS;
    let { bytes, halves, words } = memory;
    ({ readTable, writeTable } = memory);
    /** Offset of the instruction in its page. */
    let at = x[PC]! & (PAGE_BYTES - 2);

    while (left > 0) {
      const word = code[at]!;
      const immediate = code[at + 1]!;
      const d = (word >>> 8) & 255;
      const s = (word >>> 16) & 62;
      const t = (word >>> 22) & 62;

      let value: number;

      advance: {
        look: {
          jump: {
            // The numbers are the codes of the instruction table: literals make this a jump table.
            switch (word & 255) {
              case 1: // end of the page
                hart.setPc((base >>> 0) + at);
                continue nextPage;

              case 4: // lui
                x[d] = immediate;
                x[d + 1] = immediate >> 31;
                break advance;
              case 5: /* auipc */ {
                const pc = base + at;
                const low = (pc + immediate) | 0;
                x[d] = low;
                x[d + 1] = (immediate >> 31) + (low >>> 0 < pc >>> 0 ? 1 : 0);
                break advance;
              }
              case 6: // jal
                x[d] = base + at + 4 - ((word >>> 27) & 2);
                x[d + 1] = 0;
                break jump;
              case 7: /* jalr */ {
                const low = x[s]!;
                const target = (low + immediate) & -2;
                const high = (x[s + 1]! + (immediate >> 31) + ((low + immediate) >>> 0 < immediate >>> 0 ? 1 : 0)) | 0;
                x[d] = base + at + 4 - ((word >>> 27) & 2);
                x[d + 1] = 0;
                left -= 1;
                if (high === 0 && ((target ^ base) & -PAGE_BYTES) === 0) {
                  at = target & (PAGE_BYTES - 1);
                  continue;
                }
                x[PC] = target;
                x[PC + 1] = high;
                continue nextPage;
              }

              case 8: // beq
                if (x[s] !== x[t] || x[s + 1] !== x[t + 1]) break advance;
                break jump;
              case 9: // bne
                if (x[s] === x[t] && x[s + 1] === x[t + 1]) break advance;
                break jump;
              case 10: /* blt */ {
                const a = x[s + 1]!;
                const b = x[t + 1]!;
                if (a === b ? x[s]! >>> 0 >= x[t]! >>> 0 : a >= b) break advance;
                break jump;
              }
              case 11: /* bge */ {
                const a = x[s + 1]!;
                const b = x[t + 1]!;
                if (a === b ? x[s]! >>> 0 < x[t]! >>> 0 : a < b) break advance;
                break jump;
              }
              case 12: /* bltu */ {
                const a = x[s + 1]!;
                const b = x[t + 1]!;
                if (a === b ? x[s]! >>> 0 >= x[t]! >>> 0 : a >>> 0 >= b >>> 0) break advance;
                break jump;
              }
              case 13: /* bgeu */ {
                const a = x[s + 1]!;
                const b = x[t + 1]!;
                if (a === b ? x[s]! >>> 0 < x[t]! >>> 0 : a >>> 0 < b >>> 0) break advance;
                break jump;
              }

              // Loads and stores go ahead here if the address has 32 bits without a carry, is aligned, and lies in RAM on a
              // page that is ready; else `accessMemory` looks closer.
              case 14: /* lb */ {
                const low = (x[s]! + immediate) | 0;
                if (x[s + 1] !== 0 || (x[s]! ^ low) < 0 || granules[low >>> 20] === 0) break look;
                const frame = readTable[low >>> PAGE_BITS]!;
                if (frame === 0) break look;
                value = (bytes[frame + (low & 4095)]! << 24) >> 24;
                break;
              }
              case 15: /* lh */ {
                const low = (x[s]! + immediate) | 0;
                if (x[s + 1] !== 0 || (x[s]! ^ low) < 0 || granules[low >>> 20] === 0 || (low & 1) !== 0) break look;
                const frame = readTable[low >>> PAGE_BITS]!;
                if (frame === 0) break look;
                value = (halves[(frame + (low & 4095)) >> 1]! << 16) >> 16;
                break;
              }
              case 16: /* lw */ {
                const low = (x[s]! + immediate) | 0;
                if (x[s + 1] !== 0 || (x[s]! ^ low) < 0 || granules[low >>> 20] === 0 || (low & 3) !== 0) break look;
                const frame = readTable[low >>> PAGE_BITS]!;
                if (frame === 0) break look;
                value = words[(frame + (low & 4095)) >> 2]!;
                break;
              }
              case 17: /* ld */ {
                const low = (x[s]! + immediate) | 0;
                if (x[s + 1] !== 0 || (x[s]! ^ low) < 0 || granules[low >>> 20] === 0 || (low & 7) !== 0) break look;
                const frame = readTable[low >>> PAGE_BITS]!;
                if (frame === 0) break look;
                const index = (frame + (low & 4095)) >> 2;
                x[d] = words[index]!;
                x[d + 1] = words[index + 1]!;
                break advance;
              }
              case 18: /* lbu */ {
                const low = (x[s]! + immediate) | 0;
                if (x[s + 1] !== 0 || (x[s]! ^ low) < 0 || granules[low >>> 20] === 0) break look;
                const frame = readTable[low >>> PAGE_BITS]!;
                if (frame === 0) break look;
                x[d] = bytes[frame + (low & 4095)]!;
                x[d + 1] = 0;
                break advance;
              }
              case 19: /* lhu */ {
                const low = (x[s]! + immediate) | 0;
                if (x[s + 1] !== 0 || (x[s]! ^ low) < 0 || granules[low >>> 20] === 0 || (low & 1) !== 0) break look;
                const frame = readTable[low >>> PAGE_BITS]!;
                if (frame === 0) break look;
                x[d] = halves[(frame + (low & 4095)) >> 1]!;
                x[d + 1] = 0;
                break advance;
              }
              case 20: /* lwu */ {
                const low = (x[s]! + immediate) | 0;
                if (x[s + 1] !== 0 || (x[s]! ^ low) < 0 || granules[low >>> 20] === 0 || (low & 3) !== 0) break look;
                const frame = readTable[low >>> PAGE_BITS]!;
                if (frame === 0) break look;
                x[d] = words[(frame + (low & 4095)) >> 2]!;
                x[d + 1] = 0;
                break advance;
              }
              case 21: /* sb */ {
                const low = (x[s]! + immediate) | 0;
                if (x[s + 1] !== 0 || (x[s]! ^ low) < 0 || granules[low >>> 20] === 0) break look;
                const frame = writeTable[low >>> PAGE_BITS]!;
                if (frame === 0 || !direct) break look;
                bytes[frame + (low & 4095)] = x[t]!;
                break advance;
              }
              case 22: /* sh */ {
                const low = (x[s]! + immediate) | 0;
                if (x[s + 1] !== 0 || (x[s]! ^ low) < 0 || granules[low >>> 20] === 0 || (low & 1) !== 0) break look;
                const frame = writeTable[low >>> PAGE_BITS]!;
                if (frame === 0 || !direct) break look;
                halves[(frame + (low & 4095)) >> 1] = x[t]!;
                break advance;
              }
              case 23: /* sw */ {
                const low = (x[s]! + immediate) | 0;
                if (x[s + 1] !== 0 || (x[s]! ^ low) < 0 || granules[low >>> 20] === 0 || (low & 3) !== 0) break look;
                const frame = writeTable[low >>> PAGE_BITS]!;
                if (frame === 0 || !direct) break look;
                words[(frame + (low & 4095)) >> 2] = x[t]!;
                break advance;
              }
              case 24: /* sd */ {
                const low = (x[s]! + immediate) | 0;
                if (x[s + 1] !== 0 || (x[s]! ^ low) < 0 || granules[low >>> 20] === 0 || (low & 7) !== 0) break look;
                const frame = writeTable[low >>> PAGE_BITS]!;
                if (frame === 0 || !direct) break look;
                const index = (frame + (low & 4095)) >> 2;
                words[index] = x[t]!;
                words[index + 1] = x[t + 1]!;
                break advance;
              }

              case 25: /* addi */ {
                const low = (x[s]! + immediate) | 0;
                x[d + 1] = x[s + 1]! + (immediate >> 31) + (low >>> 0 < immediate >>> 0 ? 1 : 0);
                x[d] = low;
                break advance;
              }
              case 26: /* slti */ {
                const a = x[s + 1]!;
                const b = immediate >> 31;
                x[d] = (a === b ? x[s]! >>> 0 < immediate >>> 0 : a < b) ? 1 : 0;
                x[d + 1] = 0;
                break advance;
              }
              case 27: /* sltiu */ {
                const a = x[s + 1]!;
                const b = immediate >> 31;
                x[d] = (a === b ? x[s]! >>> 0 < immediate >>> 0 : a >>> 0 < b >>> 0) ? 1 : 0;
                x[d + 1] = 0;
                break advance;
              }
              case 28: // xori
                x[d] = x[s]! ^ immediate;
                x[d + 1] = x[s + 1]! ^ (immediate >> 31);
                break advance;
              case 29: // ori
                x[d] = x[s]! | immediate;
                x[d + 1] = x[s + 1]! | (immediate >> 31);
                break advance;
              case 30: // andi
                x[d] = x[s]! & immediate;
                x[d + 1] = x[s + 1]! & (immediate >> 31);
                break advance;
              case 31: // slli
                shiftLeft(x, d, x[s]!, x[s + 1]!, immediate);
                break advance;
              case 32: // srli
                shiftRight(x, d, x[s]!, x[s + 1]!, immediate);
                break advance;
              case 33: // srai
                shiftRightSigned(x, d, x[s]!, x[s + 1]!, immediate);
                break advance;
              case 34: /* add */ {
                const b = x[t]!;
                const low = (x[s]! + b) | 0;
                x[d + 1] = x[s + 1]! + x[t + 1]! + (low >>> 0 < b >>> 0 ? 1 : 0);
                x[d] = low;
                break advance;
              }
              case 35: /* sub */ {
                const a = x[s]!;
                const b = x[t]!;
                x[d + 1] = x[s + 1]! - x[t + 1]! - (a >>> 0 < b >>> 0 ? 1 : 0);
                x[d] = a - b;
                break advance;
              }
              case 36: // sll
                shiftLeft(x, d, x[s]!, x[s + 1]!, x[t]! & 63);
                break advance;
              case 37: /* slt */ {
                const a = x[s + 1]!;
                const b = x[t + 1]!;
                x[d] = (a === b ? x[s]! >>> 0 < x[t]! >>> 0 : a < b) ? 1 : 0;
                x[d + 1] = 0;
                break advance;
              }
              case 38: /* sltu */ {
                const a = x[s + 1]!;
                const b = x[t + 1]!;
                x[d] = (a === b ? x[s]! >>> 0 < x[t]! >>> 0 : a >>> 0 < b >>> 0) ? 1 : 0;
                x[d + 1] = 0;
                break advance;
              }
              case 39: // xor
                x[d] = x[s]! ^ x[t]!;
                x[d + 1] = x[s + 1]! ^ x[t + 1]!;
                break advance;
              case 40: // srl
                shiftRight(x, d, x[s]!, x[s + 1]!, x[t]! & 63);
                break advance;
              case 41: // sra
                shiftRightSigned(x, d, x[s]!, x[s + 1]!, x[t]! & 63);
                break advance;
              case 42: // or
                x[d] = x[s]! | x[t]!;
                x[d + 1] = x[s + 1]! | x[t + 1]!;
                break advance;
              case 43: // and
                x[d] = x[s]! & x[t]!;
                x[d + 1] = x[s + 1]! & x[t + 1]!;
                break advance;
              case 44: // addiw
                value = (x[s]! + immediate) | 0;
                break;
              case 45: // slliw
                value = x[s]! << immediate;
                break;
              case 46: // srliw
                value = (x[s]! >>> immediate) | 0;
                break;
              case 47: // sraiw
                value = x[s]! >> immediate;
                break;
              case 48: // addw
                value = (x[s]! + x[t]!) | 0;
                break;
              case 49: // subw
                value = (x[s]! - x[t]!) | 0;
                break;
              case 50: // sllw
                value = x[s]! << x[t]!;
                break;
              case 51: // srlw
                value = (x[s]! >>> x[t]!) | 0;
                break;
              case 52: // sraw
                value = x[s]! >> x[t]!;
                break;
              case 53: // fence
              case 54: // fence.i
                break advance;

              case 55: /* mul */ {
                const a = x[s]!;
                const b = x[t]!;
                x[d + 1] = multiplyHighWords(a, b) + Math.imul(x[s + 1]!, b) + Math.imul(a, x[t + 1]!);
                x[d] = Math.imul(a, b);
                break advance;
              }
              case 56: // mulh
                multiplyHigh(x, d, s, t);
                break advance;
              case 57: // mulhsu
                multiplyHighSignedUnsigned(x, d, s, t);
                break advance;
              case 58: // mulhu
                multiplyHighUnsigned(x, d, s, t);
                break advance;
              case 59: // div
                divideSigned(x, d, s, t);
                break advance;
              case 60: // divu
                divideUnsigned(x, d, s, t);
                break advance;
              case 61: // rem
                remainderSigned(x, d, s, t);
                break advance;
              case 62: // remu
                remainderUnsigned(x, d, s, t);
                break advance;
              case 63: // mulw
                value = Math.imul(x[s]!, x[t]!);
                break;
              case 64: // divw
                value = divideWord(x[s]!, x[t]!);
                break;
              case 65: // divuw
                value = divideWordUnsigned(x[s]!, x[t]!);
                break;
              case 66: /* remw */ {
                const b = x[t]!;
                value = b === 0 ? x[s]! : (x[s]! % b) | 0;
                break;
              }
              case 67: /* remuw */ {
                const b = x[t]! >>> 0;
                value = b === 0 ? x[s]! : ((x[s]! >>> 0) % b) | 0;
                break;
              }
              default:
                break look;
            }
            // A 32-bit result that is to be sign-extended.
            x[d] = value;
            x[d + 1] = value >> 31;
            break advance;
          }
          at += immediate;
          left -= 1;
          if ((at & -PAGE_BYTES) === 0) continue;
          hart.setPc((base >>> 0) + at);
          continue nextPage;
        }
        // Not decoded yet, or more than registers and ready pages of RAM are needed.
        x[PC] = base + at;
        x[PC + 1] = 0;
        hart.executed = budget - left;
        if ((word & 255) === CODE_UNDECODED) {
          hart.cache.decode(code, page.index, at, at < PAGE_BYTES - 2 || hart.fetchable(base + PAGE_BYTES));
          ({ bytes, halves, words, readTable, writeTable } = memory);
          continue;
        }
        if (!executeElsewhere(hart, word, immediate)) return;
        ({ bytes, halves, words, readTable, writeTable } = memory);
      }
      at += 4 - ((word >>> 27) & 2);
      left -= 1;
    }
    hart.setPc((base >>> 0) + at);
  }
}

/** @returns whether the instruction has been executed, except for pc and the counters; otherwise the event is set. */
function executeElsewhere(hart: Hart, word: number, immediate: number): boolean {
  const code = word & 255;
  if (code >= FIRST_LOAD && code <= LAST_STORE) return accessMemory(hart, word, immediate);
  if (code === CODE_ILLEGAL) {
    hart.trapEvent(CAUSE.illegalInstruction, immediate, 0);
  } else if (code === CODE_FETCH_FAULT) {
    hart.trapEvent(CAUSE.fetchAccess, hart.x[PC]! + 2, 0);
  } else if (code === CODE_ENTRY) {
    hart.event = EVENT_ENTRY;
    hart.eventImmediate = immediate;
  } else {
    hart.event = EVENT_INSTRUCTION;
    hart.eventWord = word;
    hart.eventImmediate = immediate;
  }
  return false;
}
