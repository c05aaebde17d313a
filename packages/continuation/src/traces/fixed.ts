import { type TableTrace } from '@commute/stark';
import { NO_PC } from '../program/keys.ts';
import { INSTRUCTION_COLUMNS, type InstructionRow } from '../program/instruction-rows.ts';
import { type Program } from '../program/program.ts';
import { bytesTable, powersTable, rangeTable, regionsTable } from '../tables/fixed.ts';
import { programTable } from '../tables/program.ts';
import { type LookupCounts } from './lookups.ts';
import { heightFor, TraceWriter } from './writer.ts';

/** The preprocessed columns of all tables that have some. */
export interface PreprocessedColumns {
  readonly program: readonly BigUint64Array[];
  readonly range: readonly BigUint64Array[];
  readonly bytes: readonly BigUint64Array[];
  readonly powers: readonly BigUint64Array[];
  readonly regions: readonly BigUint64Array[];
}

/** Rows of the tables that are the same for every program. */
export const FIXED_ROWS: Readonly<Record<'range' | 'bytes' | 'powers', number>> = {
  range: 2 ** 16,
  bytes: 2 ** 16,
  powers: 64,
};

/** Their columns. */
let fixed: Pick<PreprocessedColumns, 'range' | 'bytes' | 'powers'> | undefined;

function fixedColumns(): Pick<PreprocessedColumns, 'range' | 'bytes' | 'powers'> {
  const byRow = (rows: number, columns: readonly ((row: number) => number)[]): BigUint64Array[] =>
    columns.map((cell) => {
      const column = new BigUint64Array(rows);
      const words = new Uint32Array(column.buffer);
      for (let row = 0; row < rows; row++) words[2 * row] = cell(row);
      return column;
    });
  fixed ??= {
    range: byRow(FIXED_ROWS.range, [
      (row) => row,
      (row) => row >>> 15,
      (row) => row & 31,
      (row) => (row >>> 5) & 31,
      (row) => (row >>> 10) & 31,
    ]),
    bytes: byRow(FIXED_ROWS.bytes, [(row) => row & 255, (row) => row >>> 8, (row) => row & 255 & (row >>> 8)]),
    powers: byRow(FIXED_ROWS.powers, [
      (row) => row & 31,
      (row) => row >>> 5,
      (row) => 2 ** (row > 32 ? 64 - row : row & 31),
      (row) => (row > 32 ? 1 : 0),
    ]),
  };
  return fixed;
}

/** Calculates the preprocessed columns for a program; those that are the same for all when they are first asked for, as no verifier does. */
export function preprocessedColumns(program: Program): PreprocessedColumns {
  return {
    program: programColumns(program),
    regions: regionColumns(program),
    get range() {
      return fixedColumns().range;
    },
    get bytes() {
      return fixedColumns().bytes;
    },
    get powers() {
      return fixedColumns().powers;
    },
  };
}

function programColumns(program: Program): BigUint64Array[] {
  const { rows, rowOfWord, text } = program;
  const spare = rowOfWord.reduce((count, row) => (row < 0 ? count + 1 : count), 0);
  const height = heightFor(rows.length + spare);
  const columns = INSTRUCTION_COLUMNS.map((name) => {
    const column = new BigUint64Array(height);
    const words = new Uint32Array(column.buffer);
    for (let at = 0; at < rows.length; at++) put(words, at, rows[at]![name]);
    for (let at = rows.length; at < height; at++) put(words, at, NO_INSTRUCTION[name]);
    return column;
  });
  // Each word of text stands beside its first row, or in a row without instruction.
  const [addresses, contents] = [new BigUint64Array(height), new BigUint64Array(height)];
  const [addressWords, contentWords] = [new Uint32Array(addresses.buffer), new Uint32Array(contents.buffer)];
  for (let at = 0; at < height; at++) put(addressWords, at, NO_PC);
  let [word, next] = [0, rows.length];
  for (const { address, words } of text) {
    for (let index = 0; index < words.length; index++, word++) {
      const row = rowOfWord[word]!;
      const at = row < 0 ? next++ : row;
      put(addressWords, at, address + 4 * index);
      put(contentWords, at, words[index]!);
    }
  }
  return [...columns, addresses, contents];
}

/** Puts an integer of up to 53 bits into a column, modulo p where it is below zero; `words` are the halves of its cells, the lower ones first. */
function put(words: Uint32Array, row: number, value: number): void {
  if (value >= 0) {
    words[2 * row] = value;
    words[2 * row + 1] = value / 2 ** 32;
    return;
  }
  // p is 2^64 - 2^32 + 1.
  words[2 * row] = value + 1;
  words[2 * row + 1] = Math.floor((value + 1) / 2 ** 32) - 1;
}

const NO_INSTRUCTION: InstructionRow = {
  pc: NO_PC,
  nextPc: NO_PC,
  rs1: 0,
  rs2: 0,
  rd: 0,
  sign: 0,
  immediate: 0,
  offset: 0,
  operation: 0,
  isAddition: 0,
  isLess: 0,
  isEqual: 0,
  isJump: 0,
  branch: 0,
};

/** For each word of text in order, its row in the program table. */
function rowsOfText(program: Program): Int32Array {
  let spare = program.rows.length;
  return program.rowOfWord.map((row) => (row < 0 ? spare++ : row));
}

function regionColumns({ regions }: Program): BigUint64Array[] {
  const height = heightFor(regions.length);
  const last = regions.at(-1)!;
  return (['start', 'stride', 'count'] as const).map((name) =>
    BigUint64Array.from({ length: height }, (_, row) => BigInt((regions[row] ?? last)[name])),
  );
}

/** The traces of the tables that others look up, once all lookups are counted. */
export function lookupTraces(
  program: Program,
  columns: PreprocessedColumns,
  counts: LookupCounts,
): Record<'program' | 'range' | 'bytes' | 'powers' | 'regions', TableTrace> {
  const copy = (to: BigUint64Array, from: Uint32Array): void => {
    const words = new Uint32Array(to.buffer);
    from.forEach((count, row) => {
      words[2 * row] = count;
    });
  };
  const executions = new TraceWriter(programTable, columns.program[0]!.length);
  copy(executions.column('executions'), counts.execution);
  const reads = executions.words('reads');
  rowsOfText(program).forEach((row, word) => {
    reads[2 * row] = counts.text[word]!;
  });
  const range = new TraceWriter(rangeTable, 2 ** 16);
  copy(range.column('values'), counts.range);
  copy(range.column('signs'), counts.sign);
  copy(range.column('triples'), counts.triple);
  const bytes = new TraceWriter(bytesTable, 2 ** 16);
  copy(bytes.column('ands'), counts.and);
  copy(bytes.column('pairs'), counts.bytes);
  const powers = new TraceWriter(powersTable, 64);
  copy(powers.column('uses'), counts.power);
  const regions = new TraceWriter(regionsTable, columns.regions[0]!.length);
  copy(regions.column('uses'), counts.region);
  return {
    program: executions.trace(columns.program),
    range: range.trace(columns.range),
    bytes: bytes.trace(columns.bytes),
    powers: powers.trace(columns.powers),
    regions: regions.trace(columns.regions),
  };
}
