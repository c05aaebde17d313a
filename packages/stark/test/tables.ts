import { multiply, add, type ExtensionElement } from '@commute/field';
import {
  column,
  type ColumnGroup,
  type Column,
  columns,
  defineTable,
  type NoColumns,
  type RandomBytes,
  type Table,
  type TableTrace,
  traceFromRows,
} from '../src/index.ts';

/** left' = right, right' = left + right. */
export const fibonacci: Table<{ left: Column; right: Column }, NoColumns, NoColumns, 'result'> = defineTable({
  name: 'fibonacci',
  columns: { main: { left: column('this number'), right: column('the next one') } },
  publicValues: ['result'],
  eval: ({ main: { current, next }, publicValues, onFirstRow, onTransition, onLastRow }) => {
    onFirstRow.assertEqual('left starts at 1', current.left, 1);
    onFirstRow.assertEqual('right starts at 1', current.right, 1);
    onTransition.assertEqual('left moves on', next.left, current.right);
    onTransition.assertEqual('right is the sum', next.right, current.left.add(current.right));
    onLastRow.assertEqual('result', current.right, publicValues.result);
  },
});

export function fibonacciTrace(rows: number): TableTrace {
  const main: { left: bigint; right: bigint }[] = [];
  let [left, right] = [1n, 1n];
  for (let row = 0; row < rows; row++) {
    main.push({ left, right });
    [left, right] = [right, add(left, right)];
  }
  return traceFromRows(fibonacci, { main, publicValues: { result: main.at(-1)!.right } });
}

/** Values below 16, looked up in a preprocessed list. */
export const values: Table<{ value: Column; used: Column }> = defineTable({
  name: 'values',
  columns: { main: { value: column(), used: column() } },
  eval: (builder) => {
    const { value, used } = builder.main.current;
    builder.assertBoolean('used is boolean', used);
    builder.when(used).send('range', [value]);
  },
});

export const range: Table<{ count: Column }, NoColumns, { value: Column }> = defineTable({
  name: 'range',
  columns: { main: { count: column() }, preprocessed: { value: column() } },
  eval: (builder) => {
    builder.receive('range', [builder.preprocessed.current.value], builder.main.current.count);
  },
});

export function rangeTraces(wanted: readonly bigint[], rows = 8): TableTrace[] {
  const counts = Array.from({ length: 16 }, (_, value) =>
    BigInt(wanted.filter((each) => each === BigInt(value)).length),
  );
  return [
    traceFromRows(values, {
      main: Array.from({ length: rows }, (_, row) => ({
        value: wanted[row] ?? 0n,
        used: row < wanted.length ? 1n : 0n,
      })),
    }),
    traceFromRows(range, {
      main: counts.map((count) => ({ count })),
      preprocessed: counts.map((_, value) => ({ value: BigInt(value) })),
    }),
  ];
}

/** x^7, bits of an opcode, selectors: degrees above what a prover takes. */
export const powers: Table<{
  base: Column;
  result: Column;
  square: Column;
  cube: Column;
  seventh: Column;
  bits: ColumnGroup;
}> = defineTable({
  name: 'powers',
  columns: {
    main: { base: column(), result: column(), square: column(), cube: column(), seventh: column(), bits: columns(3) },
  },
  eval: (builder) => {
    const { base, result, square, cube, seventh, bits } = builder.main.current;
    builder.selectors('operation', { square, cube, seventh });
    bits.forEach((bit, index) => {
      builder.assertBoolean(`bit ${String(index)}`, bit);
    });
    builder.assertEqual(
      'base is the bits',
      base,
      bits.reduce((sum, bit, index) => sum.add(bit.multiply(1 << index)), builder.constant(0)),
    );
    const second = base.multiply(base);
    const third = second.multiply(base);
    builder.when(square).assertEqual('square', result, second);
    builder.when(cube).assertEqual('cube', result, third);
    builder.when(seventh).assertEqual('seventh', result, third.multiply(third).multiply(base));
  },
});

export function powersTrace(rows = 4): TableTrace {
  return traceFromRows(powers, {
    main: Array.from({ length: rows }, (_, row) => {
      const base = BigInt((5 * row + 3) % 8);
      const kind = row % 3;
      const result = [base ** 2n, base ** 3n, base ** 7n][kind]!;
      return {
        base,
        result,
        square: kind === 0 ? 1n : 0n,
        cube: kind === 1 ? 1n : 0n,
        seventh: kind === 2 ? 1n : 0n,
        bits: [base & 1n, (base >> 1n) & 1n, base >> 2n],
      };
    }),
  });
}

/** A running product Π (point - value) in the extension, declared by hand. */
export const product: Table<{ value: Column }, { running: Column }, NoColumns, never, 'point'> = defineTable({
  name: 'product',
  columns: { main: { value: column() }, auxiliary: { running: column() } },
  challenges: ['point'],
  fillAuxiliary: ({ main, challenges, field }) => {
    const running: ExtensionElement[] = [];
    let before = field.one;
    for (const value of main.value) {
      before = field.multiply(before, field.subtract(challenges.point, field.fromBase(value)));
      running.push(before);
    }
    return { running };
  },
  eval: ({ main, auxiliary, challenges, onFirstRow, onTransition }) => {
    const { point } = challenges;
    onFirstRow.assertEqual('starts with the first', auxiliary.current.running, point.subtract(main.current.value));
    onTransition.assertEqual(
      'multiplies',
      auxiliary.next.running,
      auxiliary.current.running.multiply(point.subtract(main.next.value)),
    );
  },
});

export function productTrace(): TableTrace {
  return traceFromRows(product, {
    main: Array.from({ length: 8 }, (_, row) => ({ value: multiply(BigInt(row), 7n) })),
  });
}

/** A polynomial at a challenge by Horner's rule, and the running product and sum of what the rule has reached: recurrences. */
export const horner: Table<
  { coefficient: Column },
  { evaluation: Column; product: Column; sum: Column },
  NoColumns,
  'scale',
  'point'
> = defineTable({
  name: 'horner',
  columns: {
    main: { coefficient: column() },
    auxiliary: { evaluation: column(), product: column(), sum: column() },
  },
  publicValues: ['scale'],
  challenges: ['point'],
  recurrences: {
    evaluation: ({ main, auxiliary, challenges }) => ({
      first: main.current.coefficient,
      next: auxiliary.current.evaluation.multiply(challenges.point).add(main.next.coefficient),
    }),
    product: ({ auxiliary, publicValues }) => ({
      first: auxiliary.current.evaluation.multiply(publicValues.scale),
      next: auxiliary.current.product.multiply(auxiliary.next.evaluation),
    }),
    sum: ({ auxiliary: { current, next } }) => ({
      first: 5,
      next: current.sum.add(current.evaluation).subtract(next.product),
    }),
  },
  eval: () => undefined,
});

export function hornerTrace(rows = 8): TableTrace {
  return traceFromRows(horner, {
    main: Array.from({ length: rows }, (_, row) => ({ coefficient: multiply(BigInt(row) + 3n, 1n << 60n) })),
    publicValues: { scale: 12n },
  });
}

/** A fixed stream of bytes: SplitMix64. */
export function seededBytes(seed: bigint): RandomBytes {
  const mask = 0xffffffffffffffffn;
  let state = seed;
  return (bytes) => {
    const words = new BigUint64Array(Math.ceil(bytes.length / 8));
    for (let at = 0; at < words.length; at++) {
      state = (state + 0x9e3779b97f4a7c15n) & mask;
      let mixed = ((state ^ (state >> 30n)) * 0xbf58476d1ce4e5b9n) & mask;
      mixed = ((mixed ^ (mixed >> 27n)) * 0x94d049bb133111ebn) & mask;
      words[at] = mixed ^ (mixed >> 31n);
    }
    bytes.set(new Uint8Array(words.buffer, 0, bytes.length));
  };
}

/** Numbers below 2^31 from a seed. */
export function numbersFrom(seed: number): () => number {
  const fill = seededBytes(BigInt(seed));
  const word = new Uint8Array(8);
  return () => {
    fill(word);
    return new DataView(word.buffer).getUint32(0, true) >>> 1;
  };
}
