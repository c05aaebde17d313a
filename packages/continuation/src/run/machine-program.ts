/**
 * Programs of the micro machine as chains of segments prove them.
 *
 * @module
 */
import { BLAKE3 } from '@commute/poly-commit';
import { allocateColumns, type StarkSystem, type TableTrace } from '@commute/stark';
import { knownKey } from '../chain/known-systems.ts';
import { type ProvableProgram } from '../chain/system.ts';
import { type SegmentWitness } from '../chain/prove.ts';
import { ByteWriter } from '../claim/bytes.ts';
import { type RunClaim, type SegmentClaim } from '../claim/claims.ts';
import { type SegmentRecord } from '../execution/record.ts';
import { initialState } from '../execution/state.ts';
import { type Cells, type KeyRule, type TouchedCell } from '../link/cells.ts';
import { segmentMessages, SegmentTracer } from '../machine-tables.ts';
import {
  BRK_REGISTER,
  HALT_PC,
  INPUT_POSITION_REGISTER,
  OUTPUT_LENGTH_REGISTER,
  REGISTER_KEYS,
} from '../program/keys.ts';
import { type Program } from '../program/program.ts';
import { FIXED_TABLES, fixedRoot } from '../tables/fixed.ts';
import { assertLegalKey, fillKeyColumns, keyColumns } from '../tables/legal-keys.ts';
import { ColumnPool, withColumns } from '../traces/writer.ts';

/** A program of the micro machine, and how its segments become witnesses. */
export interface MachineProgram extends ProvableProgram {
  readonly source: Program;
  /** The witness of a segment that was executed. */
  readonly witness: (record: SegmentRecord, inputLength: number) => SegmentWitness;
}

/**
 * The digest of a program: of its entry, what its machine can do, and its segments, in 32 bytes.
 *
 * All numbers are little-endian: entry (8 bytes), 1 if it can multiply plus 2 if accesses may cross words (1), number of segments (4), then for each its address (8), its length in memory
 * (8), whether it is code (1), the number of its bytes (8), and these.
 */
export function programDigest(program: Program): Uint8Array {
  const writer = new ByteWriter().bytes(new TextEncoder().encode('commute/continuation/program/v1'));
  writeProgram(writer, program);
  for (const { instruction } of program.machine.extensions) {
    writer.number(instruction.mask, 4).number(instruction.match, 4);
  }
  return BLAKE3.digest(writer.finish());
}

/** Writes what {@link programDigest} is the digest of, but for the domain and extensions. */
export function writeProgram(writer: ByteWriter, { entry, segments, machine }: Program): void {
  writer.number(entry, 8).number((machine.multiply ? 1 : 0) + (machine.misaligned ? 2 : 0), 1);
  writer.number(segments.length, 4);
  for (const { address, bytes, executable, memorySize = bytes.length } of segments) {
    writer.number(address, 8).number(memorySize, 8);
    writer.number(executable === true ? 1 : 0, 1).number(bytes.length, 8);
    writer.bytes(bytes);
  }
}

/** The cells that are not zero when a program starts: its data, and registers. Text is in a table of its own. */
export function programImage(program: Program): Cells {
  const state = initialState(program);
  const cells = new Map<bigint, bigint>();
  const set = (key: number, value: number): void => {
    if (value !== 0) cells.set(BigInt(key), BigInt(value));
  };
  for (const { address, bytes, executable } of program.segments) {
    if (executable === true) continue;
    for (let word = address - (address % 4); word < address + bytes.length; word += 4) set(word, state.word(word));
  }
  for (let register = 0; register < 32; register++) set(REGISTER_KEYS + register, state.registers[register]!);
  set(REGISTER_KEYS + BRK_REGISTER, state.brk);
  set(REGISTER_KEYS + INPUT_POSITION_REGISTER, state.inputPosition);
  set(REGISTER_KEYS + OUTPUT_LENGTH_REGISTER, state.outputLength);
  return cells;
}

const PUBLIC_BUSES: readonly string[] = ['stream', 'exit'];

/** Prepares a program for chains. */
export function createMachineProgram(source: Program): MachineProgram {
  const tracer = new SegmentTracer(source);
  const { tables } = tracer;
  const keyRule = legalKeys(source, tracer);
  const columns = new ColumnPool();
  return {
    source,
    digest: programDigest(source),
    image: programImage(source),
    entry: BigInt(source.entry),
    halt: BigInt(HALT_PC),
    tables,
    keyRule,
    cycleTable: 0,
    // A host call moves a word at most.
    symbolsPerCycle: 4,
    publicBuses: PUBLIC_BUSES,
    known: { tables, keyRule, publicBuses: PUBLIC_BUSES, key: (form) => knownKey(source.machine, form) },
    fixedTraces: (segments) => fixedTraces(segments, tracer),
    common: { tables: FIXED_TABLES.map(({ name }) => name), root: fixedRoot },
    statement: (claim, run) => statementOf(tracer, claim, run),
    witness: (record, inputLength) => ({
      ...record.claim,
      pcStart: BigInt(record.claim.pcStart),
      pcEnd: BigInt(record.claim.pcEnd),
      touched: touchedCells(record),
      logRows: () => tracer.logRows(record),
      traces: (logRows) => {
        const counts = tracer.counts();
        const { keys } = record.touched;
        fillKeyColumns(source.regions, keys, keyWords(keys.length).words, counts);
        return withColumns(columns, () => tracer.traces(record, inputLength, counts, logRows));
      },
      reuse: (given) => {
        for (const column of given) columns.give(column);
      },
    }),
  };
}

/** The columns of keys, and their words. */
function keyWords(rows: number): {
  readonly columns: Record<string, BigUint64Array>;
  readonly words: Parameters<typeof fillKeyColumns>[2];
} {
  const columns = allocateColumns(keyColumns(), rows);
  const words = Object.fromEntries(
    Object.entries(columns).map(([name, cells]) => [name, new Uint32Array(cells.buffer)]),
  );
  return { columns, words: words as Parameters<typeof fillKeyColumns>[2] };
}

/** Only keys of legal regions may be touched. */
function legalKeys({ regions }: Program, tracer: SegmentTracer): KeyRule {
  return {
    columns: keyColumns(),
    constrain: (builder, current, key, active) => {
      assertLegalKey(builder, current as Parameters<typeof assertLegalKey>[1], key, active);
    },
    fill: (keys, rows) => {
      const { columns, words } = keyWords(rows);
      // The lookups are counted where the machine's traces are made.
      fillKeyColumns(regions, Float64Array.from(keys, Number), words, tracer.counts());
      return columns;
    },
  };
}

function touchedCells({ touched: { keys, before, after, lastTimes } }: SegmentRecord): TouchedCell[] {
  return Array.from(keys, (key, index) => ({
    key: BigInt(key),
    before: BigInt(before[index]!),
    after: BigInt(after[index]!),
    lastTime: BigInt(lastTimes[index]!),
  }));
}

function statementOf(
  { program: { brkStart }, tables }: SegmentTracer,
  claim: SegmentClaim,
  { input, output }: RunClaim,
): ReturnType<ProvableProgram['statement']> {
  const values: Record<string, bigint> = {
    pcStart: claim.pcStart,
    pcEnd: claim.pcEnd,
    inputLength: BigInt(input.length),
    brkStart: BigInt(brkStart),
  };
  return {
    publicValues: tables.map(({ publicValues }) =>
      Object.fromEntries(publicValues.map((name) => [name, values[name]!])),
    ),
    publicMessages: segmentMessages(
      { ...claim, pcStart: Number(claim.pcStart), pcEnd: Number(claim.pcEnd) } as Parameters<typeof segmentMessages>[0],
      input,
      output,
    ),
  };
}

/** The traces with preprocessed columns, those of the program among them, in their places. */
function fixedTraces({ tables }: StarkSystem, tracer: SegmentTracer): TableTrace[] {
  const byTable = new Map(tracer.fixedTraces().map((each) => [each.table, each]));
  // Only tables with such columns are read.
  return tables.map((table) => byTable.get(table)) as TableTrace[];
}
