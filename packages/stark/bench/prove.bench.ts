// `node --conditions=@commute/source bench/prove.bench.ts`: proofs at 100 proven bits, one thread.
import { add, createFieldEngineSync } from '@commute/field';
import {
  column,
  columns,
  createStarkSystem,
  defineTable,
  prove,
  statementOf,
  type TableTrace,
  traceFromRows,
  verify,
} from '../src/index.ts';

const fibonacci = defineTable({
  name: 'fibonacci',
  columns: { main: { left: column(), right: column() } },
  eval: ({ main: { current, next }, onFirstRow, onTransition }) => {
    onFirstRow.assertEqual('left starts at 1', current.left, 1);
    onFirstRow.assertEqual('right starts at 1', current.right, 1);
    onTransition.assertEqual('left moves on', next.left, current.right);
    onTransition.assertEqual('right is the sum', next.right, current.left.add(current.right));
  },
});

/** 60 columns, each the product of two others one row before, and 140 more constraints of degree 3 that follow. */
const wide = defineTable({
  name: 'wide',
  columns: { main: { c: columns(60) } },
  eval: ({ main: { current, next }, onTransition }) => {
    const here = current.c;
    const product = (i: number): (typeof here)[number] => here[i % 60]!.multiply(here[(i + 7) % 60]!);
    next.c.forEach((cell, i) => {
      onTransition.assertEqual(`step ${String(i)}`, cell, product(i).add(i + 1));
    });
    for (let i = 0; i < 140; i++) {
      const difference = next.c[i % 60]!.subtract(product(i % 60)).subtract((i % 60) + 1);
      onTransition.assertZero(`more ${String(i)}`, difference.multiply(here[(11 * i + 3) % 60]!));
    }
  },
});

function fibonacciTrace(rows: number): TableTrace {
  const main: { left: bigint; right: bigint }[] = [];
  for (let row = 0, left = 1n, right = 1n; row < rows; row++) {
    main.push({ left, right });
    [left, right] = [right, add(left, right)];
  }
  return traceFromRows(fibonacci, { main });
}

function wideTrace(rows: number): TableTrace {
  const modulus = 2n ** 64n - 2n ** 32n + 1n;
  const main: { c: bigint[] }[] = [{ c: Array.from({ length: 60 }, (_, i) => BigInt(i + 2)) }];
  while (main.length < rows) {
    const { c } = main.at(-1)!;
    main.push({ c: c.map((value, i) => (value * c[(i + 7) % 60]! + BigInt(i + 1)) % modulus) });
  }
  return traceFromRows(wide, { main });
}

const values = defineTable({
  name: 'values looked up among 256',
  columns: { main: { value: column() } },
  eval: (builder) => {
    builder.send('bytes', [builder.main.current.value]);
  },
});

const bytes = defineTable({
  name: 'bytes',
  columns: { main: { count: column() }, preprocessed: { value: column() } },
  eval: (builder) => {
    builder.receive('bytes', [builder.preprocessed.current.value], builder.main.current.count);
  },
});

function lookupTraces(rows: number): TableTrace[] {
  const all = Array.from({ length: 256 }, (_, value) => ({ value: BigInt(value) }));
  return [
    traceFromRows(values, { main: Array.from({ length: rows }, (_, row) => all[row % 256]!) }),
    traceFromRows(bytes, { main: all.map(() => ({ count: BigInt(rows / 256) })), preprocessed: all }),
  ];
}

const engine = createFieldEngineSync();
console.log(`node ${process.version}`);
for (const make of [() => [fibonacciTrace(1 << 16)], () => [wideTrace(1 << 14)], () => lookupTraces(1 << 14)]) {
  const traces = make();
  const { table, trace } = traces[0]!;
  const system = createStarkSystem(
    traces.map((each) => each.table),
    { maximumLogRows: 16, maximumDegree: 3 },
  );
  const statement = statementOf(engine, system, traces);
  let [proving, verifying] = [Infinity, Infinity];
  let size = 0;
  for (let round = 0; round < 3; round++) {
    const start = performance.now();
    const bytes = prove(engine, system, traces, statement);
    const proved = performance.now();
    if (!verify(system, statement, bytes).ok) throw new Error('refused');
    verifying = Math.min(verifying, performance.now() - proved);
    proving = Math.min(proving, proved - start);
    size = bytes.length;
  }
  console.log(
    `${table.name}: ${String(trace.rows)} rows × ${String(trace.main.length)} columns, proved in ${proving.toFixed(0)} ms ` +
      `(${(trace.rows / proving).toFixed(0)} thousand rows/s), verified in ${verifying.toFixed(0)} ms, ${(size / 1024).toFixed(0)} KiB, ` +
      `${String(system.parameters.queries)} queries, ${system.parameters.report.best.bits.toFixed(1)} bits`,
  );
}
engine.dispose();
