// `node --conditions=@commute/source bench/run.bench.ts`: whole runs at 100 proven bits, by number of segments and form of link.
// `PROGRAM=sort INPUT=4000 LOG_CYCLES=14,16 FORMS=pairwise THREADS=2 node …` measures others; inputs are separated by |.
// `PROGRAM=sha256 LENGTHS='2300|2300|10100|41300' LOG_CYCLES=18 FORMS=pairwise node …`: what a cycle costs from 2^18 to 2^22 of them, on inputs of so many bytes; the first run has to
// touch memory and to compile besides.
// `PROGRAM=memory INPUT='4 4096|16 4096|68 4096' LOG_CYCLES=14 FORMS=paged,global,pairwise node …`: what touched memory costs.
// `SEGMENTS=1,2,4,8,16 FORMS=joint LOG_CYCLES=14,15,16 node …`: what more segments cost, each run in a process of its own, so that peaks are its own. Inputs of
// the program, one number, are found that give so many segments. `MEMORY=4e9` bounds joint proofs as `commute prove --memory` does, and is half of the machine's by default.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { totalmem } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseElf } from '@commute/elf';
import { createFieldEngine } from '@commute/field';
import { createExecutor, createProgram, proveRun, type RunForm, verifyRun } from '../src/index.ts';

const {
  PROGRAM = 'sieve',
  INPUT = '2000',
  LENGTHS = '',
  LOG_CYCLES = '13,14,15',
  FORMS = 'pairwise,global,paged,joint',
  THREADS = '1',
  SEGMENTS = '',
  MEMORY = String(totalmem() / 2),
} = process.env;

const path = new URL(`../../../tools/guests/dist/${PROGRAM}.micro.elf`, import.meta.url);
const parsed = parseElf(new Uint8Array(readFileSync(path)));
if (!parsed.ok) throw new Error(parsed.reason);
const program = createProgram(parsed.elf);

/** Cycles of the program with a number as input. */
function cyclesOf(number: number): number {
  const executor = createExecutor(program, { input: new TextEncoder().encode(String(number)) });
  while (!executor.halted) {
    const outcome = executor.next(18);
    if (!outcome.ok) throw new Error(outcome.message);
  }
  return executor.cycles;
}

/** A number that gives so many segments, for a program that takes about as long as the number is large. */
function inputFor(segments: number, logCycles: number): number {
  const wanted = (segments - 0.1) * 2 ** logCycles;
  let number = 100;
  for (let tries = 0; tries < 20; tries++) {
    const cycles = cyclesOf(number);
    // The last segment is to be at least half full.
    if (Math.ceil(cycles / 2 ** logCycles) === segments && cycles > (segments - 0.5) * 2 ** logCycles) return number;
    number = Math.max(1, Math.round((number * wanted) / cycles));
  }
  throw new Error(`${PROGRAM}: no input found for ${String(segments)} segments`);
}

if (SEGMENTS !== '') {
  for (const logCycles of LOG_CYCLES.split(',').map(Number)) {
    for (const segments of SEGMENTS.split(',').map(Number)) {
      const env = { ...process.env, SEGMENTS: '', LOG_CYCLES: String(logCycles), FORMS: FORMS.split(',')[0] };
      const alone = { ...env, INPUT: String(inputFor(segments, logCycles)) };
      spawnSync(process.execPath, [...process.execArgv, fileURLToPath(import.meta.url)], {
        env: alone,
        stdio: 'inherit',
      });
    }
  }
  process.exit();
}
const engine = await createFieldEngine({ threads: Number(THREADS) });

const inputs =
  LENGTHS === ''
    ? INPUT.split('|').map((text) => ({ named: `input ${text}`, input: new TextEncoder().encode(text) }))
    : LENGTHS.split('|').map((length) => ({
        named: `${length} bytes of input`,
        input: Uint8Array.from({ length: Number(length) }, (_, at) => (at * at) >>> 4),
      }));
for (const { named, input } of inputs) {
  console.log(`${PROGRAM} with ${named}, ${THREADS} threads`);
  for (const form of FORMS.split(',') as RunForm[]) {
    for (const logCycles of LOG_CYCLES.split(',').map(Number)) {
      const phases: Record<string, number> = {};
      let last = performance.now();
      const start = last;
      const before = process.cpuUsage();
      const run = await proveRun(engine, program, input, {
        form,
        logCycles,
        memory: Number(MEMORY),
        onProgress: ({ phase }) => {
          const now = performance.now();
          phases[phase] = (phases[phase] ?? 0) + now - last;
          last = now;
        },
      });
      if (!run.ok) throw new Error(run.message);
      const proving = performance.now() - start;
      const { user, system } = process.cpuUsage(before);
      // The first time code is compiled; then the quickest of some.
      const [first, ...others] = Array.from({ length: 6 }, () => {
        const begin = performance.now();
        const verdict = verifyRun(engine, program, run.claim, run.proof);
        if (!verdict.ok) throw new Error(verdict.reason);
        return performance.now() - begin;
      }) as [number, ...number[]];
      const seconds = (milliseconds: number): string => `${(milliseconds / 1000).toFixed(2)} s`;
      const split = Object.entries(phases).map(([phase, time]) => `${phase} ${seconds(time)}`);
      console.log(
        `${form}, 2^${String(logCycles)} cycles: ${String(run.cycles)} cycles, ${String(run.segments)} segments in ${String(run.proofs)} proofs, ` +
          `proving ${seconds(proving)} (${split.join(', ')}; ${seconds((user + system) / 1000)} of processor time), ${String(Math.round((1000 * run.cycles) / proving))} cycles/s, ${((1000 * proving) / run.cycles).toFixed(1)} us a cycle, ` +
          `proof ${String(Math.round(run.proof.length / 1024))} KiB, verifying ${seconds(first)} then ${seconds(Math.min(...others))}, ` +
          `peak ${String(Math.round(process.resourceUsage().maxRSS / 1024))} MiB`,
      );
    }
  }
}
engine.dispose();
