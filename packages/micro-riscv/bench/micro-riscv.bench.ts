/**
 * Speed of the interpreter beside the reference step, cost of a period of 2^16 steps beside an exchange of the region, and
 * size and cost of step proofs. Checks the answers first.
 *
 * Run with `node --conditions=@commute/source bench/micro-riscv.bench.ts`.
 *
 * @module
 */
import { guestCases, readGuest, type ProgramName } from '@commute-tools/guests';
import { parseElf, type Elf } from '@commute/elf';
import { Memory, Snapshot, blake3, keccak256, sha256, type PristineRegion } from '@commute/machine';
import {
  MICRO_REGION,
  PROGRAM_BASE,
  createMicroRiscv,
  microPristine,
  proveStep,
  step,
  verifyStep,
  type MicroRiscv,
} from '@commute/micro-riscv';

function elfOf(name: ProgramName): Elf {
  const parsed = parseElf(readGuest(name, 'micro'));
  if (!parsed.ok) throw new Error(parsed.reason);
  return parsed.elf;
}

/** Processor time of this process, which other programs on the machine disturb less than they do the clock. */
function milliseconds(work: () => void): number {
  const start = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1000;
}

const row = (name: string, ...cells: readonly string[]): void =>
  console.log(name.padEnd(34) + cells.map((cell) => cell.padStart(20)).join(''));
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

console.log(`${process.version} on ${process.platform} ${process.arch}\n`);

// Long runs.
const names: readonly ProgramName[] = ['sha256', 'sieve', 'mandelbrot', 'lisp', 'json', 'lz', 'sort'];
row('heaviest case of a program', 'million steps', 'million/s', 'x reference step');
for (const name of names) {
  const cases = guestCases().filter(({ program }) => program === name);
  const heavy = cases.filter(({ weight }) => weight === 'heavy');
  const one = (heavy.length > 0 ? heavy : cases).reduce((a, b) => (b.input.length > a.input.length ? b : a));
  const elf = elfOf(name);
  const machine = createMicroRiscv();
  let count = 0;
  let best = Infinity;
  for (let round = 0; round < 3; round++) {
    machine.load(elf, { input: one.input });
    const time = milliseconds(() => {
      count = machine.run(1e9);
    });
    best = Math.min(best, time);
  }
  if (hex(machine.output()) !== hex(one.output)) throw new Error(`${name}: wrong output`);
  machine.load(elf, { input: one.input });
  const slow = new Memory();
  slow.restore(machine.snapshot());
  const sampled = Math.min(count, 1_000_000);
  const reference = milliseconds(() => {
    for (let i = 0; i < sampled; i++) step(slow, machine.parameters);
  });
  machine.run(sampled);
  if (hex(machine.root()) !== hex(slow.root())) throw new Error(`${name}: the reference step came elsewhere`);
  const speed = count / best / 1000;
  row(name, (count / 1e6).toFixed(1), speed.toFixed(0), (speed / (sampled / reference / 1000)).toFixed(0));
}

// Periods.
const i = (opcode: number, funct3: number, rd: number, rs1: number, value: number): number =>
  ((value << 20) | (rs1 << 15) | (funct3 << 12) | (rd << 7) | opcode) >>> 0;
const sw = (rs2: number, rs1: number, offset: number): number =>
  ((((offset >> 5) & 127) << 25) | (rs2 << 20) | (rs1 << 15) | (2 << 12) | ((offset & 31) << 7) | 0x23) >>> 0;
const exit = [i(0x13, 0, 17, 0, 93), 0x73];

function pristineOf(words: readonly number[], dataPages: number): Required<PristineRegion> {
  const code = new Uint8Array(Uint32Array.from(words).buffer);
  const data = new Uint8Array(4096 * dataPages).fill(7);
  const segments = [
    { address: PROGRAM_BASE, bytes: code },
    { address: PROGRAM_BASE + 0x1_0000, bytes: data },
  ];
  return microPristine({ entry: PROGRAM_BASE, segments }, { log2Period: 16 });
}

function period(words: readonly number[], dataPages: number): number {
  const pristine = pristineOf(words, dataPages);
  const machine = createMicroRiscv({ pristine });
  const start = Snapshot.empty().withRegion(MICRO_REGION, pristine.content);
  machine.restore(start);
  machine.advance(2 ** 16);
  if (hex(machine.snapshot().regionRoot(MICRO_REGION)) !== hex(pristine.root)) throw new Error('not pristine');
  let best = Infinity;
  for (let round = 0; round < 5; round++) {
    const time = milliseconds(() => {
      for (let n = 0; n < 100_000; n++) machine.advance(2 ** 16);
    });
    best = Math.min(best, time / 100_000);
  }
  return 1e6 * best;
}

function exchange(dataPages: number): number {
  const pristine = pristineOf(exit, dataPages);
  const memory = new Memory();
  memory.restore(Snapshot.empty().withRegion(MICRO_REGION, pristine.content));
  const time = milliseconds(() => {
    for (let n = 0; n < 2000; n++) {
      memory.storeWord(0xff00_0080, n);
      memory.storeWord(0xffff_eff0, n);
      memory.replaceRegion(pristine);
    }
  });
  return (1e6 * time) / 2000;
}

console.log('');
row('advance(2^16) from clean to clean', 'ns', 'x region exchange');
const regionExchange = exchange(16);
const compute = Array.from({ length: 80 }, (_, n) => i(0x13, 0, 5 + (n % 4), 5 + ((n + 1) % 4), n));
const stores = Array.from({ length: 18 }, (_, n) => sw(5, 2, -4 * (n + 1)));
const shapes: readonly (readonly [string, readonly number[], number])[] = [
  ['2 instructions', exit, 1],
  ['2 instructions, Q of 1000 pages', exit, 1000],
  ['100, of which 18 stores to Q', [...compute, ...stores, ...exit], 1],
  ['100, Q of 1000 pages', [...compute, ...stores, ...exit], 1000],
];
for (const [name, words, pages] of shapes) {
  const time = period(words, pages);
  row(name, time.toFixed(0), (time / regionExchange).toFixed(3));
}
row('exchange of the region alone', regionExchange.toFixed(0), '1');

// Proofs.
console.log('');
row('proofs of 4000 steps of sha256', 'bytes: median', '99 %', 'most');
function proofs(machine: MicroRiscv): void {
  machine.load(elfOf('sha256'), { input: new TextEncoder().encode('The quick brown fox jumps over the lazy dog') });
  const sizes: number[] = [];
  let proving = 0;
  let verifying = 0;
  for (let n = 0; n < 4000; n++) {
    const before = machine.root();
    let proof = new Uint8Array(0);
    proving += milliseconds(() => {
      proof = proveStep(machine);
    });
    machine.advance(1);
    let after = '';
    verifying += milliseconds(() => {
      const verdict = verifyStep(machine.parameters, before, proof);
      after = verdict.ok ? hex(verdict.rootAfter) : verdict.reason;
    });
    if (after !== hex(machine.root())) throw new Error(`step ${String(n)}: ${after}`);
    sizes.push(proof.length);
  }
  sizes.sort((a, b) => a - b);
  const at = (share: number): string => String(sizes[Math.floor(share * (sizes.length - 1))]);
  row(machine.parameters.hasher.name, at(0.5), at(0.99), at(1));
  row('  us to prove, to verify', (proving / 4).toFixed(0), (verifying / 4).toFixed(0));
}
for (const hasher of [keccak256, sha256, blake3]) proofs(createMicroRiscv({ hasher }));
