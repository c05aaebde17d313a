import type { Region } from '@commute/machine';

/** Q, the machine's auxiliary state: control page, and the program that interprets a machine above with its data. */
export const MICRO_REGION: Region = { base: 0xff00_0000, log2Size: 24 };
/** Address of the control page, which holds the registers. A program cannot address it. */
export const CONTROL_PAGE = 0xff00_0000;
/** Where a program in {@link MICRO_REGION} may begin. */
export const PROGRAM_BASE = 0xff00_1000;

/** Offsets in bytes of the words of the control page. */
export const MICRO_FIELD = {
  /** x0 to x31, a word each. */
  registers: 0x00,
  pc: 0x80,
  clockLow: 0x84,
  clockHigh: 0x88,
  /** 0 running, 1 exited, 2 trapped. */
  halted: 0x8c,
  /** Exit code, or cause of the trap. */
  haltCode: 0x90,
  haltValue: 0x94,
  /** a: the state is cleaned at each multiple of 2^a steps; 0: never. */
  log2Period: 0x98,
  inputLength: 0xa0,
  inputPosition: 0xa4,
  outputLength: 0xa8,
  brkStart: 0xac,
  brk: 0xb0,
} as const;

/** Numbers of the host calls, in a7 when `ecall` is executed. */
export const HOST_CALL = {
  read: 63,
  write: 64,
  exit: 93,
  exitGroup: 94,
  brk: 214,
  clean: 4096,
} as const;

/** Causes of traps. */
export const TRAP_CAUSE = {
  misalignedJump: 0,
  instructionAccess: 1,
  illegalInstruction: 2,
  breakpoint: 3,
  loadAccess: 5,
  storeAccess: 7,
} as const;

/** Values of the word `halted`. */
export const HALTED = { running: 0, exited: 1, trapped: 2 } as const;

/** x2 when a program is loaded to run on its own. */
export const INITIAL_STACK_POINTER = 0xbfff_f000;
/** Highest program break. */
export const BRK_LIMIT = 0xb000_0000;

/** Tells whether an access of `size` bytes is to memory that a program can address. */
export function isAccessible(address: number, size: number): boolean {
  const end = address + size;
  return end <= 2 ** 32 && (end <= CONTROL_PAGE || address >= PROGRAM_BASE);
}

/** Tells whether a word of the control page lives in the interpreter while it runs: x1 to log2Period. */
export function isShadowed(address: number): boolean {
  return address >= CONTROL_PAGE + MICRO_FIELD.registers + 4 && address <= CONTROL_PAGE + MICRO_FIELD.log2Period;
}

/** The words for a cause, for people. */
export function causeText(cause: number): string {
  switch (cause) {
    case TRAP_CAUSE.misalignedJump:
      return 'misaligned jump target';
    case TRAP_CAUSE.instructionAccess:
      return 'instruction access';
    case TRAP_CAUSE.illegalInstruction:
      return 'illegal instruction';
    case TRAP_CAUSE.breakpoint:
      return 'breakpoint';
    case TRAP_CAUSE.loadAccess:
      return 'load access';
    case TRAP_CAUSE.storeAccess:
      return 'store access';
    default:
      return `cause ${String(cause)}`;
  }
}
