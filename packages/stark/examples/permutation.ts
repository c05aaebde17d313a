import {
  allocateColumns,
  column,
  columns,
  defineTable,
  type Table,
  type TableTrace,
  traceFromColumns,
} from '@commute/stark';

const main = {
  value: column('in any order'),
  sorted: column('the same values, ascending'),
  difference: columns(16, 'bits of how much the next one is larger'),
} as const;

const definition = defineTable({
  name: 'sorting',
  columns: { main },
  publicValues: ['smallest', 'largest'],
  eval: ({
    main: { current, next },
    publicValues,
    send,
    receive,
    assertBoolean,
    onFirstRow,
    onTransition,
    onLastRow,
  }) => {
    send('values', [current.value]);
    receive('values', [current.sorted]);
    current.difference.forEach((bit, index) => {
      assertBoolean(`bit ${String(index)} of a difference`, bit);
    });
    const difference = current.difference.reduceRight((high, low) => high.add(high).add(low));
    onTransition.assertEqual('ascending', next.sorted, current.sorted.add(difference));
    onFirstRow.assertEqual('the smallest comes first', current.sorted, publicValues.smallest);
    onLastRow.assertEqual('the largest comes last', current.sorted, publicValues.largest);
    onLastRow.assertZero('nothing follows', difference);
  },
});

/**
 * A list and the same list sorted. One bus that nobody else uses makes the two columns permutations of each other; `smallest`
 * and `largest` are thereby those of the list, whatever its order.
 */
export const sorting: Table = definition;

/** A power of two of values, neighbours less than 2^16 apart once sorted. */
export function sortingTrace(values: readonly number[]): TableTrace {
  const sorted = [...values].sort((a, b) => a - b);
  const cells = allocateColumns(main, values.length);
  values.forEach((value, row) => {
    cells.value[row] = BigInt(value);
    cells.sorted[row] = BigInt(sorted[row]!);
    const difference = (sorted[row + 1] ?? sorted[row]!) - sorted[row]!;
    cells.difference.forEach((bits, index) => {
      bits[row] = BigInt((difference >>> index) & 1);
    });
  });
  return traceFromColumns(definition, {
    main: cells,
    publicValues: { smallest: BigInt(sorted[0]!), largest: BigInt(sorted.at(-1)!) },
  });
}
