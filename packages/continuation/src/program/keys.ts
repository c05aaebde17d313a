/**
 * Where the state of a machine lies in the memory argument: one field element as key, one as value.
 *
 * A word of RAM has its byte address as key, register x_r has 2^32 + r, and the rest of the state follows the registers.
 *
 * @module
 */

/** Key of x0; register x_r has this plus r. */
export const REGISTER_KEYS: number = 2 ** 32;
/** Where instructions that write x0 put their result. Nothing reads it. */
export const DISCARD_REGISTER = 33;
/** The program break, as a register. */
export const BRK_REGISTER = 34;
/** Bytes of input that have been read. */
export const INPUT_POSITION_REGISTER = 35;
/** Bytes of output that have been written. */
export const OUTPUT_LENGTH_REGISTER = 36;
/** Number of registers with those that programs do not see; 32 is kept free for pc. */
export const REGISTER_COUNT = 37;
/** The pc of a machine that has exited: no instruction of a program lies there. */
export const HALT_PC: number = 2 ** 32;
/** The pc of rows of the program table that hold only data; nothing leads there. */
export const NO_PC: number = 2 ** 33;
