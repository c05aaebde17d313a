/*
 * `node --conditions=@commute/source bench/pipeline.bench.ts`: the whole prover on 60 main columns, 20 of the extension, 200 and 40 constraints of degree 3,
 * blowup 4, 100 proven bits; on one thread and on two. LOG_ROWS (16) and ROUNDS (5) are taken from the environment.
 *
 * Times are minima of the rounds. The yardsticks are measured in the same run: a multiplication of the field, and the bigint reference.
 */
import { createFieldEngine, type WasmEngine } from '@commute/field';
import {
  arithmetize,
  createStarkSystem,
  evaluateConstraintsInto,
  prove,
  type ProvingPhase,
  SUM_COLUMNS,
  verify,
} from '../src/index.ts';
import { pipeline, pipelineTrace } from './pipeline.ts';

const logRows = Number(process.env['LOG_ROWS'] ?? 16);
const rounds = Number(process.env['ROUNDS'] ?? 5);
const rows = 2 ** logRows;

/** What the kernels are for, by the beginnings of their names. */
const KINDS = {
  'filling columns': ['main', 'auxiliary', 'fraction', 'recurrences', 'runningSum', 'inverse', 'finishFractions'],
  transforms: ['evaluateScaled', 'extend', 'frequency', 'time', 'reverse', 'spread'],
  hashing: ['leaves', 'pairs', 'tower'],
  constraints: ['constraints'],
  'values at points': ['dot'],
  'work for queries': ['grind'],
} as const;
const kindOf = (kernel: string): string =>
  Object.entries(KINDS).find(([, names]) => names.some((name) => kernel.startsWith(name)))?.[0] ?? 'vector arithmetic';

/** Sums up the time of kernels, until it is asked. */
function watch(engine: WasmEngine): () => Map<string, number> {
  const run = engine.run.bind(engine);
  let times = new Map<string, number>();
  engine.run = (name, calls, module) => {
    const start = performance.now();
    run(name, calls, module);
    const kind = kindOf(name);
    times.set(kind, (times.get(kind) ?? 0) + performance.now() - start);
  };
  return () => {
    const result = times;
    times = new Map();
    return result;
  };
}

/** Nanoseconds per multiplication, one thread: the best of several rounds. */
function multiplicationTime(engine: WasmEngine): number {
  return engine.scope(() => {
    const size = 1 << 14;
    const values = engine.from(Array.from({ length: size }, (_, k) => BigInt(k) << 40n));
    let best = Infinity;
    for (let round = 0; round < 200; round++) {
      const start = performance.now();
      engine.multiplyInto(values, values, values);
      best = Math.min(best, (1e6 * (performance.now() - start)) / size);
    }
    return best;
  });
}

/** Milliseconds that the reference takes for the constraints of a row, at the two points per row that degree 3 needs. */
function referenceTime(engine: WasmEngine): number {
  const arithmetization = arithmetize(pipeline, { maximumDegree: 3 });
  return engine.scope(() => {
    const count = 32;
    const { names, challenges, constraints } = arithmetization;
    const out = engine.allocate(count, SUM_COLUMNS);
    const start = performance.now();
    evaluateConstraintsInto(arithmetization, out, {
      main: engine.allocate(count, names.main.length),
      auxiliary: engine.allocate(count, 3 * names.auxiliary.length),
      preprocessed: engine.allocate(count, 0),
      step: 1,
      publicValues: [],
      challenges: challenges.map(() => [1n, 2n, 3n]),
      terminal: [0n, 0n, 0n],
      exposed: [],
      weights: constraints.map(() => [1n, 2n, 3n]),
    });
    return (2 * (performance.now() - start)) / count;
  });
}

console.log(`node ${process.version}, 2^${String(logRows)} rows`);
const trace = pipelineTrace(rows);
const system = createStarkSystem([pipeline], { maximumLogRows: logRows, maximumDegree: 3 });
const statement = { publicValues: [{}] };
const { report, queries } = system.parameters;
console.log(`${report.best.bits.toFixed(1)} bits (${report.best.regime}), ${String(queries)} queries`);

const best: number[] = [];
/** Processor time of the calling thread, which tells how the work divides on a machine that is shared. */
const shares: number[] = [];
for (const threads of [1, 2]) {
  const engine = await createFieldEngine({ threads });
  const multiplication = multiplicationTime(engine);
  const taken = watch(engine);
  let total = Infinity;
  let first = 0;
  let [processor, share] = [Infinity, Infinity];
  let kinds = new Map<string, number>();
  let phases = new Map<ProvingPhase, number>();
  let proof = new Uint8Array();
  for (let round = 0; round < rounds; round++) {
    taken();
    const starts: [ProvingPhase, number][] = [];
    const onProgress = ({ phase }: { readonly phase: ProvingPhase }): void => {
      starts.push([phase, performance.now()]);
    };
    const usage = process.cpuUsage();
    const own = process.threadCpuUsage();
    const start = performance.now();
    proof = prove(engine, system, [trace], statement, {}, { onProgress });
    const end = performance.now();
    const { user, system: kernel } = process.cpuUsage(usage);
    processor = Math.min(processor, (user + kernel) / 1000);
    const { user: ownUser, system: ownKernel } = process.threadCpuUsage(own);
    share = Math.min(share, (ownUser + ownKernel) / 1000);
    if (round === 0) first = end - start;
    if (end - start >= total) continue;
    total = end - start;
    kinds = taken();
    phases = new Map(starts.map(([phase, from], k) => [phase, (starts[k + 1]?.[1] ?? end) - from]));
  }
  best.push(total);
  shares.push(share);
  const perThread = rows / (total / 1000) / engine.threads;
  const bars = (times: ReadonlyMap<string, number>): string =>
    [...times].map(([name, time]) => `${name} ${time.toFixed(0)}`).join(', ');
  const inKernels = [...kinds.values()].reduce((sum, time) => sum + time, 0);
  console.log(
    `\n${String(engine.threads)} threads: ${total.toFixed(0)} ms (the first time ${first.toFixed(0)}), ${(perThread / 1000).toFixed(1)} thousand rows/s and thread`,
  );
  console.log(`  by phase, ms: ${bars(phases)}`);
  console.log(
    `  by kind, ms: ${bars(new Map([...kinds].sort((a, b) => b[1] - a[1])))}, all else ${(total - inKernels).toFixed(0)}`,
  );
  console.log(
    `  processor time of all threads ${processor.toFixed(0)} ms: ${(rows / processor).toFixed(1)} thousand rows per second of it; ` +
      `a multiplication takes ${multiplication.toFixed(2)} ns here, a row as long as ${((1e6 * total * engine.threads) / rows / multiplication).toFixed(0)} of them`,
  );
  console.log(`  engine's memory ${(engine.arena.byteLength / 2 ** 20).toFixed(0)} MiB`);
  if (threads === 1) {
    const reference = referenceTime(engine);
    const compiled = (kinds.get('constraints') ?? NaN) / rows;
    console.log(`  constraints: ${(reference / compiled).toFixed(0)} times as fast as by bigints`);
    let [verifying, coldest] = [Infinity, 0];
    for (let round = 0; round < 30; round++) {
      const start = performance.now();
      if (!verify(system, statement, proof).ok) throw new Error('refused');
      const time = performance.now() - start;
      if (round === 0) coldest = time;
      verifying = Math.min(verifying, time);
    }
    console.log(
      `  proof ${(proof.length / 1024).toFixed(0)} KiB, verified in ${verifying.toFixed(0)} ms, the first time in ${coldest.toFixed(0)} ms`,
    );
  }
  engine.dispose();
}
console.log(
  `\ntwo threads are ${(best[0]! / best[1]!).toFixed(2)} times as fast as one; the calling thread works ${(shares[0]! / shares[1]!).toFixed(2)} times less`,
);
console.log(
  `largest resident set ${(process.resourceUsage().maxRSS / 1024).toFixed(0)} MiB, traces of both runs and the reference included`,
);
