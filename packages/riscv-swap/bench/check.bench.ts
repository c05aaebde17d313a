/**
 * The double check and a dispute on real programs: steps of the fast machine checked per second and core beside the bare
 * machines, workers beside one core, and what a dispute about one micro-step takes.
 *
 * Run: node --conditions=@commute/source bench/check.bench.ts
 */
import { availableParallelism } from 'node:os';
import { parseElf } from '@commute/elf';
import {
  checkRun,
  createLyingParty,
  createParty,
  inProcessPool,
  layerRules,
  runWithSnapshots,
  settleDispute,
  type SnapshotStore,
} from '@commute/swap';
import { threadPool } from '@commute/swap/node';
import { readGuest, type ProgramName } from '@commute-tools/guests';
import { createRiscvLayer, stackModule } from '../src/index.ts';

const layer = createRiscvLayer();
const STEPS_PER_SNAPSHOT = 2 ** 16;
const inputs: readonly [ProgramName, string][] = [
  ['sha256', 'The quick brown fox jumps over the lazy dog. '.repeat(100)],
  ['sort', Array.from({ length: 300 }, (_, i) => String((i * 7919) % 1000)).join('\n')],
  ['json', JSON.stringify(Array.from({ length: 400 }, (_, i) => ({ name: `item ${String(i)}`, value: i / 3 })))],
];
const count = (value: number): string => Math.round(value).toLocaleString('en');

async function runOf(
  name: ProgramName,
  input: string,
  stepsPerSnapshot = STEPS_PER_SNAPSHOT,
): Promise<{ store: SnapshotStore; steps: number; seconds: number }> {
  const parsed = parseElf(readGuest(name, 'fast'));
  if (!parsed.ok) throw new Error(`${name}: ${parsed.reason}`);
  const machine = layer.upper();
  machine.load(parsed.elf, { input: new TextEncoder().encode(input) });
  return runWithSnapshots({ machine, stepsPerSnapshot, segments: 8 });
}

console.log(
  `node ${process.version}, ${process.arch}, ${String(availableParallelism())} cores; one run, in processor time where it says so`,
);
console.log('\ncheck (bar: 100,000 steps per second and core)');
for (const [name, input] of inputs) {
  const { store, steps } = await runOf(name, input);
  const began = process.cpuUsage();
  const report = await checkRun({ store, pool: inProcessPool([layer]) });
  const used = process.cpuUsage(began);
  const seconds = (used.user + used.system) / 1e6;
  if (!report.agreed || report.steps !== steps) throw new Error(`${name}: the machines differ`);

  // The yardstick: the same steps in a row, neither journaled nor compared.
  const upper = layer.upper();
  const lower = layer.lower();
  const start = await store.load(0);
  upper.restore(start);
  lower.restore(start.withRegion(layer.auxiliary.region, layer.auxiliary.content));
  const bareBegan = process.cpuUsage();
  for (let i = 0; i < steps; i++) {
    upper.advance(1);
    lower.advance(2 ** layer.log2Steps);
  }
  const bareUsed = process.cpuUsage(bareBegan);
  const bare = (bareUsed.user + bareUsed.system) / 1e6;
  console.log(
    `  ${name.padEnd(7)} ${count(steps)} steps: ${count(steps / seconds)} per second of processor time ` +
      `(${count(report.stepsPerSecond)} by the wall), ${(seconds / bare).toFixed(2)} times the bare machines; ` +
      `${((report.executedSteps ?? NaN) / steps).toFixed(0)} micro-steps for each`,
  );
}

console.log('\nworker threads, on one interval between two snapshots');
{
  const input = inputs[0]![1].repeat(Number(process.env['REPEAT'] ?? 16));
  const { store, steps } = await runOf('sha256', input, 2 ** 40);
  let alone = 0;
  for (let size = 1; size <= availableParallelism(); size *= 2) {
    const began = process.cpuUsage();
    const report = await checkRun({ store, pool: threadPool({ ...stackModule(), size }) });
    const used = process.cpuUsage(began);
    if (!report.agreed || report.steps !== steps) throw new Error('the machines differ');
    if (size === 1) alone = report.seconds;
    console.log(
      `  ${String(size).padStart(2)}: ${report.seconds.toFixed(1)} s, ${(alone / report.seconds).toFixed(2)} times one worker, ` +
        `${count(report.stepsPerSecond)} steps/s, start of the threads included; ` +
        `${((used.user + used.system) / 1e6 / report.seconds).toFixed(2)} cores had, ` +
        `${count((steps * 1e6) / (used.user + used.system))} steps per second of processor time`,
    );
  }
}

console.log('\ndispute');
{
  const { store, steps } = await runOf('sha256', inputs[0]![1]);
  const options = { stack: [layer], store };
  const lie = { at: [Math.floor(steps / 3), 97] as [number, number], address: 0x9000_0000, bit: 0 };
  const parties = [
    createParty({ ...options, name: 'honest' }),
    createLyingParty({ ...options, name: 'liar' }, lie),
  ] as const;
  const initialRoot = (await store.load(0)).root();
  const began = performance.now();
  const result = await settleDispute(parties, {
    hasher: layer.verifier.hasher,
    layers: layerRules([layer]),
    verifyStep: layer.verify,
    initialRoot,
  });
  if (result.winner !== 0 || result.step !== lie.at[0] || result.microStep !== lie.at[1])
    throw new Error('the wrong one lost');
  console.log(
    `  about ${count(steps)} steps: ${String(result.rounds)} rounds, ${count(result.bytes)} bytes, ` +
      `${count(performance.now() - began)} ms for both parties and the referee`,
  );
}
