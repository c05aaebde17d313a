/**
 * The processor: one row per cycle, none of them idle.
 *
 * Everything that an instruction fixes comes from the program table by one lookup, so no selector of this table can have a value
 * that no instruction has. Additions, comparisons of unsigned numbers, equality and jumps are done here; the rest is handed to other tables.
 *
 * @module
 */
import { column, type CellsOf, type ColumnRecord, defineTable, type Table, type Term } from '@commute/stark';
import { INSTRUCTION_COLUMNS } from '../program/instruction-rows.ts';
import { elapsed, exchange, joinLimbs, registerKey, TICKS, upperLimb, WORD } from './parts.ts';

const main = {
  time: column('the first tick of the cycle: 1, 5, 9, ...'),
  pc: column('address of the instruction'),
  nextPc: column('where it leads unless it is a jump to a register or a branch not taken'),
  rs1: column('number of the first source register'),
  rs2: column('number of the second source register'),
  rd: column('number of the destination register'),
  sign: column('1, 0 or -1: what the second operand is multiplied by in the sum'),
  immediate: column('added to the value of rs2'),
  offset: column('added to the sum'),
  operation: column('number of what another table does, or 0'),
  isAddition: column('whether the result is the sum'),
  isLess: column('whether the result is the borrow of a difference'),
  isEqual: column('whether the result says that the sum is zero'),
  isJump: column('whether the sum is where to go on, and the immediate the result'),
  branch: column('1: taken if the result is 1; -1: taken if it is 0; 0: no branch'),
  left: column('value of rs1'),
  right: column('value of rs2'),
  before: column('what rd held'),
  result: column('what rd holds afterwards'),
  leftTime: column('last access to rs1 before this one'),
  rightTime: column('last access to rs2 before this one'),
  beforeTime: column('last access to rd before this one'),
  leftGap: column('lower limb of the ticks since then, less one'),
  rightGap: column('lower limb of the ticks since then, less one'),
  beforeGap: column('lower limb of the ticks since then, less one'),
  sumLow: column('lower limb of the sum'),
  sumHigh: column('upper limb of the sum'),
  carry: column('1, 0 or -1: the multiple of 2^32 that the sum was too large by'),
  hint: column('of a jump, the bit of the target that is cleared; of an equality, the inverse of the sum'),
} as const satisfies ColumnRecord;

type Row = CellsOf<typeof main, Term>;

function sumOf(row: Row): Term {
  return joinLimbs(row.sumLow, row.sumHigh);
}

/** The pc after a row. A jump's `nextPc` is 0. */
function followingPc(row: Row): Term {
  // 1 where a branch is not taken.
  const { branch, result } = row;
  const half = branch.multiply(branch).add(branch).multiply(INVERSE_TWO);
  const goesOn = half.subtract(branch.multiply(result));
  return row.nextPc
    .add(row.isJump.multiply(sumOf(row).subtract(row.hint)))
    .add(goesOn.multiply(row.pc.add(4).subtract(row.nextPc)));
}

/** 1/2 in the field. */
const INVERSE_TWO = (2n ** 64n - 2n ** 32n + 2n) / 2n;

/** The table. `pcStart` is the pc of its first row, `pcEnd` the one after its last. */
export const processorTable: Table = /* @__PURE__ */ defineTable({
  name: 'processor',
  columns: { main },
  publicValues: ['pcStart', 'pcEnd'],
  eval: (builder) => {
    const { current: row, next } = builder.main;
    const { publicValues, onFirstRow, onTransition, onLastRow } = builder;
    const sum = sumOf(row);
    const operand = row.right.add(row.immediate);

    onFirstRow.assertEqual('time starts at 1', row.time, 1);
    onTransition.assertEqual('a cycle takes four ticks', next.time, row.time.add(TICKS));
    onFirstRow.assertEqual('the first pc is as claimed', row.pc, publicValues.pcStart);
    onTransition.assertEqual('the pc follows from the row before', next.pc, followingPc(row));
    onLastRow.assertEqual('the pc after the last row is as claimed', followingPc(row), publicValues.pcEnd);

    builder.send(
      'program',
      INSTRUCTION_COLUMNS.map((name) => row[name]),
    );

    const key = (register: Term): Term => registerKey(register, builder.constant);
    const accesses = [
      { key: key(row.rs1), before: row.left, after: row.left, time: row.time, previous: row.leftTime },
      { key: key(row.rs2), before: row.right, after: row.right, time: row.time.add(1), previous: row.rightTime },
      { key: key(row.rd), before: row.before, after: row.result, time: row.time.add(3), previous: row.beforeTime },
    ];
    const gaps = [row.leftGap, row.rightGap, row.beforeGap];
    for (const access of accesses) exchange(builder, access);
    for (const gap of gaps) builder.send('range', [gap]);
    builder.send(
      'triple',
      accesses.map((access, index) => upperLimb(elapsed(access), gaps[index]!)),
    );

    const product = row.sign.multiply(operand);
    builder.assertEqual(
      'the sum is that of the operands',
      sum.add(row.carry.multiply(WORD)),
      row.left.add(product).add(row.offset),
    );
    builder.assertEqual('the carry is 1, 0 or -1', row.carry.multiply(row.carry).multiply(row.carry), row.carry);
    builder.send('range', [row.sumLow]);
    builder.send('range', [row.sumHigh]);

    builder.when(row.isAddition).assertEqual('the result of an addition is the sum', row.result, sum);
    builder.when(row.isLess).assertZero('the result of a comparison is the borrow', row.result.add(row.carry));
    builder.when(row.isEqual).assertZero('not equal where the sum is not zero', row.result.multiply(sum));
    builder
      .when(row.isEqual)
      .assertEqual('equal where the sum is zero', sum.multiply(row.hint), row.result.complement());
    builder.when(row.isEqual).assertZero('no inverse of a zero sum', row.result.multiply(row.hint));
    builder.when(row.isJump).assertEqual('the result of a jump is its link', row.result, row.immediate);
    builder.when(row.isJump).assertBoolean('the bit that a jump clears is one', row.hint);
    builder.when(row.isEqual.add(row.isJump).complement()).assertZero('no hint for what needs none', row.hint);

    const done = row.isAddition.add(row.isLess).add(row.isEqual).add(row.isJump);
    builder.send('operation', [row.operation, sum, operand, row.result, row.time], done.complement());
  },
});
