/**
 * Programs of the stack machine as chains of segments prove them.
 *
 * @module
 */
import { type ProvableProgram, type RunClaim, type SegmentClaim, type SegmentWitness } from '@commute/continuation';
import { isCanonical } from '@commute/field';
import { BLAKE3 } from '@commute/poly-commit';
import { type Program } from '@commute/stack-vm';
import { type PublicMessage, type StarkSystem, type TableTrace } from '@commute/stark';
import { imageOf, type InitialRam } from './cells.ts';
import { assertElements } from './errors.ts';
import { HALT_IP } from './layout.ts';
import { COMMON_TABLES, STACK_TABLES, StackTracer, valuesOf } from './machine-tables.ts';
import { type StackSegmentRecord } from './record.ts';
import { MOST_ELEMENTS, STREAM_BUS } from './tables/elements.ts';
import { LEGAL_KEYS } from './tables/legal-keys.ts';

/** Bytes of an element of input or output in a claim. */
export const ELEMENT_BYTES = 8;

/** A program of the stack machine, and how its segments become witnesses. */
export interface StackProgram extends ProvableProgram {
  readonly source: Program;
  /** What is in RAM before the first step, by address: zeros are left out. Everybody who verifies knows it. */
  readonly ram: InitialRam;
  /** The witness of a segment that was executed. */
  readonly witness: (record: StackSegmentRecord) => SegmentWitness;
}

/** Options of {@link createStackProgram}. */
export interface StackProgramOptions {
  /** What is in RAM before the first step; zeros unless told. It belongs to the program: whoever verifies has to give the same. */
  readonly ram?: Iterable<readonly [address: bigint, element: bigint]>;
}

const encoder = /* @__PURE__ */ new TextEncoder();

/**
 * The digest of a program and what is in RAM before it starts, in 32 bytes: of the domain, the number of words (8 bytes), the words (8 each), and for each element of RAM that is not zero,
 * addresses increasing, the address and the element (8 each). Numbers are little-endian.
 */
function digestOf({ words }: Program, ram: InitialRam): Uint8Array {
  const domain = encoder.encode('commute/stack-proof/program/v1');
  return BLAKE3.digest(concat([domain, elementBytes([BigInt(words.length), ...words, ...[...ram].flat()])]));
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** Elements as the bytes of a claim: 8 for each, little-endian. */
export function elementBytes(elements: readonly bigint[]): Uint8Array {
  const bytes = new Uint8Array(ELEMENT_BYTES * elements.length);
  const view = new DataView(bytes.buffer);
  elements.forEach((element, k) => {
    view.setBigUint64(ELEMENT_BYTES * k, element, true);
  });
  return bytes;
}

/**
 * Makes a program ready to be proved: `createChainSystem` of `@commute/continuation` takes it.
 *
 * @throws `StackProofError` `STACK_PROOF_NOT_CANONICAL` for RAM with addresses or elements outside of [0, p), `STACK_PROOF_RANGE` for RAM in more than 2^17 blocks of 256 elements.
 * @example
 * ```ts
 * import { assemble } from '@commute/stack-vm';
 * import { createStackProgram } from '@commute/stack-proof';
 * const result = assemble('read_io 2 mul write_io 1 halt');
 * if (!result.ok) throw new Error('it does assemble');
 * if (createStackProgram(result.program).digest.length !== 32) throw new Error('unreachable');
 * ```
 */
export function createStackProgram(source: Program, options: StackProgramOptions = {}): StackProgram {
  const given = [...(options.ram ?? [])];
  assertElements('ram', given.flat());
  const ram = new Map([...new Map(given)].filter(([, element]) => element !== 0n).sort(([a], [b]) => (a < b ? -1 : 1)));
  const tracer = new StackTracer(source);
  return {
    source,
    ram,
    digest: digestOf(source, ram),
    image: imageOf(source, ram),
    entry: 0n,
    halt: HALT_IP,
    tables: STACK_TABLES,
    cycleTable: 0,
    symbolsPerCycle: ELEMENT_BYTES * MOST_ELEMENTS,
    keyRule: LEGAL_KEYS,
    publicBuses: [STREAM_BUS],
    fixedTraces: (segments) => fixedTraces(segments, tracer),
    common: { tables: COMMON_TABLES, root: () => undefined },
    statement: statementOf,
    witness: (record) => ({
      logCycles: record.logCycles,
      pcStart: record.ipStart,
      pcEnd: record.ipEnd,
      inputStart: ELEMENT_BYTES * record.inputStart,
      inputStop: ELEMENT_BYTES * record.inputStop,
      outputStart: ELEMENT_BYTES * record.outputStart,
      outputStop: ELEMENT_BYTES * record.outputStop,
      ...(record.halts ? { exitCode: 0 } : {}),
      touched: record.touched,
      logRows: () => tracer.logRows(record),
      traces: (logRows) => tracer.traces(record, logRows),
    }),
  };
}

/** The traces with preprocessed columns in their places. */
function fixedTraces({ tables }: StarkSystem, tracer: StackTracer): TableTrace[] {
  const byTable = new Map(tracer.fixedTraces().map((each) => [each.table, each]));
  // Only tables with such columns are read.
  return tables.map((table) => byTable.get(table)) as TableTrace[];
}

/** What no machine answers to. */
const REFUSAL: PublicMessage = { bus: STREAM_BUS, direction: 'receive', tuple: [2n, 0n, 0n], multiplicity: 1n };

/** The elements from one byte of a stream to before another one; nothing where they are no elements. */
function elementsBetween(bytes: Uint8Array, start: number, stop: number): bigint[] | undefined {
  if (start % ELEMENT_BYTES !== 0 || stop % ELEMENT_BYTES !== 0 || stop > bytes.length) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const elements: bigint[] = [];
  for (let at = start; at < stop; at += ELEMENT_BYTES) elements.push(view.getBigUint64(at, true));
  return elements.every(isCanonical) ? elements : undefined;
}

function statementOf(claim: SegmentClaim, { input, output }: RunClaim): ReturnType<ProvableProgram['statement']> {
  const { inputStart, inputStop, outputStart, outputStop } = claim;
  const streams = [elementsBetween(input, inputStart, inputStop), elementsBetween(output, outputStart, outputStop)];
  const messages = streams.flatMap((elements, number): PublicMessage[] => {
    if (elements === undefined) return [REFUSAL];
    const first = (number === 0 ? inputStart : outputStart) / ELEMENT_BYTES;
    return elements.map((element, k) => ({
      bus: STREAM_BUS,
      direction: 'receive',
      tuple: [BigInt(number), BigInt(first + k), element],
      multiplicity: 1n,
    }));
  });
  const place = (byte: number): number => Math.floor(byte / ELEMENT_BYTES);
  const values = {
    ...valuesOf({
      ipStart: claim.pcStart,
      ipEnd: claim.pcEnd,
      inputStart: place(inputStart),
      inputStop: place(inputStop),
      outputStart: place(outputStart),
      outputStop: place(outputStop),
    }),
    exitCode: BigInt(claim.exitCode ?? 0),
  };
  return {
    publicValues: STACK_TABLES.map(({ publicValues }) =>
      Object.fromEntries(publicValues.map((name) => [name, (values as Readonly<Record<string, bigint>>)[name]!])),
    ),
    publicMessages: messages,
  };
}
