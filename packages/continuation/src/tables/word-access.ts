/**
 * Loads and stores of aligned words. That an address is a multiple of 4 outside of text and control page is not checked here:
 * where it is not, there is no such cell.
 *
 * @module
 */
import { column, type ColumnRecord, defineTable, type Table } from '@commute/stark';
import { OPERATION } from '../program/operations.ts';
import { accessMemory, chooseOne, OPERATION_TICK, zeroWhereIdle } from './parts.ts';

const main = {
  load: column('whether the row is a load from memory'),
  text: column('whether the row is a load from program text'),
  store: column('whether the row is a store'),
  address: column('address of the word'),
  before: column('what memory held'),
  loaded: column('result of a load'),
  stored: column('what is stored'),
  time: column('first tick of the cycle'),
  previous: column('last access to the word before this one'),
  gap: column('lower limb of the ticks since then, less one'),
} as const satisfies ColumnRecord;

/** The table. */
export const wordAccessTable: Table = /* @__PURE__ */ defineTable({
  name: 'word access',
  columns: { main },
  eval: (builder) => {
    const { current: row } = builder.main;
    const { load, text, store, address, before, loaded, stored, time, previous, gap } = row;
    const active = chooseOne(builder, 'kind', { load, text, store });
    const operation = load
      .multiply(OPERATION.loadWord)
      .add(text.multiply(OPERATION.loadWordFromText))
      .add(store.multiply(OPERATION.storeWord));
    builder.receive('operation', [operation, address, stored, loaded, time], active);
    builder.assertZero('a store loads nothing', store.multiply(loaded));
    builder.assertZero('a load stores nothing', load.add(text).multiply(stored));
    builder.when(load).assertEqual('a load gives what memory held', loaded, before);
    const touched = load.add(store);
    accessMemory(
      builder,
      { key: address, before, after: loaded.add(stored), time: time.add(OPERATION_TICK), previous },
      gap,
      touched,
    );
    builder.send('text', [address, loaded], text);
    zeroWhereIdle(builder, active, { address, loaded, stored, time });
    zeroWhereIdle(builder, touched, { before, previous, gap });
  },
});
