import { BLAKE3 } from '@commute/poly-commit';
import {
  column,
  type Column,
  defineTable,
  type NoColumns,
  type PublicMessage,
  type Table,
  type TableTrace,
  traceFromRows,
} from '@commute/stark';
import { type Cells, MEMORY_BUS, type ProvableProgram, type SegmentWitness, type TouchedCell } from '../src/index.ts';

const RANGE_BUS = 'toy range';
const LOG_CYCLES = 3;
export const CYCLES: number = 2 ** LOG_CYCLES;

/** 0 to 15, for differences of times. */
const range: Table<{ value: Column; count: Column }> = defineTable({
  name: 'toy range',
  columns: { main: { value: column(), count: column() } },
  eval: (builder) => {
    const { value, count } = builder.main.current;
    builder.onFirstRow.assertZero('starts at 0', value);
    builder.onTransition.assertEqual('counts', builder.main.next.value, value.add(1));
    builder.onLastRow.assertEqual('ends at 15', value, 15);
    builder.receive(RANGE_BUS, [value], count);
  },
});

type CpuColumns = Readonly<
  Record<
    | 'pc'
    | 'time'
    | 'read'
    | 'write'
    | 'input'
    | 'output'
    | 'key'
    | 'before'
    | 'beforeTime'
    | 'value'
    | 'inputPlace'
    | 'outputPlace',
    Column
  >
>;
const PUBLIC = [
  'pcStart',
  'pcEnd',
  'inputStart',
  'inputStop',
  'outputStart',
  'outputStop',
  'exits',
  'exitCode',
] as const;

/** One access a row, of whatever kind and to whatever cell the prover likes: a machine without a program. */
const cpu: Table<CpuColumns, NoColumns, NoColumns, (typeof PUBLIC)[number]> = defineTable({
  name: 'toy cpu',
  columns: {
    main: {
      pc: column(),
      time: column(),
      read: column(),
      write: column(),
      input: column(),
      output: column(),
      key: column(),
      before: column(),
      beforeTime: column(),
      value: column(),
      inputPlace: column(),
      outputPlace: column(),
    },
  },
  publicValues: PUBLIC,
  eval: (builder) => {
    const { current, next } = builder.main;
    const { pc, time, read, write, input, output, key, before, beforeTime, value, inputPlace, outputPlace } = current;
    const { publicValues, onFirstRow, onTransition, onLastRow } = builder;
    builder.selectors('operation', { read, write, input, output });
    onFirstRow.assertEqual('time starts at 1', time, 1);
    onTransition.assertEqual('time goes on', next.time, time.add(1));
    onLastRow.assertEqual('all cycles', time, CYCLES);
    const counters = [
      ['pc', pc, next.pc, builder.constant(1), publicValues.pcStart, publicValues.pcEnd],
      ['input', inputPlace, next.inputPlace, input, publicValues.inputStart, publicValues.inputStop],
      ['output', outputPlace, next.outputPlace, output, publicValues.outputStart, publicValues.outputStop],
    ] as const;
    for (const [name, now, after, step, start, stop] of counters) {
      onFirstRow.assertEqual(`${name} starts`, now, start);
      onTransition.assertEqual(`${name} goes on`, after, now.add(step));
      onLastRow.assertEqual(`${name} stops`, now.add(step), stop);
    }
    builder.when(read.add(output)).assertEqual('reads leave the value', value, before);
    builder.receive(MEMORY_BUS, [key, before, beforeTime]);
    builder.send(MEMORY_BUS, [key, value, time]);
    builder.send(RANGE_BUS, [time.subtract(beforeTime).subtract(1)]);
    builder.when(input).receive('stream', [0, inputPlace, value]);
    builder.when(output).send('stream', [1, outputPlace, value]);
    onLastRow.when(publicValues.exits).assertEqual('exits with the last value', value, publicValues.exitCode);
  },
});

/** A row of the toy machine. */
export type Operation =
  | { readonly kind: 'read' | 'input' | 'output'; readonly key: bigint }
  | { readonly kind: 'write'; readonly key: bigint; readonly value: bigint };

/** A program: its image, and how many segments it runs. */
export function toyProgram(image: Cells, segments: number): ProvableProgram {
  const text = `${String(segments)};${[...image].join(';')}`;
  return {
    digest: BLAKE3.digest(new TextEncoder().encode(text)),
    image,
    entry: 0n,
    halt: BigInt(segments * CYCLES),
    tables: [cpu, range],
    cycleTable: 0,
    publicBuses: ['stream'],
    statement: (claim, run) => {
      const { pcStart, pcEnd, inputStart, inputStop, outputStart, outputStop, exitCode } = claim;
      const symbols = (
        direction: 'send' | 'receive',
        tag: bigint,
        bytes: Uint8Array,
        start: number,
        stop: number,
      ): PublicMessage[] =>
        Array.from(bytes.subarray(start, stop), (byte, k) => ({
          bus: 'stream',
          direction,
          tuple: [tag, BigInt(start + k), BigInt(byte)],
          multiplicity: 1n,
        }));
      return {
        publicValues: [
          {
            pcStart,
            pcEnd,
            inputStart: BigInt(inputStart),
            inputStop: BigInt(inputStop),
            outputStart: BigInt(outputStart),
            outputStop: BigInt(outputStop),
            exits: exitCode === undefined ? 0n : 1n,
            exitCode: BigInt(exitCode ?? 0),
          },
          {},
        ],
        publicMessages: [
          ...symbols('send', 0n, run.input, inputStart, inputStop),
          ...symbols('receive', 1n, run.output, outputStart, outputStop),
        ],
      };
    },
  };
}

/** Where a segment starts. */
export interface ToyStart {
  readonly memory: Cells;
  readonly pc: bigint;
  readonly inputPlace: number;
  readonly outputPlace: number;
}

/** Runs one segment of {@link CYCLES} operations; reads of the first cell fill it up. */
export function toySegment(
  operations: readonly Operation[],
  { memory, pc, inputPlace, outputPlace }: ToyStart,
  input: Uint8Array,
  exits: boolean,
): { readonly witness: SegmentWitness; readonly memory: Map<bigint, bigint>; readonly output: number[] } {
  const cells = new Map(memory);
  const touched = new Map<bigint, TouchedCell>();
  const output: number[] = [];
  const counts = new Array<bigint>(16).fill(0n);
  let inputs = inputPlace;
  const rows = Array.from({ length: CYCLES }, (_, row) => {
    const operation = operations[row] ?? { kind: 'read', key: operations[0]!.key };
    const { kind, key } = operation;
    const before = cells.get(key) ?? 0n;
    const time = BigInt(row + 1);
    const beforeTime = touched.get(key)?.lastTime ?? 0n;
    const places = { inputPlace: BigInt(inputs), outputPlace: BigInt(outputPlace + output.length) };
    const value = kind === 'write' ? operation.value : kind === 'input' ? BigInt(input[inputs++]!) : before;
    if (kind === 'output') output.push(Number(value));
    cells.set(key, value);
    touched.set(key, { key, before: touched.get(key)?.before ?? before, after: value, lastTime: time });
    counts[Number(time - beforeTime - 1n)]! += 1n;
    const flag = (each: Operation['kind']): bigint => (kind === each ? 1n : 0n);
    return {
      pc: pc + BigInt(row),
      time,
      read: flag('read'),
      write: flag('write'),
      input: flag('input'),
      output: flag('output'),
      key,
      before,
      beforeTime,
      value,
      ...places,
    };
  });
  const facts = {
    logCycles: LOG_CYCLES,
    pcStart: pc,
    pcEnd: pc + BigInt(CYCLES),
    inputStart: inputPlace,
    inputStop: inputs,
    outputStart: outputPlace,
    outputStop: outputPlace + output.length,
  };
  const exitCode = exits ? Number(rows.at(-1)!.value) : undefined;
  const publicValues = {
    pcStart: facts.pcStart,
    pcEnd: facts.pcEnd,
    inputStart: BigInt(facts.inputStart),
    inputStop: BigInt(facts.inputStop),
    outputStart: BigInt(facts.outputStart),
    outputStop: BigInt(facts.outputStop),
    exits: exits ? 1n : 0n,
    exitCode: BigInt(exitCode ?? 0),
  };
  const traces = (): readonly TableTrace[] => [
    traceFromRows(cpu, { main: rows, publicValues }),
    traceFromRows(range, { main: counts.map((count, value) => ({ value: BigInt(value), count })) }),
  ];
  const claim = exitCode === undefined ? facts : { ...facts, exitCode };
  const logRows = (): readonly number[] => [LOG_CYCLES, 4];
  return { witness: { ...claim, touched: [...touched.values()], logRows, traces }, memory: cells, output };
}

/** A run: witnesses of all its segments and what it wrote. */
export interface ToyRun {
  readonly witnesses: readonly SegmentWitness[];
  readonly output: Uint8Array;
  readonly exitCode: number;
  /** Memory before each segment. */
  readonly memories: readonly Cells[];
}

/** Runs segments one after the other; `tamper` may change the memory before each. */
export function toyRun(
  image: Cells,
  segments: readonly (readonly Operation[])[],
  input: Uint8Array,
  tamper: (memory: Map<bigint, bigint>, index: number) => void = () => undefined,
): ToyRun {
  let memory = new Map(image);
  const output: number[] = [];
  const memories: Cells[] = [];
  let inputPlace = 0;
  const witnesses = segments.map((operations, index) => {
    tamper(memory, index);
    memories.push(new Map(memory));
    const start = { memory, pc: BigInt(index * CYCLES), inputPlace, outputPlace: output.length };
    const result = toySegment(operations, start, input, index === segments.length - 1);
    ({ memory } = result);
    output.push(...result.output);
    inputPlace = result.witness.inputStop;
    return result.witness;
  });
  return { witnesses, output: Uint8Array.from(output), exitCode: witnesses.at(-1)!.exitCode!, memories };
}
