// `node --conditions=@commute/source bench/blake3.bench.ts [threads]`: proves the BLAKE3 digest of a file, 1,000 compressions.
import { createFieldEngine } from '@commute/field';
import { blake3 } from '@noble/hashes/blake3.js';
import { fileStatement, fileTables, fileTraces } from '../examples/blake3-file.ts';
import { createStarkSystem, prove, verify } from '../src/index.ts';

// 59 chunks of 942 blocks, and 58 parents.
const file = Uint8Array.from({ length: 60_250 }, (_, index) => (index * 31 + (index >> 8)) & 0xff);
const digest = blake3(file);
const engine = await createFieldEngine({ threads: Number(process.argv[2] ?? 1) });
console.log(`node ${process.version}, ${String(engine.threads)} threads`);

let yardstick = Infinity;
for (let round = 0; round < 20; round++) {
  const start = performance.now();
  blake3(file);
  yardstick = Math.min(yardstick, performance.now() - start);
}
console.log(`@noble/hashes hashes the file in ${yardstick.toFixed(2)} ms`);

for (const logBlowup of [2, 3, 4]) {
  const system = createStarkSystem(fileTables, { maximumLogRows: 13, maximumDegree: 3, logBlowup });
  const statement = fileStatement(file.length, digest);
  let [tracing, proving, verifying] = [Infinity, Infinity, Infinity];
  let computing = Infinity;
  let size = 0;
  let rows = 0;
  let compressions = 0;
  for (let round = 0; round < 2; round++) {
    const start = performance.now();
    const made = fileTraces(file);
    const traced = performance.now();
    const before = process.cpuUsage();
    const bytes = prove(engine, system, made.traces, statement);
    const proved = performance.now();
    const { user, system: kernel } = process.cpuUsage(before);
    computing = Math.min(computing, (user + kernel) / 1000);
    if (!verify(system, statement, bytes).ok) throw new Error('refused');
    verifying = Math.min(verifying, performance.now() - proved);
    proving = Math.min(proving, proved - traced);
    tracing = Math.min(tracing, traced - start);
    ({ compressions } = made);
    rows = made.traces.reduce((sum, { trace }) => sum + trace.rows, 0);
    size = bytes.length;
  }
  const cells = fileTables.map(({ name, names }) => `${name} ${String(names.main.length)}`).join(', ');
  console.log(
    `blowup ${String(2 ** logBlowup)}: ${String(compressions)} compressions, ${String(rows)} rows (columns: ${cells}); traces in ` +
      `${tracing.toFixed(0)} ms, proved in ${proving.toFixed(0)} ms (${computing.toFixed(0)} ms of processor time): ${((1000 * rows) / proving).toFixed(0)} rows/s, ` +
      `${(proving / yardstick).toFixed(0)} times as long as hashing; ${(size / 1024).toFixed(0)} KiB, verified in ` +
      `${verifying.toFixed(0)} ms, ${system.parameters.report.best.bits.toFixed(1)} bits, ` +
      `at most ${(process.resourceUsage().maxRSS / 1024).toFixed(0)} MiB so far`,
  );
}
engine.dispose();
