/**
 * Which memory cells exist: what the table of touched cells demands of each key, once per segment. That no instruction
 * accesses a word at an address that is no multiple of 4, the control page, or stores into program text, rests on this.
 *
 * @module
 */
import { column, type CellsOf, type Column, type EveryRowScope, type Term } from '@commute/stark';
import { type KeyRegion } from '../program/program.ts';
import { type LookupCounts } from '../traces/lookups.ts';
import { joinLimbs, upperLimb, zeroWhereIdle } from './parts.ts';

/** The columns that {@link assertLegalKey} needs. */
export interface KeyColumns {
  readonly regionStart: Column;
  readonly regionStride: Column;
  readonly regionCount: Column;
  readonly indexLow: Column;
  readonly indexHigh: Column;
  readonly restLow: Column;
  /** Makes it a record of columns. */
  readonly [name: string]: Column;
}

/** The columns that {@link assertLegalKey} needs, to be spread into those of a table. */
export function keyColumns(): KeyColumns {
  return {
    regionStart: column('first key of the region that the key lies in'),
    regionStride: column('distance of keys there'),
    regionCount: column('number of keys there'),
    indexLow: column('lower limb of the number of the key in its region'),
    indexHigh: column('upper limb of the number of the key in its region'),
    restLow: column('lower limb of the number of keys behind it'),
  };
}

/**
 * Demands that a key may be touched, on rows where `active`, a boolean, is 1; the columns are 0 elsewhere.
 *
 * Sends to the buses `region` and `range` of the machine's tables.
 */
export function assertLegalKey(
  builder: EveryRowScope,
  cells: CellsOf<KeyColumns, Term>,
  key: Term,
  active: Term,
): void {
  const { regionStart, regionStride, regionCount, indexLow, indexHigh, restLow } = cells;
  const index = joinLimbs(indexLow, indexHigh);
  const rest = regionCount.subtract(index).subtract(1);
  builder.send('region', [regionStart, regionStride, regionCount], active);
  builder.when(active).assertEqual('the key lies in a region', key, regionStart.add(regionStride.multiply(index)));
  for (const limb of [indexLow, indexHigh, restLow, upperLimb(rest, restLow)]) builder.send('range', [limb], active);
  zeroWhereIdle(builder, active, { regionStart, regionStride, regionCount, indexLow, indexHigh, restLow });
}

/**
 * Fills the columns of {@link keyColumns} from row 0 on and counts the lookups.
 *
 * @param keys - all of them legal.
 * @param cells - the words of the columns, two for each cell, the lower one first.
 */
export function fillKeyColumns(
  regions: readonly KeyRegion[],
  keys: Float64Array,
  cells: { readonly [K in keyof CellsOf<KeyColumns, Uint32Array>]: Uint32Array },
  counts: LookupCounts,
): void {
  const put = (words: Uint32Array, row: number, value: number): void => {
    words[2 * row] = value % 2 ** 32;
    words[2 * row + 1] = Math.floor(value / 2 ** 32);
  };
  keys.forEach((key, row) => {
    const number = regions.findIndex(({ start, stride, count }) => key >= start && key < start + stride * count);
    const { start, stride, count } = regions[number]!;
    const index = (key - start) / stride;
    put(cells.regionStart, row, start);
    put(cells.regionStride, row, stride);
    put(cells.regionCount, row, count);
    put(cells.indexLow, row, counts.limbs(index));
    put(cells.indexHigh, row, index >>> 16);
    put(cells.restLow, row, counts.limbs(count - 1 - index));
    counts.region[number]!++;
  });
}
