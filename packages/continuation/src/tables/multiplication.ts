/**
 * Products of words, of which the lower or the upper word is the result.
 *
 * The product of two words is at most (2^32 - 1)^2, less than p; an upper word of 2^32 - 1 would let it exceed p, and is excluded.
 *
 * @module
 */
import { column, type ColumnRecord, defineTable, type Table } from '@commute/stark';
import { OPERATION } from '../program/operations.ts';
import { chooseOne, joinLimbs, WORD, zeroWhereIdle } from './parts.ts';

const main = {
  low: column('whether the operation is mul'),
  highSigned: column('whether the operation is mulh'),
  highSignedUnsigned: column('whether the operation is mulhsu'),
  highUnsigned: column('whether the operation is mulhu'),
  time: column('first tick of the cycle'),
  leftLow: column('lower limb of the first operand'),
  leftHigh: column('upper limb of the first operand'),
  leftSign: column('its upper bit'),
  rightLow: column('lower limb of the second operand'),
  rightHigh: column('upper limb of the second operand'),
  rightSign: column('its upper bit'),
  low0: column('lower limb of the lower word of the product of unsigned words'),
  low1: column('upper limb of the lower word'),
  high0: column('lower limb of the upper word'),
  high1: column('upper limb of the upper word'),
  inverse: column('inverse of the upper word less 2^32 - 1'),
  wraps: column('multiple of 2^32 that the signed upper word was too small by: 0, 1 or 2'),
  result0: column('lower limb of the result'),
  result1: column('upper limb of the result'),
} as const satisfies ColumnRecord;

/** The table. */
export const multiplicationTable: Table = /* @__PURE__ */ defineTable({
  name: 'multiplication',
  columns: { main },
  eval: (builder) => {
    const { current: row } = builder.main;
    const { low, highSigned, highSignedUnsigned, highUnsigned, time, leftSign, rightSign, inverse, wraps } = row;
    const active = chooseOne(builder, 'kind', { low, highSigned, highSignedUnsigned, highUnsigned });
    const operation = low
      .multiply(OPERATION.multiply)
      .add(highSigned.multiply(OPERATION.multiplyHighSigned))
      .add(highSignedUnsigned.multiply(OPERATION.multiplyHighSignedUnsigned))
      .add(highUnsigned.multiply(OPERATION.multiplyHighUnsigned));
    const left = joinLimbs(row.leftLow, row.leftHigh);
    const right = joinLimbs(row.rightLow, row.rightHigh);
    const lower = joinLimbs(row.low0, row.low1);
    const upper = joinLimbs(row.high0, row.high1);
    const result = joinLimbs(row.result0, row.result1);
    builder.receive('operation', [operation, left, right, result, time], active);
    builder.send('sign', [row.leftHigh, leftSign], active);
    builder.send('sign', [row.rightHigh, rightSign], active);
    const { leftLow, leftHigh, rightLow, rightHigh, low0, low1, high0, high1, result0, result1 } = row;
    for (const limb of [leftLow, rightLow, low0, low1, high0, high1, result0, result1]) {
      builder.send('range', [limb], active);
    }
    builder.assertEqual('the product has two words', left.multiply(right), lower.add(upper.multiply(WORD)));
    builder.assertEqual('the upper word is not 2^32 - 1', upper.subtract(WORD - 1).multiply(inverse), active);
    // With a sign s, a signed word is a - s·2^32.
    const signed = highSigned.add(highSignedUnsigned);
    const correction = signed.multiply(leftSign).multiply(right).add(highSigned.multiply(rightSign).multiply(left));
    builder.assertEqual(
      'the result is one of them, less what the signs take',
      result,
      low.multiply(lower).add(signed.add(highUnsigned).multiply(upper)).subtract(correction).add(wraps.multiply(WORD)),
    );
    builder.assertZero('the result wraps at most twice', wraps.multiply(wraps.subtract(1)).multiply(wraps.subtract(2)));
    // That the last limbs are zero too follows from the sums that they are part of.
    zeroWhereIdle(builder, active, {
      time,
      leftLow,
      leftHigh,
      leftSign,
      rightLow,
      rightHigh,
      rightSign,
      low0,
      low1,
      high0,
      wraps,
      result0,
    });
  },
});
