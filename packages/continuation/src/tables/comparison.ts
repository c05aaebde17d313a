/**
 * Comparison of signed words, for `slt`, `slti`, `blt` and `bge`.
 *
 * @module
 */
import { column, type ColumnRecord, defineTable, type Table } from '@commute/stark';
import { OPERATION } from '../program/operations.ts';
import { joinLimbs, WORD, zeroWhereIdle } from './parts.ts';

const main = {
  active: column('whether the row is used'),
  time: column('first tick of the cycle'),
  leftLow: column('lower limb of the first operand'),
  leftHigh: column('upper limb of the first operand'),
  leftSign: column('its upper bit'),
  rightLow: column('lower limb of the second operand'),
  rightHigh: column('upper limb of the second operand'),
  rightSign: column('its upper bit'),
  differenceLow: column('lower limb of the difference modulo 2^32'),
  differenceHigh: column('upper limb of the difference modulo 2^32'),
  less: column('1 if the first operand is less'),
} as const satisfies ColumnRecord;

/** The table. */
export const comparisonTable: Table = /* @__PURE__ */ defineTable({
  name: 'comparison',
  columns: { main },
  eval: (builder) => {
    const { current: row } = builder.main;
    const { active, time, leftLow, leftHigh, leftSign, rightLow, rightHigh, rightSign, less } = row;
    const { differenceLow, differenceHigh } = row;
    const [left, right] = [joinLimbs(leftLow, leftHigh), joinLimbs(rightLow, rightHigh)];
    builder.assertBoolean('active is boolean', active);
    builder.receive('operation', [active.multiply(OPERATION.lessSigned), left, right, less, time], active);
    builder.send('sign', [leftHigh, leftSign], active);
    builder.send('sign', [rightHigh, rightSign], active);
    for (const limb of [leftLow, rightLow, differenceLow, differenceHigh]) builder.send('range', [limb], active);
    builder.assertBoolean('less is boolean', less);
    builder.assertEqual(
      'less is the borrow of the difference of signed numbers',
      joinLimbs(differenceLow, differenceHigh),
      left
        .subtract(leftSign.multiply(WORD))
        .subtract(right.subtract(rightSign.multiply(WORD)))
        .add(less.multiply(WORD)),
    );
    // That the last limb is zero too follows from the difference.
    zeroWhereIdle(builder, active, {
      time,
      leftLow,
      leftHigh,
      leftSign,
      rightLow,
      rightHigh,
      rightSign,
      differenceLow,
      less,
    });
  },
});
