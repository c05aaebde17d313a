import { createFieldEngineSync, MODULUS, type WasmEngine } from '@commute/field';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  allocateColumns,
  checkTraces,
  column,
  type ColumnCells,
  columns,
  createStarkSystem,
  defineTable,
  mutateTraces,
  prove,
  statementOf,
  type TableTrace,
  traceFromColumns,
  verify,
} from '../src/index.ts';
import { fibonacciTrace, powers, powersTrace, productTrace, range, rangeTraces } from './tables.ts';

let engine: WasmEngine;
beforeAll(() => {
  engine = createFieldEngineSync();
});
afterAll(() => {
  engine.dispose();
});

const typed = ({ table, trace }: TableTrace): TableTrace => {
  const convert = (list: readonly ColumnCells[]): BigUint64Array[] => list.map((cells) => BigUint64Array.from(cells));
  return { table, trace: { ...trace, main: convert(trace.main), preprocessed: convert(trace.preprocessed) } };
};

describe('typed columns', () => {
  it('are written through their words, groups by number', () => {
    const honest = powersTrace(4);
    const main = allocateColumns(powers.columns.main, 4);
    [main.base, main.result, main.square, main.cube, main.seventh, ...main.bits].forEach((cells, index) => {
      const words = new Uint32Array(cells.buffer);
      honest.trace.main[index]!.forEach((value, row) => {
        words[2 * row] = Number(value & 0xffffffffn);
        words[2 * row + 1] = Number(value >> 32n);
      });
    });
    const made = traceFromColumns(powers, { main });
    expect(made.trace).toEqual(typed(honest).trace);
    expect(made.trace.main[0]).toBe(main.base);
    expect(checkTraces([made])).toEqual({ ok: true });
  });

  it('give the proof that bigints give', () => {
    const traces = [fibonacciTrace(8), ...rangeTraces([3n, 5n]), powersTrace(4), productTrace()];
    const system = createStarkSystem(
      traces.map(({ table }) => table),
      { securityBits: 60, queryWork: 4, maximumLogRows: 6 },
    );
    const others = traces.map(typed);
    const statement = statementOf(engine, system, others);
    expect(statement).toEqual(statementOf(engine, system, traces));
    const proof = prove(engine, system, others, statement);
    expect(proof).toEqual(prove(engine, system, traces, statement));
    expect(verify(system, statement, proof)).toMatchObject({ ok: true });
  });

  it('are checked again before they are proved', () => {
    const honest = typed(fibonacciTrace(8));
    const system = createStarkSystem([honest.table], { securityBits: 60, queryWork: 4, maximumLogRows: 6 });
    const statement = statementOf(engine, system, [honest]);
    for (const value of [MODULUS, 2n ** 64n - 1n]) {
      for (const row of [0, 7]) {
        const changed = typed(honest);
        (changed.trace.main[1] as BigUint64Array)[row] = value;
        expect(() => prove(engine, system, [changed], statement)).toThrow(/right: expected canonical.*STARK_TRACE/);
      }
    }
    const first = [...honest.trace.main[0]!];
    const bigints = { ...honest, trace: { ...honest.trace, main: [first, first.map(() => MODULUS)] } };
    expect(() => prove(engine, system, [bigints], statement)).toThrow('STARK_TRACE');
  });

  it('mutate like bigints', () => {
    expect(mutateTraces([typed(productTrace())])).toEqual(mutateTraces([productTrace()]));
  });

  it('take public values and preprocessed columns by name', () => {
    const [, honest] = rangeTraces([3n]);
    const made = traceFromColumns(range, {
      main: { count: honest!.trace.main[0]! },
      preprocessed: { value: honest!.trace.preprocessed[0]! },
    });
    expect(made.trace).toEqual(honest!.trace);
    const table = defineTable({
      name: 'public',
      columns: { main: { a: column() } },
      publicValues: ['x'],
      eval: () => undefined,
    });
    expect(traceFromColumns(table, { main: { a: [1n, 2n] }, publicValues: { x: 7n } }).trace).toEqual({
      rows: 2,
      main: [[1n, 2n]],
      preprocessed: [],
      publicValues: [7n],
    });
    expect(() => traceFromColumns(table, { main: { a: [1n] } })).toThrow('STARK_TRACE');
  });
});

describe('columns are refused', () => {
  const table = defineTable({
    name: 'two',
    columns: { main: { a: column(), g: columns(2) } },
    eval: () => undefined,
  });
  const of = (a: ColumnCells, ...g: ColumnCells[]): TableTrace => traceFromColumns(table, { main: { a, g } });
  const zeros = new BigUint64Array(4);

  it('with cells that are not canonical, wherever they stand', () => {
    for (const row of [0, 3]) {
      for (const value of [MODULUS, MODULUS + 1n, 2n ** 64n - 1n, 2n ** 64n - 2n ** 31n]) {
        const cells = new BigUint64Array(4);
        cells[row] = value;
        expect(() => of(zeros, zeros, cells)).toThrow(/g\[1\].*canonical/);
        expect(() => of(Array.from(cells), zeros, zeros)).toThrow(/a: expected canonical/);
      }
      for (const value of [0n, 1n, MODULUS - 1n, MODULUS - 2n, 2n ** 32n - 1n, 2n ** 63n]) {
        const cells = new BigUint64Array(4);
        cells[row] = value;
        expect(of(cells, Array.from(cells), zeros).trace.main[0]).toBe(cells);
      }
    }
    // A part of a larger buffer is judged by its own cells alone.
    const buffer = new BigUint64Array(8).fill(MODULUS);
    buffer.fill(5n, 2, 6);
    expect(of(buffer.subarray(2, 6), zeros, zeros).trace.rows).toBe(4);
    expect(() => of(buffer.subarray(3, 7), zeros, zeros)).toThrow('STARK_TRACE');
  });

  it('of other lengths, numbers, names', () => {
    expect(() => of(zeros, zeros, zeros.subarray(1))).toThrow('STARK_TRACE');
    expect(() => of(zeros.subarray(1), zeros.subarray(1), zeros.subarray(1))).toThrow('STARK_TRACE');
    expect(() => of([], [], [])).toThrow('STARK_TRACE');
    expect(() => of(zeros, zeros)).toThrow('STARK_TRACE');
    for (const main of [
      { a: zeros },
      { a: zeros, g: zeros },
      { a: zeros, g: [zeros, zeros], more: zeros },
      { a: undefined, g: [zeros, zeros] },
    ]) {
      expect(() => traceFromColumns(table, { main: main as never })).toThrow('STARK_TRACE');
    }
  });
});
