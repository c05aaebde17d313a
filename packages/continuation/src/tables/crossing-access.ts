/**
 * Loads and stores that begin in one word and end in the next. Both words are taken apart into bytes; as in the table of narrow accesses,
 * the address less the offset is a multiple of 4 because there are no other cells, and the offset is 1, 2 or 3.
 *
 * @module
 */
import { column, type ColumnRecord, columns, defineTable, type Table, type Term } from '@commute/stark';
import { NARROW, OPERATION } from '../program/operations.ts';
import { accessMemory, chooseSome, onlyWhereActive, OPERATION_TICK, WORD, zeroWhereIdle } from './parts.ts';

const main = {
  offsets: columns(3, 'whether the offset in the first word is 1, 2 or 3'),
  half: column('whether two bytes are moved, not four'),
  signed: column('whether the sign is extended'),
  store: column('whether the row is a store'),
  lowText: column('whether the first word is program text'),
  highText: column('whether the second word is program text'),
  address: column('address of the first byte'),
  low: columns(4, 'bytes of the first word'),
  high: columns(4, 'bytes of the second word'),
  selected: column('the two or four bytes from the offset on'),
  sign: column('their upper bit, where the sign is extended'),
  loaded: column('result of a load'),
  stored: column('value of rs2 for a store'),
  newBytes: columns(4, 'its bytes'),
  lowAfter: column('the first word afterwards'),
  highAfter: column('the second word afterwards'),
  notLast: column('inverse of how far the second word is from the end of memory'),
  time: column('first tick of the cycle'),
  lowPrevious: column('last access to the first word before this one'),
  lowGap: column('lower limb of the ticks since then, less one'),
  highPrevious: column('last access to the second word before this one'),
  highGap: column('lower limb of the ticks since then, less one'),
} as const satisfies ColumnRecord;

/** The table. */
export const crossingAccessTable: Table = /* @__PURE__ */ defineTable({
  name: 'crossing access',
  columns: { main },
  eval: (builder) => {
    const { current: row } = builder.main;
    const { offsets, half, signed, store, lowText, highText, address, low, high, selected, sign } = row;
    const { loaded, stored, newBytes, lowAfter, highAfter, notLast, time } = row;
    const [first, second, third] = offsets as [Term, Term, Term];
    // With two of them the gaps below would have to be zero, and a lookup fails; or there would be text at an address that is no multiple of 4.
    const active = chooseSome(builder, 'kind', { 'offsets[0]': first, 'offsets[1]': second, 'offsets[2]': third });
    const sum = (terms: readonly Term[]): Term => terms.reduce((total, term) => total.add(term));
    const weigh = (terms: readonly Term[]): Term => sum(terms.map((term, index) => term.multiply(256 ** index)));

    onlyWhereActive(builder, active, { store, lowText, highText });
    for (const [name, flag] of Object.entries({ half, signed })) {
      builder.assertBoolean(`${name} is boolean`, flag);
    }
    builder.assertZero('a half-word crosses from the last byte on', half.multiply(third.complement()));
    builder.assertZero('only half-words have a sign to extend', signed.multiply(half.complement()));
    builder.assertZero('no store into text', store.multiply(lowText.add(highText)));
    const word = active.subtract(half);
    const operation = word
      .multiply(OPERATION.loadWord)
      .add(word.multiply(store).multiply(OPERATION.storeWord - OPERATION.loadWord))
      .add(half.multiply(OPERATION.narrow + NARROW.half))
      .add(signed.multiply(NARROW.signed))
      .add(half.multiply(store).multiply(NARROW.store));
    builder.receive('operation', [operation, address, stored, loaded, time], active);

    const key = address.subtract(first).subtract(second.multiply(2)).subtract(third.multiply(3));
    for (const bytes of [low, high, newBytes]) {
      builder.send('bytes', [bytes[0]!, bytes[1]!], active);
      builder.send('bytes', [bytes[2]!, bytes[3]!], active);
    }
    // Behind the last word of memory there are registers.
    builder.assertEqual('the second word is one of memory', key.add(4 - WORD).multiply(notLast), active);
    const words = [
      { at: key, bytes: low, after: lowAfter, text: lowText, previous: row.lowPrevious, gap: row.lowGap },
      { at: key.add(4), bytes: high, after: highAfter, text: highText, previous: row.highPrevious, gap: row.highGap },
    ];
    for (const { at, bytes, after, text, previous, gap } of words) {
      const touched = active.subtract(text);
      const access = { key: at, before: weigh(bytes), after, time: time.add(OPERATION_TICK), previous };
      accessMemory(builder, access, gap, touched);
      builder.send('text', [at, weigh(bytes)], text);
    }

    const eight = [...low, ...high];
    const beyond = (bytes: readonly Term[]): Term => bytes[0]!.multiply(2 ** 16).add(bytes[1]!.multiply(2 ** 24));
    builder.assertEqual(
      'what begins at the offset is selected',
      selected,
      sum(offsets.map((flag, index) => flag.multiply(weigh(eight.slice(index + 1, index + 5))))).subtract(
        half.multiply(beyond(high.slice(1))),
      ),
    );
    builder.send('sign', [selected, sign], signed);
    builder.assertZero('no sign where none is extended', signed.complement().multiply(sign));
    builder.assertEqual(
      'a load gives what is selected, extended',
      loaded,
      store.complement().multiply(selected.add(sign.multiply(WORD - 2 ** 16))),
    );

    builder.when(active).assertEqual('the stored value has these bytes', stored, weigh(newBytes));
    const change = (index: number): Term => newBytes[index]!;
    const lowChange = sum(
      offsets.map((flag, index) =>
        flag.multiply(
          sum(
            low.slice(index + 1).map((byte, at) =>
              change(at)
                .subtract(byte)
                .multiply(256 ** (index + 1 + at)),
            ),
          ),
        ),
      ),
    );
    const highChange = sum(
      offsets.map((flag, index) =>
        flag.multiply(
          sum(
            high.slice(0, index + 1).map((byte, at) =>
              change(3 - index + at)
                .subtract(byte)
                .multiply(256 ** at),
            ),
          ),
        ),
      ),
    ).subtract(
      half.multiply(change(2).subtract(high[1]!).multiply(256).add(change(3).subtract(high[2]!).multiply(65536))),
    );
    builder.assertEqual('a store changes the first word', lowAfter, weigh(low).add(store.multiply(lowChange)));
    builder.assertEqual('a store changes the second word', highAfter, weigh(high).add(store.multiply(highChange)));

    zeroWhereIdle(builder, active, { address, low, high, stored, newBytes, time });
    for (const { text, previous, gap } of words) {
      zeroWhereIdle(
        builder,
        active.subtract(text),
        previous === row.lowPrevious
          ? { lowPrevious: previous, lowGap: gap }
          : { highPrevious: previous, highGap: gap },
      );
    }
  },
});
