import { createFieldEngineSync, type WasmEngine } from '@commute/field';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  column,
  type Column,
  createStarkSystem,
  defineTable,
  type NoColumns,
  prepareColumns,
  preprocess,
  prove,
  type StarkOptions,
  type StarkSystem,
  statementOf,
  type Table,
  type TableTrace,
  traceFromRows,
  verify,
} from '../src/index.ts';
import { rangeTraces } from './tables.ts';

/** Squares of numbers, looked up in a list that depends on the statement. */
const squares: Table<{ count: Column }, NoColumns, { root: Column; square: Column }> = defineTable({
  name: 'squares',
  columns: { main: { count: column() }, preprocessed: { root: column(), square: column() } },
  eval: (builder) => {
    const { root, square } = builder.preprocessed.current;
    builder.receive('square', [root, square], builder.main.current.count);
  },
});

const roots: Table<{ root: Column; square: Column }> = defineTable({
  name: 'roots',
  columns: { main: { root: column(), square: column() } },
  eval: (builder) => {
    const { root, square } = builder.main.current;
    builder.send('square', [root, square]);
    builder.send('range', [root]);
  },
});

/** Four roots, looked up in the range table and in a list of `length` squares. */
function tracesOf(length: number, wanted: readonly bigint[] = [1n, 2n, 3n, 3n]): TableTrace[] {
  const [, range] = rangeTraces(wanted);
  const count = (value: number): bigint => BigInt(wanted.filter((each) => each === BigInt(value)).length);
  return [
    traceFromRows(roots, { main: wanted.map((root) => ({ root, square: root * root })) }),
    range!,
    traceFromRows(squares, {
      main: Array.from({ length }, (_, value) => ({ count: count(value) })),
      preprocessed: Array.from({ length }, (_, value) => ({ root: BigInt(value), square: BigInt(value * value) })),
    }),
  ];
}

const quick = { securityBits: 40, queryWork: 2, maximumLogRows: 8 } as const;

let engine: WasmEngine;
beforeAll(() => {
  engine = createFieldEngineSync();
});
afterAll(() => {
  engine.dispose();
});

function systemOf(options: StarkOptions = {}): StarkSystem {
  return createStarkSystem([roots, tracesOf(4)[1]!.table, squares], { ...quick, ...options });
}

describe.each([false, true])('preprocessed columns in a batch of their own, zero knowledge: %s', (zeroKnowledge) => {
  it.each([[['range']], [['squares']], [['range', 'squares']], [['squares', 'range']]])('of %j', (commonTables) => {
    const system = systemOf({ commonTables, zeroKnowledge });
    const traces = tracesOf(64);
    const statement = statementOf(engine, system, traces);
    expect(statement.preprocessed!.roots).toHaveLength(commonTables.length === 1 ? 2 : 1);
    const bytes = prove(engine, system, traces, statement);
    expect(verify(system, statement, bytes)).toMatchObject({ ok: true });
    const prepared = prepareColumns(engine, system, traces);
    expect(prepared.key).toEqual(statement.preprocessed);
    expect(verify(system, statement, prove(engine, system, traces, statement, {}, { prepared })).ok).toBe(true);
    prepared.release();
    // Neither batch may be another one.
    for (let at = 0; at < statement.preprocessed!.roots.length; at++) {
      const changed = statement.preprocessed!.roots.map((root) => root.slice());
      changed[at]![0]! ^= 1;
      const other = { ...statement, preprocessed: { ...statement.preprocessed!, roots: changed } };
      expect(verify(system, other, bytes).ok).toBe(false);
    }
  });

  it('have one root in all statements, which a verifier may know', () => {
    const system = systemOf({ commonTables: ['range'], zeroKnowledge });
    const [common] = preprocess(engine, system, tracesOf(4))!.roots;
    for (const length of [4, 32]) {
      const traces = tracesOf(length);
      const key = preprocess(engine, system, traces, common);
      expect(key).toEqual(preprocess(engine, system, traces));
      const statement = statementOf(engine, system, traces);
      expect(statement.preprocessed).toEqual(key);
      expect(verify(system, statement, prove(engine, system, traces, statement)).ok).toBe(true);
    }
  });

  it('are those of the statement: a value that they lack is refused', () => {
    const system = systemOf({ commonTables: ['range'], zeroKnowledge });
    const honest = statementOf(engine, system, tracesOf(4));
    const [root, range, list] = tracesOf(4) as [TableTrace, TableTrace, TableTrace];
    const values = range.trace.preprocessed[0]!.map((value) => (value === 3n ? 77n : value));
    const other = { ...range, trace: { ...range.trace, preprocessed: [values] } };
    const lying = [root, other, list];
    const bytes = prove(engine, system, lying, honest);
    expect(verify(system, honest, bytes).ok).toBe(false);
    expect(verify(system, honest, prove(engine, system, lying, statementOf(engine, system, lying))).ok).toBe(false);
  });
});

it('refuses names that are none, have no such columns, or stand twice; and keys with other roots', () => {
  for (const commonTables of [['none'], ['roots'], ['range', 'range']]) {
    expect(() => systemOf({ commonTables })).toThrow('STARK_TABLE');
  }
  const system = systemOf({ commonTables: ['range'] });
  const statement = statementOf(engine, system, tracesOf(4));
  const { roots: both, logRows } = statement.preprocessed!;
  const one = { ...statement, preprocessed: { roots: both.slice(1), logRows } };
  expect(() => verify(system, one, new Uint8Array())).toThrow('STARK_TRACE');
  // Systems with and without say so in all transcripts.
  expect(system.description).not.toBe(systemOf().description);
});
