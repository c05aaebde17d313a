/**
 * Cycles per second of one thread, split by phase, for single segments of sample programs: execution and recording, traces, proof; and what
 * the tables cost per cycle. Verifies each proof.
 *
 * Run with `node --conditions=@commute/source bench/segment.bench.ts [log2 of the cycles]... [program]...`; by default 2^14 and 2^16 cycles of
 * sha256 and lisp. 2^18 cycles take about 2 GiB.
 *
 * @module
 */
import { createFieldEngine } from '@commute/field';
import { guestCasesOf, type ProgramName, programNames, readGuest } from '@commute-tools/guests';
import { parseElf } from '@commute/elf';
import {
  arithmetize,
  createStarkSystem,
  numberBuses,
  prove,
  type PublicMessage,
  statementOf,
  verify,
} from '@commute/stark';
import {
  createExecutor,
  createProgram,
  machineTables,
  type SegmentRecord,
  segmentMessages,
  SegmentTracer,
} from '../src/index.ts';

const numbers = process.argv.slice(2).map(Number);
const sizes = numbers.some(Number.isInteger) ? numbers.filter(Number.isInteger) : [14, 16];
const named = programNames.filter((name) => process.argv.includes(name));
const programs: readonly ProgramName[] = named.length > 0 ? named : ['sha256', 'lisp'];

/** Stands for the table of touched cells, which belongs to the links. */
function boundary({ touched: { keys, before, after, lastTimes } }: SegmentRecord): PublicMessage[] {
  return Array.from(keys, (key, index): PublicMessage[] => [
    { bus: 'memory', direction: 'send', tuple: [BigInt(key), BigInt(before[index]!), 0n], multiplicity: 1n },
    {
      bus: 'memory',
      direction: 'receive',
      tuple: [BigInt(key), BigInt(after[index]!), BigInt(lastTimes[index]!)],
      multiplicity: 1n,
    },
  ]).flat();
}

/** Runs something and gives its seconds of processor time, all threads together, and by the clock. */
function timed<T>(run: () => T): { readonly value: T; readonly processor: number; readonly clock: number } {
  const [cpu, start] = [process.cpuUsage(), performance.now()];
  const value = run();
  const { user, system } = process.cpuUsage(cpu);
  return { value, processor: (user + system) / 1e6, clock: (performance.now() - start) / 1e3 };
}

const engine = await createFieldEngine({ threads: 1 });
const tables = machineTables();
const buses = numberBuses(tables);
const system = createStarkSystem(tables, { maximumLogRows: 20 });
const widths = tables.map((table) => {
  const { names } = arithmetize(table, { buses });
  return names.main.length + 3 * names.auxiliary.length;
});

for (const name of programs) {
  const parsed = parseElf(readGuest(name, 'micro'));
  if (!parsed.ok) throw new Error(parsed.reason);
  // The case that runs longest for the size of its input.
  const { input } = guestCasesOf(name).reduce((best, one) => (one.input.length > best.input.length ? one : best));
  const program = createProgram(parsed.elf);
  const tracer = new SegmentTracer(program);
  for (const logCycles of sizes) {
    const executor = createExecutor(program, { input });
    const cycles = 2 ** logCycles;
    const executed = timed(() => executor.next(logCycles));
    if (!executed.value.ok) throw new Error(executed.value.message);
    const { segment } = executed.value;
    if (segment.executed < cycles) {
      console.log(`${name} has less than 2^${String(logCycles)} cycles`);
      continue;
    }
    const traced = timed(() => tracer.traces(segment, input.length));
    const publicMessages = [...segmentMessages(segment.claim, input, executor.output()), ...boundary(segment)];
    const keyed = timed(() => statementOf(engine, system, traced.value));
    const statement = { ...keyed.value, publicMessages };
    const proved = timed(() => prove(engine, system, traced.value, statement));
    const verdict = verify(system, statement, proved.value);
    if (!verdict.ok) throw new Error(verdict.reason);
    const cost = traced.value.reduce((sum, { trace }, index) => sum + (widths[index]! * trace.rows) / cycles, 0);
    const rate = ({ processor, clock }: { processor: number; clock: number }): string =>
      `${(cycles / processor / 1000).toFixed(1)} (${(cycles / clock / 1000).toFixed(1)})`;
    const rates = `executes ${rate(executed)}, writes traces ${rate(traced)}, proves ${rate(proved)} thousand cycles per second of processor time (of the clock)`;
    console.log(`${name}, 2^${String(logCycles)} cycles: ${rates};`);
    console.log(
      `  ${cost.toFixed(1)} columns per cycle, ${(proved.value.length / 1024).toFixed(0)} KiB, key of the program in ${keyed.processor.toFixed(1)} s`,
    );
    const heights = traced.value.map(({ table, trace }) => `${table.name} 2^${String(Math.log2(trace.rows))}`);
    console.log(`  ${heights.join(', ')}`);
  }
}
engine.dispose();
