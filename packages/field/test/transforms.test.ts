import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  createReferenceEngine,
  type FieldEngine,
  MODULUS,
  multiply,
  power,
  reverseBits,
  rootOfUnity,
} from '../src/index.ts';
import { naiveTransform } from '../src/reference/transform.ts';
import { EDGES, ENGINES, sequence } from './engines.ts';
import twentyFirst from './vectors/twenty-first.json' with { type: 'json' };

const ORDERS = ['natural', 'bit-reversed'] as const;

describe.for(ENGINES)('%s', ([, create]) => {
  let engine: FieldEngine;
  const oracle = createReferenceEngine();
  beforeAll(async () => {
    engine = await create();
  });
  afterAll(() => {
    engine.dispose();
  });

  test('published vectors', () => {
    for (const { coefficients, values } of twentyFirst.transforms) {
      const a = engine.from(coefficients.map(BigInt));
      engine.evaluateInPlace(a);
      expect(a.toArray().map(String)).toEqual(values);
      engine.interpolateInPlace(a);
      expect(a.toArray().map(String)).toEqual(coefficients);
    }
  });

  test.for([0, 1, 2, 3, 4, 5, 6, 7])('2^%i values are those of the definition, in every order', (log) => {
    const size = 2 ** log;
    const columns = [sequence(size), Array.from({ length: size }, (_, i) => EDGES[i % EDGES.length]!)];
    const root = rootOfUnity(log);
    const reversed = (values: readonly bigint[]): bigint[] => values.map((_, i) => values[reverseBits(i, log)]!);
    const inOrder = (order: string, values: readonly bigint[]) => (order === 'natural' ? values : reversed(values));
    for (const input of ORDERS) {
      for (const output of ORDERS) {
        for (const shift of [1n, 7n, MODULUS - 1n]) {
          const a = engine.from(
            columns.flatMap((column) => inOrder(input, column)),
            2,
          );
          engine.evaluateInPlace(a, { input, output, shift });
          const want = columns.map((column) =>
            naiveTransform(
              column.map((value, i) => multiply(value, power(shift, BigInt(i)))),
              root,
            ),
          );
          expect(a.toArray()).toEqual(want.flatMap((column) => inOrder(output, column)));
          const coefficients = columns.flatMap((column) => inOrder(input, column));
          const [copy, out] = [
            engine.from(coefficients, 2),
            engine.from(
              coefficients.map(() => 9n),
              2,
            ),
          ];
          engine.evaluateInto(out, copy, { input, output, shift });
          expect(out.toArray()).toEqual(a.toArray());
          expect(copy.toArray()).toEqual(coefficients);
          engine.interpolateInPlace(a, { input: output, output: input, shift });
          expect(a.toArray()).toEqual(columns.flatMap((column) => inOrder(input, column)));
          a.release();
        }
      }
    }
  });

  test.for([8, 9, 10, 11, 12, 13])('2^%i values agree with the reference', (log) => {
    const values = sequence(2 ** log);
    const [a, b] = [engine.from(values), oracle.from(values)];
    engine.evaluateInPlace(a, { shift: 7n });
    oracle.evaluateInPlace(b, { shift: 7n });
    expect(a.toArray()).toEqual(b.toArray());
    const [c, d] = [engine.from(values), oracle.from(values)];
    engine.evaluateInto(a, c, { shift: 49n, input: 'bit-reversed' });
    oracle.evaluateInto(b, d, { shift: 49n, input: 'bit-reversed' });
    expect(a.toArray()).toEqual(b.toArray());
    engine.evaluateInto(a, engine.from(values), { shift: 7n });
    engine.interpolateInPlace(a, { shift: 7n });
    expect(a.toArray()).toEqual(values);
  });

  test.for([
    [0, 0],
    [0, 1],
    [0, 5],
    [1, 3],
    [2, 2],
    [3, 1],
    [4, 0],
    [4, 1],
    [4, 2],
    [4, 3],
    [4, 4],
    [5, 1],
    [5, 2],
    [6, 5],
    [4, 9],
    [4, 10],
    [9, 1],
    [10, 2],
  ] as const)('2^%i rows are extended by 2^%i', ([log, blowup]) => {
    const values = sequence(3 * 2 ** log);
    for (const shift of [undefined, 1n, 5n]) {
      const [a, b] = [engine.from(values, 3), oracle.from(values, 3)];
      const [x, y] = [engine.allocate(2 ** (log + blowup), 3), oracle.allocate(2 ** (log + blowup), 3)];
      engine.extendInto(x, a, shift);
      oracle.extendInto(y, b, shift);
      expect(x.toArray()).toEqual(y.toArray());
      expect(a.toArray()).toEqual(values);
      a.release();
      x.release();
    }
  });

  test.for([
    [0, 0],
    [0, 1],
    [0, 3],
    [1, 1],
    [1, 2],
    [1, 4],
    [2, 1],
    [2, 2],
    [3, 3],
    [4, 0],
    [4, 1],
    [4, 2],
    [5, 3],
    [5, 5],
    [9, 2],
    [10, 1],
    [11, 2],
  ] as const)('parts of 2^%i coefficients are interleaved, 2^%i of them', ([log, logParts]) => {
    const [rows, count] = [2 ** log, 2 ** logParts];
    // Some columns are zero, of one part or of all.
    const parts = Array.from({ length: count }, (_, j) => [
      ...sequence(rows, BigInt(j)),
      ...sequence(rows, BigInt(j)).map((value) => (j % 3 === 1 ? 0n : value)),
      ...new Array<bigint>(rows).fill(0n),
    ]);
    const together = [0, 1, 2].flatMap((column) =>
      Array.from({ length: rows * count }, (_, i) => parts[i % count]![rows * column + Math.floor(i / count)]!),
    );
    for (const shift of [1n, 7n]) {
      const want = oracle.from(together, 3);
      oracle.evaluateInPlace(want, { shift });
      const matrices = parts.map((part) => {
        const matrix = engine.from(part, 3);
        engine.reverseBitsInPlace(matrix);
        return matrix;
      });
      const out = engine.from(
        together.map(() => 9n),
        3,
      );
      const ownShift = power(shift, BigInt(count));
      const [odd, even] = [1, 0].map((k) => matrices.map((matrix, j) => (j % 2 === k ? matrix : undefined)));
      engine.evaluatePartsInto(out, odd!, ownShift);
      engine.evaluatePartsInto(out, even!, ownShift);
      const before = out.toArray();
      engine.evaluatePartsInto(out, matrices, ownShift);
      expect(out.toArray()).toEqual(before);
      parts.forEach((part, j) => {
        const alone = oracle.from(part, 3);
        oracle.evaluateInPlace(alone, { shift: ownShift });
        const first = rows * reverseBits(j, logParts);
        for (const column of [0, 1, 2]) {
          const block = out.column(column).slice(first, first + rows);
          expect(block.toArray()).toEqual(alone.column(column).toArray());
        }
      });
      engine.interleaveInPlace(out, count, shift);
      expect(out.toArray()).toEqual(want.toArray());
      for (const matrix of [out, ...matrices]) matrix.release();
    }
  });

  test.for([0, 1, 4, 7, 8, 9, 12])('values at some points of columns of 2^%i rows', (log) => {
    const rows = 2 ** log;
    for (const [columns, blowup] of [
      [1, 4],
      [3, 1],
      [5, 2],
    ] as const) {
      const values = sequence(rows * columns);
      const a = engine.from(values, columns);
      engine.reverseBitsInPlace(a);
      // Repeated ones, in no order, and not on every coset.
      const numbers = [0, rows * blowup - 1, 5, 8, 21, 5, 400, 3].map((number) => number % (rows * blowup));
      const points = { shift: 7n, blowup, numbers };
      const got = engine.evaluateAt(a, points);
      const mine = oracle.from(values, columns);
      oracle.reverseBitsInPlace(mine);
      expect(oracle.evaluateAt(mine, points)).toEqual(got);
      const whole = oracle.allocate(rows * blowup, columns);
      for (let column = 0; column < columns; column++) {
        whole.column(column).slice(0, rows).write(oracle.from(values, columns).column(column).toArray());
      }
      oracle.evaluateInPlace(whole, { shift: 7n });
      const want = numbers.map((number) => Array.from({ length: columns }, (_, column) => whole.get(number, column)));
      expect(got).toEqual(want);
      expect(engine.evaluateAt(a, { ...points, numbers: [] })).toEqual([]);
    }
  });

  test('an extension with shift 1 contains the original', () => {
    const a = engine.from(sequence(32));
    const out = engine.allocate(128);
    engine.extendInto(out, a, 1n);
    expect(out.toArray().filter((_, i) => i % 4 === 0)).toEqual(a.toArray());
  });

  test.for([0, 1, 2, 5, 9])('bits of 2^%i indices are reversed', (log) => {
    const values = sequence(2 ** log);
    const a = engine.from([...values, ...values], 2);
    engine.reverseBitsInPlace(a);
    const want = values.map((_, i) => values[reverseBits(i, log)]!);
    expect(a.toArray()).toEqual([...want, ...want]);
  });

  test('sizes that are no powers of two, a zero shift and misfit shapes are refused', () => {
    const refused = (body: () => void, code: string): void => {
      expect(body).toThrow(`[${code}]`);
    };
    refused(() => {
      engine.evaluateInPlace(engine.allocate(3));
    }, 'FIELD_SIZE');
    refused(() => {
      engine.evaluateInto(engine.allocate(8), engine.allocate(16));
    }, 'FIELD_SHAPE');
    refused(() => {
      const both = engine.allocate(16, 3);
      engine.evaluateInto(both.column(0, 2), both.column(1, 2));
    }, 'FIELD_SHAPE');
    refused(() => {
      engine.evaluateInto(engine.allocate(16), engine.allocate(16), { shift: 0n });
    }, 'FIELD_DIVISION_BY_ZERO');
    refused(() => {
      engine.evaluatePartsInto(engine.allocate(8), [engine.allocate(4), engine.allocate(2)], 1n);
    }, 'FIELD_SHAPE');
    refused(() => {
      engine.evaluatePartsInto(engine.allocate(2), [undefined, undefined, undefined, undefined], 1n);
    }, 'FIELD_SHAPE');
    refused(() => {
      const both = engine.allocate(8);
      engine.evaluatePartsInto(both, [both.slice(4, 8), undefined], 1n);
    }, 'FIELD_SHAPE');
    refused(() => {
      engine.evaluatePartsInto(engine.allocate(8), [undefined, undefined], 0n);
    }, 'FIELD_DIVISION_BY_ZERO');
    for (const numbers of [[32], [-1], [0.5], [0, NaN]]) {
      refused(() => {
        engine.evaluateAt(engine.allocate(8), { shift: 7n, blowup: 4, numbers });
      }, 'FIELD_SHAPE');
    }
    refused(() => {
      engine.evaluateAt(engine.allocate(8), { shift: 7n, blowup: 3, numbers: [0] });
    }, 'FIELD_SIZE');
    refused(() => {
      engine.evaluateAt(engine.allocate(8), { shift: 0n, blowup: 4, numbers: [0] });
    }, 'FIELD_DIVISION_BY_ZERO');
    refused(() => {
      engine.interleaveInPlace(engine.allocate(8), 3, 1n);
    }, 'FIELD_SIZE');
    refused(() => {
      engine.interleaveInPlace(engine.allocate(8), 2, 0n);
    }, 'FIELD_DIVISION_BY_ZERO');
    refused(() => {
      engine.interpolateInPlace(engine.allocate(0));
    }, 'FIELD_SIZE');
    refused(() => {
      engine.reverseBitsInPlace(engine.allocate(6));
    }, 'FIELD_SIZE');
    refused(() => {
      engine.evaluateInPlace(engine.allocate(4), { shift: 0n });
    }, 'FIELD_DIVISION_BY_ZERO');
    refused(() => {
      engine.evaluateInPlace(engine.allocate(4), { shift: MODULUS });
    }, 'FIELD_NOT_CANONICAL');
    refused(() => {
      engine.extendInto(engine.allocate(2), engine.allocate(4));
    }, 'FIELD_SHAPE');
    refused(() => {
      engine.extendInto(engine.allocate(8, 2), engine.allocate(4));
    }, 'FIELD_SHAPE');
    const both = engine.allocate(32);
    refused(() => {
      engine.extendInto(both, both.slice(0, 16));
    }, 'FIELD_SHAPE');
  });
});
