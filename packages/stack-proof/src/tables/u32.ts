/**
 * Instructions on numbers of 32 bits: by bits, by bytes, and powers.
 *
 * All answer to the bus `u32`: the opcode, the two elements on top of the stack, and the two on top of it afterwards. Of these, instructions leave some as they are; the processor says so.
 *
 * @module
 */
import { instructionNamed } from '@commute/stack-vm';
import { column, columns, defineTable, type Table } from '@commute/stark';
import { checkBytes, chooseKind, joinBytes, joinDigits, sumOf } from './parts.ts';

/** Bits of a number. */
export const BITS = 32;
/** Bytes of a number. */
export const BYTES = 4;

const opcode = (name: string): number => instructionNamed(name)!.opcode;

/** `and`, `xor`, `pop_count` and `log_2_floor`. */
export const bitwiseTable: Table = /* @__PURE__ */ defineTable({
  name: 'bitwise',
  columns: {
    main: {
      and: column(),
      xor: column(),
      popCount: column(),
      log2Floor: column(),
      left: columns(BITS, 'bits of the top, the lowest first'),
      right: columns(BITS, 'bits of the element below; of a logarithm whether the top has that bit or a higher one'),
      second: column('the element below the top'),
      result: column('the top afterwards'),
      below: column('the element below the top afterwards'),
    },
  },
  eval: (builder) => {
    const { and, xor, popCount, log2Floor, left, right, second, result, below } = builder.main.current;
    const used = chooseKind(builder, { and, xor, popCount, log2Floor });
    for (let k = 0; k < BITS; k++) {
      builder.assertBoolean(`left[${String(k)}] is 0 or 1`, left[k]!);
      builder.assertBoolean(`right[${String(k)}] is 0 or 1`, right[k]!);
    }
    const [first, other] = [joinDigits(left, 1), joinDigits(right, 1)];
    builder.when(and.add(xor)).assertEqual('right has the bits of the element below', second, other);
    const common = joinDigits(
      left.map((bit, k) => bit.multiply(right[k]!)),
      1,
    );
    builder.when(and).assertEqual('and', result, common);
    builder.when(xor).assertEqual('xor', result, first.add(other).subtract(common.multiply(2)));
    builder.when(popCount).assertEqual('pop_count', result, sumOf(left));
    const logarithm = builder.when(log2Floor);
    for (let k = 0; k < BITS; k++) {
      const [bit, higher] = [left[k]!, right[k + 1]];
      const either = higher === undefined ? bit : bit.add(higher).subtract(bit.multiply(higher));
      logarithm.assertEqual(`right[${String(k)}] says whether there is a bit from there on`, right[k]!, either);
    }
    logarithm.assertEqual('there is a bit', right[0]!, 1);
    logarithm.assertEqual('log_2_floor', result.add(1), sumOf(right));
    const code = and
      .multiply(opcode('and'))
      .add(xor.multiply(opcode('xor')))
      .add(popCount.multiply(opcode('pop_count')))
      .add(log2Floor.multiply(opcode('log_2_floor')));
    builder.when(used).receive('u32', [code, first, second, result, below]);
  },
});

/** `lt`, `split` and `div_mod`. */
export const wordsTable: Table = /* @__PURE__ */ defineTable({
  name: 'words',
  columns: {
    main: {
      lt: column(),
      split: column(),
      divMod: column(),
      top: column('the top'),
      second: column('the element below it'),
      result: column('the top afterwards'),
      below: column('the element below it afterwards'),
      left: columns(BYTES, 'bytes of the top: what is compared or divided'),
      right: columns(BYTES, 'bytes of the element below: what it is compared to, the divisor'),
      low: columns(BYTES, 'bytes of the lower half, or the remainder'),
      high: columns(BYTES, 'bytes of the upper half, or the quotient'),
      rest: columns(BYTES, 'bytes of what a difference is above the least that it may be'),
      factor: column('the lower half, divided by what the upper one is below 2^32 - 1'),
    },
  },
  eval: (builder) => {
    const { lt, split, divMod, top, second, result, below, factor, ...bytes } = builder.main.current;
    const used = chooseKind(builder, { lt, split, divMod });
    const [left, right, low] = [joinBytes(bytes.left), joinBytes(bytes.right), joinBytes(bytes.low)];
    const [high, rest] = [joinBytes(bytes.high), joinBytes(bytes.rest)];
    const scope = builder.when(used);
    checkBytes(scope, [...bytes.left, ...bytes.right, ...bytes.low, ...bytes.high, ...bytes.rest]);
    builder.when(lt.add(divMod)).assertEqual('the top has 32 bits', top, left);
    builder.when(lt.add(divMod)).assertEqual('the element below has 32 bits', second, right);
    builder.when(split.add(divMod)).assertEqual('the lower half, or the remainder', result, low);
    builder.when(split.add(divMod)).assertEqual('the upper half, or the quotient', below, high);
    builder.when(lt).assertBoolean('less or not', result);
    builder.when(lt).assertEqual('lt', rest, left.subtract(right).add(result.multiply(2n ** 32n)));
    builder.when(split).assertEqual('split', top, high.multiply(2n ** 32n).add(low));
    // The modulus is 2^64 - 2^32 + 1: where the upper half is 2^32 - 1 the lower one is 0.
    const room = builder.constant(2n ** 32n - 1n).subtract(high);
    builder.when(split).assertEqual('the halves are those of a canonical element', low, factor.multiply(room));
    builder.when(divMod).assertEqual('div_mod', left, high.multiply(right).add(low));
    builder.when(divMod).assertEqual('the remainder is less than the divisor', rest, right.subtract(1).subtract(low));
    const code = lt
      .multiply(opcode('lt'))
      .add(split.multiply(opcode('split')))
      .add(divMod.multiply(opcode('div_mod')));
    scope.receive('u32', [code, top, second, result, below]);
  },
});

/** `pow`. */
export const powerTable: Table = /* @__PURE__ */ defineTable({
  name: 'power',
  columns: {
    main: {
      active: column('1 where there is a power'),
      base: column(),
      bits: columns(BITS, 'of the exponent, the lowest first'),
      powers: columns(BITS, 'of the base, to the exponent without the bits below this one'),
      below: column('the element below the top afterwards'),
    },
  },
  eval: (builder) => {
    const { active, base, bits, powers, below } = builder.main.current;
    builder.assertBoolean('active is 0 or 1', active);
    bits.forEach((bit, k) => {
      builder.assertBoolean(`bits[${String(k)}] is 0 or 1`, bit);
      const before = powers[k + 1];
      const factor = bit.multiply(base.subtract(1)).add(1);
      const power = (before === undefined ? active : before.multiply(before)).multiply(factor);
      builder.assertEqual(`power ${String(k)}`, powers[k]!, power);
    });
    builder.when(active).receive('u32', [opcode('pow'), base, joinDigits(bits, 1), powers[0]!, below]);
  },
});
