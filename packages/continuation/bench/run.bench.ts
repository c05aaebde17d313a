// `node --conditions=@commute/source bench/run.bench.ts`: whole runs at 100 proven bits, by number of segments and form of link.
// `PROGRAM=sort INPUT=4000 LOG_CYCLES=14,16 FORMS=pairwise THREADS=2 node …` measures others; inputs are separated by |.
// `PROGRAM=memory INPUT='4 4096|16 4096|68 4096' LOG_CYCLES=14 FORMS=paged,global,pairwise node …`: what touched memory costs.
import { readFileSync } from 'node:fs';
import { parseElf } from '@commute/elf';
import { createFieldEngine } from '@commute/field';
import { createProgram, type LinkForm, proveRun, verifyRun } from '../src/index.ts';

const {
  PROGRAM = 'sieve',
  INPUT = '2000',
  LOG_CYCLES = '13,14,15',
  FORMS = 'pairwise,global,paged',
  THREADS = '1',
} = process.env;

const path = new URL(`../../../tools/guests/dist/${PROGRAM}.micro.elf`, import.meta.url);
const parsed = parseElf(new Uint8Array(readFileSync(path)));
if (!parsed.ok) throw new Error(parsed.reason);
const program = createProgram(parsed.elf);
const engine = await createFieldEngine({ threads: Number(THREADS) });

for (const text of INPUT.split('|')) {
  const input = new TextEncoder().encode(text);
  console.log(`${PROGRAM} with input ${text}, ${THREADS} threads`);
  for (const form of FORMS.split(',') as LinkForm[]) {
    for (const logCycles of LOG_CYCLES.split(',').map(Number)) {
      const phases: Record<string, number> = {};
      let last = performance.now();
      const start = last;
      const run = await proveRun(engine, program, input, {
        form,
        logCycles,
        onProgress: ({ phase }) => {
          const now = performance.now();
          phases[phase] = (phases[phase] ?? 0) + now - last;
          last = now;
        },
      });
      if (!run.ok) throw new Error(run.message);
      const proving = performance.now() - start;
      // Twice: the first time code is compiled.
      const [first, second] = [0, 1].map(() => {
        const begin = performance.now();
        const verdict = verifyRun(engine, program, run.claim, run.proof);
        if (!verdict.ok) throw new Error(verdict.reason);
        return performance.now() - begin;
      }) as [number, number];
      const seconds = (milliseconds: number): string => `${(milliseconds / 1000).toFixed(2)} s`;
      const split = Object.entries(phases).map(([phase, time]) => `${phase} ${seconds(time)}`);
      console.log(
        `${form}, 2^${String(logCycles)} cycles: ${String(run.cycles)} cycles, ${String(run.segments)} segments, ` +
          `proving ${seconds(proving)} (${split.join(', ')}), ${String(Math.round((1000 * run.cycles) / proving))} cycles/s, ` +
          `proof ${String(Math.round(run.proof.length / 1024))} KiB, verifying ${seconds(first)} then ${seconds(second)}, ` +
          `peak ${String(Math.round(process.resourceUsage().maxRSS / 1024))} MiB`,
      );
    }
  }
}
engine.dispose();
