/**
 * The stacks below the registers: one element that is moved, several of one instruction, and calls.
 *
 * @module
 */
import { column, columns, defineTable, type Table } from '@commute/stark';
import { GAP_BYTES, regionKey, STACK_REGISTERS, STRIDE } from '../layout.ts';
import { accessCells, chooseKind, countPrefix } from './parts.ts';

/** Most elements that an instruction moves. */
export const MOST_MOVES = 10;

/** Elements that registers make room for, or take back: cells above the stack are zero. */
export const opStackTable: Table = /* @__PURE__ */ defineTable({
  name: 'op stack',
  columns: {
    main: {
      push: column('1 where the stack grows'),
      pop: column('1 where it shrinks'),
      depth: column('elements below it'),
      before: column('what the cell had'),
      after: column('what it has'),
      time: column('of the cycle'),
      gap: columns(GAP_BYTES, 'time since the access before, less 1, in bytes'),
    },
  },
  eval: (builder) => {
    const { push, pop, depth, before, after, time, gap } = builder.main.current;
    const used = chooseKind(builder, { push, pop });
    builder.when(push).assertZero('grows into a cell that is empty', before);
    builder.when(pop).assertZero('leaves a cell that is empty', after);
    const scope = builder.when(used);
    // One of the two is zero.
    scope.receive('op stack', [push, depth, before.add(after), time]);
    const key = depth.multiply(STRIDE).add(regionKey('opStack') + BigInt(STRIDE * STACK_REGISTERS));
    accessCells(scope, time, gap, [{ key, before, after }]);
  },
});

/** Instructions that move more than one element. */
export const movesTable: Table = /* @__PURE__ */ defineTable({
  name: 'moves',
  columns: {
    main: {
      push: column('1 where the stack grows'),
      some: columns(MOST_MOVES, 'whether there are more elements than the number of the column'),
      depth: column('elements below them'),
      time: column('of the cycle'),
      values: columns(MOST_MOVES, 'the elements, from the lowest'),
    },
  },
  eval: (builder) => {
    const { push, some, depth, time, values } = builder.main.current;
    const count = countPrefix(builder, some);
    builder.when(some[0]!).receive('moves', [push, count, depth, time, ...values]);
    values.forEach((value, k) => {
      builder.when(some[k]!).send('op stack', [push, depth.add(k), value, time]);
    });
  },
});

/** Calls, returns, and looks at the call on top. */
export const jumpStackTable: Table = /* @__PURE__ */ defineTable({
  name: 'jump stack',
  columns: {
    main: {
      push: column('1 for a call'),
      pop: column('1 for a return'),
      peek: column('1 where the call stays'),
      depth: column('calls below it'),
      origin: column('where it returns to'),
      destination: column('where it leads'),
      before: columns(2, 'what the two cells had'),
      after: columns(2, 'what they have'),
      time: column('of the cycle'),
      gap: columns(GAP_BYTES, 'time since the access before, less 1, in bytes'),
    },
  },
  eval: (builder) => {
    const { push, pop, peek, depth, origin, destination, before, after, time, gap } = builder.main.current;
    const scope = builder.when(chooseKind(builder, { push, pop, peek }));
    scope.receive('jump stack', [push, pop, depth, origin, destination, time]);
    const values = [origin, destination];
    values.forEach((value, k) => {
      scope.assertEqual(`cell ${String(k)} had it but for a call`, before[k]!, pop.add(peek).multiply(value));
      scope.assertEqual(`cell ${String(k)} has it but for a return`, after[k]!, push.add(peek).multiply(value));
    });
    const key = depth.multiply(2 * STRIDE).add(regionKey('jumpStack'));
    accessCells(
      scope,
      time,
      gap,
      values.map((_, k) => ({ key: key.add(k * STRIDE), before: before[k]!, after: after[k]! })),
    );
  },
});
