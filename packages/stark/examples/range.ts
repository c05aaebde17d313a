import {
  allocateColumns,
  column,
  columns,
  defineTable,
  type Table,
  type TableTrace,
  traceFromColumns,
} from '@commute/stark';

const byteColumns = {
  value: column('0 to 255, one after the other'),
  count: column('how often it is looked up'),
} as const;

const byteDefinition = defineTable({
  name: 'bytes',
  columns: { main: byteColumns },
  eval: ({ main: { current, next }, receive, onFirstRow, onTransition, onLastRow }) => {
    onFirstRow.assertZero('starts at 0', current.value);
    onTransition.assertEqual('counts', next.value, current.value.add(1));
    onLastRow.assertEqual('ends at 255', current.value, 255);
    receive('byte', [current.value], current.count);
  },
});

/** All bytes: whoever sends something else to the bus `byte` proves nothing. No preprocessed column is needed to say what they are. */
export const bytes: Table = byteDefinition;

/** How often each byte is looked up, from how often each of `used` occurs. */
export function bytesTrace(used: Iterable<number>): TableTrace {
  const cells = allocateColumns(byteColumns, 256);
  const counts = new Uint32Array(256);
  for (const value of used) counts[value]!++;
  counts.forEach((count, value) => {
    cells.value[value] = BigInt(value);
    cells.count[value] = BigInt(count);
  });
  return traceFromColumns(byteDefinition, { main: cells });
}

const wordColumns = { word: column('a number below 2^32'), bytes: columns(4, 'its bytes, the lowest first') } as const;

const wordDefinition = defineTable({
  name: 'words',
  columns: { main: wordColumns },
  eval: ({ main: { current }, send, assertEqual }) => {
    for (const byte of current.bytes) send('byte', [byte]);
    const value = current.bytes.reduceRight((high, low) => high.multiply(256).add(low));
    assertEqual('a word is its bytes', current.word, value);
  },
});

/** Words of 32 bits, each byte looked up. */
export const words: Table = wordDefinition;

/** The traces of both tables; the number of words is a power of two. */
export function rangeTraces(values: readonly number[]): TableTrace[] {
  const cells = allocateColumns(wordColumns, values.length);
  const used: number[] = [];
  values.forEach((word, row) => {
    cells.word[row] = BigInt(word);
    cells.bytes.forEach((column, index) => {
      const byte = (word >>> (8 * index)) & 0xff;
      column[row] = BigInt(byte);
      used.push(byte);
    });
  });
  return [traceFromColumns(wordDefinition, { main: cells }), bytesTrace(used)];
}
