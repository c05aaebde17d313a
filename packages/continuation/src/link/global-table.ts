/**
 * The tables of the global link: stamped tuples of the touched cells, and the lists of all cells at the start and the end of a run.
 *
 * All segments share the bus {@link STATE_BUS}, whose sum is exposed. For each cell it touches, segment i (from 1) receives
 * (key, value before, s) with s < i, and sends (key, value after, i): s is the segment that touched the cell before. The statement sends the cells
 * of the program's image with stamp 0; the table of the ends sends (key, 0, 0) for other cells, and receives each cell's last tuple, its keys
 * strictly increasing. Why that suffices is in docs/continuations.md.
 *
 * @module
 */
import {
  type Column,
  column,
  type ColumnGroup,
  type ColumnRecord,
  columns,
  defineTable,
  type NoColumns,
  type Table,
  type TableTrace,
  type Term,
  traceFromColumns,
} from '@commute/stark';
import { BYTE_BUS, type ByteCounter } from './byte-table.ts';
import { type KeyRule, MEMORY_BUS, powerOfTwoFrom, type TouchedCell } from './cells.ts';

/** The bus of all segments, the start and the end. */
export const STATE_BUS = 'state' as const;

/** Bytes of the difference of two segments' numbers: there are at most 2^24 segments. */
const STAMP_BYTES = 3;

/** Bytes of the difference of two keys; keys are below 2^40. */
const GAP_BYTES = 5;

/** A cell with the segment that touched it last, 0 for none. */
export interface StampedCell extends TouchedCell {
  readonly stamp: number;
}

/** Columns of the touched cells. */
export type GlobalColumns = Readonly<Record<'active' | 'key' | 'before' | 'after' | 'lastTime' | 'stamp', Column>> &
  Readonly<Record<'age', ColumnGroup>>;

/** The touched cells of a segment, in the global link. Its public value is the segment's number, from 1. */
export type GlobalTable = Table<GlobalColumns, NoColumns, ColumnRecord, 'number', never, never>;

/** The number whose bytes are the terms, least first. */
function joinBytes(bytes: readonly Term[]): Term {
  const [least, ...others] = bytes as [Term, ...Term[]];
  return others.reduce((sum, byte, k) => sum.add(byte.multiply(1n << BigInt(8 * (k + 1)))), least);
}

/** The table for keys under a rule. */
export function createGlobalTable(rule: KeyRule): GlobalTable {
  return defineTable<GlobalColumns, NoColumns, ColumnRecord, 'number'>({
    name: 'global link',
    columns: {
      main: {
        active: column('1 on rows with a cell'),
        key: column('of a touched cell'),
        before: column('its value when the segment starts'),
        after: column('its value when the segment ends'),
        lastTime: column('of its last access'),
        stamp: column('number of the segment that touched it before'),
        age: columns(STAMP_BYTES, 'number of this segment, less the stamp, less 1, in bytes'),
        ...rule.columns,
      },
      preprocessed: {},
    },
    publicValues: ['number'],
    eval: (builder) => {
      const { current } = builder.main;
      const { active, key, before, after, lastTime, stamp, age } = current;
      const { number } = builder.publicValues;
      builder.assertBoolean('active is boolean', active);
      rule.constrain(builder, current, key, active);
      const cells = builder.when(active);
      cells.send(MEMORY_BUS, [key, before, 0]);
      cells.receive(MEMORY_BUS, [key, after, lastTime]);
      cells.receive(STATE_BUS, [key, before, stamp]);
      cells.send(STATE_BUS, [key, after, number]);
      cells.assertEqual('stamp is before this segment', joinBytes(age).add(1), number.subtract(stamp));
      for (const byte of age) cells.send(BYTE_BUS, [byte]);
    },
  });
}

function listOf<T>(cells: readonly T[], rows: number, value: (cell: T) => bigint, offset = 0): BigUint64Array {
  const list = new BigUint64Array(rows);
  cells.forEach((cell, row) => {
    list[row + offset] = value(cell);
  });
  return list;
}

/** The trace of segment `number`'s touched cells, with at least `leastRows` rows, a power of two. */
export function globalTrace(
  table: GlobalTable,
  rule: KeyRule,
  cells: readonly StampedCell[],
  number: number,
  bytes: ByteCounter,
  leastRows = 1,
): TableTrace {
  const rows = Math.max(powerOfTwoFrom(cells.length), leastRows);
  const ages = cells.map(({ stamp }) => bytes.split(BigInt(number - stamp - 1), STAMP_BYTES));
  return traceFromColumns(table, {
    main: {
      active: listOf(cells, rows, () => 1n),
      key: listOf(cells, rows, ({ key }) => key),
      before: listOf(cells, rows, ({ before }) => before),
      after: listOf(cells, rows, ({ after }) => after),
      lastTime: listOf(cells, rows, ({ lastTime }) => lastTime),
      stamp: listOf(cells, rows, ({ stamp }) => BigInt(stamp)),
      age: Array.from({ length: STAMP_BYTES }, (_, k) => listOf(ages, rows, (age) => age[k]!)),
      ...(rule.fill(
        cells.map(({ key }) => key),
        rows,
      ) as object),
    },
    preprocessed: {},
    publicValues: { number: BigInt(number) },
  });
}

/** A cell at the end of a run. */
export interface EndCell {
  readonly key: bigint;
  readonly value: bigint;
  /** The segment that touched it last; 0 for none. */
  readonly stamp: number;
  /** Whether the image lacks it, so that it starts at zero. */
  readonly fresh: boolean;
}

/** Columns of the ends. */
export type EndColumns = Readonly<Record<'live' | 'active' | 'key' | 'value' | 'stamp' | 'fresh', Column>> &
  Readonly<Record<'gap', ColumnGroup>>;

/** All cells with keys in [start, stop), at the start and the end of a run. */
export type EndTable = Table<EndColumns, NoColumns, NoColumns, 'start' | 'stop', never, never>;

/**
 * The table of the ends. Its first row is an anchor before the range; then follow the cells, strictly increasing; rows after them are not live.
 */
export const endTable: EndTable = /* @__PURE__ */ defineTable<EndColumns, NoColumns, NoColumns, 'start' | 'stop'>({
  name: 'ends',
  columns: {
    main: {
      live: column('1 on the anchor and on rows with a cell'),
      active: column('1 on rows with a cell'),
      key: column('of a cell; of the anchor the start of the range less 1'),
      value: column('its value at the end'),
      stamp: column('number of the segment that touched it last'),
      fresh: column('1 where it is sent as a zero cell, because the image lacks it'),
      gap: columns(GAP_BYTES, 'next key, or the stop of the range, less this key, less 1, in bytes'),
    },
  },
  publicValues: ['start', 'stop'],
  eval: (builder) => {
    const { current, next } = builder.main;
    const { live, active, key, value, stamp, fresh, gap } = current;
    const { start, stop } = builder.publicValues;
    const { onFirstRow, onTransition, onLastRow } = builder;
    builder.assertBoolean('live is boolean', live);
    // Where the anchor is not live no row is: there is no cell, as if the range were its gap.
    onFirstRow.assertZero('the anchor is no cell', active);
    onTransition.assertEqual('other live rows are cells', next.active, next.live);
    onTransition.assertZero('live rows come first', next.live.multiply(live.complement()));
    builder.assertBoolean('fresh is boolean', fresh);
    onFirstRow.assertEqual('the anchor is before the range', key, start.subtract(1));
    const following = joinBytes(gap).add(key).add(1);
    onTransition.when(next.live).assertEqual('keys increase', next.key, following);
    onTransition.when(live).when(next.live.complement()).assertEqual('the range has a stop', stop, following);
    onLastRow.when(live).assertEqual('the range has a stop after the last row', stop, following);
    for (const byte of gap) builder.when(live).send(BYTE_BUS, [byte]);
    builder.when(active).when(fresh).send(STATE_BUS, [key, 0, 0]);
    builder.when(active).receive(STATE_BUS, [key, value, stamp]);
  },
});

/** The trace of the ends. @throws `RangeError` where cells are not increasing in [start, stop). */
export function endTrace(cells: readonly EndCell[], start: bigint, stop: bigint, bytes: ByteCounter): TableTrace {
  const rows = powerOfTwoFrom(cells.length + 1);
  const keys = [start - 1n, ...cells.map(({ key }) => key), stop];
  const gaps = keys.slice(1).map((key, row) => bytes.split(key - keys[row]! - 1n, GAP_BYTES));
  const anchor = new BigUint64Array(rows);
  anchor[0] = start === 0n ? 0xffffffff00000000n : start - 1n;
  const keyList = listOf(cells, rows, ({ key }) => key, 1);
  keyList[0] = anchor[0];
  const live = listOf(cells, rows, () => 1n, 1);
  live[0] = 1n;
  return traceFromColumns(endTable, {
    main: {
      live,
      active: listOf(cells, rows, () => 1n, 1),
      key: keyList,
      value: listOf(cells, rows, ({ value }) => value, 1),
      stamp: listOf(cells, rows, ({ stamp }) => BigInt(stamp), 1),
      fresh: listOf(cells, rows, ({ fresh }) => (fresh ? 1n : 0n), 1),
      gap: Array.from({ length: GAP_BYTES }, (_, k) => listOf(gaps, rows, (gap) => gap[k]!)),
    },
    publicValues: { start, stop },
  });
}
