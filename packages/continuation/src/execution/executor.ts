/**
 * Executes a program and records, segment by segment, what its traces are made from.
 *
 * @module
 */
import { type Program } from '../program/program.ts';
import { type InputSource } from './input.ts';
import { type SegmentRecord } from './record.ts';
import { RecordingExecutor } from './recording-executor.ts';
import { type RunRefusal } from './refusal.ts';
import { type MachineState } from './state.ts';

/** Options of {@link createExecutor}. */
export interface ExecutorOptions {
  /** Bytes of input; none unless told. */
  readonly input?: Uint8Array;
  /**
   * Gives more input while the program runs: asked where it wants to read what is not there yet, and no more once nothing is given. The record is that of
   * an execution that is given all of {@link Executor.input} at once.
   */
  readonly more?: InputSource;
  /** State to start from; that of a program loaded to run on its own unless told. */
  readonly state?: MachineState;
  /** Whether the last of several segments has idle cycles until it is as long as the others; only up to the next power of two unless told. */
  readonly equalSegments?: boolean;
}

/** What {@link Executor.next} returns. */
export type SegmentOutcome = { readonly ok: true; readonly segment: SegmentRecord } | RunRefusal;

/** A program in execution. */
export interface Executor {
  /** Whether the program has exited; there is no next segment then. */
  readonly halted: boolean;
  /** Cycles executed so far. */
  readonly cycles: number;
  /** Bytes written so far. */
  readonly output: () => Uint8Array<ArrayBuffer>;
  /** Bytes of input given so far. */
  readonly input: () => Uint8Array<ArrayBuffer>;
  /** Register x`index`, unsigned, or one of the hidden ones above. */
  readonly register: (index: number) => number;
  /** A word of memory, unsigned. */
  readonly word: (address: number) => number;
  readonly pc: number;
  /**
   * Executes the next 2^logCycles cycles, or those until the program exits, rounded up to a power of two unless segments are equal.
   *
   * After a refusal the executor is of no more use.
   */
  readonly next: (logCycles: number) => SegmentOutcome;
}

/**
 * Prepares the execution of a program.
 *
 * @throws {@link ContinuationError} `CONTINUATION_RANGE` for 2^28 bytes of input or more.
 */
export function createExecutor(program: Program, options: ExecutorOptions = {}): Executor {
  return new RecordingExecutor(program, options);
}
