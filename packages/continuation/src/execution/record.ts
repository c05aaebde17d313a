import { type CrossingRecord } from './crossing.ts';

/** What a segment claims. */
export interface SegmentClaim {
  /** log2 of the number of cycles. */
  readonly logCycles: number;
  readonly pcStart: number;
  /** The pc after the last cycle; {@link HALT_PC} if the machine has exited. */
  readonly pcEnd: number;
  /** Bytes of input read before the segment, and when it ends. */
  readonly inputStart: number;
  readonly inputStop: number;
  /** Bytes of output written before the segment, and when it ends. */
  readonly outputStart: number;
  readonly outputStop: number;
  /** The exit code, in the segment that exits and no other. */
  readonly exitCode?: number;
}

/** Memory cells that a segment touches, column by column; no key twice. */
export interface TouchedCells {
  /** Below 2^32 + 37. */
  readonly keys: Float64Array;
  /** What the cell held when the segment started. */
  readonly before: Uint32Array;
  /** What it holds when the segment ends. */
  readonly after: Uint32Array;
  /** Tick of the last access, from 1. */
  readonly lastTimes: Uint32Array;
}

/** One host call. */
export interface HostCallRecord {
  readonly cycle: number;
  readonly buffer: TimedValue;
  readonly count: TimedValue;
  /** Input position, output length or brk. */
  readonly cell: TimedValue;
  readonly cellAfter: number;
  /** The word of the buffer, where bytes move. */
  readonly word: TimedValue;
  readonly wordAfter: number;
  /** Whether that word is program text. */
  readonly isText: boolean;
  /** Bytes that move: 0, 1 or 4. */
  readonly moved: number;
  /** The first of them. */
  readonly symbol: number;
}

/** A value, and the tick of the access before. */
export interface TimedValue {
  readonly value: number;
  readonly previous: number;
}

/** A segment as it was executed: all that its traces are made from. May be sent to another thread. */
export interface SegmentRecord {
  readonly claim: SegmentClaim;
  /** Cycles until the machine exited, that one included, or all of them. */
  readonly executed: number;
  /** Number of the program row, for each cycle. */
  readonly rows: Uint32Array;
  readonly left: Uint32Array;
  readonly right: Uint32Array;
  readonly before: Uint32Array;
  readonly result: Uint32Array;
  readonly leftTimes: Uint32Array;
  readonly rightTimes: Uint32Array;
  readonly beforeTimes: Uint32Array;
  /** For each load and store in order, the word that was there. */
  readonly accessWords: Uint32Array;
  /** And the tick of the access before; 0 for program text. */
  readonly accessTimes: Uint32Array;
  /** For each load and store that crosses words, in order; above they count as one with 0 for both. */
  readonly crossings: readonly CrossingRecord[];
  /** For each host call in order. */
  readonly hostCalls: readonly HostCallRecord[];
  /** For each extension in order, what its instructions recorded. */
  readonly custom: readonly (readonly unknown[])[];
  readonly touched: TouchedCells;
}
