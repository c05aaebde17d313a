// `node --conditions=@commute/source bench/verify.bench.ts`: what it takes to verify runs at 100 proven bits, the first time in a process and when warm.
// `SEGMENTS=1,2 FORMS=pairwise LOG_CYCLES=14 PROCESSES=20 PROGRAM=sieve node …` measures others. Each first verification is one in a process of its own, from the
// bytes of a file to the verdict with the engine made on the way, without loading code; medians of all processes. Warm is the quickest of 20 in each.
// Processor time is that of the verifying thread: on a machine that is shared it says more than the clock.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseElf } from '@commute/elf';
import { createFieldEngine } from '@commute/field';
import {
  createExecutor,
  createProgram,
  decodeRunFile,
  encodeRunFile,
  type Program,
  proveRun,
  type RunForm,
  verifyRun,
} from '../src/index.ts';

const {
  PROGRAM = 'sieve',
  SEGMENTS = '1,2,4,8,16',
  FORMS = 'pairwise,joint',
  LOG_CYCLES = '16',
  PROCESSES = '20',
  FILE,
} = process.env;

/** By the clock, and of the thread's processor time, in milliseconds. */
interface Time {
  readonly clock: number;
  readonly processor: number;
}

interface Measured {
  readonly first: Time;
  readonly warm: Time;
}

async function timeOf(body: () => unknown): Promise<Time> {
  const before = process.threadCpuUsage();
  const start = performance.now();
  await body();
  const clock = performance.now() - start;
  const { user, system } = process.threadCpuUsage(before);
  return { clock, processor: (user + system) / 1000 };
}

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >>> 1]!;

/** What a process of its own does. */
async function measure(path: string): Promise<Measured> {
  const bytes = new Uint8Array(readFileSync(path));
  const verify = async (): Promise<void> => {
    const file = decodeRunFile(bytes);
    if (!file.ok) throw new Error(file.reason);
    const { program, claim, proof, securityBits } = file.value;
    const engine = await createFieldEngine();
    const verdict = verifyRun(engine, program, claim, proof, { securityBits });
    if (!verdict.ok) throw new Error(verdict.reason);
    engine.dispose();
  };
  const first = await timeOf(verify);
  const others: Time[] = [];
  for (let round = 0; round < 20; round++) others.push(await timeOf(verify));
  const least = (of: (time: Time) => number): number => Math.min(...others.map(of));
  return { first, warm: { clock: least(({ clock }) => clock), processor: least(({ processor }) => processor) } };
}

/** An input of a program, one number, that takes about as long as the number is large, for a run of so many segments. */
function inputFor(program: Program, segments: number, logCycles: number): Uint8Array {
  let number = 100;
  for (let tries = 0; tries < 20; tries++) {
    const input = new TextEncoder().encode(String(number));
    const executor = createExecutor(program, { input });
    while (!executor.halted) {
      const outcome = executor.next(18);
      if (!outcome.ok) throw new Error(outcome.message);
    }
    const { cycles } = executor;
    if (Math.ceil(cycles / 2 ** logCycles) === segments && cycles > (segments - 0.5) * 2 ** logCycles) return input;
    number = Math.max(1, Math.round((number * (segments - 0.1) * 2 ** logCycles) / cycles));
  }
  throw new Error(`${PROGRAM}: no input found for ${String(segments)} segments`);
}

async function main(): Promise<void> {
  const path = new URL(`../../../tools/guests/dist/${PROGRAM}.micro.elf`, import.meta.url);
  const parsed = parseElf(new Uint8Array(readFileSync(path)));
  if (!parsed.ok) throw new Error(parsed.reason);
  const program = createProgram(parsed.elf);
  const engine = await createFieldEngine();
  const folder = mkdtempSync(join(tmpdir(), 'commute-verify-'));
  const file = join(folder, 'run.proof');
  console.log(`node ${process.version}, ${PROGRAM}, segments of 2^${LOG_CYCLES} cycles, ${PROCESSES} processes each`);
  for (const form of FORMS.split(',') as RunForm[]) {
    for (const segments of SEGMENTS.split(',').map(Number)) {
      const input = inputFor(program, segments, Number(LOG_CYCLES));
      const run = await proveRun(engine, program, input, { form, logCycles: Number(LOG_CYCLES), memory: 1e15 });
      if (!run.ok) throw new Error(run.message);
      writeFileSync(file, encodeRunFile({ program, claim: run.claim, securityBits: 100, proof: run.proof }));
      const all = Array.from({ length: Number(PROCESSES) }, () => {
        const { stdout, stderr, status } = spawnSync(
          process.execPath,
          [...process.execArgv, fileURLToPath(import.meta.url)],
          { env: { ...process.env, FILE: file }, encoding: 'utf8' },
        );
        if (status !== 0) throw new Error(stderr);
        return JSON.parse(stdout) as Measured;
      });
      const show = (of: (measured: Measured) => Time): string => {
        const [clock, processor] = [
          median(all.map((each) => of(each).clock)),
          median(all.map((each) => of(each).processor)),
        ];
        return `${clock.toFixed(0)} ms (${processor.toFixed(0)} ms of processor time)`;
      };
      console.log(
        `${form}, ${String(segments)} segments: ${String(Math.round(run.proof.length / 1024))} KiB, ` +
          `first ${show(({ first }) => first)}, warm ${show(({ warm }) => warm)}`,
      );
    }
  }
  rmSync(folder, { recursive: true });
  engine.dispose();
}

if (FILE === undefined) await main();
else console.log(JSON.stringify(await measure(FILE)));
