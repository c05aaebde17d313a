/**
 * Speed of translated code beside the interpreter: long runs on machines that are warm, and runs of 10^5 to 10^8 steps in new
 * processes. Times are processor times; the two take turns. Where `qemu-riscv64` is installed, its time for the whole of each
 * long run stands beside them.
 *
 * Run: node --conditions=@commute/source bench/translator.bench.ts [PROGRAM,...]
 *      node --conditions=@commute/source bench/translator.bench.ts new [PROGRAM,...] [STEPS,...]
 */
import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { guestCases, readGuest, type ProgramName } from '@commute-tools/guests';
import { parseElf, type Elf } from '@commute/elf';
import { createFastVM, type FastVM, type Implementation } from '../src/index.ts';

const IMPLEMENTATIONS: readonly Implementation[] = ['interpreter', 'translator'];
const LONGEST = 300_000_000;
const INTERPRETED = 40_000_000;

/** Processor time in milliseconds. */
function now(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

const text = (value: string): Uint8Array => new TextEncoder().encode(value);
const repeated = (count: number, one: (i: number) => string): Uint8Array =>
  text(Array.from({ length: count }, (_, i) => one(i)).join(''));

/** Inputs for long runs; programs without one here take their longest case. */
const INPUTS: Partial<Record<ProgramName, () => Uint8Array>> = {
  sieve: () => text('20000000'),
  collatz: () => text('300000'),
  mandelbrot: () => text('200 100 3000'),
  sha256: () => new Uint8Array(2 ** 21).fill(7),
  sort: () => repeated(100_000, (i) => `${String((i * 7919) % 100_003)}\n`),
  wordcount: () => repeated(300_000, (i) => `word${String((i * 31) % 977)} `),
  json: () => repeated(300_000, (i) => (i === 0 ? '[0' : i === 299_999 ? ',9]' : `,${String(i * 3)}`)),
};
/** Inputs of the others for new processes, in which looking for the longest case would leave nothing new. */
const INPUTS_OF_NEW: Partial<Record<ProgramName, () => Uint8Array>> = {
  memory: () => text('16 1'),
  lisp: () => text('(define fib (lambda (n) (if (< n 2) n (+ (fib (- n 1)) (fib (- n 2)))))) (fib 25)'),
};
const PROGRAMS: readonly ProgramName[] = [
  ...(['sha256', 'sort', 'sieve', 'collatz', 'mandelbrot', 'memory', 'wordcount', 'json', 'lisp'] as const),
];

function elfOf(name: ProgramName): Elf {
  const result = parseElf(readGuest(name, 'fast'));
  if (!result.ok) throw new Error(`${name}: ${result.reason}`);
  return result.elf;
}

function inputOf(name: ProgramName): Uint8Array {
  const own = INPUTS[name];
  if (own !== undefined) return own();
  const vm = createFastVM();
  let longest = { steps: 0, input: new Uint8Array(0) as Uint8Array };
  for (const { program, input } of guestCases()) {
    if (program !== name) continue;
    vm.load(elfOf(name), { input });
    const steps = vm.run(LONGEST);
    if (steps > longest.steps) longest = { steps, input };
  }
  return longest.input;
}

/** Million steps per second. */
function speed(vm: FastVM, limit: number): { readonly mips: number; readonly steps: number } {
  const before = now();
  const steps = vm.run(limit);
  return { mips: steps / (now() - before) / 1000, steps };
}

/** Seconds that qemu takes; undefined where it is not installed. */
function qemuSeconds(name: ProgramName, input: Uint8Array): number | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'commute-translator-'));
  try {
    const path = join(folder, name);
    writeFileSync(path, readGuest(name, 'fast'));
    chmodSync(path, 0o755);
    let least = Infinity;
    for (let round = 0; round < 2; round++) {
      const before = performance.now();
      const { error } = spawnSync('qemu-riscv64', [path], { input, maxBuffer: 2 ** 28 });
      if (error !== undefined) return undefined;
      least = Math.min(least, (performance.now() - before) / 1000);
    }
    return least;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const geometricMean = (values: readonly number[]): number =>
  Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length);

function longRuns(programs: readonly ProgramName[]): void {
  const interpreting = createFastVM();
  const translating = createFastVM({ implementation: 'translator' });
  const ratios: number[] = [];
  for (const name of programs) {
    const elf = elfOf(name);
    const input = inputOf(name);
    let [interpreted, translated, steps] = [0, 0, 0];
    for (let round = 0; round < 2; round++) {
      interpreting.load(elf, { input });
      interpreted = Math.max(interpreted, speed(interpreting, INTERPRETED).mips);
      translating.load(elf, { input });
      const one = speed(translating, LONGEST);
      translated = Math.max(translated, one.mips);
      steps = one.steps;
    }
    const seconds = translating.halt === undefined ? undefined : qemuSeconds(name, input);
    const qemu = seconds === undefined ? '' : `, qemu ${(steps / seconds / 1e6).toFixed(0)}`;
    ratios.push(translated / interpreted);
    console.log(
      `${name.padEnd(11)} ${steps.toLocaleString('en').padStart(12)} steps: interpreter ${interpreted.toFixed(0).padStart(4)}, ` +
        `translator ${translated.toFixed(0).padStart(5)}, ratio ${(translated / interpreted).toFixed(1)}${qemu}`,
    );
  }
  console.log(`geometric mean of the ratios: ${geometricMean(ratios).toFixed(1)}`);
}

interface Times {
  /** Processor time in milliseconds of the thread that runs the machine, which is how long its user waits. */
  readonly waited: number;
  /** The same of all threads: with what the engine compiles beside it. */
  readonly all: number;
  readonly steps: number;
}

/** First runs in new processes, the least of three for each implementation, by turns. */
function newProcesses(name: ProgramName, steps: number): readonly Times[] {
  const least: Times[] = IMPLEMENTATIONS.map(() => ({ waited: Infinity, all: Infinity, steps: 0 }));
  for (let round = 0; round < 3; round++) {
    IMPLEMENTATIONS.forEach((implementation, i) => {
      const words = ['--conditions=@commute/source', import.meta.filename, 'one', name, implementation, String(steps)];
      const one = JSON.parse(spawnSync(process.execPath, words, { encoding: 'utf8' }).stdout) as Times;
      const { waited, all } = least[i]!;
      least[i] = { waited: Math.min(waited, one.waited), all: Math.min(all, one.all), steps: one.steps };
    });
  }
  return least;
}

function compareLengths(programs: readonly ProgramName[], lengths: readonly number[]): void {
  for (const name of programs) {
    for (const length of lengths) {
      const [interpreted, translated] = newProcesses(name, length) as [Times, Times];
      const ratio = (field: 'waited' | 'all'): string =>
        `${interpreted[field].toFixed(0)} and ${translated[field].toFixed(0)} ms, ratio ${(interpreted[field] / translated[field]).toFixed(2)}`;
      console.log(
        `${name.padEnd(10)} ${interpreted.steps.toLocaleString('en').padStart(11)} steps in a new process, interpreter and translator: ` +
          `${ratio('waited')}; all threads ${ratio('all')}`,
      );
      if (interpreted.steps < length) break;
    }
  }
}

/** One run in a process of its own. */
function oneRun(name: ProgramName, implementation: Implementation, steps: number): Times {
  const image = elfOf(name);
  const input = (INPUTS_OF_NEW[name] ?? INPUTS[name]!)();
  const [waited, all] = [process.threadCpuUsage(), now()];
  const vm = createFastVM({ implementation });
  vm.load(image, { input });
  const done = vm.run(steps);
  const { user, system } = process.threadCpuUsage(waited);
  return { waited: (user + system) / 1000, all: now() - all, steps: done };
}

const LENGTHS = [100_000, 300_000, 1_000_000, 3_000_000, 5_000_000, 10_000_000, 30_000_000, 100_000_000];
const words = process.argv.slice(2);
const programsOf = (list: string | undefined): readonly ProgramName[] =>
  list === undefined ? PROGRAMS : (list.split(',') as ProgramName[]);
if (words[0] === 'one') {
  process.stdout.write(JSON.stringify(oneRun(words[1] as ProgramName, words[2] as Implementation, Number(words[3]))));
} else {
  console.log(`node ${process.version}, ${process.arch}`);
  if (words[0] === 'new') {
    compareLengths(programsOf(words[1]), words[2]?.split(',').map(Number) ?? LENGTHS);
  } else {
    console.log('million instructions per second');
    longRuns(programsOf(words[0]));
    if (words[0] === undefined) compareLengths(PROGRAMS, LENGTHS);
  }
}
