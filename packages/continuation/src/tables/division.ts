/**
 * Quotients and remainders. With the absolute values n and d of the operands, n = q·d + r and r < d unless d = 0; q·d + r is at most
 * (2^32 - 1)·2^32, less than p. Where d = 0, r is n of itself, and q is fixed so that the quotient is -1.
 *
 * @module
 */
import { column, type ColumnRecord, defineTable, type Table, type Term } from '@commute/stark';
import { OPERATION } from '../program/operations.ts';
import { chooseSome, joinLimbs, WORD, zeroWhereIdle } from './parts.ts';

const main = {
  quotientSigned: column('whether the operation is div'),
  quotientUnsigned: column('whether the operation is divu'),
  remainderSigned: column('whether the operation is rem'),
  remainderUnsigned: column('whether the operation is remu'),
  time: column('first tick of the cycle'),
  dividendLow: column('lower limb of the dividend'),
  dividendHigh: column('upper limb of the dividend'),
  dividendSign: column('its upper bit'),
  divisorLow: column('lower limb of the divisor'),
  divisorHigh: column('upper limb of the divisor'),
  divisorSign: column('its upper bit'),
  dividendIsNegative: column('whether the dividend is signed and negative'),
  divisorIsNegative: column('whether the divisor is signed and negative'),
  byZero: column('whether the divisor is 0'),
  quotient0: column('lower limb of the quotient of absolute values'),
  quotient1: column('upper limb of the quotient of absolute values'),
  remainder0: column('lower limb of the remainder of absolute values'),
  remainder1: column('upper limb of the remainder of absolute values'),
  distance0: column('lower limb of the divisor less the remainder less 1'),
  distance1: column('upper limb of the divisor less the remainder less 1'),
  wraps: column('whether the result was negative and 2^32 is added'),
  result0: column('lower limb of the result'),
  result1: column('upper limb of the result'),
} as const satisfies ColumnRecord;

/** The table. */
export const divisionTable: Table = /* @__PURE__ */ defineTable({
  name: 'division',
  columns: { main },
  eval: (builder) => {
    const { current: row } = builder.main;
    const { quotientSigned, quotientUnsigned, remainderSigned, remainderUnsigned, time, byZero, wraps } = row;
    // At most one is set: else all cells below are zero, and the distance of two zeros is no number of 32 bits.
    const active = chooseSome(builder, 'kind', {
      quotientSigned,
      quotientUnsigned,
      remainderSigned,
      remainderUnsigned,
    });
    const operation = quotientSigned
      .multiply(OPERATION.divideSigned)
      .add(quotientUnsigned.multiply(OPERATION.divideUnsigned))
      .add(remainderSigned.multiply(OPERATION.remainderSigned))
      .add(remainderUnsigned.multiply(OPERATION.remainderUnsigned));
    const { dividendLow, dividendHigh, dividendSign, divisorLow, divisorHigh, divisorSign } = row;
    const { quotient0, quotient1, remainder0, remainder1, distance0, distance1, result0, result1 } = row;
    const dividend = joinLimbs(dividendLow, dividendHigh);
    const divisor = joinLimbs(divisorLow, divisorHigh);
    const result = joinLimbs(result0, result1);
    builder.receive('operation', [operation, dividend, divisor, result, time], active);
    builder.send('sign', [dividendHigh, dividendSign], active);
    builder.send('sign', [divisorHigh, divisorSign], active);
    const limbs = [dividendLow, divisorLow, quotient0, quotient1, remainder0, remainder1];
    for (const limb of [...limbs, distance0, distance1, result0, result1]) builder.send('range', [limb], active);

    const signed = quotientSigned.add(remainderSigned);
    const { dividendIsNegative, divisorIsNegative } = row;
    builder.assertEqual('a signed dividend is negative by its sign', dividendIsNegative, signed.multiply(dividendSign));
    builder.assertEqual('a signed divisor is negative by its sign', divisorIsNegative, signed.multiply(divisorSign));
    const absolute = (value: Term, isNegative: Term): Term =>
      value.add(isNegative.multiply(value.multiply(-2).add(WORD)));
    const quotient = joinLimbs(quotient0, quotient1);
    const remainder = joinLimbs(remainder0, remainder1);
    const size = absolute(divisor, divisorIsNegative);
    builder.assertEqual(
      'the dividend is quotient times divisor plus remainder',
      absolute(dividend, dividendIsNegative),
      quotient.multiply(size).add(remainder),
    );
    builder.assertBoolean('by zero is boolean', byZero);
    builder.assertZero('by zero the divisor is zero', byZero.multiply(size));
    builder.assertEqual(
      'the remainder is less than the divisor',
      joinLimbs(distance0, distance1),
      byZero.complement().multiply(size.subtract(remainder).subtract(active)),
    );
    // 1 where exactly one of the two is negative.
    const isNegative = dividendIsNegative
      .add(divisorIsNegative)
      .subtract(dividendIsNegative.multiply(divisorIsNegative).multiply(2));
    builder.assertZero(
      'a quotient by zero is -1',
      byZero.multiply(quotient.subtract(WORD - 1).add(isNegative.multiply(WORD - 2))),
    );
    const negate = (value: Term, sign: Term): Term => sign.multiply(-2).add(1).multiply(value);
    builder.assertEqual(
      'the result is quotient or remainder, with its sign',
      result,
      quotientSigned
        .add(quotientUnsigned)
        .multiply(negate(quotient, isNegative))
        .add(remainderSigned.add(remainderUnsigned).multiply(negate(remainder, dividendIsNegative)))
        .add(wraps.multiply(WORD)),
    );
    builder.assertBoolean('wraps is boolean', wraps);
    // That the last limbs are zero too follows from the sums that they are part of, and of byZero from the quotient.
    zeroWhereIdle(builder, active, {
      time,
      dividendLow,
      dividendHigh,
      dividendSign,
      divisorLow,
      divisorHigh,
      divisorSign,
      quotient0,
      quotient1,
      remainder0,
      distance0,
      wraps,
      result0,
    });
  },
});
