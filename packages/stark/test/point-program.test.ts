import { createExtensionField, type ExtensionElement, MODULUS } from '@commute/field';
import { bytesFromBase64 } from '@commute/wasm';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import {
  type Arithmetization,
  arithmetize,
  createStarkSystem,
  createValueField,
  evaluateGraph,
  ROW_KINDS,
  type Value,
} from '../src/index.ts';
import { pointChecker } from '../src/point-kernel.ts';
import { pointModule } from '../src/point-module.ts';
import { POINT_MODULE } from '../src/point-module-bytes.ts';
import { joinColumns, type OpenedCells, pointProgram } from '../src/point-program.ts';
import { pointsOfHeights } from '../src/verifier.ts';
import { fibonacciTrace, hornerTrace, powersTrace, productTrace, rangeTraces } from './tables.ts';

const field = createExtensionField();
const arithmetic = createValueField(field);
const anyWord = fc.oneof(fc.bigInt(0n, MODULUS - 1n), fc.constantFrom(0n, 1n, MODULUS - 1n));
const anyElement = fc.oneof(
  fc.tuple(anyWord, anyWord, anyWord),
  anyWord.map((word) => [word, 0n, 0n] as const),
) as fc.Arbitrary<ExtensionElement>;
const elements = (count: number) => fc.array(anyElement, { minLength: count, maxLength: count });
const twoRows = (count: number) => fc.tuple(elements(count), elements(count));

/** Σ x^k·columns[first + k] by products. */
function joinSlowly(columns: readonly ExtensionElement[], first: number): ExtensionElement {
  return [0, 1, 2].reduce<ExtensionElement>((sum, power) => {
    const basis = [0n, 0n, 0n].with(power, 1n);
    return field.add(sum, field.multiply(basis, columns[first + power]!));
  }, field.zero);
}

/** The weighted sums by the interpreter of graphs. */
function sumSlowly(
  { graph, constraints }: Arithmetization,
  weights: readonly ExtensionElement[],
  opened: OpenedCells,
): ExtensionElement[] {
  const values = evaluateGraph(
    graph,
    constraints.map(({ root }) => root),
    arithmetic,
    {
      ...opened,
      cell: (area, column, next): Value => {
        const row = opened[area][Number(next)]!;
        return area === 'auxiliary' ? joinSlowly(row, 3 * column) : row[column]!;
      },
    },
  );
  return ROW_KINDS.map((kind) =>
    constraints.reduce<ExtensionElement>(
      (total, { rows }, index) =>
        rows === kind
          ? field.add(total, arithmetic.multiply(weights[index]!, values[index]!) as ExtensionElement)
          : total,
      field.zero,
    ),
  );
}

const traces = [fibonacciTrace(4), ...rangeTraces([1n]), powersTrace(4), productTrace(), hornerTrace(4)];
const proved = createStarkSystem(
  traces.map(({ table }) => table),
  { securityBits: 40, maximumLogRows: 6, zeroKnowledge: true },
).arithmetizations;

it.each(
  [...proved, arithmetize(traces[3]!.table, { maximumDegree: 2 })].map((each) => [each.table.name, each] as const),
)('gives what the interpreter of graphs gives: %s', (_, arithmetization) => {
  const { names, constraints, table, challenges, exposed } = arithmetization;
  const opened = fc.record({
    main: twoRows(names.main.length),
    auxiliary: twoRows(3 * names.auxiliary.length),
    preprocessed: twoRows(names.preprocessed.length),
    publicValues: fc.array(anyWord, { minLength: table.publicValues.length, maxLength: table.publicValues.length }),
    challenges: elements(challenges.length),
    terminal: anyElement,
    exposed: elements(exposed.length),
  });
  fc.assert(
    fc.property(opened, elements(constraints.length), (cells, weights) => {
      const sums = pointProgram(arithmetization)(weights, cells);
      expect(sums).toEqual(sumSlowly(arithmetization, weights, cells).map((sum) => [...sum]));
    }),
    { numRuns: Number(process.env['FC_NUM_RUNS'] ?? 20) },
  );
});

/** The words of elements as a proof has them. */
const wordsOf = (list: readonly ExtensionElement[]): Uint8Array =>
  new Uint8Array(BigUint64Array.from(list.flat()).buffer);

it.each(
  [...proved, arithmetize(traces[3]!.table, { maximumDegree: 2 })].map((each) => [each.table.name, each] as const),
)('the kernel accepts the quotient that bigints give, and no other: %s', (_, arithmetization) => {
  const { names, constraints, table, challenges, exposed } = arithmetization;
  const inputs = fc.record({
    main: twoRows(names.main.length),
    auxiliary: twoRows(3 * names.auxiliary.length),
    preprocessed: twoRows(names.preprocessed.length),
    publicValues: fc.array(anyWord, { minLength: table.publicValues.length, maxLength: table.publicValues.length }),
    challenges: elements(challenges.length),
    terminal: anyElement,
    exposed: elements(exposed.length),
    factors: elements(ROW_KINDS.length),
    fromPiece: anyElement,
    pieces: elements(6),
    weight: anyElement,
    change: fc.tuple(fc.nat(2), fc.nat(2), fc.bigInt(1n, MODULUS - 1n)),
  });
  fc.assert(
    fc.property(inputs, ({ factors, fromPiece, pieces, weight, change, ...cells }) => {
      let power = field.one;
      const weights = constraints.map(() => {
        const own = power;
        power = field.multiply(power, weight);
        return own;
      });
      const expected = sumSlowly(arithmetization, weights, cells)
        .map((sum, kind) => field.multiply(sum, factors[kind]!))
        .reduce(field.add, field.zero);
      // The first column of the first piece makes up for what the others are worth.
      const rest = [1, 0].reduce<ExtensionElement>((sum, piece) => {
        const columns = piece === 0 ? [field.zero, ...pieces.slice(0, 2)] : pieces.slice(2, 5);
        return field.add(field.multiply(sum, fromPiece), joinSlowly(columns, 0));
      }, field.zero);
      const quotient = [field.subtract(expected, rest), ...pieces.slice(0, 2), ...pieces.slice(2, 5)];
      const checker = pointChecker(weight, constraints.length);
      const holds = (columns: readonly ExtensionElement[]): boolean =>
        checker.holds(arithmetization, {
          ...cells,
          main: [wordsOf(cells.main[0]), wordsOf(cells.main[1])],
          auxiliary: [wordsOf(cells.auxiliary[0]), wordsOf(cells.auxiliary[1])],
          preprocessed: [wordsOf(cells.preprocessed[0]), wordsOf(cells.preprocessed[1])],
          quotient: wordsOf(columns),
          factors,
          fromPiece,
        });
      expect(holds(quotient)).toBe(true);
      const [column, coefficient, difference] = change;
      const changed = quotient.map((element, k) =>
        k === column ? element.with(coefficient, (element[coefficient]! + difference) % MODULUS) : element,
      );
      expect(holds(changed)).toBe(false);
    }),
    { numRuns: Number(process.env['FC_NUM_RUNS'] ?? 20) },
  );
});

it('joins columns as products with the basis do', () => {
  fc.assert(
    fc.property(elements(5), (columns) => {
      for (const first of [0, 2]) expect(joinColumns(columns, first)).toEqual(joinSlowly(columns, first));
    }),
  );
});

it('divides by the zerofiers of each height, unless one of them is zero', () => {
  const point = [2n, 3n, 4n];
  const heights = pointsOfHeights(field, point, [3, 0, 3])!;
  expect([...heights.keys()]).toEqual([3, 0]);
  const { rows, factors } = heights.get(3)!;
  expect(rows).toEqual(field.power(point, 8n));
  expect(field.multiply(factors.every, field.subtract(rows, field.one))).toEqual(field.one);
  expect(field.multiply(factors.first, field.subtract(point, field.one))).toEqual(field.one);
  expect(field.multiply(factors.transition, factors.last)).toEqual(factors.every);
  expect(pointsOfHeights(field, field.one, [0])).toBeUndefined();
  expect(pointsOfHeights(field, [MODULUS - 1n, 0n, 0n], [0, 1])).toBeUndefined();
  expect(pointsOfHeights(field, [MODULUS - 1n, 0n, 0n], [0])).toBeDefined();
});

it('has a kernel whose bytes are what it is emitted as: run scripts/write-module.ts after a change', () => {
  expect(bytesFromBase64(POINT_MODULE)).toEqual(pointModule());
});
