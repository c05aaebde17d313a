/**
 * Which cells may be touched.
 *
 * @module
 */
import { type KeyRule } from '@commute/continuation';
import { column, columns, type Term } from '@commute/stark';
import { LEGAL_CELLS, REGION_CELLS, STRIDE } from '../layout.ts';
import { checkBytes, joinBytes, joinDigits } from './parts.ts';

/** Bytes of the number of a cell, and whether it has 2^24 besides. */
const NUMBER_BYTES = 3;
const REGION_BITS = 3;

/** A key, taken apart. */
export function partsOfKey(key: bigint): { readonly region: bigint; readonly high: bigint; readonly bytes: bigint[] } {
  const cell = key / BigInt(STRIDE);
  const [region, number] = [cell / BigInt(REGION_CELLS), cell % BigInt(REGION_CELLS)];
  if (key % BigInt(STRIDE) !== 0n || number >= BigInt(LEGAL_CELLS))
    throw new RangeError(`no legal key: ${String(key)}`);
  return {
    region,
    high: number >> BigInt(8 * NUMBER_BYTES),
    bytes: Array.from({ length: NUMBER_BYTES }, (_, k) => (number >> BigInt(8 * k)) & 0xffn),
  };
}

/** Keys of the cells of all regions, and of none between them. */
export const LEGAL_KEYS: KeyRule = /* @__PURE__ */ legalKeys();

function legalKeys(): KeyRule {
  return {
    columns: {
      keyRegion: columns(REGION_BITS, 'bits of the region of the key'),
      keyBytes: columns(NUMBER_BYTES, 'bytes of the number of the cell'),
      keyHigh: column('whether 2^24 is in that number besides'),
    },
    constrain: (builder, current, key, active) => {
      const { keyRegion, keyBytes, keyHigh } = current as {
        readonly keyRegion: readonly Term[];
        readonly keyBytes: readonly Term[];
        readonly keyHigh: Term;
      };
      keyRegion.forEach((bit, k) => {
        builder.assertBoolean(`bit ${String(k)} of the region is 0 or 1`, bit);
      });
      builder.assertBoolean('keyHigh is 0 or 1', keyHigh);
      const number = joinBytes(keyBytes).add(keyHigh.multiply(2n ** BigInt(8 * NUMBER_BYTES)));
      const cell = joinDigits(keyRegion, 1).multiply(REGION_CELLS).add(number);
      const scope = builder.when(active);
      scope.assertEqual('the key is one of a cell', key, cell.multiply(STRIDE));
      checkBytes(scope, keyBytes);
    },
    // The lookups are counted where the machine's traces are made.
    fill: (keys, rows) => {
      const column = (): BigUint64Array => new BigUint64Array(rows);
      const cells = {
        keyRegion: Array.from({ length: REGION_BITS }, column),
        keyBytes: Array.from({ length: NUMBER_BYTES }, column),
        keyHigh: column(),
      };
      keys.forEach((key, row) => {
        const { region, high, bytes } = partsOfKey(key);
        cells.keyRegion.forEach((bit, k) => {
          bit[row] = (region >> BigInt(k)) & 1n;
        });
        bytes.forEach((byte, k) => {
          cells.keyBytes[k]![row] = byte;
        });
        cells.keyHigh[row] = high;
      });
      return cells as unknown as ReturnType<KeyRule['fill']>;
    },
  };
}
