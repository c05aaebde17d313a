import { ERROR_REGION, INPUT_REGION, OUTPUT_REGION, type Region } from '@commute/machine';

/** The aligned subtree that holds the machine's auxiliary state: its registers, and RAM for an interpreter. */
export const FAST_VM_REGION: Region = { base: 0xe000_0000, log2Size: 28 };

/** Address of the state page. */
export const STATE_PAGE = 0xe000_0000;
/** Bytes of the state page that have a meaning; the others are zero. */
export const STATE_BYTES = 0x1d0;

/** Offsets of the fields of the state page, in bytes. All are 64 bits unless their comment says u32. */
export const FIELD = {
  /** x0 to x31, eight bytes each. */
  x: 0x000,
  pc: 0x100,
  /** Steps executed. */
  time: 0x108,
  cycleOffset: 0x110,
  instretOffset: 0x118,
  /** u32: 0 running, 1 exited, 2 trapped. */
  halted: 0x120,
  /** u32: exit code or cause. */
  haltCode: 0x124,
  haltValue: 0x128,
  /** u32: 0 machine, 1 user. */
  personality: 0x130,
  /** u32: 0 or 1. */
  reservationValid: 0x134,
  reservationAddress: 0x138,
  /** u32. */
  inputLength: 0x140,
  /** u32. */
  inputPosition: 0x144,
  /** u32. */
  outputLength: 0x148,
  /** u32. */
  brkStart: 0x14c,
  /** u32. */
  brk: 0x150,
  /** u32: 0, or the base-2 logarithm of the number of steps between two cleanings. */
  log2Period: 0x154,
  clock: 0x158,
  tohost: 0x160,
  /** u32: bytes of error output. */
  errorLength: 0x168,
  mstatus: 0x180,
  mtvec: 0x188,
  mie: 0x190,
  mscratch: 0x198,
  mepc: 0x1a0,
  mcause: 0x1a8,
  mtval: 0x1b0,
  mcountinhibit: 0x1b8,
  mtimecmp: 0x1c0,
  /** u32. */
  msip: 0x1c8,
} as const;

/** Name of a field of the state page. */
export type FieldName = keyof typeof FIELD;

/** Values of the field `personality`. */
export const PERSONALITY_MACHINE = 0;
export const PERSONALITY_USER = 1;

/** Values of the field `halted`. */
export const HALTED_EXIT = 1;
export const HALTED_TRAP = 2;

/** End of the lower range of RAM. */
export const LOW_RAM_END = 0xc000_0000;
/** Start of the upper range of RAM, which programs that interpret a machine above use. */
export const HIGH_RAM_BASE = 0xe100_0000;
/** End of the upper range of RAM. */
export const HIGH_RAM_END = 0xf000_0000;

/** First address of the timer device of the machine personality. */
export const DEVICE_BASE = 0x0200_0000;
/** Bytes of the timer device's range. */
export const DEVICE_BYTES = 0xc000;
/** The software interrupt register of the timer device, 4 bytes. */
export const DEVICE_MSIP = 0x0200_0000;
/** The compare register of the timer device, 8 bytes. */
export const DEVICE_MTIMECMP = 0x0200_4000;
/** The time register of the timer device, 8 bytes, read-only. */
export const DEVICE_MTIME = 0x0200_bff8;

/** Where input bytes start. */
export const INPUT_BASE: number = INPUT_REGION.base;
/** Where output bytes start. */
export const OUTPUT_BASE: number = OUTPUT_REGION.base;
/** Where bytes of error output start. */
export const ERROR_BASE: number = ERROR_REGION.base;
/** Most bytes of error output. */
export const ERROR_BYTES: number = 2 ** ERROR_REGION.log2Size;
/** Most bytes of input, and of output. */
export const STREAM_BYTES = 0x1000_0000;
/** Most bytes that one host call reads or writes. */
export const HOST_CALL_BYTES = 1024;
/** Highest value of brk. */
export const BRK_LIMIT = 0xb000_0000;
/** Initial stack pointer of the user personality. */
export const USER_STACK = 0xbfff_f000;

/** Exception causes, as in mcause. */
export const CAUSE = {
  fetchAccess: 1,
  illegalInstruction: 2,
  breakpoint: 3,
  loadMisaligned: 4,
  loadAccess: 5,
  storeMisaligned: 6,
  storeAccess: 7,
  environmentCall: 11,
} as const;

/** Numbers of the host calls, in a7. */
export const HOST_CALL = { read: 63, write: 64, exit: 93, exitGroup: 94, brk: 214 } as const;

/** Results of host calls that failed. */
export const HOST_ERROR = { badFile: -9, badAddress: -14, noSpace: -28, noSuchCall: -38 } as const;

/** mstatus as it is after loading: MPP is machine mode and cannot change. */
export const MSTATUS_INITIAL = 0x1800;
/** misa: RV64 with A, C, I and M. */
export const MISA = 0x8000_0000_0000_1105n;
