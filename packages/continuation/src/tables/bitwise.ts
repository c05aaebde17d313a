/**
 * AND, OR and XOR of words, byte by byte.
 *
 * @module
 */
import { column, type ColumnRecord, columns, defineTable, type Table, type Term } from '@commute/stark';
import { OPERATION } from '../program/operations.ts';
import { chooseOne, zeroWhereIdle } from './parts.ts';

const main = {
  and: column('whether the operation is AND'),
  or: column('whether the operation is OR'),
  xor: column('whether the operation is XOR'),
  time: column('first tick of the cycle'),
  left: columns(4, 'bytes of the first operand, the lowest first'),
  right: columns(4, 'bytes of the second operand'),
  both: columns(4, 'bytes of their conjunction'),
  result: column('the result'),
} as const satisfies ColumnRecord;

/** The table. */
export const bitwiseTable: Table = /* @__PURE__ */ defineTable({
  name: 'bitwise',
  columns: { main },
  eval: (builder) => {
    const { and, or, xor, time, left, right, both, result } = builder.main.current;
    const active = chooseOne(builder, 'kind', { and, or, xor });
    const operation = and.multiply(OPERATION.and).add(or.multiply(OPERATION.or)).add(xor.multiply(OPERATION.xor));
    const join = (bytes: readonly Term[]): Term =>
      bytes.map((byte, index) => byte.multiply(256 ** index)).reduce((sum, term) => sum.add(term));
    const [a, b, conjunction] = [join(left), join(right), join(both)];
    builder.receive('operation', [operation, a, b, result, time], active);
    left.forEach((byte, index) => {
      builder.send('and', [byte, right[index]!, both[index]!], active);
    });
    // a OR b = a + b - (a AND b), a XOR b = a + b - 2·(a AND b).
    builder.assertEqual(
      'the result is what the conjunction gives',
      result,
      or
        .add(xor)
        .multiply(a.add(b))
        .add(and.subtract(or).subtract(xor.multiply(2)).multiply(conjunction)),
    );
    zeroWhereIdle(builder, active, { time, left, right, both });
  },
});
