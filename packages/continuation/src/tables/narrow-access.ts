/**
 * Loads and stores of bytes and half-words that lie within one word. The word is taken apart into bytes; the address of the word is the
 * address less an offset of 0 to 3, and only where that is a multiple of 4 there is such a cell.
 *
 * @module
 */
import { inverse } from '@commute/field';
import { column, type ColumnRecord, columns, defineTable, type Table, type Term } from '@commute/stark';
import { NARROW, OPERATION } from '../program/operations.ts';
import { accessMemory, chooseWithin, onlyWhereActive, OPERATION_TICK, WORD, zeroWhereIdle } from './parts.ts';

const main = {
  active: column('whether the row is used'),
  half: column('whether two bytes are moved, not one'),
  signed: column('whether the sign is extended'),
  text: column('whether the row is a load from program text'),
  store: column('whether the row is a store'),
  offsets: columns(3, 'whether the offset in the word is 1, 2 or 3'),
  address: column('address of the first byte'),
  bytes: columns(4, 'the word that memory or text holds'),
  selected: column('the byte or half-word at the offset'),
  top: column('the selected bytes, moved to the upper end of 16 bits'),
  sign: column('its upper bit'),
  loaded: column('result of a load'),
  stored: column('value of rs2 for a store'),
  newBytes: columns(2, 'its two lowest bytes'),
  after: column('the word that memory holds afterwards'),
  time: column('first tick of the cycle'),
  previous: column('last access to the word before this one'),
  gap: column('lower limb of the ticks since then, less one'),
} as const satisfies ColumnRecord;

/** The table. */
export const narrowAccessTable: Table = /* @__PURE__ */ defineTable({
  name: 'narrow access',
  columns: { main },
  eval: (builder) => {
    const { current: row } = builder.main;
    const { active, half, signed, text, store, offsets, address, bytes, selected, top, sign } = row;
    const { loaded, stored, newBytes, after, time, previous, gap } = row;
    const [first, second, third] = offsets as [Term, Term, Term];
    const atStart = chooseWithin(builder, 'offset', { first, second, third }, active);
    const atOffset = [atStart, first, second, third];
    const sum = (terms: readonly Term[]): Term => terms.reduce((total, term) => total.add(term));
    const weigh = (terms: readonly Term[], base: number): Term =>
      sum(terms.map((term, index) => term.multiply(base ** index)));

    onlyWhereActive(builder, active, { half, signed, text, store });
    builder.assertZero('a half-word does not end beyond its word', half.multiply(third));
    const operation = active
      .multiply(OPERATION.narrow)
      .add(half.multiply(NARROW.half))
      .add(signed.multiply(NARROW.signed))
      .add(text.multiply(NARROW.text))
      .add(store.multiply(NARROW.store));
    builder.receive('operation', [operation, address, stored, loaded, time], active);

    const word = weigh(bytes, 256);
    const touched = active.subtract(text);
    const key = address.subtract(first).subtract(second.multiply(2)).subtract(third.multiply(3));
    builder.send('bytes', [bytes[0]!, bytes[1]!], active);
    builder.send('bytes', [bytes[2]!, bytes[3]!], active);
    accessMemory(builder, { key, before: word, after, time: time.add(OPERATION_TICK), previous }, gap, touched);
    builder.send('text', [key, word], text);

    const following = [...bytes.slice(1), builder.constant(0)];
    const at = (index: number): Term => bytes[index]!.add(half.multiply(following[index]!).multiply(256));
    builder.assertEqual(
      'what is at the offset is selected',
      selected,
      sum(atOffset.map((flag, index) => flag.multiply(at(index)))),
    );
    builder.assertEqual(
      'a byte moves up by eight bits',
      top,
      selected.multiply(256).subtract(half.multiply(selected).multiply(255)),
    );
    builder.send('sign', [top, sign], active);
    const extension = half.multiply(WORD - 2 ** 16).add(half.complement().multiply(WORD - 2 ** 8));
    builder.assertEqual(
      'a load gives the selected bytes, extended',
      loaded,
      store.complement().multiply(selected.add(signed.multiply(sign).multiply(extension))),
    );

    const [low, high] = newBytes as [Term, Term];
    builder.send('bytes', [low, high], active);
    builder.send('range', [stored.subtract(weigh([low, high], 256)).multiply(INVERSE_LIMB)], active);
    const placed = low.add(half.multiply(high).multiply(256)).subtract(selected);
    builder.assertEqual(
      'a store replaces the selected bytes',
      after,
      word.add(store.multiply(weigh(atOffset, 256)).multiply(placed)),
    );
    // With another `active` than 0 and 1 all this is zero, and no time has passed since the access before: a lookup fails.
    zeroWhereIdle(builder, active, { address, bytes, sign, stored, newBytes, time });
    zeroWhereIdle(builder, touched, { previous, gap });
  },
});

const INVERSE_LIMB = /* @__PURE__ */ inverse(2n ** 16n);
