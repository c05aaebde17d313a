/**
 * The tables of the stack machine, and the traces of a segment for them.
 *
 * @module
 */
import { type ColumnRecord, type Table, type TableTrace } from '@commute/stark';
import { type Program } from '@commute/stack-vm';
import { byteRows, instructionRows, lookupRows, programRows } from './fixed-rows.ts';
import { type RecordedTable, type Row, type StackSegmentRecord } from './record.ts';
import { elementsTable } from './tables/elements.ts';
import { byteTable, instructionTable, programTable } from './tables/fixed.ts';
import { hashTable } from './tables/hash.ts';
import { processorTable } from './tables/processor.ts';
import { blocksTable, burstsTable, ramTable } from './tables/ram.ts';
import { registersTable } from './tables/registers.ts';
import { jumpStackTable, movesTable, opStackTable } from './tables/stacks.ts';
import { TIP5_ROWS, tip5Table } from './tables/tip5.ts';
import { bitwiseTable, powerTable, wordsTable } from './tables/u32.ts';

/** The tables in the order of their traces. */
export const STACK_TABLES: readonly Table[] = [
  processorTable,
  programTable,
  instructionTable,
  byteTable,
  registersTable,
  opStackTable,
  movesTable,
  jumpStackTable,
  burstsTable,
  ramTable,
  blocksTable,
  elementsTable,
  bitwiseTable,
  wordsTable,
  powerTable,
  hashTable,
  tip5Table,
];

/** Those of them that belong to the statement, and are the same for all programs. */
export const COMMON_TABLES: readonly string[] = [instructionTable.name, byteTable.name];

/** The smallest power of two that is at least `count`, at least 1. */
function powerOfTwoFrom(count: number): number {
  return 2 ** Math.ceil(Math.log2(Math.max(1, count)));
}

/** Columns of rows; what is absent is 0, and so are rows beyond them. */
function columnsOf(record: ColumnRecord, rows: readonly Row[], height: number): BigUint64Array[] {
  return Object.entries(record).flatMap(([name, entry]) => {
    const count = entry.kind === 'column' ? 1 : entry.count;
    const columns = Array.from({ length: count }, () => new BigUint64Array(height));
    rows.forEach((row, at) => {
      const value = row[name];
      if (value === undefined) return;
      if (typeof value === 'bigint') columns[0]![at] = value;
      else columns.forEach((column, k) => (column[at] = value[k]!));
    });
    return columns;
  });
}

/** Rows of a table behind those that are used. */
function idleRows(table: Table, used: readonly Row[], height: number): Row[] {
  const idle = Array.from({ length: height - used.length });
  if (table === programTable) return idle.map(() => used.at(-1)!);
  if (table !== tip5Table) return [];
  // Numbers of permutations go on.
  const id = BigInt(used.length / TIP5_ROWS);
  return idle.map(() => ({ id }));
}

/** Makes the traces of segments of one program. */
export class StackTracer {
  readonly #fixed: ReadonlyMap<string, readonly Row[]>;

  constructor(program: Program) {
    this.#fixed = new Map([
      ['program', programRows(program)],
      ['instruction', instructionRows()],
      ['bytes', byteRows()],
    ]);
  }

  /** Traces of the tables that belong to the statement, with the columns that do. */
  fixedTraces(): TableTrace[] {
    return STACK_TABLES.flatMap((table) => {
      const rows = this.#fixed.get(table.name);
      if (rows === undefined) return [];
      const height = powerOfTwoFrom(rows.length);
      const all = [...rows, ...idleRows(table, rows, height)];
      const preprocessed = columnsOf(table.columns.preprocessed, all, height);
      return [{ table, trace: { rows: height, main: [], preprocessed, publicValues: [] } }];
    });
  }

  /** log2 of the rows that the traces of a segment need, one for each of {@link STACK_TABLES}. */
  logRows({ rows }: StackSegmentRecord): number[] {
    return STACK_TABLES.map(({ name }) => {
      const used = this.#fixed.get(name) ?? rows[name as RecordedTable];
      return Math.log2(powerOfTwoFrom(used.length));
    });
  }

  /**
   * The traces of a segment, one for each of {@link STACK_TABLES}.
   *
   * @param logRows - log2 of the rows that they are to have, where that is more than they need: idle rows follow.
   */
  traces(record: StackSegmentRecord, logRows: readonly number[] = this.logRows(record)): TableTrace[] {
    const looked = lookupRows(this.#fixed.get('program')!, record.counts);
    const fixed = new Map(this.fixedTraces().map(({ table, trace }) => [table.name, trace]));
    const values = valuesOf(record);
    return STACK_TABLES.map((table, index) => {
      const { name } = table;
      const used: readonly Row[] = looked[name as keyof typeof looked] ?? record.rows[name as RecordedTable];
      const height = 2 ** logRows[index]!;
      const all = fixed.has(name) ? used : [...used, ...idleRows(table, used, height)];
      return {
        table,
        trace: {
          rows: height,
          main: columnsOf(table.columns.main, all, height),
          preprocessed: fixed.get(name)?.preprocessed ?? [],
          publicValues: table.publicValues.map((each) => values[each]!),
        },
      };
    });
  }
}

/** Public values of the processor, of a segment. */
export function valuesOf(segment: {
  readonly ipStart: bigint;
  readonly ipEnd: bigint;
  readonly inputStart: number;
  readonly inputStop: number;
  readonly outputStart: number;
  readonly outputStop: number;
}): Readonly<Record<string, bigint>> {
  return {
    ipStart: segment.ipStart,
    ipEnd: segment.ipEnd,
    inputStart: BigInt(segment.inputStart),
    inputStop: BigInt(segment.inputStop),
    outputStart: BigInt(segment.outputStart),
    outputStop: BigInt(segment.outputStop),
    exitCode: 0n,
  };
}
