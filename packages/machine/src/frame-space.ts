import type { LinearMemory } from '@commute/wasm';

/**
 * A linear memory in which a `Memory` keeps its pages, so that code emitted for it can reach them.
 *
 * Offsets are bytes in the linear memory. Whatever lies outside of the tables, the homes and the frames is not touched.
 */
export interface FrameSpace {
  /** The linear memory; not shared, at least as long as `frames` plus one page. It grows as frames are needed. */
  readonly linear: LinearMemory;
  /** Where the table of frames for reading lies: 2^20 words. A multiple of 4. */
  readonly readTable: number;
  /** Where the table of frames for writing lies: 2^20 words. A multiple of 4. */
  readonly writeTable: number;
  /** Where frames of pages without a home lie: from here on, without end. A multiple of 4096, not 0. */
  readonly frames: number;
  /**
   * The frame that the page at an index always has; 0 for one that goes where there is room. A home below `frames`, a
   * multiple of 4096, different for each page. It holds what the page holds at any time, also where the table for reading has no
   * frame yet: all pages of a snapshot with a home are copied there when it is restored.
   */
  readonly home: (index: number) => number;
}
