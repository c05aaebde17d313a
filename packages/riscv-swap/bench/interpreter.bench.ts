/**
 * Micro-steps for each instruction of the fast machine, instructions checked in a second, and bytes of a one-step proof:
 * `node --conditions=@commute/source bench/interpreter.bench.ts`.
 *
 * @module
 */
import { readGuest, type ProgramName } from '@commute-tools/guests';
import { parseElf, type Elf } from '@commute/elf';
import type { FastVM } from '@commute/fast-vm';
import { createMicroRiscv, proveStep, verifyStep, type MicroRiscv } from '@commute/micro-riscv';
import { createRiscvLayer } from '@commute/riscv-swap';
import { StepChecker, attach } from '@commute/swap';

const layer = createRiscvLayer();
const period = 2 ** layer.log2Steps;

function elf(name: ProgramName, target: 'fast' | 'micro'): Elf {
  const parsed = parseElf(readGuest(name, target));
  if (!parsed.ok) throw new Error(parsed.reason);
  return parsed.elf;
}

const text = (value: string): Uint8Array => new TextEncoder().encode(value);
const runs: readonly (readonly [ProgramName, Uint8Array])[] = [
  ['sha256', text('x'.repeat(2000))],
  ['json', text(JSON.stringify(Array.from({ length: 300 }, (_, i) => ({ i, text: `number ${String(i)}` }))))],
  ['sort', text(Array.from({ length: 300 }, (_, i) => String((i * 7919) % 1009)).join('\n'))],
  ['sieve', text('3000')],
  ['mandelbrot', text('24 12 20')],
  ['arithmetic', new Uint8Array(Array.from({ length: 1600 }, (_, i) => (i * i * 31) & 255))],
];

/** Class of the instruction at the pc. */
function classOf(machine: FastVM): string {
  const pc = Number(machine.pc());
  const half = machine.memory.loadByte(pc) | (machine.memory.loadByte(pc + 1) << 8);
  if ((half & 3) !== 3) return classOfCompressed(half);
  const upper = machine.memory.loadByte(pc + 2) | (machine.memory.loadByte(pc + 3) << 8);
  const funct3 = (half >> 12) & 7;
  const multiplies = upper >> 9 === 1;
  switch (half & 0x7f) {
    case 0x03:
      return 'load';
    case 0x23:
      return 'store';
    case 0x63:
      return 'branch';
    case 0x6f:
    case 0x67:
      return 'jump';
    case 0x33:
    case 0x3b:
      if (multiplies) return funct3 >= 4 ? 'division' : 'multiplication';
      return 'arithmetic';
    case 0x73:
      return 'system and host call';
    case 0x2f:
      return 'atomic';
    default:
      return 'arithmetic';
  }
}

function classOfCompressed(half: number): string {
  const quadrant = half & 3;
  const funct3 = half >> 13;
  if (quadrant !== 1 && funct3 >= 1 && funct3 <= 3) return 'c. load';
  if (quadrant !== 1 && funct3 >= 5) return 'c. store';
  if (quadrant === 1 && funct3 >= 5) return funct3 === 5 ? 'c. jump' : 'c. branch';
  if (quadrant === 2 && funct3 === 4 && (half & 0x7c) === 0) return 'c. jump';
  return 'c. arithmetic';
}

interface Count {
  instructions: number;
  microSteps: number;
  longest: number;
}

function count(into: Map<string, Count>, name: string, microSteps: number): void {
  const found = into.get(name) ?? { instructions: 0, microSteps: 0, longest: 0 };
  found.instructions++;
  found.microSteps += microSteps;
  found.longest = Math.max(found.longest, microSteps);
  into.set(name, found);
}

function table(title: string, counts: ReadonlyMap<string, Count>): void {
  console.log(`\n${title.padEnd(22)} instructions   micro-steps each   longest`);
  for (const [name, { instructions, microSteps, longest }] of [...counts].sort((a, b) => a[0].localeCompare(b[0]))) {
    const mean = (microSteps / instructions).toFixed(1);
    console.log(
      `${name.padEnd(22)} ${String(instructions).padStart(12)}   ${mean.padStart(16)}   ${String(longest).padStart(7)}`,
    );
  }
}

/** One instruction on the micro machine; returns the micro-steps before it halts. */
function lowerStep(machine: MicroRiscv): number {
  const executed = machine.run(period - 1);
  machine.advance(period - executed);
  return executed;
}

const perProgram = new Map<string, Count>();
const perClass = new Map<string, Count>();
for (const [name, input] of runs) {
  const fast = layer.upper();
  fast.load(elf(name, 'fast'), { input });
  const micro = layer.lower();
  micro.restore(attach(layer, fast.snapshot()));
  for (let step = 0; step < 100_000 && fast.halt === undefined; step++) {
    const kind = classOf(fast);
    const microSteps = lowerStep(micro);
    fast.advance(1);
    count(perProgram, name, microSteps);
    count(perClass, kind, microSteps);
  }
  if (String(attach(layer, fast.snapshot()).root()) !== String(micro.root())) throw new Error(`${name}: roots differ`);
}
table('program', perProgram);
table('class', perClass);
let all = 0;
let instructions = 0;
let longest = 0;
for (const each of perProgram.values()) {
  all += each.microSteps;
  instructions += each.instructions;
  longest = Math.max(longest, each.longest);
}
console.log(
  `\nmean ${(all / instructions).toFixed(1)}; longest ${String(longest)}, 2^16 is ${(period / longest).toFixed(0)} times that`,
);

const seconds = (work: () => void): number => {
  const before = performance.now();
  work();
  return (performance.now() - before) / 1000;
};

/* The yardstick: how fast the micro machine runs an ordinary program. */
const plain = createMicroRiscv();
plain.load(elf('sha256', 'micro'), { input: new Uint8Array(100_000) });
plain.run(2e6);
let plainSteps = 0;
const plainSeconds = seconds(() => {
  plainSteps = plain.run(1e7);
});
const plainRate = plainSteps / plainSeconds;

const machine = layer.upper();
machine.load(elf('sha256', 'fast'), { input: new Uint8Array(100_000) });
const start = machine.snapshot();
const alone = layer.lower();
alone.restore(attach(layer, start));
const steps = 300_000;
let aloneMicro = 0;
for (let i = 0; i < 20_000; i++) lowerStep(alone);
const aloneSeconds = seconds(() => {
  for (let i = 0; i < steps; i++) aloneMicro += lowerStep(alone);
});
const checker = new StepChecker([layer]);
checker.start(start, 0);
if (checker.advance(20_000) !== undefined) throw new Error('the machines differ');
const checkSeconds = seconds(() => {
  if (checker.advance(steps) !== undefined) throw new Error('the machines differ');
});
const rate = (value: number): string => Math.round(value).toLocaleString('en-US');
console.log(`
the micro machine runs an ordinary program at        ${rate(plainRate / 1e6)} million steps/s
interpreting and cleaning: ${rate(steps / aloneSeconds)} instructions/s, ${rate(aloneMicro / aloneSeconds / 1e6)} million micro-steps/s (${(aloneMicro / aloneSeconds / plainRate).toFixed(2)} of that)
checking against the fast machine after each step:   ${rate(steps / checkSeconds)} instructions/s (${(((all / instructions) * steps) / checkSeconds / plainRate).toFixed(2)} of that)`);

const bytes: number[] = [];
const prover = layer.lower();
prover.restore(alone.snapshot());
for (let i = 0; i < 60; i++) {
  while (prover.halt === undefined) {
    const before = prover.root();
    const proof = proveStep(prover);
    prover.advance(1);
    const verdict = verifyStep(layer.verifier, before, proof);
    if (!verdict.ok || String(verdict.rootAfter) !== String(prover.root())) throw new Error('a proof is wrong');
    bytes.push(proof.length);
  }
  prover.advance(period - Number(prover.clock));
}
const mean = bytes.reduce((sum, each) => sum + each, 0) / bytes.length;
console.log(
  `proof of one micro-step: ${mean.toFixed(0)} bytes on average, ${String(Math.max(...bytes))} at most, of ${String(bytes.length)}`,
);
