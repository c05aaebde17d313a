import { add } from '@commute/field';
import { allocateColumns, column, defineTable, type TableTrace, traceFromColumns, type Table } from '@commute/stark';

const main = { left: column('this number'), right: column('the next one') } as const;

const definition = defineTable({
  name: 'fibonacci',
  columns: { main },
  publicValues: ['result'],
  eval: ({ main: { current, next }, publicValues, onFirstRow, onTransition, onLastRow }) => {
    onFirstRow.assertEqual('left starts at 1', current.left, 1);
    onFirstRow.assertEqual('right starts at 1', current.right, 1);
    onTransition.assertEqual('left moves on', next.left, current.right);
    onTransition.assertEqual('right is the sum', next.right, current.left.add(current.right));
    onLastRow.assertEqual('result', current.right, publicValues.result);
  },
});

/** Two neighbouring Fibonacci numbers per row, modulo p; `result` is the last one. The height belongs into the statement (`logRows`). */
export const fibonacci: Table = definition;

/** The numbers up to number `rows` + 1, counted from 1; `rows` is a power of two. */
export function fibonacciTrace(rows: number): TableTrace {
  const cells = allocateColumns(main, rows);
  let [left, right] = [1n, 1n];
  for (let row = 0; row < rows; row++) {
    cells.left[row] = left;
    cells.right[row] = right;
    [left, right] = [right, add(left, right)];
  }
  return traceFromColumns(definition, { main: cells, publicValues: { result: left } });
}
