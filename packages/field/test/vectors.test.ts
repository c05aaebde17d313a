import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  createExtensionField,
  createReferenceEngine,
  type FieldEngine,
  inverse,
  MODULUS,
  QUADRATIC_MODULUS,
} from '../src/index.ts';
import { anyElement, columnsOf, EDGES, ENGINES, RUNS, sequence } from './engines.ts';

describe.for(ENGINES)('%s', ([, create]) => {
  let engine: FieldEngine;
  const oracle = createReferenceEngine();
  beforeAll(async () => {
    engine = await create();
  });
  afterAll(() => {
    engine.dispose();
  });

  /** Runs `body` on this engine and on the reference. */
  const both = (body: (engine: FieldEngine) => unknown): void => {
    expect(engine.scope(() => body(engine))).toEqual(oracle.scope(() => body(oracle)));
  };

  test('every pair of edge elements is added, subtracted, multiplied', () => {
    const left = EDGES.flatMap((a) => EDGES.map(() => a));
    const right = EDGES.flatMap(() => EDGES);
    const compute = (name: 'addInto' | 'subtractInto' | 'multiplyInto'): bigint[] =>
      engine.scope(() => {
        const out = engine.allocate(left.length);
        engine[name](out, engine.from(left), engine.from(right));
        return out.toArray();
      });
    expect(compute('addInto')).toEqual(left.map((a, i) => (a + right[i]!) % MODULUS));
    expect(compute('subtractInto')).toEqual(left.map((a, i) => (a - right[i]! + MODULUS) % MODULUS));
    expect(compute('multiplyInto')).toEqual(left.map((a, i) => (a * right[i]!) % MODULUS));
    for (const scalar of EDGES) {
      const out = engine.from(left);
      engine.scaleInto(out, out, scalar);
      expect(out.toArray()).toEqual(left.map((a) => (a * scalar) % MODULUS));
      out.release();
    }
  });

  test('operations of any length agree with bigint', () => {
    const anyRows = fc.array(fc.tuple(anyElement, anyElement, anyElement), { maxLength: 40 });
    fc.assert(
      fc.property(anyRows, anyElement, (rows, scalar) => {
        engine.scope(() => {
          const [x, y, z] = [0, 1, 2].map((k) => rows.map((row) => row[k]!)) as [bigint[], bigint[], bigint[]];
          const [a, b, c] = [x, y, z].map((each) => engine.from(each)) as never[];
          const out = engine.allocate(rows.length);
          const want = (f: (...values: bigint[]) => bigint): void => {
            expect(out.toArray()).toEqual(rows.map((row) => ((f(...row) % MODULUS) + MODULUS) % MODULUS));
          };
          engine.addInto(out, a!, b!);
          want((p, q) => p + q);
          engine.subtractInto(out, a!, b!);
          want((p, q) => p - q);
          engine.multiplyInto(out, a!, b!);
          want((p, q) => p * q);
          engine.multiplyAddInto(out, a!, b!, c!);
          want((p, q, r) => p * q + r);
          engine.scaleInto(out, a!, scalar);
          want((p) => p * scalar);
          engine.scaleAddInto(out, a!, scalar, b!);
          want((p, q) => p * scalar + q);
          engine.copyInto(out, c!);
          want((_, __, r) => r);
          expect(engine.sum(a!)).toBe(x.reduce((sum, value) => sum + value, 0n) % MODULUS);
          expect(engine.dot(a!, b!)).toBe(x.reduce((sum, value, i) => sum + value * y[i]!, 0n) % MODULUS);
        });
      }),
      RUNS,
    );
  });

  test.for([0, 1, 2, 7, 8, 9, 16, 17, 100])('%i elements are inverted, in place and not', (length) => {
    const values = sequence(length).map((value) => (value === 0n ? 1n : value));
    const a = engine.from(values);
    const out = engine.allocate(length);
    engine.inverseInto(out, a);
    expect(out.toArray()).toEqual(values.map(inverse));
    engine.inverseInto(out, out);
    expect(out.toArray()).toEqual(values);
  });

  test('a zero among them is refused and leaves the operand as it was', () => {
    for (const place of [0, 5, 16, 20]) {
      const values = sequence(21).with(place, 0n);
      const a = engine.from(values);
      expect(() => {
        engine.inverseInto(a, a);
      }).toThrow('[FIELD_DIVISION_BY_ZERO]');
      expect(a.toArray()).toEqual(values);
    }
  });

  test('powers', () => {
    for (const length of [0, 1, 2, 5, 64, 100, 1024, 1025, 5000, 70_001]) {
      both((each) => {
        const out = each.allocate(length);
        each.powersInto(out, 3n, 5n);
        return out.toArray();
      });
    }
    const out = engine.allocate(3);
    engine.powersInto(out, 0n);
    expect(out.toArray()).toEqual([1n, 0n, 0n]);
  });

  test('linear combinations of columns, with base and extension scalars', () => {
    for (const [rows, columns, degree] of [
      [1, 1, 1],
      [5, 3, 1],
      [600, 4, 2],
      [1030, 5, 3],
      [9, 2, 5],
      [4, 0, 1],
    ] as const) {
      both((each) => {
        const a = each.from(sequence(rows * columns), Math.max(1, columns));
        const out = each.allocate(rows, degree);
        if (columns === 0) {
          each.combineInto(out, each.allocate(rows, 0), []);
        } else {
          const scalars = Array.from({ length: columns }, (_, c) => sequence(degree, BigInt(c + 7)));
          each.combineInto(out, a, degree === 1 ? scalars.flat() : scalars);
        }
        return columnsOf(out);
      });
    }
  });

  test('columns are weighed', () => {
    for (const [rows, columns, weights] of [
      [1, 1, 1],
      [7, 3, 2],
      [33, 2, 3],
      [16, 2, 7],
      [0, 2, 1],
    ] as const) {
      both((each) =>
        each.weigh(
          rows === 0 ? each.allocate(0, columns) : each.from(sequence(rows * columns), columns),
          rows === 0 ? each.allocate(0, weights) : each.from(sequence(rows * weights, 9n), weights),
        ),
      );
    }
  });

  test('the largest products add up', () => {
    for (const value of [MODULUS - 1n, 0xffffffff00000000n, 0xfffffffe_ffffffffn]) {
      both((each) => {
        const largest = each.from(new Array<bigint>(1 << 15).fill(value), 1);
        const weights = each.from(new Array<bigint>(3 << 15).fill(MODULUS - 1n), 3);
        return each.weigh(largest, weights);
      });
    }
  });

  describe.for([
    ['cubic', undefined],
    ['quadratic', QUADRATIC_MODULUS],
    ['cubic, x^3 - x - 1', [MODULUS - 1n, MODULUS - 1n, 0n]],
    ['quintic', [MODULUS - 3n, 0n, 0n, 0n, 0n]],
  ] as const)('%s extension', ([, modulus]) => {
    const field = createExtensionField(modulus);
    const { degree } = field;
    const elements = (length: number, seed: bigint): bigint[][] => {
      const values = [...EDGES, ...sequence(length * degree, seed)];
      return Array.from({ length }, (_, i) => values.slice(i * degree, (i + 1) * degree));
    };

    test.for([1, 2, 4, 7, 33, 2500])('%i elements', (length) => {
      const extension = engine.extension(field);
      const [x, y] = [elements(length, 3n), elements(length, 5n)];
      const [a, b] = [extension.from(x), extension.from(y)];
      const out = engine.allocate(length, degree);
      extension.multiplyInto(out, a, b);
      expect(extension.toArray(out)).toEqual(x.map((value, i) => field.multiply(value, y[i]!)));
      extension.multiplyInto(out, out, a);
      expect(extension.toArray(out)).toEqual(x.map((value, i) => field.multiply(field.multiply(value, y[i]!), value)));
      extension.scaleInto(out, a, y[0]!);
      expect(extension.toArray(out)).toEqual(x.map((value) => field.multiply(value, y[0]!)));
      extension.multiplyBaseInto(out, a, b.column(0));
      expect(extension.toArray(out)).toEqual(x.map((value, i) => field.scale(value, y[i]![0]!)));
      extension.powersInto(out, y[0]!, x[0]);
      let power: readonly bigint[] = x[0]!;
      for (const value of extension.toArray(out)) {
        expect(value).toEqual(power);
        power = field.multiply(power, y[0]!);
      }
      const nonzero = extension.from(x.map((value) => (value.every((each) => each === 0n) ? field.one : value)));
      extension.inverseInto(out, nonzero);
      extension.multiplyInto(out, out, nonzero);
      expect(extension.toArray(out)).toEqual(x.map(() => field.one));
      expect(extension.sum(a)).toEqual(x.reduce(field.add, field.zero));
      const products = x.map((value, i) => field.multiply(value, y[i]!));
      expect(extension.dot(a, b)).toEqual(products.reduce(field.add, field.zero));
    });

    test('columns are evaluated at a point of the extension', () => {
      const extension = engine.extension(field);
      const point = elements(2, 11n)[1]!;
      const a = engine.from(sequence(3 * 21), 3);
      const want = columnsOf(a).map((column) =>
        column.reduceRight((sum, value) => field.add(field.multiply(sum, point), field.fromBase(value)), field.zero),
      );
      expect(extension.evaluateColumns(a, point)).toEqual(want);
      expect(extension.evaluateColumns(engine.allocate(0, 2), point)).toEqual([field.zero, field.zero]);
    });

    test('zero and mismatched shapes are refused', () => {
      const extension = engine.extension(field);
      const zero = engine.allocate(3, degree);
      expect(() => {
        extension.inverseInto(zero, zero);
      }).toThrow('[FIELD_DIVISION_BY_ZERO]');
      expect(() => {
        extension.multiplyInto(zero, zero, engine.allocate(3));
      }).toThrow('[FIELD_SHAPE]');
      expect(() => {
        extension.scaleInto(zero, zero, [1n]);
      }).toThrow('[FIELD_SHAPE]');
      expect(() => {
        extension.multiplyInto(zero, zero, oracle.allocate(3, degree));
      }).toThrow('[FIELD_RELEASED]');
    });
  });
});
