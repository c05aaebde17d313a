/**
 * The program: its instructions and the words of its text, which are part of the statement.
 *
 * @module
 */
import { column, type ColumnRecord, defineTable, type Table } from '@commute/stark';
import { INSTRUCTION_COLUMNS } from '../program/instruction-rows.ts';

const preprocessed = {
  pc: column('address of the instruction, or 2^33 in a row that holds only data'),
  nextPc: column('as in the processor, and so are those that follow'),
  rs1: column(),
  rs2: column(),
  rd: column(),
  sign: column(),
  immediate: column(),
  offset: column(),
  operation: column(),
  isAddition: column(),
  isLess: column(),
  isEqual: column(),
  isJump: column(),
  branch: column(),
  address: column('address of a word of text, or 2^33 where there is none'),
  word: column('the word'),
} as const satisfies ColumnRecord;

/** The table. */
export const programTable: Table = /* @__PURE__ */ defineTable({
  name: 'program',
  columns: {
    main: {
      executions: column('how often the row is executed'),
      reads: column('how often the word is read as data'),
    },
    preprocessed,
  },
  eval: (builder) => {
    const { current: row } = builder.preprocessed;
    const { executions, reads } = builder.main.current;
    builder.receive(
      'program',
      INSTRUCTION_COLUMNS.map((name) => row[name]),
      executions,
    );
    builder.receive('text', [row.address, row.word], reads);
  },
});
