import type { AccessLog } from './access.ts';
import type { Memory } from './memory.ts';
import type { Snapshot } from './snapshot.ts';

/** Bytes of a program at an address. */
export interface ProgramSegment {
  /** First address. */
  readonly address: number;
  /** Initial bytes. */
  readonly bytes: Uint8Array;
  /** Size in memory; what exceeds `bytes` is zero. Same as `bytes.length` when missing. */
  readonly memorySize?: number;
}

/** A program as a machine loads it, for example the result of `parseElf` of `@commute/elf`. */
export interface ProgramImage {
  /** Address of the first instruction. */
  readonly entry: number;
  readonly segments: readonly ProgramSegment[];
  /** Addresses by name, where the program has names. */
  readonly symbols?: ReadonlyMap<string, number>;
}

/** What a run starts from besides the program. */
export interface LoadOptions {
  /** Bytes the program can read; empty unless told. */
  readonly input?: Uint8Array;
}

/** How a machine stopped. */
export type Halt =
  | { readonly kind: 'exit'; readonly code: number }
  /** The program did something the machine cannot do; `cause` says what. */
  | { readonly kind: 'trap'; readonly cause: string; readonly address: number; readonly value: number };

/** Optional features, declared rather than discovered. */
export interface MachineSupport {
  /** {@link Machine.logStep} works. */
  readonly accessLog: boolean;
  /** Steps count and change the state even when halted, as on a machine with a clock in its state. */
  readonly clockInState: boolean;
}

/**
 * A deterministic machine whose whole state is the content of a 32-bit address space.
 *
 * Registers have addresses too, so that one Merkle root covers all of the state and a snapshot of the memory is a
 * snapshot of the machine. Nothing else (decoded instructions, translations, counters of the host) may influence a step.
 * A halted machine is at a fixed point: further steps change nothing but a clock, if it has one.
 *
 * Run the tests of `@commute/machine/conformance` against every implementation.
 */
export interface Machine {
  /** Name for messages and reports. */
  readonly name: string;
  readonly supports: MachineSupport;
  /**
   * The state. Registers that the machine keeps elsewhere for speed are in it after {@link Machine.sync}; do not write
   * to it directly, use {@link Machine.restore}.
   */
  readonly memory: Memory;
  /** How the machine stopped; undefined while it runs. */
  readonly halt: Halt | undefined;
  /** Clears the state and loads a program. */
  readonly load: (program: ProgramImage, options?: LoadOptions) => void;
  /**
   * Executes up to `limit` steps and stops early when the machine halts.
   *
   * @param limit - a whole number, 0 to 2^53 - 1.
   * @returns the number of steps executed, counting the one that halted.
   */
  readonly run: (limit: number) => number;
  /** Executes exactly `count` steps, those at the halting fixed point included; they take no time. */
  readonly advance: (count: number) => void;
  /** Writes registers to memory, so that memory alone is the state. */
  readonly sync: () => void;
  /** The state as an immutable version. */
  readonly snapshot: () => Snapshot;
  /** Continues from `snapshot`. */
  readonly restore: (snapshot: Snapshot) => void;
  /** The state root, 32 bytes. */
  readonly root: () => Uint8Array;
  /**
   * Executes one step the slow and obvious way and returns what it read and wrote.
   *
   * @throws BaseError `MACHINE_LOG_UNSUPPORTED` where `supports.accessLog` is false.
   */
  readonly logStep: () => AccessLog;
  /** Everything the program has written so far. */
  readonly output: () => Uint8Array;
  /** Everything the program has written to its error output so far, on a machine that keeps that. */
  readonly errorOutput?: () => Uint8Array;
}

/** Makes machines of one kind; called once for each worker and party. */
export type MachineFactory<M extends Machine = Machine> = () => M;
