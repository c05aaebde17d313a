import {
  assertDisjoint,
  assertOwned,
  assertParts,
  assertPoints,
  assertSameShape,
  assertShape,
  assertShift,
  assertSize,
  extensionLogs,
  interleavedLogs,
} from '../checks.ts';
import { type ExtensionEngine, type FieldEngine, type Keep, type TransformOptions } from '../engine.ts';
import { FieldError } from '../errors.ts';
import { createExtensionEngine } from '../extension-engine.ts';
import { type ExtensionElement, type ExtensionField } from '../extension-field.ts';
import {
  add,
  canonical,
  GENERATOR,
  inverse,
  logOfPowerOfTwo,
  MODULUS,
  multiply,
  power,
  reverseBits,
  rootOfUnity,
  subtract,
} from '../goldilocks.ts';
import { Matrix, type Storage } from '../matrix.ts';
import { createReferencePolynomialRing } from './polynomial-ring.ts';
import { recursiveTransform, reverseBitOrder } from './transform.ts';

/** The words of one matrix of the reference engine. */
class ReferenceStorage implements Storage {
  readonly engine: FieldEngine;
  readonly buffer: ArrayBuffer;

  constructor(engine: FieldEngine, bytes: number) {
    this.engine = engine;
    this.buffer = new ArrayBuffer(bytes);
  }
}

/**
 * The engine that computes everything on bigints by the textbook: the oracle of the WebAssembly one, and a
 * replacement for it where WebAssembly is forbidden. About fifty times slower.
 *
 * @example
 * ```ts
 * import { createReferenceEngine } from '@commute/field';
 * const engine = createReferenceEngine();
 * const a = engine.from([1n, 2n]);
 * engine.inverseInto(a, a);
 * if (2n * a.get(1) !== 2n ** 64n - 2n ** 32n + 2n) throw new Error('unreachable');
 * ```
 */
export function createReferenceEngine(): FieldEngine {
  const scopes: Set<Matrix>[] = [];
  const owns = (storage: Storage): boolean => storage instanceof ReferenceStorage && storage.engine === engine;

  const allocate = (rows: number, columns = 1): Matrix => {
    assertSize(rows, columns);
    let storage: ReferenceStorage;
    try {
      storage = new ReferenceStorage(engine, 8 * rows * columns);
    } catch (error) {
      throw new FieldError('FIELD_OUT_OF_MEMORY', 'memory', `${String(8 * rows * columns)} bytes`, String(error));
    }
    const matrix = new Matrix({ storage, address: 0, released: false, free: () => undefined }, rows, columns);
    scopes.at(-1)?.add(matrix);
    return matrix;
  };

  /** Sets every element of `out` from the elements of the inputs at the same place. */
  const elementwise = (out: Matrix, inputs: readonly Matrix[], compute: (...values: bigint[]) => bigint): void => {
    assertOwned(owns, out, ...inputs);
    assertSameShape(out, ...inputs);
    const views = inputs.map((input) => input.view());
    const target = out.view();
    for (let i = 0; i < target.length; i++) target[i] = compute(...views.map((view) => view[i]!));
  };

  /** Replaces each column by a function of its elements. */
  const overColumns = (a: Matrix, replace: (column: bigint[]) => readonly bigint[]): void => {
    for (let column = 0; column < a.columns; column++) {
      const one = a.column(column);
      one.write(replace(one.toArray()));
    }
  };

  const checkTransform = (a: Matrix, shift: bigint): number => {
    assertOwned(owns, a);
    const log = logOfPowerOfTwo(a.rows, 'rows');
    assertShift(canonical(shift, 'shift'));
    return log;
  };

  /** values[i]·factor·shift^i. */
  const scaled = (values: readonly bigint[], factor: bigint, shift: bigint): bigint[] =>
    values.map((value) => {
      const result = multiply(value, factor);
      factor = multiply(factor, shift);
      return result;
    });

  const extensions = new Map<string, ExtensionEngine>();

  const engine: FieldEngine = {
    name: 'reference',
    threads: 1,
    allocate,
    reserve: allocate,
    reserveOutside: allocate,
    from: (values, columns = 1) => {
      const matrix = allocate(values.length / columns, columns);
      matrix.write(values);
      return matrix;
    },
    scope: <T>(body: (keep: Keep) => T): T => {
      const own = new Set<Matrix>();
      const parent = scopes.at(-1);
      scopes.push(own);
      try {
        return body((matrix) => {
          if (own.delete(matrix)) parent?.add(matrix);
          return matrix;
        });
      } finally {
        scopes.pop();
        for (const matrix of own) matrix.release();
      }
    },
    assertCanonical: (a) => {
      assertOwned(owns, a);
      a.view().forEach((value) => canonical(value, 'word'));
    },
    copyInto: (out, a) => {
      elementwise(out, [a], (x) => x);
    },
    addInto: (out, a, b) => {
      elementwise(out, [a, b], (x, y) => add(x, y));
    },
    subtractInto: (out, a, b) => {
      elementwise(out, [a, b], (x, y) => subtract(x, y));
    },
    multiplyInto: (out, a, b) => {
      elementwise(out, [a, b], (x, y) => multiply(x, y));
    },
    multiplyAddInto: (out, a, b, c) => {
      elementwise(out, [a, b, c], (x, y, z) => add(multiply(x, y), z));
    },
    scaleInto: (out, a, scalar) => {
      canonical(scalar, 'scalar');
      elementwise(out, [a], (x) => multiply(x, scalar));
    },
    scaleAddInto: (out, a, scalar, b) => {
      canonical(scalar, 'scalar');
      elementwise(out, [a, b], (x, y) => add(multiply(x, scalar), y));
    },
    inverseInto: (out, a) => {
      assertOwned(owns, out, a);
      assertSameShape(out, a);
      out.write(a.toArray().map(inverse));
    },
    powersInto: (out, base, start = 1n) => {
      assertOwned(owns, out);
      assertShape('out', out, out.rows, 1);
      canonical(base, 'base');
      canonical(start, 'start');
      out.write(scaled(new Array<bigint>(out.rows).fill(1n), start, base));
    },
    sum: (a) => {
      assertOwned(owns, a);
      return a.view().reduce(add, 0n);
    },
    dot: (a, b) => {
      assertOwned(owns, a, b);
      assertSameShape(a, b);
      const right = b.view();
      return a.view().reduce((sum, value, i) => (sum + value * right[i]!) % MODULUS, 0n);
    },
    combineInto: (out, a, scalars) => {
      assertOwned(owns, out, a);
      const rows = scalars.map((each: bigint | ExtensionElement) => (typeof each === 'bigint' ? [each] : each));
      const degree = rows[0]?.length ?? out.columns;
      assertShape('out', out, a.rows, degree);
      if (rows.length !== a.columns || rows.some((row) => row.length !== degree)) {
        throw new FieldError('FIELD_SHAPE', 'scalars', `${String(a.columns)} of one degree`, String(rows.length));
      }
      assertDisjoint('out', out, a);
      rows.flat().forEach((value) => canonical(value, 'scalar'));
      for (let k = 0; k < degree; k++) {
        for (let row = 0; row < a.rows; row++) {
          const total = rows.reduce((sum, scalar, column) => sum + scalar[k]! * a.get(row, column), 0n);
          out.set(row, total % MODULUS, k);
        }
      }
    },
    weigh: (a, weights) => {
      assertOwned(owns, a, weights);
      assertShape('weights', weights, a.rows, weights.columns);
      return Array.from({ length: a.columns }, (_, column) =>
        Array.from({ length: weights.columns }, (_, k) => engine.dot(a.column(column), weights.column(k))),
      );
    },
    evaluateInPlace: (a, options = {}) => {
      const { shift = 1n, input = 'natural', output = 'natural' } = options;
      const root = rootOfUnity(checkTransform(a, shift));
      overColumns(a, (values) => {
        const coefficients = input === 'natural' ? values : reverseBitOrder(values);
        const result = recursiveTransform(scaled(coefficients, 1n, shift), root);
        return output === 'natural' ? result : reverseBitOrder(result);
      });
    },
    evaluateInto: (out, a, options) => {
      assertDisjoint('out', out, a);
      engine.copyInto(out, a);
      engine.evaluateInPlace(out, options);
    },
    evaluatePartsInto: (out, parts, shift) => {
      assertOwned(owns, out, ...parts.filter((part) => part !== undefined));
      const { logParts, log } = interleavedLogs(out, parts.length);
      assertParts(out, parts, 2 ** log);
      assertShift(canonical(shift, 'shift'));
      parts.forEach((part, j) => {
        if (part === undefined) return;
        const start = reverseBits(j, logParts) * part.rows;
        for (let column = 0; column < out.columns; column++) {
          const block = out.column(column).slice(start, start + part.rows);
          engine.evaluateInto(block, part.column(column), { shift, input: 'bit-reversed' });
        }
      });
    },
    evaluateAt: (a, points) => {
      assertOwned(owns, a);
      assertPoints(a.rows, points);
      const { shift, blowup, numbers } = points;
      const root = rootOfUnity(logOfPowerOfTwo(a.rows * blowup));
      const columns = Array.from({ length: a.columns }, (_, column) => reverseBitOrder(a.column(column).toArray()));
      return numbers.map((number) => {
        const y = multiply(shift, power(root, BigInt(number)));
        return columns.map((column) => column.reduceRight((sum, each) => add(multiply(sum, y), each), 0n));
      });
    },
    interleaveInPlace: (a, parts, shift) => {
      checkTransform(a, shift);
      const { logParts, log } = interleavedLogs(a, parts);
      const ownShift = power(shift, BigInt(parts));
      overColumns(a, (values) => {
        const blocks = Array.from({ length: parts }, (_, j) => {
          const start = reverseBits(j, logParts) * 2 ** log;
          const block = recursiveTransform(values.slice(start, start + 2 ** log), inverse(rootOfUnity(log)));
          return scaled(block, inverse(BigInt(2 ** log)), inverse(ownShift));
        });
        const coefficients = blocks[0]!.flatMap((_, i) => blocks.map((block) => block[i]!));
        return recursiveTransform(scaled(coefficients, 1n, shift), rootOfUnity(logParts + log));
      });
    },
    interpolateInPlace: (a, options: TransformOptions = {}) => {
      const { shift = 1n, input = 'natural', output = 'natural' } = options;
      const root = inverse(rootOfUnity(checkTransform(a, shift)));
      overColumns(a, (values) => {
        const natural = input === 'natural' ? values : reverseBitOrder(values);
        const result = scaled(recursiveTransform(natural, root), inverse(BigInt(a.rows)), inverse(shift));
        return output === 'natural' ? result : reverseBitOrder(result);
      });
    },
    extendInto: (out, a, shift = GENERATOR) => {
      assertOwned(owns, out, a);
      checkTransform(a, shift);
      const { log, outLog } = extensionLogs(out, a);
      const root = inverse(rootOfUnity(log));
      for (let column = 0; column < a.columns; column++) {
        const coefficients = recursiveTransform(a.column(column).toArray(), root);
        const padded = new Array<bigint>(out.rows).fill(0n);
        scaled(coefficients, inverse(BigInt(a.rows)), shift).forEach((value, i) => {
          padded[i] = value;
        });
        out.column(column).write(recursiveTransform(padded, rootOfUnity(outLog)));
      }
    },
    reverseBitsInPlace: (a) => {
      assertOwned(owns, a);
      const log = logOfPowerOfTwo(a.rows, 'rows');
      overColumns(a, (values) => values.map((_, i) => values[reverseBits(i, log)]!));
    },
    extension: (field: ExtensionField) => {
      const key = field.modulus.join();
      let found = extensions.get(key);
      if (found === undefined) {
        const rowOf = (a: Matrix, row: number): bigint[] =>
          Array.from({ length: field.degree }, (_, k) => a.get(row, k));
        const write = (out: Matrix, row: number, element: ExtensionElement): void => {
          element.forEach((value, k) => {
            out.set(row, value, k);
          });
        };
        found = createExtensionEngine(engine, field, {
          multiplyInto: (out, a, b) => {
            assertOwned(owns, out, a, b);
            for (let row = 0; row < a.rows; row++) write(out, row, field.multiply(rowOf(a, row), rowOf(b, row)));
          },
          scaleInto: (out, a, scalar) => {
            assertOwned(owns, out, a);
            for (let row = 0; row < a.rows; row++) write(out, row, field.multiply(rowOf(a, row), scalar));
          },
        });
        extensions.set(key, found);
      }
      return found;
    },
    get polynomials() {
      return createReferencePolynomialRing(engine);
    },
    dispose: () => undefined,
  };
  return engine;
}
