import { describe, expect, it } from 'vitest';
import {
  checkTraces,
  column,
  type ConstraintBuilder,
  defineTable,
  formatMutations,
  mutateTraces,
  type MutationReport,
  type NoColumns,
  type Table,
  type TableTrace,
  traceFromRows,
} from '../src/index.ts';
import { fibonacciTrace, powers, powersTrace, productTrace, rangeTraces } from './tables.ts';

/** A table without one of its constraints, or with all of one bus's messages gone. */
function without(table: Table, deleted: string): Table {
  return {
    ...table,
    run: (environment) => {
      table.run({
        ...environment,
        constraint: (name, rows, value) => {
          if (name !== deleted) environment.constraint(name, rows, value);
        },
        message: (bus, ...rest) => {
          if (bus !== deleted) environment.message(bus, ...rest);
        },
      });
    },
  };
}

const redundantNames = (report: MutationReport): string[] =>
  report.redundant.map((each) => (each.kind === 'bus' ? each.bus : each.constraint));

describe('tables without holes', () => {
  it('notice every change and need every constraint', () => {
    expect(formatMutations(mutateTraces([fibonacciTrace(8)]))).toBe('');
    // Nothing says which values are multiplied; the running product is bound to them.
    expect(formatMutations(mutateTraces([productTrace()], { isFree: ({ area }) => area === 'main' }))).toBe('');
  });

  it('may have cells that are free, if their author says so', () => {
    const traces = rangeTraces([3n, 3n, 8n, 15n], 8);
    const report = mutateTraces(traces);
    expect(redundantNames(report)).toEqual([]);
    expect(new Set(report.unnoticed.map(({ table, column: name, row }) => `${table}.${name} ${String(row)}`))).toEqual(
      new Set([4, 5, 6, 7].map((row) => `values.value ${String(row)}`)),
    );
    expect(
      mutateTraces(traces, { isFree: (each) => each.table === 'values' && each.column === 'value' && each.row >= 4 })
        .ok,
    ).toBe(true);
  });

  it('notice wrong operations, bits and selectors', () => {
    expect(formatMutations(mutateTraces([powersTrace(8)]))).toBe('');
  });
});

describe('planted holes', () => {
  it.each([
    ['left starts at 1', 'left'],
    ['right starts at 1', 'right'],
    ['left moves on', 'left'],
    ['right is the sum', 'right'],
    ['result', 'result'],
  ])('fibonacci without "%s": some forgery is accepted', (name, changed) => {
    const honest = fibonacciTrace(8);
    const hole = { ...honest, table: without(honest.table, name) };
    // What makes the constraint needed in the full table is exactly a trace that the table without it accepts.
    const full = mutateTraces([honest]);
    expect(redundantNames(full)).not.toContain(name);
    const report = mutateTraces([hole]);
    if (name === 'result') expect(report.unnoticed.map(({ column: at }) => at)).toContain(changed);
    expect(redundantNames(report)).toEqual([]);
  });

  it('padding rows that nothing constrains', () => {
    const padded = defineTable({
      name: 'padded',
      columns: { main: { active: column(), count: column() } },
      eval: ({ main: { current, next }, onFirstRow, onTransition, assertBoolean }) => {
        assertBoolean('active is boolean', current.active);
        onFirstRow.assertZero('starts at zero', current.count);
        onTransition.when(next.active).assertEqual('counts', next.count, current.count.add(1));
      },
    });
    const main = [0n, 1n, 2n, 3n, 3n, 3n, 3n, 3n].map((count, row) => ({ count, active: row < 4 ? 1n : 0n }));
    const report = mutateTraces([traceFromRows(padded, { main })]);
    expect(report.ok).toBe(false);
    const cells = new Set(report.unnoticed.map(({ column: name, row }) => `${name} ${String(row)}`));
    // Counts of the padding, and the flags themselves: nothing says that padding comes last.
    expect(cells).toEqual(
      new Set(['count 4', 'count 5', 'count 6', 'count 7', 'active 0', 'active 1', 'active 2', 'active 3']),
    );
  });

  it('a selector that is not boolean', () => {
    const name = 'operation: square is boolean';
    const honest = powersTrace(8);
    const hole = { ...honest, table: without(powers, name) };
    expect(redundantNames(mutateTraces([honest]))).not.toContain(name);
    expect(mutateTraces([hole]).unnoticed).toEqual([]);
  });

  it('a public value that nothing binds', () => {
    const table = defineTable({
      name: 'unbound',
      columns: { main: { a: column() } },
      publicValues: ['a'],
      eval: ({ main: { current }, assertZero }) => {
        assertZero('zero', current.a);
      },
    });
    const report = mutateTraces([traceFromRows(table, { main: [{ a: 0n }], publicValues: { a: 5n } })]);
    expect(new Set(report.unnoticed.map(({ area }) => area))).toEqual(new Set(['public']));
    expect(formatMutations(report)).toContain('unnoticed: unbound, public.a[0] from 5 to 6');
  });

  it('a last row that a transition was meant to reach', () => {
    const table = defineTable({
      name: 'short',
      columns: { main: { a: column() } },
      eval: ({ main: { current }, onTransition }) => {
        onTransition.assertBoolean('a is boolean', current.a);
      },
    });
    const report = mutateTraces([traceFromRows(table, { main: [1n, 1n, 1n, 1n].map((a) => ({ a })) })]);
    expect(new Set(report.unnoticed.filter(({ after }) => after !== 0n).map(({ row }) => row))).toEqual(new Set([3]));
  });

  it('a lookup whose sign of the access is not in the tuple', () => {
    const access = (withSign: boolean): TableTrace[] => {
      const tuple = (address: ConstraintTerm, sign: ConstraintTerm): ConstraintTerm[] =>
        withSign ? [address, sign] : [address];
      const one = defineTable({
        name: 'processor',
        columns: { main: { address: column(), write: column() } },
        eval: (builder) => {
          const { address, write } = builder.main.current;
          builder.assertBoolean('write is boolean', write);
          builder.send('memory', tuple(address, write));
        },
      });
      const two = defineTable({
        name: 'memory',
        columns: { main: { address: column(), write: column() } },
        eval: (builder) => {
          const { address, write } = builder.main.current;
          builder.assertBoolean('memory: write is boolean', write);
          builder.receive('memory', tuple(address, write));
        },
      });
      const main = [0n, 1n, 2n, 3n].map((address) => ({ address, write: address & 1n }));
      return [traceFromRows(one, { main }), traceFromRows(two, { main: [...main].reverse() })];
    };
    const hole = mutateTraces(access(false));
    expect(new Set(hole.unnoticed.map(({ column: name }) => name))).toEqual(new Set(['write']));
    // Signs are bound between the tables; that each is boolean follows from the other.
    const bound = mutateTraces(access(true));
    expect(bound.unnoticed).toEqual([]);
    expect(redundantNames(bound)).not.toContain('memory');
  });
});

type ConstraintTerm = ConstraintBuilder<NoColumns, NoColumns, NoColumns, never, never>['constant'] extends (
  value: bigint,
) => infer T
  ? T
  : never;

describe('redundant constraints', () => {
  const table = defineTable({
    name: 'twice',
    columns: { main: { a: column(), b: column() } },
    eval: ({ main: { current }, assertZero, assertEqual }) => {
      const { a, b } = current;
      assertZero('a is zero', a);
      assertEqual('b is a', b, a);
      assertZero('both are zero', a.add(b));
      assertZero('nothing', a.subtract(a));
    },
  });
  const main = [0n, 0n].map((zero) => ({ a: zero, b: zero }));

  it('are listed: each of three of which two would do, and one that says nothing', () => {
    const report = mutateTraces([traceFromRows(table, { main })]);
    expect(report.unnoticed).toEqual([]);
    expect(redundantNames(report)).toEqual(['a is zero', 'b is a', 'both are zero', 'nothing']);
    expect(formatMutations(report)).toContain('redundant: twice: "nothing"');
  });

  it('are not those that only a trace changed in many places shows to be needed', () => {
    const two = defineTable({
      name: 'nonlinear',
      columns: { main: { a: column(), b: column() } },
      eval: ({ main: { current }, assertZero }) => {
        const { a, b } = current;
        const sum = a.add(b);
        const five = (x: typeof a): typeof a => x.subtract(5).multiply(x.subtract(7)).multiply(x.subtract(9));
        assertZero('sum', sum.subtract(10).multiply(sum.subtract(14)));
        assertZero('a is one of three', five(a));
        assertZero('b is one of three', five(b));
      },
    });
    const honest = traceFromRows(two, { main: [{ a: 5n, b: 5n }] });
    expect(redundantNames(mutateTraces([honest]))).toContain('sum');
    const hostile = [traceFromRows(two, { main: [{ a: 9n, b: 9n }] })];
    expect(redundantNames(mutateTraces([honest], { hostile: [hostile] }))).not.toContain('sum');
    expect(() => mutateTraces([honest], { hostile: [[honest]] })).toThrow('STARK_TRACE');
  });
});

describe('the harness', () => {
  it('refuses traces that are not honest to begin with', () => {
    const honest = fibonacciTrace(4);
    expect(() => mutateTraces([{ ...honest, trace: { ...honest.trace, publicValues: [1n] } }])).toThrow(
      'fibonacci: result',
    );
  });

  it('leaves the traces as they are', () => {
    const traces = [fibonacciTrace(4), productTrace()];
    const before = structuredClone(traces.map(({ trace }) => trace));
    mutateTraces(traces);
    expect(traces.map(({ trace }) => trace)).toEqual(before);
    expect(checkTraces(traces).ok).toBe(true);
  });

  it('takes further perturbations', () => {
    const table = defineTable({
      name: 'pair',
      columns: { main: { a: column() } },
      eval: ({ main: { current }, assertZero }) => {
        assertZero('1 or 77', current.a.subtract(1).multiply(current.a.subtract(77)));
      },
    });
    const traces = [traceFromRows(table, { main: [{ a: 1n }] })];
    expect(mutateTraces(traces).unnoticed).toEqual([]);
    expect(mutateTraces(traces, { perturbations: [() => 77n] }).unnoticed).toHaveLength(1);
  });
});
