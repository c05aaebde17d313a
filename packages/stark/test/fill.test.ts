import {
  createExtensionField,
  createFieldEngine,
  createFieldEngineSync,
  createReferenceEngine,
  type ExtensionElement,
  type FieldEngine,
  type Matrix,
  MODULUS,
  type WasmEngine,
} from '@commute/field';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compileFill } from '../src/compiler/fill.ts';
import { fixedChallenges } from '../src/concrete.ts';
import { columnsToMatrix, elementsToMatrix, fillAuxiliaryColumns, fillMainColumns } from '../src/fill.ts';
import {
  type Arithmetization,
  arithmetize,
  checkTraces,
  column,
  columns,
  completeArithmetization,
  defineTable,
  extendTrace,
  mutateTraces,
  numberBuses,
  type Table,
  type Term,
  type Trace,
  traceFromColumns,
} from '../src/index.ts';
import { fibonacci, horner, hornerTrace, powers, product, range, values } from './tables.ts';

const runs = Number(process.env['FC_NUM_RUNS'] ?? 40);
const field = createExtensionField();
const EDGES = [0n, 1n, MODULUS - 1n, (1n << 32n) - 1n, 1n << 32n, MODULUS - (1n << 32n), 1n << 63n] as const;

/** Elements from a seed, many of them at the edges. */
function source(seed: number): () => bigint {
  let state = BigInt(seed) + 1n;
  return () => {
    state = (state * 6364136223846793005n + 1442695040888963407n) & 0xffffffffffffffffn;
    const bits = state >> 20n;
    return bits % 4n === 0n ? EDGES[Number((bits >> 2n) % 7n)]! : (state ^ (state >> 29n)) % MODULUS;
  };
}

/** Cells without a meaning: filling does not ask whether constraints hold. */
function randomTrace(table: Table, rows: number, seed: number): Trace {
  const next = source(seed);
  const cells = (): bigint[] => Array.from({ length: rows }, next);
  return {
    rows,
    main: table.names.main.map(cells),
    preprocessed: table.names.preprocessed.map(() => BigUint64Array.from(cells())),
    publicValues: table.publicValues.map(next),
  };
}

function agree(engine: FieldEngine, arithmetization: Arithmetization, rows: number, seed: number): void {
  engine.scope(() => {
    const trace = randomTrace(arithmetization.table, rows, seed);
    const next = source(seed + 1);
    const challenges = arithmetization.challenges.map((): ExtensionElement => [next(), next(), next()]);
    const extended = extendTrace(arithmetization, trace);
    const expected = completeArithmetization(arithmetization, extended, challenges);
    const main = fillMainColumns(engine, arithmetization, trace);
    expect(main.toArray()).toEqual(columnsToMatrix(engine, rows, extended.main).toArray());
    const got = fillAuxiliaryColumns(engine, arithmetization, trace, challenges, field);
    expect(got.auxiliary.toArray()).toEqual(elementsToMatrix(engine, rows, expected.auxiliary).toArray());
    expect(got.terminal).toEqual(expected.terminal);
    expect(got.exposed).toEqual(expected.exposed);
  });
}

/** Everything at once: messages of many kinds, products of high degree of both fields and of the next row, recurrences, a function. */
const everything = defineTable({
  name: 'everything',
  columns: {
    main: { a: column(), b: column(), c: columns(3) },
    auxiliary: { given: column(), running: column() },
    preprocessed: { p: columns(2) },
  },
  publicValues: ['v'],
  challenges: ['x', 'y'],
  recurrences: {
    running: ({ main: { current, next }, auxiliary, preprocessed, publicValues, challenges: { x, y } }) => ({
      first: current.a.multiply(x).add(preprocessed.current.p[0]!),
      next: auxiliary.current.running
        .multiply(x.multiply(y).subtract(next.a))
        .add(auxiliary.current.given.multiply(next.b))
        .subtract(auxiliary.next.given)
        .add(publicValues.v),
    }),
  },
  exposed: ['end'],
  fillExposed: ({ rows, auxiliary }) => ({ end: auxiliary.running[rows - 1]! }),
  fillAuxiliary: ({ rows, main, challenges, field: extension }) => ({
    given: Array.from({ length: rows }, (_, row) => extension.scale(challenges.x, main.a[row]!)),
  }),
  eval: (builder) => {
    const { main, auxiliary, preprocessed, publicValues, challenges, onTransition, onLastRow } = builder;
    const { a, b, c } = main.current;
    const [p, q] = preprocessed.current.p as [Term, Term];
    const high = a.multiply(b).multiply(a).multiply(b.add(publicValues.v)).multiply(p);
    builder.assertZero('high', high.multiply(high));
    const moving = main.next.a.subtract(a);
    onTransition.assertZero('moving', moving.multiply(moving).multiply(moving).multiply(moving).multiply(high));
    const wideProduct = auxiliary.current.given.multiply(a).multiply(b).multiply(challenges.y);
    builder.assertZero('wide', wideProduct.multiply(wideProduct));
    onTransition.assertZero('wide and moving', wideProduct.multiply(auxiliary.next.running).multiply(moving));
    onLastRow.assertEqual('end', auxiliary.current.running, builder.exposed.end);
    onLastRow.assertZero('late', a.multiply(b).multiply(c[0]!));
    builder.send('tuples', [a, b, p], q);
    builder.receive('tuples', [b, a, c[1]!.multiply(c[2]!)], high);
    builder.when(c[0]!).send('one', [a.multiply(a).multiply(a).multiply(b)], 3);
    builder.send('signs', [a]);
    builder.receive('signs', [b]);
    builder.receive('signs', [p]);
    builder.send('signs', [q], -1);
    builder.receive('constant', [7]);
    builder.receive('constant', [builder.constant(8), publicValues.v]);
  },
});

let one: WasmEngine;
let two: WasmEngine;
beforeAll(async () => {
  one = createFieldEngineSync();
  two = await createFieldEngine({ threads: 2 });
});
afterAll(() => {
  one.dispose();
  two.dispose();
});

const tables: readonly Table[] = [everything, horner, fibonacci, powers, product, range, values];

describe('compiled filling', () => {
  it.each(tables.map((table) => [table.name, table] as const))('is what the reference computes: %s', (_, table) => {
    const buses = numberBuses(tables);
    for (const maximumDegree of [2, 3, 4, 8]) {
      const arithmetization = arithmetize(table, { maximumDegree, buses });
      for (const rows of [1, 2, 4, 8, 32]) {
        agree(one, arithmetization, rows, 100 * maximumDegree + rows);
        agree(two, arithmetization, rows, rows);
      }
    }
  });

  it('is what the reference computes with sums of exposed buses', () => {
    for (const exposedBuses of [['one'], ['tuples', 'constant'], ['one', 'tuples', 'constant']]) {
      const buses = numberBuses(tables, [], exposedBuses);
      const arithmetization = arithmetize(everything, { maximumDegree: 3, buses, exposedBuses });
      for (const rows of [1, 2, 16]) agree(one, arithmetization, rows, rows);
    }
  });

  it('is what the reference computes on any cells', () => {
    const arithmetization = arithmetize(everything, { maximumDegree: 3 });
    fc.assert(
      fc.property(fc.nat(2 ** 30), fc.nat(4), (seed, log) => {
        agree(one, arithmetization, 2 ** log, seed);
      }),
      { numRuns: runs },
    );
  });

  it('is the same divided among threads and functions', () => {
    agree(two, arithmetize(values, { maximumDegree: 2 }), 1 << 15, 3);
    const arithmetization = arithmetize(everything, { maximumDegree: 2 });
    const trace = randomTrace(everything, 16, 5);
    one.scope(() => {
      const preprocessed = columnsToMatrix(one, 16, trace.preprocessed);
      const expected = extendTrace(arithmetization, trace).main;
      const { length } = arithmetization.names.main;
      const main = one.allocate(16, length);
      main.view().set(trace.main.flatMap((cells) => [...cells]));
      compileFill(one, arithmetization, { mostOperations: 4 }).fillMain(main, preprocessed, trace.publicValues);
      expect(main.toArray()).toEqual(columnsToMatrix(one, 16, expected).toArray());
    });
  });

  it('is the same where fractions are inverted some at a time', () => {
    const arithmetization = arithmetize(everything, { maximumDegree: 2 });
    expect(arithmetization.busSums[0]!.fractionColumns.length).toBeGreaterThan(2);
    const trace = extendTrace(arithmetization, randomTrace(everything, 256, 6));
    const next = source(7);
    const challenges = arithmetization.challenges.map((): ExtensionElement => [next(), next(), next()]);
    const [main, preprocessed] = [trace.main, trace.preprocessed].map((cells) => columnsToMatrix(one, 256, cells)) as [
      Matrix,
      Matrix,
    ];
    const inputs = { main, preprocessed, publicValues: trace.publicValues, challenges };
    const filled = [1 << 19, 512, 1].map((invertedAtOnce) => {
      const matrix = one.allocate(256, 3 * arithmetization.names.auxiliary.length);
      const sums = compileFill(one, arithmetization, { invertedAtOnce }).fillAuxiliary(matrix, inputs);
      return [matrix.toArray(), sums];
    });
    expect(filled[1]).toEqual(filled[0]);
    expect(filled[2]).toEqual(filled[0]);
  });

  it('goes by the reference on other engines', () => {
    agree(createReferenceEngine(), arithmetize(everything), 4, 1);
  });

  it('refuses a tuple that hits the offset, like the reference', () => {
    const arithmetization = arithmetize(range);
    const trace = randomTrace(range, 8, 9);
    // With ratio 0 the denominator is the offset less the number of the bus.
    const challenges = [
      [1n, 0n, 0n],
      [0n, 0n, 0n],
    ];
    expect(() => completeArithmetization(arithmetization, trace, challenges)).toThrow('FIELD_DIVISION_BY_ZERO');
    expect(() => fillAuxiliaryColumns(one, arithmetization, trace, challenges, field)).toThrow(
      'FIELD_DIVISION_BY_ZERO',
    );
  });
});

describe('recurrences', () => {
  it('are Horner’s rule where they say so', () => {
    const { table, trace } = hornerTrace(8);
    const [point] = fixedChallenges(['point']) as [ExtensionElement];
    const [evaluation] = table.fill(trace, [point], field);
    const direct = [...trace.main[0]!].reduce(
      (sum, coefficient) => field.add(field.multiply(sum, point), field.fromBase(coefficient)),
      field.zero,
    );
    expect(evaluation!.at(-1)).toEqual(direct);
  });

  it('bring their constraints: every cell is noticed, each is needed', () => {
    // The polynomial itself is free.
    const isFree = ({ area }: { readonly area: string }): boolean => area !== 'auxiliary';
    expect(checkTraces([hornerTrace(4)])).toEqual({ ok: true });
    expect(mutateTraces([hornerTrace(4)], { isFree }).unnoticed).toEqual([]);
    const alone = defineTable({
      name: 'alone',
      columns: { main: { a: column() }, auxiliary: { s: column() } },
      challenges: ['x'],
      recurrences: {
        s: ({ main: { current, next }, auxiliary, challenges: { x } }) => ({
          first: current.a,
          next: auxiliary.current.s.multiply(x).add(next.a),
        }),
      },
      eval: () => undefined,
    });
    const traces = [traceFromColumns(alone, { main: { a: BigUint64Array.of(1n, 2n, 3n, 4n) } })];
    expect(mutateTraces(traces, { isFree })).toMatchObject({ ok: true, unnoticed: [], redundant: [] });
  });

  it('are refused where a cell would be read before it is filled', () => {
    const make = (next: 'own' | 'later' | 'first'): Table =>
      defineTable({
        name: 'early',
        columns: { main: { a: column() }, auxiliary: { s: column(), t: column() } },
        recurrences: {
          s: ({ auxiliary, main }) => ({
            first: next === 'first' ? auxiliary.current.t : 0,
            next: next === 'own' ? auxiliary.next.s : next === 'later' ? auxiliary.next.t : main.current.a,
          }),
          t: ({ auxiliary }) => ({ first: auxiliary.current.s, next: auxiliary.next.s }),
        },
        eval: () => undefined,
      });
    for (const kind of ['own', 'later', 'first'] as const)
      expect(() => arithmetize(make(kind))).toThrow('STARK_NEXT_ROW');
  });

  it('are refused with exposed values', () => {
    const table = defineTable({
      name: 'claims',
      columns: { main: { a: column() }, auxiliary: { s: column() } },
      exposed: ['claim'],
      fillExposed: ({ field: { zero } }) => ({ claim: zero }),
      recurrences: {
        s: ({ exposed }: { readonly exposed: object }) => ({ first: (exposed as { claim: Term }).claim, next: 0 }),
      },
      eval: () => undefined,
    });
    expect(() => arithmetize(table)).toThrow('STARK_TABLE');
  });

  it('are refused for what is no single auxiliary column', () => {
    const columnsOf = { main: { a: column() }, auxiliary: { g: columns(2) } };
    const recurrence = (): { first: number; next: number } => ({ first: 0, next: 0 });
    for (const name of ['g', 'a', 'g[0]']) {
      const definition = {
        name: 'wrong',
        columns: columnsOf,
        recurrences: { [name]: recurrence },
        eval: () => undefined,
      };
      expect(() => defineTable(definition as never)).toThrow('STARK_TABLE');
    }
    expect(() => defineTable({ name: 'none', columns: columnsOf, eval: () => undefined })).toThrow('STARK_TABLE');
  });
});
