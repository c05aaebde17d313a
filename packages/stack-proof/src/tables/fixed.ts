/**
 * Tables that are part of the statement: the program, the instructions, the bytes.
 *
 * @module
 */
import { type Column, column, type ColumnGroup, columns, defineTable, type Table, type Term } from '@commute/stark';
import { FLAGS, type FlagName, GROWTHS } from '../instruction-rows.ts';
import { STACK_REGISTERS } from '../layout.ts';
import { BYTES_BUS } from './parts.ts';

const program = {
  address: column('of the word'),
  code: column('of the instruction'),
  argument: column('an element or address behind the instruction; 0 without'),
  following: column('1 where the next word is odd, else 0; behind the last word what no skipping leads back from'),
} as const;

/** The words that are instructions, each as often as it is executed. */
export const programTable: Table = /* @__PURE__ */ defineTable({
  name: 'program',
  columns: { main: { executions: column('how often the word is executed') }, preprocessed: program },
  eval: (builder) => {
    const { address, code, argument, following } = builder.preprocessed.current;
    builder.receive('program', [address, code, argument, following], builder.main.current.executions);
  },
});

/** What an instruction is, as columns. */
export const DECODED: Readonly<Record<'size' | FlagName, Column>> &
  Readonly<Record<'growth' | 'kept' | 'index', ColumnGroup>> = {
  size: column('words of the instruction'),
  growth: columns(GROWTHS.length, `by how much the stack grows: ${GROWTHS.join(', ')}`),
  kept: columns(STACK_REGISTERS, 'whether the register has afterwards what the growth of the stack moves there'),
  index: columns(16, 'the argument that is a count or a register'),
  ...(Object.fromEntries(FLAGS.map((flag) => [flag, column('whether it is one that this says')])) as Record<
    FlagName,
    Column
  >),
};

/** The columns of {@link DECODED} as one tuple. */
export function decodedTuple(cells: DecodedCells): Term[] {
  return (Object.keys(DECODED) as (keyof typeof DECODED)[]).flatMap((name) => cells[name]);
}

/** Cells of {@link DECODED}. */
export type DecodedCells = Readonly<Record<'size' | FlagName, Term>> &
  Readonly<Record<'growth' | 'kept' | 'index', readonly Term[]>>;

const instruction = { code: column('the opcode, plus 128 times a count or register'), ...DECODED } as const;

/** The instructions. */
export const instructionTable: Table = /* @__PURE__ */ defineTable({
  name: 'instruction',
  columns: { main: { executions: column('how often it is executed') }, preprocessed: instruction },
  eval: (builder) => {
    const { code, ...decoded } = builder.preprocessed.current;
    builder.receive('instruction', [code, ...decodedTuple(decoded)], builder.main.current.executions);
  },
});

const byte = { byte: column('0 to 255'), mapped: column('what the table of Tip5 makes of it') } as const;

/** All bytes, and the table of Tip5. */
export const byteTable: Table = /* @__PURE__ */ defineTable({
  name: 'bytes',
  columns: {
    main: { checked: column('how often it is looked up'), replaced: column('how often with what it is mapped to') },
    preprocessed: byte,
  },
  eval: (builder) => {
    const { byte, mapped } = builder.preprocessed.current;
    const { checked, replaced } = builder.main.current;
    builder.receive(BYTES_BUS, [byte], checked);
    builder.receive('tip5 bytes', [byte, mapped], replaced);
  },
});
