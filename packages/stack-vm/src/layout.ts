/** Where the state lies in the machine's 32-bit address space. Elements take 8 bytes, little-endian (docs/spec/stack-vm.md). */
import { INPUT_REGION, OUTPUT_REGION } from '@commute/machine';

/** Address of the state page, which holds registers and counters. */
export const STATE_PAGE = 0x0000_0000;

/** Offsets in the state page. Registers are elements; all others are words of 32 bits. */
export const FIELD = {
  /** st0 to st15. */
  stack: 0x000,
  /** sponge0 to sponge15. */
  sponge: 0x080,
  ip: 0x100,
  /** Elements on the stack, 16 and more. */
  stackSize: 0x108,
  /** Pairs on the jump stack. */
  jumpStackSize: 0x10c,
  /** 1 once `sponge_init` has been executed. */
  spongeReady: 0x110,
  /** 0 running, 1 halted, 2 trapped. */
  halted: 0x114,
  /** Cause of the trap. */
  cause: 0x118,
  /** 1 where the program digest at the bottom of the stack may not be moved. */
  programIntegrity: 0x11c,
  /** Words of the program. */
  programLength: 0x120,
  /** Elements of the input. */
  inputLength: 0x124,
  /** Elements of the input that have been read. */
  inputPosition: 0x128,
  /** Elements that have been written. */
  outputLength: 0x12c,
  /** Elements of the secret input. */
  secretLength: 0x130,
  /** Elements of the secret input that have been read. */
  secretPosition: 0x134,
  /** Secret digests. */
  digestCount: 0x138,
  /** Secret digests that have been read. */
  digestPosition: 0x13c,
  /** Blocks of RAM in use. */
  ramBlocks: 0x140,
} as const;

/** Name of a field of the state page. */
export type FieldName = keyof typeof FIELD;

/** Values of `halted`. */
export const HALTED = { running: 0, halted: 1, trapped: 2 } as const;

/** Registers of the operational stack. */
export const STACK_REGISTERS = 16;

/** The program's words. */
export const PROGRAM_BASE = 0x1000_0000;
/** Most words of a program. */
export const PROGRAM_WORDS: number = 2 ** 25;
/** The part of the stack that is not in registers, from its bottom. */
export const OP_STACK_BASE = 0x2000_0000;
/** Most elements on the stack. */
export const STACK_LIMIT: number = 2 ** 25;
/** The jump stack from its bottom: origin and destination of each call. */
export const JUMP_STACK_BASE = 0x3000_0000;
/** Most pairs on the jump stack. */
export const JUMP_STACK_LIMIT: number = 2 ** 24;
/** For each block of RAM the number of the block, in the order in which they came into use. */
export const RAM_DIRECTORY_BASE = 0x4000_0000;
/** The blocks of RAM, in the same order. */
export const RAM_BASE = 0x5000_0000;
/** Elements of a block of RAM. */
export const RAM_BLOCK = 2048;
/** Most blocks of RAM in use: 1 GiB. */
export const RAM_BLOCK_LIMIT = 65_536;
/** The secret input. */
export const SECRET_BASE = 0x9000_0000;
/** The secret digests. */
export const DIGEST_BASE = 0xa000_0000;
/** The input. */
export const INPUT_BASE: number = INPUT_REGION.base;
/** The output. */
export const OUTPUT_BASE: number = OUTPUT_REGION.base;
/** Most elements of the input, the output, and the secret input, and most elements of all digests together. */
export const STREAM_ELEMENTS: number = 2 ** 25;
