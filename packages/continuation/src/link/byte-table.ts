/**
 * The table of all bytes, which range checks of links look up.
 *
 * @module
 */
import {
  type Column,
  column,
  defineTable,
  type NoColumns,
  type Table,
  type TableTrace,
  traceFromColumns,
} from '@commute/stark';

/** The bus that bytes are sent on to show that they are bytes. */
export const BYTE_BUS = 'link bytes' as const;

/** log2 of the rows of {@link byteTable}. */
export const LOG_BYTES = 8;

/** Receives each byte as often as it is sent. It has 256 rows because the last one has to be 255. */
export const byteTable: Table<{ byte: Column; count: Column }, NoColumns, NoColumns, never, never, never> =
  /* @__PURE__ */ defineTable({
    name: 'link bytes',
    columns: { main: { byte: column('0 to 255'), count: column('how often it is looked up') } },
    eval: (builder) => {
      const { byte, count } = builder.main.current;
      builder.onFirstRow.assertZero('starts at 0', byte);
      builder.onTransition.assertEqual('counts', builder.main.next.byte, byte.add(1));
      builder.onLastRow.assertEqual('ends at 255', byte, 255);
      builder.receive(BYTE_BUS, [byte], count);
    },
  });

/** Counts the bytes that a trace sends. */
export class ByteCounter {
  readonly #counts = new BigUint64Array(256);

  /** Counts the `length` bytes of a number, least first, and returns them. @throws `RangeError` where they are not enough. */
  split(value: bigint, length: number): bigint[] {
    if (value < 0n || value >= 1n << BigInt(8 * length)) {
      throw new RangeError(`value: expected ${String(length)} bytes, got ${String(value)}`);
    }
    return Array.from({ length }, (_, k) => {
      const byte = (value >> BigInt(8 * k)) & 0xffn;
      this.#counts[Number(byte)]! += 1n;
      return byte;
    });
  }

  /** The trace of {@link byteTable}. */
  trace(): TableTrace {
    const byte = BigUint64Array.from({ length: 256 }, (_, value) => BigInt(value));
    return traceFromColumns(byteTable, { main: { byte, count: this.#counts.slice() } });
  }
}
