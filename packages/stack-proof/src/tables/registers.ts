/**
 * Registers as cells: what they have when the segment starts, and when it ends.
 *
 * @module
 */
import { MEMORY_BUS } from '@commute/continuation';
import { column, columns, defineTable, type Table } from '@commute/stark';
import { END_TIME, keyOf, REGISTER, SPONGE_ELEMENTS, STACK_REGISTERS } from '../layout.ts';

/** Two rows: the start takes the cells, the end puts them back. */
export const registersTable: Table = /* @__PURE__ */ defineTable({
  name: 'registers',
  columns: {
    main: {
      end: column('0 at the start, 1 at the end'),
      st: columns(STACK_REGISTERS, 'the top of the stack'),
      sponge: columns(SPONGE_ELEMENTS, 'the sponge'),
      spongeReady: column('whether there is a sponge'),
      stackSize: column('elements on the stack'),
      jumpStackSize: column('calls on the jump stack'),
      spongeTime: column('when the sponge was used last; 0 at the start'),
    },
  },
  eval: (builder) => {
    const { end, st, sponge, spongeReady, stackSize, jumpStackSize, spongeTime } = builder.main.current;
    builder.assertBoolean('end is 0 or 1', end);
    builder.when(end.complement()).assertZero('the sponge was not used yet', spongeTime);
    // What is received -1 times is sent.
    const sign = builder.constant(1).subtract(end.multiply(2));
    const time = end.multiply(END_TIME);
    const cells = [
      ...st.map((value, k) => ({ key: keyOf('opStack', k), value })),
      ...sponge.map((value, k) => ({ key: keyOf('registers', REGISTER.sponge + k), value })),
      { key: keyOf('registers', REGISTER.spongeReady), value: spongeReady },
      { key: keyOf('registers', REGISTER.stackSize), value: stackSize },
      { key: keyOf('registers', REGISTER.jumpStackSize), value: jumpStackSize },
    ];
    for (const { key, value } of cells) builder.receive(MEMORY_BUS, [key, value, time], sign);
    builder.send('registers', [end, ...st, stackSize, jumpStackSize], sign);
    builder.send('sponge', [spongeTime, spongeReady, ...sponge], sign);
  },
});
