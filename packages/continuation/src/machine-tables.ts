/**
 * The tables of the micro machine, and the traces of a segment for them.
 *
 * @module
 */
import { type PublicMessage, type Table, type TableTrace } from '@commute/stark';
import { type SegmentClaim, type SegmentRecord } from './execution/record.ts';
import { type MachineConfiguration } from './extension.ts';
import { OPERATION } from './program/operations.ts';
import { type Program } from './program/program.ts';
import { bitwiseTable } from './tables/bitwise.ts';
import { crossingAccessTable } from './tables/crossing-access.ts';
import { comparisonTable } from './tables/comparison.ts';
import { divisionTable } from './tables/division.ts';
import { bytesTable, powersTable, rangeTable, regionsTable } from './tables/fixed.ts';
import { hostCallTable, STREAM } from './tables/host-calls.ts';
import { multiplicationTable } from './tables/multiplication.ts';
import { narrowAccessTable } from './tables/narrow-access.ts';
import { processorTable } from './tables/processor.ts';
import { programTable } from './tables/program.ts';
import { shiftTable } from './tables/shift.ts';
import { wordAccessTable } from './tables/word-access.ts';
import { bitwiseTrace, comparisonTrace, shiftTrace } from './traces/arithmetic.ts';
import { crossingAccessTrace } from './traces/crossing-access.ts';
import { type Delegate, delegationsOf } from './traces/delegations.ts';
import { FIXED_ROWS, lookupTraces, type PreprocessedColumns, preprocessedColumns } from './traces/fixed.ts';
import { hostCallTrace } from './traces/host-calls.ts';
import { LookupCounts } from './traces/lookups.ts';
import { narrowAccessTrace, wordAccessTrace } from './traces/memory.ts';
import { divisionTrace, multiplicationTrace } from './traces/multiplication.ts';
import { processorTrace } from './traces/processor.ts';
import { raiseTrace } from './traces/writer.ts';

/** The tables that the processor leaves operations to, extensions aside. */
const DELEGATED: ReadonlyMap<Table, Delegate> = /* @__PURE__ */ new Map([
  [wordAccessTable, 'word'],
  [narrowAccessTable, 'narrow'],
  [crossingAccessTable, 'crossing'],
  [bitwiseTable, 'bitwise'],
  [shiftTable, 'shift'],
  [comparisonTable, 'comparison'],
  [multiplicationTable, 'multiplication'],
  [divisionTable, 'division'],
  [hostCallTable, 'hostCall'],
]);

/** The tables of a machine in the order of their traces: those of RV32I, of M, of accesses that cross words, of extensions. */
export function machineTables(machine: MachineConfiguration = {}): readonly Table[] {
  const { multiply = false, misaligned = false, extensions = [] } = machine;
  return [
    processorTable,
    wordAccessTable,
    narrowAccessTable,
    bitwiseTable,
    shiftTable,
    comparisonTable,
    hostCallTable,
    programTable,
    rangeTable,
    bytesTable,
    powersTable,
    regionsTable,
    ...(multiply ? [multiplicationTable, divisionTable] : []),
    ...(misaligned ? [crossingAccessTable] : []),
    ...extensions.map(({ table }, index) => table(OPERATION.extension + index)),
  ];
}

/** Makes the traces of segments of one program. */
export class SegmentTracer {
  readonly program: Program;
  /** Those of the program's machine. */
  readonly tables: readonly Table[];
  readonly #preprocessed: PreprocessedColumns;

  constructor(program: Program) {
    this.program = program;
    this.tables = machineTables(program.machine);
    this.#preprocessed = preprocessedColumns(program);
  }

  /** Counters for lookups, where the caller has tables of its own that look up. */
  counts(): LookupCounts {
    const { regions } = this.program;
    const { program } = this.#preprocessed;
    return new LookupCounts({
      regions: regions.length,
      rows: program[0]!.length,
      words: this.program.rowOfWord.length,
    });
  }

  /** Traces of the tables with preprocessed columns that have these columns only. */
  fixedTraces(): TableTrace[] {
    const own = this.#preprocessed;
    const trace = (table: Table, rows: number, name: keyof PreprocessedColumns): TableTrace => ({
      table,
      trace: {
        rows,
        main: [],
        get preprocessed() {
          return own[name];
        },
        publicValues: [],
      },
    });
    return [
      trace(programTable, own.program[0]!.length, 'program'),
      trace(rangeTable, FIXED_ROWS.range, 'range'),
      trace(bytesTable, FIXED_ROWS.bytes, 'bytes'),
      trace(powersTable, FIXED_ROWS.powers, 'powers'),
      trace(regionsTable, own.regions[0]!.length, 'regions'),
    ];
  }

  /**
   * log2 of the rows that the traces of a segment need, one for each of `tables` in order. Quick unless there are extensions, whose traces are made to
   * see how high they are.
   */
  logRows(record: SegmentRecord): number[] {
    const delegations = delegationsOf(this.program, record);
    const fixed = new Map(this.fixedTraces().map(({ table, trace }) => [table, trace.rows]));
    const own = new Map(this.#extensionTraces(record, this.counts()).map(({ table, trace }) => [table, trace.rows]));
    return this.tables.map((table) => {
      const delegate = DELEGATED.get(table);
      const rows = delegate === undefined ? (fixed.get(table) ?? own.get(table)) : delegations[delegate].height;
      return rows === undefined ? record.claim.logCycles : Math.log2(rows);
    });
  }

  #extensionTraces(record: SegmentRecord, counts: LookupCounts): TableTrace[] {
    const { extensions } = this.program.machine;
    const own = this.tables.slice(this.tables.length - extensions.length);
    return extensions.map(({ trace }, index) => trace({ table: own[index]!, records: record.custom[index]!, counts }));
  }

  /**
   * The traces of a segment, one for each of `tables` in order.
   *
   * @param counts - with the lookups of the caller's own tables, all of them.
   * @param logRows - log2 of the rows that they are to have, in the same order, where that is more than they need: idle rows follow.
   */
  traces(
    record: SegmentRecord,
    inputLength: number,
    counts: LookupCounts = this.counts(),
    logRows?: readonly number[],
  ): TableTrace[] {
    const { program } = this;
    const heights = this.tables.flatMap((table, index): [Delegate, number][] => {
      const delegate = DELEGATED.get(table);
      return delegate === undefined || logRows === undefined ? [] : [[delegate, 2 ** logRows[index]!]];
    });
    const delegations = delegationsOf(program, record, Object.fromEntries(heights));
    const used = [
      processorTrace(record, this.#preprocessed.program, counts),
      wordAccessTrace(program, record, delegations.word, counts),
      narrowAccessTrace(program, record, delegations.narrow, counts),
      bitwiseTrace(record, delegations.bitwise, counts),
      shiftTrace(record, delegations.shift, counts),
      comparisonTrace(record, delegations.comparison, counts),
      hostCallTrace(program, record, delegations.hostCall, { inputLength }, counts),
    ];
    const { multiply, misaligned } = program.machine;
    const further = multiply
      ? [
          multiplicationTrace(record, delegations.multiplication, counts),
          divisionTrace(record, delegations.division, counts),
        ]
      : [];
    if (misaligned) further.push(crossingAccessTrace(program, record, delegations.crossing, counts));
    const own = this.#extensionTraces(record, counts);
    const firstOwn = this.tables.length - own.length;
    further.push(...own.map((each, index) => raiseTrace(each, 2 ** (logRows?.[firstOwn + index] ?? 0))));
    const lookups = lookupTraces(program, this.#preprocessed, counts);
    return [...used, lookups.program, lookups.range, lookups.bytes, lookups.powers, lookups.regions, ...further];
  }
}

/** The messages of a segment's statement: what it reads and writes, and its exit. */
export function segmentMessages(claim: SegmentClaim, input: Uint8Array, output: Uint8Array): PublicMessage[] {
  const stream = (number: number, bytes: Uint8Array, start: number, stop: number): PublicMessage[] =>
    Array.from({ length: stop - start }, (_, index) => ({
      bus: 'stream',
      direction: number === STREAM.input ? 'send' : 'receive',
      tuple: [BigInt(number), BigInt(start + index), BigInt(bytes[start + index]!)],
      multiplicity: 1n,
    }));
  return [
    ...stream(STREAM.input, input, claim.inputStart, claim.inputStop),
    ...stream(STREAM.output, output, claim.outputStart, claim.outputStop),
    ...(claim.exitCode === undefined
      ? []
      : [{ bus: 'exit', direction: 'receive' as const, tuple: [BigInt(claim.exitCode)], multiplicity: 1n }]),
  ];
}
