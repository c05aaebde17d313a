import { type ChainOptions, MEMORY_BUS, type RunClaim, runDigest, type SegmentClaim } from '@commute/continuation';
import { assemble, Program } from '@commute/stack-vm';
import { checkTraces, formatReport, type PublicMessage, type TableTrace } from '@commute/stark';
import {
  createStackProgram,
  runClaimOf,
  StackExecutor,
  type StackProgram,
  type StackProgramOptions,
  type StackRunInputs,
  type StackSegmentRecord,
} from '../src/index.ts';
import { partsOfKey } from '../src/tables/legal-keys.ts';

/** The program of a source that has no faults. */
export function programOf(source: string | Program, options: StackProgramOptions = {}): StackProgram {
  if (source instanceof Program) return createStackProgram(source, options);
  const result = assemble(source);
  if (!result.ok) throw new Error(JSON.stringify(result.errors));
  return createStackProgram(result.program, options);
}

/** A program that was executed in segments. */
export interface Run {
  readonly program: StackProgram;
  readonly segments: readonly StackSegmentRecord[];
  readonly claim: RunClaim;
}

/** Executes a program to its end. Throws if it traps. */
export function execute(program: StackProgram, inputs: StackRunInputs = {}, logCycles = 5): Run {
  const executor = new StackExecutor(program.source, program.ram, program.image, inputs);
  const segments: StackSegmentRecord[] = [];
  while (!executor.halted) {
    const outcome = executor.next(logCycles);
    if (!outcome.ok) throw new Error(outcome.message);
    segments.push(outcome.segment);
  }
  const claim = runClaimOf(program, { input: inputs.input ?? [], output: executor.output });
  return { program, segments, claim };
}

/** The messages that stand for the table of a link: what the touched cells held, what they hold, and the bytes of their keys. */
export function boundaryMessages({ touched }: Pick<StackSegmentRecord, 'touched'>): PublicMessage[] {
  return touched.flatMap(({ key, before, after, lastTime }): PublicMessage[] => [
    { bus: MEMORY_BUS, direction: 'send', tuple: [key, before, 0n], multiplicity: 1n },
    { bus: MEMORY_BUS, direction: 'receive', tuple: [key, after, lastTime], multiplicity: 1n },
    ...partsOfKey(key).bytes.map((byte): PublicMessage => ({
      bus: 'bytes',
      direction: 'send',
      tuple: [byte],
      multiplicity: 1n,
    })),
  ]);
}

/** What is claimed of a segment of a run. */
export function claimOf({ program, segments, claim }: Run, index: number): SegmentClaim {
  const { touched: _, logRows: __, traces: ___, ...facts } = program.witness(segments[index]!);
  const kind = segments.length === 1 ? 'standalone' : 'middle';
  return { ...facts, kind, index, run: runDigest(claim.program, claim.input) };
}

/** Traces and messages of one segment of a run, the messages with those that stand for the link. */
export function segmentStatement(
  run: Run,
  index = 0,
): { readonly traces: TableTrace[]; readonly publicMessages: PublicMessage[] } {
  const segment = run.segments[index]!;
  const { publicValues, publicMessages = [] } = run.program.statement(claimOf(run, index), run.claim);
  const traces = run.program.witness(segment).traces();
  return {
    traces: traces.map(({ table, trace }, at) => ({
      table,
      trace: { ...trace, publicValues: table.publicValues.map((name) => publicValues[at]![name]!) },
    })),
    publicMessages: [...publicMessages, ...boundaryMessages(segment)],
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

/** What a debug run says of all segments; empty where they hold. */
export function complaints(run: Run): string {
  return run.segments
    .map((_, index) => {
      const { traces, publicMessages } = segmentStatement(run, index);
      return formatReport(checkTraces(traces, { publicMessages }));
    })
    .join('');
}

/**
 * Traces in which tables that are looked up hold few rows: those in use, and some that are not.
 */
export function shrinkLookups(traces: readonly TableTrace[], spare = 4): TableTrace[] {
  return traces.map(({ table, trace }) => {
    if (trace.preprocessed.length === 0) return { table, trace };
    const isUsed = (row: number): boolean => trace.main.some((column) => column[row] !== 0n);
    const kept: number[] = [];
    let unused = 0;
    for (let row = 0; row < trace.rows; row++) if (isUsed(row) || unused++ < spare) kept.push(row);
    const rows = 2 ** Math.ceil(Math.log2(kept.length));
    for (let row = trace.rows - 1; kept.length < rows && row >= 0; row--) if (!kept.includes(row)) kept.push(row);
    while (kept.length < rows) kept.push(kept.at(-1)!);
    const cut = (column: readonly bigint[] | BigUint64Array): bigint[] => kept.map((row) => column[row]!);
    return { table, trace: { ...trace, rows, main: trace.main.map(cut), preprocessed: trace.preprocessed.map(cut) } };
  });
}

/** Parameters of proofs that are quick to make. */
export const cheap: ChainOptions = { securityBits: 40, queryWork: 2, maximumLogRows: 10 };
