/**
 * Speed of the quick interpreter on the sample programs, beside the reference step (bigint, one instruction at a time),
 * and the cost of single steps as a checker takes them. Every run is first checked against its expected output. Times
 * are processor times of this process, best of three.
 *
 * Run: node --conditions=@commute/source bench/fast-vm.bench.ts
 */
import { guestCases, programNames, readGuest } from '@commute-tools/guests';
import { parseElf, type Elf } from '@commute/elf';
import { Memory, type Snapshot } from '@commute/machine';
import { createFastVM, referenceStep } from '../src/index.ts';

/** Processor time in milliseconds. */
function now(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** The least time that `act` takes, in milliseconds; `prepare` comes before each and is not counted. */
function best(prepare: () => void, act: () => void): number {
  let least = Infinity;
  for (let round = 0; round < 3; round++) {
    prepare();
    const before = now();
    act();
    least = Math.min(least, now() - before);
  }
  return least;
}

function elfOf(name: (typeof programNames)[number]): Elf {
  const result = parseElf(readGuest(name, 'fast'));
  if (!result.ok) throw new Error(`${name}: ${result.reason}`);
  return result.elf;
}

console.log(`node ${process.version}, ${process.arch}; million instructions per second`);
const cases = guestCases();
const vm = createFastVM();
let sha: Snapshot | undefined;
const ratios: number[] = [];
for (const name of programNames) {
  const elf = elfOf(name);
  let longest = { steps: 0, start: vm.snapshot(), name: '' };
  for (const one of cases) {
    if (one.program !== name) continue;
    vm.load(elf, { input: one.input });
    const start = vm.snapshot();
    const steps = vm.run(2 ** 40);
    const right = vm.halt?.kind === 'exit' && vm.halt.code === one.exitCode;
    if (!right || Buffer.compare(vm.output(), one.output) !== 0) throw new Error(`${name}: ${one.name} went wrong`);
    if (steps > longest.steps) longest = { steps, start, name: one.name };
  }
  if (name === 'sha256') sha = longest.start;
  if (longest.steps < 100_000) continue;
  // The longest case again, and the beginning of it by the reference.
  const { steps, start } = longest;
  const quickTime = best(
    () => {
      vm.restore(start);
    },
    () => {
      vm.run(2 ** 40);
    },
  );
  const memory = new Memory();
  const slowSteps = 20_000;
  const slowTime = best(
    () => {
      memory.restore(start);
    },
    () => {
      for (let step = 0; step < slowSteps; step++) referenceStep(memory);
    },
  );
  const quick = steps / quickTime / 1000;
  const slow = slowSteps / slowTime / 1000;
  ratios.push(quick / slow);
  console.log(
    `${name.padEnd(11)} ${steps.toLocaleString('en').padStart(12)} steps: ${quick.toFixed(0).padStart(4)}, ` +
      `the reference ${slow.toFixed(3)}, ratio ${(quick / slow).toFixed(0)}  (${longest.name})`,
  );
}
const mean = Math.exp(ratios.reduce((sum, ratio) => sum + Math.log(ratio), 0) / ratios.length);
console.log(`geometric mean of the ratios: ${mean.toFixed(0)}`);

if (sha === undefined) throw new Error('no sha256');
const perStep = (title: string, count: number, act: () => void): void => {
  const time = best(
    () => undefined,
    () => {
      for (let i = 0; i < count; i++) act();
    },
  );
  console.log(`${title}: ${((time * 1000) / count).toFixed(3)} µs`);
};
vm.restore(sha);
perStep('advance(1)', 300_000, () => {
  vm.advance(1);
});
perStep('advance(1) and sync()', 300_000, () => {
  vm.advance(1);
  vm.sync();
});
vm.memory.journaling = true;
perStep('advance(1) and sync() with the journal', 300_000, () => {
  vm.memory.journalLength = 0;
  vm.advance(1);
  vm.sync();
});
vm.memory.journaling = false;
perStep('advance(1) and snapshot()', 20_000, () => {
  vm.advance(1);
  vm.snapshot();
});
const memory = new Memory();
memory.restore(sha);
perStep('a step of the reference', 20_000, () => {
  referenceStep(memory);
});
