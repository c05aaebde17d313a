// `node --conditions=@commute/source bench/zero-knowledge.bench.ts`: what hiding costs, at 100 proven bits on one thread.
import { createFieldEngineSync } from '@commute/field';
import { fibonacciTrace } from '../examples/fibonacci.ts';
import { fileTraces } from '../examples/blake3-file.ts';
import { createStarkSystem, prove, statementOf, verify } from '../src/index.ts';

const engine = createFieldEngineSync();
console.log(`node ${process.version}`);
for (const [name, traces] of [
  ['Fibonacci, 2^8 rows', [fibonacciTrace(1 << 8)]],
  ['Fibonacci, 2^15 rows', [fibonacciTrace(1 << 15)]],
  ['BLAKE3 of 7 KiB', fileTraces(new Uint8Array(7 * 1024)).traces],
] as const) {
  const measured = [false, true].map((zeroKnowledge) => {
    const tables = traces.map(({ table }) => table);
    const system = createStarkSystem(tables, { maximumLogRows: 15, maximumDegree: 3, zeroKnowledge });
    const statement = statementOf(engine, system, traces);
    let [proving, verifying] = [Infinity, Infinity];
    let size = 0;
    for (let round = 0; round < 3; round++) {
      const before = process.cpuUsage();
      const bytes = prove(engine, system, traces, statement);
      const { user } = process.cpuUsage(before);
      const proved = performance.now();
      if (!verify(system, statement, bytes).ok) throw new Error('refused');
      verifying = Math.min(verifying, performance.now() - proved);
      proving = Math.min(proving, user / 1000);
      size = bytes.length;
    }
    return { proving, verifying, size };
  });
  const [open, hiding] = measured as [(typeof measured)[number], (typeof measured)[number]];
  const ratio = (key: keyof typeof open): string => (hiding[key] / open[key]).toFixed(2);
  console.log(
    `${name}: proving ${ratio('proving')} times as long (${open.proving.toFixed(0)} to ${hiding.proving.toFixed(0)} ms of processor time), ` +
      `${ratio('size')} times as large (${(open.size / 1024).toFixed(0)} to ${(hiding.size / 1024).toFixed(0)} KiB), ` +
      `verifying ${ratio('verifying')} times as long`,
  );
}
engine.dispose();
