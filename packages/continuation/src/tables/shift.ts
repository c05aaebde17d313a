/**
 * Shifts: the first operand times a power of two is an upper and a lower word, and the result is one of them.
 *
 * To the left by k it is the lower word of the product with 2^k, to the right by k > 0 the upper one of the product with 2^(32 - k).
 * So factors are at most 2^31 and products below 2^63, less than p.
 *
 * @module
 */
import { column, type ColumnRecord, defineTable, type Table } from '@commute/stark';
import { OPERATION } from '../program/operations.ts';
import { chooseSome, joinLimbs, LIMB, WORD, zeroWhereIdle } from './parts.ts';

const main = {
  left: column('whether the shift is to the left'),
  right: column('whether the shift is to the right and zeros come in'),
  arithmetic: column('whether the shift is to the right and copies of the sign come in'),
  time: column('first tick of the cycle'),
  valueLow: column('lower limb of the first operand'),
  valueHigh: column('upper limb of the first operand'),
  sign: column('its upper bit'),
  distance: column('lower five bits of the second operand'),
  restLow: column('the sixteen bits of the second operand above them'),
  restHigh: column('the bits above those'),
  factor: column('what the first operand is multiplied by'),
  takesHigh: column('whether the result is the upper word'),
  low0: column('lower limb of the lower word of the product'),
  low1: column('upper limb of the lower word of the product'),
  high0: column('the upper word of the product is this, and'),
  high1: column('2^15 times this'),
  result: column('the result'),
} as const satisfies ColumnRecord;

/** The table. */
export const shiftTable: Table = /* @__PURE__ */ defineTable({
  name: 'shift',
  columns: { main },
  eval: (builder) => {
    const { current: row } = builder.main;
    const { left, right, arithmetic, time, valueLow, valueHigh, sign, distance, restLow, restHigh } = row;
    const { factor, takesHigh, low0, low1, high0, high1, result } = row;
    // At most one is set: else all cells below are zero, and there is no factor 0 to look up.
    const active = chooseSome(builder, 'kind', { left, right, arithmetic });
    const operation = left
      .multiply(OPERATION.shiftLeft)
      .add(right.multiply(OPERATION.shiftRight))
      .add(arithmetic.multiply(OPERATION.shiftRightArithmetic));
    const value = joinLimbs(valueLow, valueHigh);
    const amount = distance.add(joinLimbs(restLow, restHigh).multiply(32));
    builder.receive('operation', [operation, value, amount, result, time], active);
    builder.send('power', [distance, right.add(arithmetic), factor, takesHigh], active);
    for (const limb of [valueLow, restLow, restHigh, low0, low1, high0, high1]) builder.send('range', [limb], active);
    builder.send('sign', [valueHigh, sign], active);
    const low = joinLimbs(low0, low1);
    const high = high0.add(high1.multiply(LIMB / 2));
    builder.assertEqual('the product has two words', value.multiply(factor), low.add(high.multiply(WORD)));
    const incoming = arithmetic.multiply(sign).multiply(factor.negate().add(WORD));
    builder.assertEqual(
      'the result is one of them, with the sign extended',
      result,
      low.add(takesHigh.multiply(high.subtract(low).add(incoming))),
    );
    // That the last limb is zero too follows from the product.
    zeroWhereIdle(builder, active, {
      time,
      valueLow,
      valueHigh,
      sign,
      distance,
      restLow,
      restHigh,
      factor,
      takesHigh,
      low0,
      low1,
      high0,
    });
  },
});
