import type { Term } from '@commute/rholang';
import type { PassName } from '../optimize/pass-name.ts';

/** One channel of a site. */
export interface SiteBind {
  /** Numbers of closed patterns, or -1 for one that a pattern register has. */
  readonly patterns: readonly number[];
  /** -2 for none, -1 for one that binds nothing, else the number of its variable. */
  readonly remainder: number;
  readonly variables: number;
  readonly peek: boolean;
}

/** What is fixed about the actors that a `consume` instruction makes. */
export interface Site {
  readonly binds: readonly SiteBind[];
  readonly variables: number;
  /** Pattern registers of the patterns that are not closed, in order, and then of the guard if there is one. */
  readonly closes: readonly number[];
  readonly guarded: boolean;
  readonly persistent: boolean;
  /** Number of the procedure that runs with the messages. */
  readonly procedure: number;
  /** Number of the text that leads from the seed of the procedure to the one of the actor. */
  readonly path: number;
}

/** Where in the Rholang source the instruction at `at` comes from. */
export interface PlaceEntry {
  readonly at: number;
  readonly start: number;
  readonly end: number;
}

/** Code of one procedure. */
export interface BytecodeProcedure {
  /** Number of the term that it implements. */
  readonly term: number;
  /** Number of variables that its environment has at least; it uses those bound last. */
  readonly parameters: number;
  readonly registers: number;
  readonly patternRegisters: number;
  /** Opcodes and operands. */
  readonly code: Int32Array;
  readonly sites: readonly Site[];
  /** By `at`, ascending. */
  readonly places: readonly PlaceEntry[];
}

/**
 * A program in bytecode. Terms are numbered: first the parts of `term` in preorder, the program itself being 0, then `constants`.
 */
export interface BytecodeProgram {
  /** The program in normal form, of which everything else is made. */
  readonly term: Term;
  /** The passes of the optimiser that it went through. */
  readonly passes: readonly PassName[];
  /** Terms that the optimiser computed. */
  readonly constants: readonly Term[];
  readonly texts: readonly string[];
  /** Number 0 is where the program begins. */
  readonly procedures: readonly BytecodeProcedure[];
}
