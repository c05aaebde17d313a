/*
 * `node --conditions=@commute/source bench/joint.bench.ts`: joint proofs of 1, 2, 4, … instances of the pipeline's table (60 main, 20 extension columns), each
 * against as many proofs of one instance in the same process: rows per second, bytes, verification, memory. LOG_ROWS (of an instance; 12 by default),
 * INSTANCES (`1,2,4,8,16`), THREADS (1), KEPT and COPIED (MiB that a commitment's extended columns may take in the engine's memory, 512, and those of all
 * outside of it, 0, before they are given up and computed again) are taken from the environment. By the processor's time, which is all threads', and by the clock.
 */
import { createFieldEngine } from '@commute/field';
import { commitJoint, createStarkSystem, prove, statementOf, verify, verifyJoint } from '../src/index.ts';
import { pipeline, pipelineTrace } from './pipeline.ts';

const logRows = Number(process.env['LOG_ROWS'] ?? 12);
const counts = (process.env['INSTANCES'] ?? '1,2,4,8,16').split(',').map(Number);
const threads = Number(process.env['THREADS'] ?? 1);
const keptBytes = Number(process.env['KEPT'] ?? 512) * 2 ** 20;
const GIBI = 2 ** 30;

const engine = await createFieldEngine({ threads });
const system = createStarkSystem([pipeline], {
  maximumLogRows: logRows,
  maximumLogInstances: Math.log2(Math.max(...counts)),
});
const trace = pipelineTrace(2 ** logRows);
const statement = statementOf(engine, system, [trace]);

interface Cost {
  readonly processor: number;
  readonly clock: number;
}

function timed<T>(run: () => T): { readonly value: T; readonly cost: Cost } {
  const [cpu, start] = [process.cpuUsage(), performance.now()];
  const value = run();
  const { user, system: kernel } = process.cpuUsage(cpu);
  return { value, cost: { processor: (user + kernel) / 1e6, clock: (performance.now() - start) / 1e3 } };
}

/** The least of several runs, by the processor's time. */
function fastest(rounds: number, run: () => void): number {
  return Math.min(...Array.from({ length: rounds }, () => timed(run).cost.processor));
}

console.log(`node ${process.version}, ${String(engine.threads)} threads, 2^${String(logRows)} rows of an instance`);
console.log(system.parameters.description);
const proveOne = (): Uint8Array => prove(engine, system, [trace], statement, {}, { keptBytes });
proveOne();
const single = timed(proveOne);
const bytes = single.value;
const verifying = fastest(5, () => {
  if (!verify(system, statement, bytes).ok) throw new Error('refused');
});
const kib = (length: number): string => (length / 1024).toFixed(0);
console.log(
  `one proof: ${single.cost.processor.toFixed(2)} s (${single.cost.clock.toFixed(2)} s), ${kib(bytes.length)} KiB, verified in ${(1000 * verifying).toFixed(0)} ms`,
);
let first = 0;
for (const count of counts) {
  const instances = Array.from({ length: count }, () => ({ statement, traces: () => [trace] }));
  const statements = instances.map((each) => each.statement);
  const joint = timed(() => engine.scope(() => commitJoint(engine, system, instances, { keptBytes }).prove()));
  const judged = fastest(5, () => {
    if (!verifyJoint(system, statements, joint.value).ok) throw new Error('refused');
  });
  if (first === 0) first = judged;
  const rate = (2 ** logRows * count) / joint.cost.processor / 1000;
  const ratio = (a: number, b: number): string => (a / b).toFixed(2);
  console.log(
    `${String(count)} instances: ${rate.toFixed(1)} thousand rows/s of processor time, ${joint.cost.clock.toFixed(1)} s by the clock, ` +
      `${ratio(joint.cost.processor, count * single.cost.processor)} times as long as apart; ` +
      `${kib(joint.value.length)} KiB, ${ratio(joint.value.length, count * bytes.length)} of apart; ` +
      `verified in ${(1000 * judged).toFixed(0)} ms, ${ratio(judged, count * verifying)} of apart` +
      (count === counts[0]!
        ? ''
        : `, ${((1000 * (judged - first)) / (count - counts[0]!)).toFixed(1)} ms for one more`),
  );
  console.log(
    `  largest resident set ${(process.resourceUsage().maxRSS / 2 ** 20).toFixed(2)} GiB, engine's memory ${(engine.arena.byteLength / GIBI).toFixed(2)} GiB`,
  );
}
engine.dispose();
