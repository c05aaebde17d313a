/**
 * What lies where at the start of an engine's memory; everything above is allocated.
 *
 * @module
 */
import { MODULUS } from '../goldilocks.ts';

/** Addresses of 64-bit constants that kernels load. */
export const CONSTANTS = { lowWords: 64, sign: 72, modulus: 80, offsetModulus: 88 } as const;

/** Values of {@link CONSTANTS}. */
export const CONSTANT_VALUES: Readonly<Record<keyof typeof CONSTANTS, bigint>> = {
  lowWords: 0xffffffffn,
  sign: 1n << 63n,
  modulus: MODULUS,
  offsetModulus: MODULUS - (1n << 63n),
};

/** 33 pointers each: tables of the radix-4 levels by the logarithm of their block, forward then inverse. */
export const RADIX4_TABLES = { forward: 256, inverse: 512 } as const;

/** 33 pointers each: tables of the radix-2 levels by the logarithm of their block, forward then inverse. */
export const RADIX2_TABLES = { forward: 768, inverse: 1024 } as const;

/** Cells of the thread pool: state (64 bits), finished tasks, failed tasks, number of modules; then the tasks. */
export const POOL = { state: 1280, finished: 1288, failed: 1292, modules: 1296, tasks: 2048 } as const;

/** Words of one task: module, function, number of operands, operands. */
export const TASK_WORDS = 16;

/** Most tasks of one round. */
export const MOST_TASKS = 255;

/** First byte that may be allocated. */
export const HEAP_START: number = POOL.tasks + 4 * TASK_WORDS * (MOST_TASKS + 1);
