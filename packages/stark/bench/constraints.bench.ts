// `node --conditions=@commute/source bench/constraints.bench.ts`: constraints per point, compiled and by bigints.
import { createFieldEngineSync, type ExtensionElement, type Matrix, MODULUS } from '@commute/field';
import {
  arithmetize,
  columns,
  compileConstraints,
  defineTable,
  evaluateConstraintsInto,
  SUM_COLUMNS,
  type Table,
} from '../src/index.ts';

let state = 1n;
const random = (): bigint => {
  state = (state * 6364136223846793005n + 1442695040888963407n) & 0xffffffffffffffffn;
  return (state ^ (state >> 29n)) % MODULUS;
};

/** 200 transitions of degree 3 over 60 columns: c_i·c_j·c_k' - c_l - (i + 1)·c_m. */
const main: Table = defineTable({
  name: 'main',
  columns: { main: { c: columns(60) } },
  eval: ({ main: { current, next }, onTransition }) => {
    const c = (index: number): (typeof current.c)[number] => current.c[index % 60]!;
    for (let i = 0; i < 200; i++) {
      const value = c(7 * i)
        .multiply(c(11 * i + 3))
        .multiply(next.c[(13 * i + 5) % 60]!);
      onTransition.assertEqual(`main ${String(i)}`, value, c(17 * i + 1).add(c(19 * i + 2).multiply(i + 2)));
    }
  },
});

/** 40 of degree 3 over 20 columns of the extension and 60 of the base field. */
const auxiliary: Table = defineTable({
  name: 'auxiliary',
  columns: { main: { c: columns(60) }, auxiliary: { s: columns(20) } },
  challenges: ['x', 'y'],
  fillAuxiliary: ({ rows, field }) => ({
    s: Array.from({ length: 20 }, () => new Array<ExtensionElement>(rows).fill(field.zero)),
  }),
  eval: ({ main: { current }, auxiliary: { current: here, next }, challenges: { x, y }, onTransition }) => {
    for (let i = 0; i < 40; i++) {
      const s = here.s[i % 20]!;
      const denominator = x.subtract(current.c[i]!).subtract(y.multiply(current.c[(i + 7) % 60]!));
      const value = next.s[(i + (i < 20 ? 0 : 1)) % 20]!.subtract(s).multiply(denominator);
      onTransition.assertEqual(`auxiliary ${String(i)}`, value, current.c[(3 * i) % 60]!);
    }
  },
});

const engine = createFieldEngineSync();
console.log(`node ${process.version}`);
for (const table of [main, auxiliary]) {
  const arithmetization = arithmetize(table, { maximumDegree: 3 });
  const fill = (rows: number, count: number): Matrix => {
    const matrix = engine.allocate(rows, count);
    const view = matrix.view();
    for (let i = 0; i < view.length; i++) view[i] = random();
    return matrix;
  };
  const inputs = (rows: number): Parameters<typeof evaluateConstraintsInto>[2] => ({
    main: fill(rows, arithmetization.names.main.length),
    auxiliary: fill(rows, 3 * arithmetization.names.auxiliary.length),
    preprocessed: engine.allocate(rows, 0),
    step: 4,
    publicValues: [],
    challenges: arithmetization.challenges.map(() => [random(), random(), random()]),
    exposed: [],
    terminal: [0n, 0n, 0n],
    weights: arithmetization.constraints.map(() => [random(), random(), random()]),
  });

  const few = inputs(64);
  const [expected, got] = [engine.allocate(64, SUM_COLUMNS), engine.allocate(64, SUM_COLUMNS)];
  const beforeReference = performance.now();
  evaluateConstraintsInto(arithmetization, expected, few);
  const reference = (1000 * (performance.now() - beforeReference)) / 64;
  const beforeCompile = performance.now();
  const compiled = compileConstraints(engine, arithmetization);
  const compiling = performance.now() - beforeCompile;
  compiled.evaluateInto(got, few);
  if (got.toArray().join() !== expected.toArray().join()) throw new Error('the answers differ');

  const many = inputs(1 << 14);
  const out = engine.allocate(1 << 14, SUM_COLUMNS);
  let best = Infinity;
  for (let round = 0; round < 15; round++) {
    const before = performance.now();
    compiled.evaluateInto(out, many);
    best = Math.min(best, (1000 * (performance.now() - before)) / (1 << 14));
  }
  console.log(
    `${table.name}: ${String(arithmetization.constraints.length)} constraints, ${best.toFixed(2)} µs per point; ` +
      `bigint ${reference.toFixed(0)} µs, ${(reference / best).toFixed(0)} times as long; compiled in ${compiling.toFixed(0)} ms`,
  );
}
engine.dispose();
