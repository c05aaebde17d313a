import { checkTraces, type PublicMessage, type StarkSystem, type TableTrace } from '@commute/stark';
import {
  createExecutor,
  type CodeImage,
  createProgram,
  type Executor,
  type ExecutorOptions,
  type ProgramOptions,
  segmentMessages,
  type SegmentRecord,
  SegmentTracer,
} from '../src/index.ts';

/** A program that was executed in segments. */
export interface Run {
  readonly tracer: SegmentTracer;
  readonly executor: Executor;
  readonly segments: readonly SegmentRecord[];
}

/** Executes a program to its end. Throws if it cannot be proved. */
export function execute(
  image: CodeImage,
  { logCycles = 12, ...options }: ProgramOptions & ExecutorOptions & { readonly logCycles?: number } = {},
): Run {
  const program = createProgram(image, options);
  const executor = createExecutor(program, options);
  const segments: SegmentRecord[] = [];
  while (!executor.halted) {
    const outcome = executor.next(logCycles);
    if (!outcome.ok) throw new Error(`${outcome.reason}: ${outcome.message} at ${outcome.pc.toString(16)}`);
    segments.push(outcome.segment);
  }
  return { tracer: new SegmentTracer(program), executor, segments };
}

/** The messages that stand for a table of touched cells: what they held, and what they hold. */
export function boundaryMessages({ touched }: SegmentRecord): PublicMessage[] {
  return [...touched.keys].flatMap((key, index) => [
    {
      bus: 'memory',
      direction: 'send' as const,
      tuple: [BigInt(key), BigInt(touched.before[index]!), 0n],
      multiplicity: 1n,
    },
    {
      bus: 'memory',
      direction: 'receive' as const,
      tuple: [BigInt(key), BigInt(touched.after[index]!), BigInt(touched.lastTimes[index]!)],
      multiplicity: 1n,
    },
  ]);
}

/** Traces and statement of one segment of a run. */
export function segmentStatement(
  { tracer, executor }: Run,
  segment: SegmentRecord,
  input: Uint8Array = new Uint8Array(0),
): { readonly traces: TableTrace[]; readonly publicMessages: PublicMessage[] } {
  const traces = tracer.traces(segment, input.length);
  return {
    traces,
    publicMessages: [...segmentMessages(segment.claim, input, executor.output()), ...boundaryMessages(segment)],
  };
}

/** Messages of a statement that stand for all other tables: with them the buses of a table that satisfies its constraints balance. */
export function othersOf(table: TableTrace): PublicMessage[] {
  const report = checkTraces([table], { mostFailures: Infinity });
  return (report.ok ? [] : report.failures).map((failure) => {
    if (failure.kind !== 'bus') throw new Error(failure.constraint);
    const { bus, tuple, balance } = failure;
    const direction = balance > 0n ? 'receive' : 'send';
    return { bus, tuple, direction, multiplicity: balance > 0n ? balance : -balance };
  });
}

/**
 * Traces in which tables that are looked up hold few rows: those in use and, so that forgers find what they need,
 * some that are not.
 */
export function shrinkLookups(traces: readonly TableTrace[], spare = 8): TableTrace[] {
  return traces.map(({ table, trace }) => {
    if (trace.preprocessed.length === 0) return { table, trace };
    const isUsed = (row: number): boolean => trace.main.some((column) => column[row] !== 0n);
    const kept: number[] = [];
    let unused = 0;
    for (let row = 0; row < trace.rows; row++) if (isUsed(row) || unused++ < spare) kept.push(row);
    const rows = 2 ** Math.ceil(Math.log2(kept.length));
    for (let row = trace.rows - 1; kept.length < rows; row--) if (!kept.includes(row)) kept.push(row);
    const cut = (column: readonly bigint[] | BigUint64Array): bigint[] => kept.map((row) => column[row]!);
    return { table, trace: { ...trace, rows, main: trace.main.map(cut), preprocessed: trace.preprocessed.map(cut) } };
  });
}

/** A system that says it is the honest one, and proves nothing for some constraints. */
export function without(system: StarkSystem, names: readonly string[]): StarkSystem {
  const arithmetizations = system.arithmetizations.map((each) => ({
    ...each,
    constraints: each.constraints.map((constraint) =>
      names.includes(constraint.name) ? { ...constraint, root: each.graph.constant(0n) } : constraint,
    ),
  }));
  return { ...system, arithmetizations };
}
