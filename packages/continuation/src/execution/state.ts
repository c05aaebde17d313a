import { PAGE_BITS, PAGE_BYTES } from '@commute/machine';
import { INITIAL_STACK_POINTER } from '@commute/micro-riscv';
import { type Program } from '../program/program.ts';

/** A state of the machine between two cycles. */
export interface MachineState {
  readonly pc: number;
  /** x0 to x31, unsigned. */
  readonly registers: ArrayLike<number>;
  /** The word at a multiple of 4. */
  readonly word: (address: number) => number;
  readonly brk: number;
  readonly inputPosition: number;
  readonly outputLength: number;
}

/** The state of a program that is loaded to run on its own. */
export function initialState(program: Program): MachineState {
  const registers = new Uint32Array(32);
  registers[2] = INITIAL_STACK_POINTER;
  const pages = initialPages(program);
  return {
    pc: program.entry,
    registers,
    word: (address) => (pages.get(address >>> PAGE_BITS)?.[(address >>> 2) & 1023] ?? 0) >>> 0,
    brk: program.brkStart,
    inputPosition: 0,
    outputLength: 0,
  };
}

/** Pages of the program's data, without text. */
function initialPages({ segments }: Program): Map<number, Int32Array> {
  const pages = new Map<number, Int32Array>();
  for (const { address, bytes, executable } of segments) {
    if (executable === true) continue;
    bytes.forEach((byte, offset) => {
      const at = address + offset;
      let page = pages.get(at >>> PAGE_BITS);
      if (page === undefined) {
        page = new Int32Array(PAGE_BYTES / 4);
        pages.set(at >>> PAGE_BITS, page);
      }
      const [word, shift] = [(at >>> 2) & 1023, 8 * (at & 3)];
      // As the machine loads them: of bytes at one address the last one stays.
      page[word] = (page[word]! & ~(255 << shift)) | (byte << shift);
    });
  }
  return pages;
}
