/**
 * RAM, whose addresses are elements: it is in blocks, and blocks are in slots.
 *
 * A slot that is in use has the number of its block, plus 1, and the next higher of these values: a list that is sorted, so that no block is in two slots.
 *
 * @module
 */
import { inverse } from '@commute/field';
import { column, columns, defineTable, type Table } from '@commute/stark';
import { BLOCK_ELEMENTS, GAP_BYTES, regionKey, STRIDE } from '../layout.ts';
import { accessCells, checkBytes, chooseKind, countPrefix, joinBytes } from './parts.ts';

const BLOCK_INVERSE = /* @__PURE__ */ inverse(BigInt(BLOCK_ELEMENTS));

/** Most elements of a burst. */
export const MOST_BURST = 5;
/** Bytes of the number of a block. */
export const BLOCK_BYTES = 7;
/** Bytes of the number of a slot. */
export const SLOT_BYTES = 3;

/** Elements of RAM that an instruction reads or writes, one after the other. */
export const burstsTable: Table = /* @__PURE__ */ defineTable({
  name: 'bursts',
  columns: {
    main: {
      write: column('1 where elements are written'),
      some: columns(MOST_BURST, 'whether there are more elements than the number of the column'),
      address: column('of the first'),
      values: columns(MOST_BURST, 'the elements'),
      time: column('of the cycle'),
    },
  },
  eval: (builder) => {
    const { write, some, address, values, time } = builder.main.current;
    const count = countPrefix(builder, some);
    builder.when(some[0]!).receive('bursts', [write, count, address, ...values, time]);
    values.forEach((value, k) => {
      builder.when(some[k]!).send('ram', [write, address.add(k), value, time.add(k)]);
    });
  },
});

/** Accesses to an element of RAM. */
export const ramTable: Table = /* @__PURE__ */ defineTable({
  name: 'ram',
  columns: {
    main: {
      read: column('1 for a read'),
      write: column('1 for a write'),
      address: column('of the element'),
      before: column('what it was'),
      after: column('what it is'),
      time: column('of the access'),
      slot: column('of its block'),
      offset: column('its place in the block'),
      factor: column('the offset, divided by the slot: the block in slot 0 has one element'),
      inverse: column('of the number of the block, plus 1: the slot is in use'),
      blockGap: columns(GAP_BYTES, 'time since the access to the slot before, less 1, in bytes'),
      gap: columns(GAP_BYTES, 'time since the access to the element before, less 1, in bytes'),
    },
  },
  eval: (builder) => {
    const { read, write, address, before, after, time, slot, offset, factor, inverse, blockGap, gap } =
      builder.main.current;
    const scope = builder.when(chooseKind(builder, { read, write }));
    scope.receive('ram', [write, address, after, time]);
    builder.when(read).assertEqual('a read leaves what is there', after, before);
    scope.assertEqual('slot 0 has one element', offset, slot.multiply(factor));
    checkBytes(scope, [offset]);
    const number = address.subtract(offset).multiply(BLOCK_INVERSE).add(1);
    scope.assertEqual('the slot is in use', number.multiply(inverse), 1);
    const numberKey = slot.multiply(STRIDE).add(regionKey('blockNumbers'));
    accessCells(scope, time, blockGap, [{ key: numberKey, before: number, after: number }]);
    const key = slot.multiply(BLOCK_ELEMENTS).add(offset).multiply(STRIDE).add(regionKey('ram'));
    accessCells(scope, time, gap, [{ key, before, after }]);
  },
});

/** Blocks that come into use: a slot that is empty is put into the list, between two neighbours. */
export const blocksTable: Table = /* @__PURE__ */ defineTable({
  name: 'blocks',
  columns: {
    main: {
      active: column('1 where a block comes into use'),
      time: column('when'),
      low: columns(SLOT_BYTES, 'the slot of the block before it, in bytes'),
      fresh: columns(SLOT_BYTES, 'its own slot, in bytes'),
      lowNumber: column('number of the block before it, plus 1'),
      below: columns(BLOCK_BYTES, 'blocks between that one and it, in bytes'),
      above: columns(BLOCK_BYTES, 'blocks between it and the one behind it, in bytes'),
      numberGap: columns(GAP_BYTES, 'time since the access to the number of the block before it, less 1, in bytes'),
      nextGap: columns(GAP_BYTES, 'the same for what follows that block'),
      freshGap: columns(GAP_BYTES, 'the same for its own slot'),
    },
  },
  eval: (builder) => {
    const { active, time, low, fresh, lowNumber, below, above, numberGap, nextGap, freshGap } = builder.main.current;
    builder.assertBoolean('active is 0 or 1', active);
    const scope = builder.when(active);
    const number = lowNumber.add(joinBytes(below)).add(1);
    const following = number.add(joinBytes(above)).add(1);
    const keys = (slot: typeof low): { number: typeof active; next: typeof active } => {
      const at = joinBytes(slot).multiply(STRIDE);
      return { number: at.add(regionKey('blockNumbers')), next: at.add(regionKey('nextNumbers')) };
    };
    checkBytes(scope, [...low, ...fresh, ...below, ...above]);
    accessCells(scope, time, numberGap, [{ key: keys(low).number, before: lowNumber, after: lowNumber }]);
    accessCells(scope, time, nextGap, [{ key: keys(low).next, before: following, after: number }]);
    accessCells(scope, time, freshGap, [
      { key: keys(fresh).number, before: 0, after: number },
      { key: keys(fresh).next, before: 0, after: following },
    ]);
  },
});
