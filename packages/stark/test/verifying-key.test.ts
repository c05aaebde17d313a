import { createFieldEngineSync, createReferenceEngine } from '@commute/field';
import { expect, it } from 'vitest';
import {
  createStarkSystem,
  prove,
  type StarkOptions,
  type StarkSystem,
  statementOf,
  type TableTrace,
  verify,
  verifyingKey,
} from '../src/index.ts';
import { layOutPoint, pointStepsOf } from '../src/point-layout.ts';
import { quotientColumns } from '../src/system.ts';
import { fibonacciTrace, hornerTrace, powersTrace, productTrace, rangeTraces } from './tables.ts';

const quick: StarkOptions = { securityBits: 60, queryWork: 4, maximumLogRows: 6 };
const groups: readonly (readonly [string, readonly TableTrace[], StarkOptions])[] = [
  ['one table', [fibonacciTrace(8)], quick],
  ['lookups and recurrences', [...rangeTraces([1n, 5n]), hornerTrace(8), productTrace()], quick],
  ['helpers of degree 2', [powersTrace(4), productTrace()], { ...quick, maximumDegree: 2 }],
  ['a larger blowup', [powersTrace(4), hornerTrace(8)], { ...quick, logBlowup: 3, maximumDegree: 7 }],
];

const withKey = (traces: readonly TableTrace[], options: StarkOptions): [StarkSystem, StarkSystem] => {
  const tables = traces.map(({ table }) => table);
  const system = createStarkSystem(tables, options);
  return [system, createStarkSystem(tables, { ...options, key: verifyingKey(system) })];
};

it.each(groups)('a system with a key says what the one says that it is of: %s', (_, traces, options) => {
  const [system, known] = withKey(traces, options);
  const { arithmetizations, parameters, ...rest } = known;
  const { arithmetizations: all, parameters: numbers, ...others } = system;
  expect(rest).toEqual(others);
  expect(parameters.description).toBe(numbers.description);
  for (const [index, own] of all.entries()) {
    const read = arithmetizations[index]!;
    // Before the constraints are made.
    expect(pointStepsOf(read, quotientColumns(system))).toEqual(pointStepsOf(own, quotientColumns(system)));
    const { graph, ...parts } = own;
    expect({ ...read, graph: undefined }).toEqual({ ...parts, graph: undefined });
    expect(layOutPoint(read, quotientColumns(system))).toEqual(layOutPoint(own, quotientColumns(system)));
    expect(read.graph.size).toBe(graph.size);
  }
  expect(verifyingKey(known)).toEqual(verifyingKey(system));
});

it.each(groups)('proofs of one are proofs of the other, and refused for the same reasons: %s', (_, traces, options) => {
  const [system, known] = withKey(traces, options);
  const engine = createFieldEngineSync();
  const statement = statementOf(engine, system, traces);
  const bytes = prove(engine, system, traces, statement);
  expect(prove(engine, withKey(traces, options)[1], traces, statement)).toEqual(bytes);
  expect(verify(known, statement, bytes)).toEqual(verify(system, statement, bytes));
  expect(verify(known, statement, bytes)).toMatchObject({ ok: true });
  for (let at = 0; at < bytes.length; at += 41) {
    const damaged = bytes.slice();
    damaged[at]! ^= 1 << (at % 8);
    const verdict = verify(known, statement, damaged);
    expect(verdict.ok).toBe(false);
    expect(verdict).toEqual(verify(system, statement, damaged));
  }
  engine.dispose();
});

it('a key is of its own degree and number of tables, and of nothing that is hidden', () => {
  const traces = [powersTrace(4)];
  const tables = traces.map(({ table }) => table);
  const system = createStarkSystem(tables, quick);
  const key = verifyingKey(system);
  const lower = { ...quick, maximumDegree: 2 };
  expect(createStarkSystem(tables, { ...lower, key }).description).toBe(createStarkSystem(tables, lower).description);
  const hidden = { ...quick, zeroKnowledge: true };
  expect(createStarkSystem(tables, { ...hidden, key }).description).toBe(createStarkSystem(tables, hidden).description);
  expect(() => verifyingKey(createStarkSystem(tables, hidden))).toThrow('[STARK_TABLE]');
  expect(() => createStarkSystem([...tables, fibonacciTrace(8).table], { ...quick, key })).toThrow('[STARK_TABLE]');
  // A proof of what the key says: the steps of another table refuse it.
  const other = verifyingKey(createStarkSystem([fibonacciTrace(8).table], quick)).tables[0]!;
  const wrong = createStarkSystem(tables, {
    ...quick,
    key: { ...key, tables: [{ ...key.tables[0]!, hash: other.hash }] },
  });
  const statement = statementOf(createReferenceEngine(), system, traces);
  const bytes = prove(createFieldEngineSync(), system, traces, statement);
  expect(verify(wrong, statement, bytes).ok).toBe(false);
});
