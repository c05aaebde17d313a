/**
 * Input and output: the elements of one instruction, one by one, for the statement.
 *
 * @module
 */
import { column, columns, defineTable, type Table } from '@commute/stark';
import { countPrefix } from './parts.ts';

/** The bus to the statement: 0 for input or 1 for output, the position, the element. */
export const STREAM_BUS = 'stream';
/** Most elements that an instruction reads or writes. */
export const MOST_ELEMENTS = 5;

/** Instructions that read or write. The one on top of the stack is the last one read, or the first one written. */
export const elementsTable: Table = /* @__PURE__ */ defineTable({
  name: 'elements',
  columns: {
    main: {
      output: column('1 where elements are written'),
      some: columns(MOST_ELEMENTS, 'whether there are more elements than the number of the column'),
      position: column('of the element on top of the stack'),
      values: columns(MOST_ELEMENTS, 'the elements, from the top of the stack'),
    },
  },
  eval: (builder) => {
    const { output, some, position, values } = builder.main.current;
    const count = countPrefix(builder, some);
    builder.when(some[0]!).receive('elements', [output, count, position, ...values]);
    const direction = output.multiply(2).subtract(1);
    values.forEach((value, k) => {
      builder.when(some[k]!).send(STREAM_BUS, [output, position.add(direction.multiply(k)), value]);
    });
  },
});
