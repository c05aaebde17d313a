/**
 * Cells of memory as a link sees them: keys and values, and the bus on which a segment reads and writes them.
 *
 * @module
 */
import { type CellsOf, type ColumnCells, type ColumnRecord, type EveryRowScope, type Term } from '@commute/stark';

/**
 * The bus of a segment's memory. An access at time t, from 1 on, receives (key, previous value, previous time) and sends (key, value, t); the
 * machine's tables show that previous time < t. A link's table sends (key, value before, 0) and receives (key, value after, last time).
 */
export const MEMORY_BUS = 'memory' as const;

/** Key of register 0; register r is at this plus r. RAM words are at their byte addresses, below. */
export const REGISTER_KEY: bigint = 2n ** 32n;

/** A cell that a segment touches. */
export interface TouchedCell {
  readonly key: bigint;
  /** The value when the segment starts; 0 for a cell that nobody has written to. */
  readonly before: bigint;
  /** The value when it ends. */
  readonly after: bigint;
  /** Time of the last access. */
  readonly lastTime: bigint;
}

/** Values by key; absent cells are zero. */
export type Cells = ReadonlyMap<bigint, bigint>;

/** What a machine demands of the keys that its segments touch, as columns and constraints of the link's table. */
export interface KeyRule {
  /** Further main columns; their names must not be those of the link's table. */
  readonly columns: ColumnRecord;
  /** Adds constraints and messages; `active` is 0 on rows without a cell. */
  readonly constrain: (
    builder: EveryRowScope,
    current: Readonly<Record<string, Term | readonly Term[]>>,
    key: Term,
    active: Term,
  ) => void;
  /** The cells of the further columns, `rows` each; rows beyond the keys are inactive. */
  readonly fill: (keys: readonly bigint[], rows: number) => CellsOf<ColumnRecord, ColumnCells>;
}

/** A rule that allows every key. */
export const ANY_KEY: KeyRule = { columns: {}, constrain: () => undefined, fill: () => ({}) };

/** The smallest power of two that is at least `count`, at least 1. */
export function powerOfTwoFrom(count: number): number {
  return 2 ** Math.ceil(Math.log2(Math.max(1, count)));
}

/** The nonzero cells after segments that touched these. */
export function cellsAfter(image: Cells, segments: readonly (readonly TouchedCell[])[]): Map<bigint, bigint> {
  const cells = new Map([...image].filter(([, value]) => value !== 0n));
  for (const { key, after } of segments.flat()) {
    if (after === 0n) cells.delete(key);
    else cells.set(key, after);
  }
  return cells;
}
