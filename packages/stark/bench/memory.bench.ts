/*
 * `node --conditions=@commute/source bench/memory.bench.ts`: peak memory and time of a proof of 2^20 rows × 100 columns. LOG_ROWS, COLUMNS and THREADS are taken
 * from the environment; without LOG_ROWS the rows are fewer where the machine has not 14 GiB free.
 */
import { freemem } from 'node:os';
import { createFieldEngine } from '@commute/field';
import {
  allocateColumns,
  columns,
  createStarkSystem,
  defineTable,
  prove,
  traceFromColumns,
  verify,
} from '../src/index.ts';

const GIBI = 2 ** 30;
const logRows = Number(process.env['LOG_ROWS'] ?? (freemem() >= 14 * GIBI ? 20 : 16));
const width = Number(process.env['COLUMNS'] ?? 100);
const threads = Number(process.env['THREADS'] ?? 2);
const rows = 2 ** logRows;

/** The last columns hold the values of the first ones one row later; a bus says so too. Three columns of the extension besides. */
const table = defineTable({
  name: 'wide',
  columns: { main: { c: columns(width) } },
  eval: (builder) => {
    const { main, onTransition } = builder;
    const [here, next] = [main.current.c, main.next.c];
    const half = Math.floor(width / 2);
    for (let i = 0; i < half; i++) {
      onTransition.assertEqual(
        `step ${String(i)}`,
        next[i]!,
        here[i]!.multiply(here[i]!)
          .multiply(here[(i + 1) % half]!)
          .add(i),
      );
      onTransition.assertEqual(`copy ${String(i)}`, next[half + i]!, here[i]!);
    }
    for (let i = 0; i < 2; i++) {
      builder.send('rotated', [here[i]!, here[i + 1]!]);
      builder.receive('rotated', [here[half + i]!, here[half + i + 1]!]);
    }
  },
});

/** Half of the columns step, the other half follows. */
const { c } = allocateColumns(table.columns.main, rows);
const half = Math.floor(width / 2);
const modulus = 2n ** 64n - 2n ** 32n + 1n;
for (let i = 0; i < half; i++) c[i]![0] = BigInt(i + 2);
for (let row = 0; row < rows; row++) {
  for (let i = 0; i < half; i++) {
    if (row > 0) {
      const value = c[i]![row - 1]!;
      c[i]![row] = (value * value * c[(i + 1) % half]![row - 1]! + BigInt(i)) % modulus;
    }
    c[half + i]![(row + 1) % rows] = c[i]![row]!;
  }
}
const trace = traceFromColumns(table, { main: { c } });
const before = process.resourceUsage().maxRSS / 2 ** 20;

const engine = await createFieldEngine({ threads });
const system = createStarkSystem([table], { maximumLogRows: logRows, maximumDegree: 3 });
const statement = { publicValues: [{}] };
const start = performance.now();
const proof = prove(
  engine,
  system,
  [trace],
  statement,
  {},
  {
    onProgress: ({ phase }) => {
      const { rss } = process.memoryUsage();
      console.log(`${((performance.now() - start) / 1000).toFixed(1)} s: ${phase}, ${(rss / GIBI).toFixed(2)} GiB`);
    },
  },
);
const seconds = (performance.now() - start) / 1000;
if (!verify(system, statement, proof).ok) throw new Error('refused');
console.log(
  `2^${String(logRows)} rows × ${String(width)} columns, ${String(engine.threads)} threads: ${seconds.toFixed(1)} s, ` +
    `${(rows / seconds / 1000 / engine.threads).toFixed(1)} thousand rows/s and thread, ${(proof.length / 1024).toFixed(0)} KiB`,
);
console.log(
  `largest resident set ${(process.resourceUsage().maxRSS / 2 ** 20).toFixed(2)} GiB, of which before the proof ${before.toFixed(2)}; ` +
    `engine's memory ${(engine.arena.byteLength / GIBI).toFixed(2)} GiB`,
);
engine.dispose();
