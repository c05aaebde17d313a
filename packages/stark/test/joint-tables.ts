/** Tables that tests of joint proofs are about; each trace can be told from those of other instances. */
import { type FieldEngine, MODULUS, reduce } from '@commute/field';
import {
  type Column,
  column,
  createStarkSystem,
  defineTable,
  type NoColumns,
  type StarkOptions,
  type StarkSystem,
  type Statement,
  statementOf,
  type Table,
  type TableTrace,
  traceFromRows,
} from '../src/index.ts';

export const quick: StarkOptions = { securityBits: 60, queryWork: 4, maximumLogRows: 6 };

/** Counts upwards from a public value to another. */
export const counting: Table<{ value: Column }, NoColumns, NoColumns, 'first' | 'last'> = defineTable({
  name: 'counting',
  columns: { main: { value: column() } },
  publicValues: ['first', 'last'],
  eval: ({ main: { current, next }, publicValues, onFirstRow, onTransition, onLastRow, assertZero }) => {
    onFirstRow.assertEqual('first', current.value, publicValues.first);
    onTransition.assertEqual('counts', next.value, current.value.add(1));
    onLastRow.assertEqual('last', current.value, publicValues.last);
    assertZero('says nothing', current.value.subtract(current.value));
  },
});

export const countingTrace = (rows: number, first: bigint): TableTrace =>
  traceFromRows(counting, {
    main: Array.from({ length: rows }, (_, row) => ({ value: first + BigInt(row) })),
    publicValues: { first, last: first + BigInt(rows - 1) },
  });

/** Two columns that are permutations of each other. */
export const permutation: Table<{ a: Column; b: Column }> = defineTable({
  name: 'permutation',
  columns: { main: { a: column(), b: column() } },
  eval: (builder) => {
    builder.send('values', [builder.main.current.a]);
    builder.receive('values', [builder.main.current.b]);
  },
});

export const permutationTrace = (rows: number, seed: number): TableTrace =>
  traceFromRows(permutation, {
    main: Array.from({ length: rows }, (_, row) => ({
      a: BigInt(seed + row * row),
      b: BigInt(seed + (rows - 1 - row) ** 2),
    })),
  });

/** Sends or receives letters on a bus that several proofs may share. */
export const letters: Table<{ value: Column; used: Column }, NoColumns, NoColumns, 'sign'> = defineTable({
  name: 'letters',
  columns: { main: { value: column(), used: column() } },
  publicValues: ['sign'],
  eval: (builder) => {
    const { value, used } = builder.main.current;
    builder.assertBoolean('used', used);
    builder.when(used).send('post', [value, builder.constant(7)], builder.publicValues.sign);
    builder.send('own', [value]);
    builder.receive('own', [value]);
  },
});

export const lettersTrace = (values: readonly bigint[], sign: bigint, rows = 4): TableTrace =>
  traceFromRows(letters, {
    main: Array.from({ length: rows }, (_, row) => ({
      value: values[row] ?? 0n,
      used: row < values.length ? 1n : 0n,
    })),
    publicValues: { sign: reduce(sign + MODULUS) },
  });

/** A system of the tables of these runs, with room for all of them and for eight. */
export function jointSystem(runs: readonly (readonly TableTrace[])[], options: StarkOptions): StarkSystem {
  const tables = runs[0]!.map(({ table }) => table);
  return createStarkSystem(tables, { maximumLogInstances: 3, ...options });
}

/** How many instances a system's description speaks of. */
export function announced(system: StarkSystem): number {
  return Number(/ instances=(\d+) /.exec(system.description)?.[1] ?? 1);
}

export function statementsOf(
  engine: FieldEngine,
  system: StarkSystem,
  runs: readonly (readonly TableTrace[])[],
): Statement[] {
  return runs.map((traces) => statementOf(engine, system, traces));
}
