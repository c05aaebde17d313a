import {
  createFieldEngine,
  createFieldEngineSync,
  type ExtensionElement,
  type FieldEngine,
  type Matrix,
  MODULUS,
  type WasmEngine,
} from '@commute/field';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type Arithmetization,
  arithmetize,
  column,
  columns,
  compileConstraints,
  type ConstraintInputs,
  contentHash,
  defineTable,
  evaluateConstraintsInto,
  SUM_COLUMNS,
  type Table,
  type Term,
} from '../src/index.ts';
import { groupExpressions } from '../src/compiler/evaluator.ts';
import { fibonacci, powers, product, range, values } from './tables.ts';

const runs = Number(process.env['FC_NUM_RUNS'] ?? 40);
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

function randomInputs(
  engine: FieldEngine,
  arithmetization: Arithmetization,
  rows: number,
  step: number,
  seed: number,
): ConstraintInputs {
  const next = source(seed);
  const element = (): ExtensionElement => [next(), next(), next()];
  const matrix = (count: number): Matrix =>
    engine.from(Array.from({ length: rows * count }, next), count === 0 ? 1 : count);
  const { names, challenges, constraints, table } = arithmetization;
  const empty = engine.allocate(rows, 0);
  return {
    main: matrix(names.main.length),
    auxiliary: names.auxiliary.length === 0 ? empty : matrix(3 * names.auxiliary.length),
    preprocessed: names.preprocessed.length === 0 ? empty : matrix(names.preprocessed.length),
    step,
    publicValues: table.publicValues.map(next),
    challenges: challenges.map(element),
    terminal: element(),
    exposed: arithmetization.exposed.map(element),
    weights: constraints.map(element),
  };
}

function agree(
  engine: WasmEngine,
  arithmetization: Arithmetization,
  rows: number,
  step: number,
  seed: number,
  mostOperations?: number,
): void {
  engine.scope(() => {
    const inputs = randomInputs(engine, arithmetization, rows, step, seed);
    const [expected, got] = [engine.allocate(rows, SUM_COLUMNS), engine.allocate(rows, SUM_COLUMNS)];
    got.view().fill(7n);
    evaluateConstraintsInto(arithmetization, expected, inputs);
    compileConstraints(engine, arithmetization, mostOperations === undefined ? {} : { mostOperations }).evaluateInto(
      got,
      inputs,
    );
    expect(got.toArray()).toEqual(expected.toArray());
  });
}

const mixed = defineTable({
  name: 'mixed',
  columns: {
    main: { a: column(), b: column() },
    auxiliary: { s: column(), t: column() },
    preprocessed: { p: columns(2) },
  },
  publicValues: ['v', 'w'],
  challenges: ['x', 'y'],
  fillAuxiliary: ({ rows, field }) => {
    const zeros = Array.from({ length: rows }, () => field.zero);
    return { s: zeros, t: zeros };
  },
  eval: (builder) => {
    const { main, auxiliary, preprocessed, challenges, publicValues, onFirstRow, onLastRow, onTransition } = builder;
    const { a, b } = main.current;
    const { s, t } = auxiliary.current;
    const [p, q] = preprocessed.current.p as [Term, Term];
    const uniform = challenges.x.multiply(challenges.y).add(publicValues.v);
    onFirstRow.assertEqual('base minus extension', a, s);
    onFirstRow.assertEqual('constant minus', builder.constant(5), a);
    onLastRow.assertEqual('uniform times uniform', uniform.multiply(uniform), publicValues.w);
    onLastRow.assertZero('uniform plus cell', uniform.add(a).multiply(publicValues.w));
    builder.assertZero('extension times extension', s.multiply(t).add(s.multiply(s)));
    builder.assertZero('extension times base', s.multiply(a).subtract(b.multiply(t)));
    builder.assertZero('extension times uniform', s.multiply(challenges.x).add(t.multiply(publicValues.v)));
    builder.assertZero(
      'base times uniform',
      a.multiply(challenges.x).add(b.multiply(publicValues.w)).add(q.multiply(3)),
    );
    onTransition.assertZero(
      'next',
      main.next.a
        .multiply(auxiliary.next.t)
        .subtract(p.multiply(preprocessed.next.p[1]!))
        .subtract(builder.extension([a, 1, b])),
    );
    builder.send('bus', [a, b, p], q);
    builder.receive('bus', [b, a, p]);
  },
});

describe('compiled constraints', () => {
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
  const tables: (readonly [string, Table])[] = [fibonacci, powers, product, range, values, mixed].map((table) => [
    table.name,
    table,
  ]);

  it.each(tables)('are worth what the reference says: %s', (_, table) => {
    for (const maximumDegree of [2, 3, 4]) {
      const arithmetization = arithmetize(table, { maximumDegree });
      for (const [rows, step] of [
        [16, 4],
        [32, 8],
        [8, 2],
        [8, 1],
        [4, 4],
        [4, 1],
        [2, 1],
        [2, 2],
        [1, 1],
      ] as const) {
        agree(one, arithmetization, rows, step, rows + step + maximumDegree);
      }
    }
  });

  it('are the same in several functions, and on two threads', () => {
    const arithmetization = arithmetize(mixed);
    expect(
      groupExpressions(arithmetization.graph, arithmetization.constraints, ({ root }) => root, 10).length,
    ).toBeGreaterThan(3);
    agree(one, arithmetization, 16, 4, 1, 10);
    agree(two, arithmetization, 16, 4, 2, 10);
    agree(two, arithmetize(fibonacci), 1 << 15, 4, 3);
  });

  it('are summed without overflow, however many there are in one function', () => {
    const table = defineTable({
      name: 'many',
      columns: { main: { a: column(), b: column() } },
      eval: (builder) => {
        const { a, b } = builder.main.current;
        for (let k = 0; k < 1203; k++) builder.assertZero(`sum ${String(k)}`, a.add(b).add(k % 3));
        for (let k = 0; k < 12; k++) builder.onFirstRow.assertZero(`first ${String(k)}`, a.subtract(k));
        for (let k = 0; k < 11; k++) builder.onLastRow.assertZero(`last ${String(k)}`, b.subtract(k));
      },
    });
    const arithmetization = arithmetize(table);
    one.scope(() => {
      const largest = MODULUS - 1n;
      const inputs: ConstraintInputs = {
        ...randomInputs(one, arithmetization, 8, 1, 1),
        main: one.from(
          [largest, largest, 0n, 1n, 0n, (1n << 32n) - 1n, largest, 5n, ...Array.from({ length: 8 }, () => 0n)],
          2,
        ),
        weights: arithmetization.constraints.map(() => [largest, 2n ** 64n - 2n ** 33n, largest]),
      };
      const [expected, got] = [one.allocate(8, SUM_COLUMNS), one.allocate(8, SUM_COLUMNS)];
      evaluateConstraintsInto(arithmetization, expected, inputs);
      compileConstraints(one, arithmetization, { mostOperations: 1e9 }).evaluateInto(got, inputs);
      expect(got.toArray()).toEqual(expected.toArray());
      agree(one, arithmetization, 4, 1, 3);
      agree(one, arithmetization, 4, 1, 4, 1e9);
    });
  });

  it('are worth what the reference says for random expressions', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(2), fc.nat(), fc.nat()), { minLength: 1, maxLength: 40 }),
        fc.nat(),
        (program, seed) => {
          const table = defineTable({
            name: 'random',
            columns: { main: { a: columns(3) }, preprocessed: { p: column() } },
            challenges: ['x'],
            publicValues: ['v'],
            eval: ({ main, preprocessed, challenges, publicValues, constant, onTransition }) => {
              const terms: Term[] = [
                ...main.current.a,
                ...main.next.a,
                preprocessed.current.p,
                challenges.x,
                publicValues.v,
                constant(3),
                constant(-1),
              ];
              for (const [kind, left, right] of program) {
                const [a, b] = [terms[left % terms.length]!, terms[right % terms.length]!];
                terms.push(kind === 0 ? a.add(b) : kind === 1 ? a.subtract(b) : a.multiply(b));
              }
              terms.slice(-4).forEach((term, index) => {
                onTransition.assertZero(String(index), term);
              });
            },
          });
          // Degrees of repeated squares are beyond all bounds; lowering makes of them columns.
          agree(one, arithmetize(table, { maximumDegree: 3 }), 8, 4, seed);
        },
      ),
      { numRuns: runs },
    );
  });

  it('refuse inputs of another shape', () => {
    const arithmetization = arithmetize(mixed);
    const compiled = compileConstraints(one, arithmetization);
    one.scope(() => {
      const inputs = randomInputs(one, arithmetization, 8, 2, 1);
      const out = one.allocate(8, SUM_COLUMNS);
      const refuse = (change: Partial<ConstraintInputs>, target: Matrix = out): void => {
        expect(() => {
          compiled.evaluateInto(target, { ...inputs, ...change });
        }).toThrow('STARK_TRACE');
      };
      refuse({ step: 3 });
      refuse({ step: 0 });
      refuse({ weights: inputs.weights.slice(1) });
      refuse({ challenges: [] });
      refuse({ publicValues: [] });
      refuse({ main: inputs.main.column(0) });
      refuse({ auxiliary: one.allocate(4, inputs.auxiliary.columns) });
      refuse({}, one.allocate(8, 11));
    });
  });
});

describe('the content hash', () => {
  const build = (name: string, constant: number, extra: boolean): Arithmetization =>
    arithmetize(
      defineTable({
        name,
        columns: { main: { [name]: column(), b: column() } },
        eval: (builder) => {
          const [a, b] = Object.values(builder.main.current) as [Term, Term];
          if (extra) b.multiply(b).add(17);
          builder.assertZero(`${name} constraint`, a.multiply(b).subtract(constant));
        },
      }),
    );

  it('depends on what is said, not on names or unused nodes', () => {
    expect(contentHash(build('a', 5, false))).toBe(contentHash(build('other', 5, true)));
    expect(contentHash(build('a', 5, false))).not.toBe(contentHash(build('a', 6, false)));
    expect(contentHash(build('a', 5, false))).toMatch(/^[0-9a-f]{64}$/);
  });

  it('depends on rows, degree and next', () => {
    const hashes = (['onFirstRow', 'onLastRow', 'onTransition'] as const).flatMap((scope) =>
      [false, true].map((next) =>
        defineTable({
          name: 'rows',
          columns: { main: { a: column() } },
          eval: (builder) => {
            const { main } = builder;
            builder[scope].assertZero('a', scope === 'onTransition' && next ? main.next.a : main.current.a);
          },
        }),
      ),
    );
    expect(new Set(hashes.map((table) => contentHash(arithmetize(table)))).size).toBe(4);
    expect(contentHash(arithmetize(powers, { maximumDegree: 2 }))).not.toBe(
      contentHash(arithmetize(powers, { maximumDegree: 3 })),
    );
  });

  it('shares the code of equal constraints', () => {
    const engine = createFieldEngineSync();
    let loads = 0;
    const load: WasmEngine['load'] = engine.load.bind(engine);
    engine.load = (write) => {
      loads++;
      return load(write);
    };
    compileConstraints(engine, build('a', 5, false));
    compileConstraints(engine, build('c', 5, true));
    expect(loads).toBe(1);
    compileConstraints(engine, build('c', 6, true));
    expect(loads).toBe(2);
    engine.dispose();
  });
});
